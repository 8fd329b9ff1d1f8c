"""What the commands of the catalogue and of the warning texts share: a book in the database."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from core.config.load import load
from core.config.site import Site
from core.store.database import Store, open_store
from wardwatch.paths import Paths


def open_book(config: Path) -> tuple[Site, Store]:
    """The site and its database, made if it is not there yet."""
    site = load(config)
    paths = Paths(site.data_dir)
    paths.make()
    return site, open_store(paths.database_url(site))


def write_out(rows: Sequence[dict[str, Any]], out: Path | None, what: str) -> None:
    """Rows as YAML, into a file or onto the screen."""
    text = yaml.safe_dump(rows, allow_unicode=True, sort_keys=False, width=100)
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
        print(f"{len(rows)} {what} written to {out}")
