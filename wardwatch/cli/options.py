"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigDir = Annotated[
    Path, typer.Option("--config", help="Directory with township.yaml and its neighbours.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
