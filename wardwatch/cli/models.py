"""``wardwatch models``: which detectors there are, and how good they are."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from core.model import ModelCard
from detectors.engine import Engine
from models import evaluate as judge
from models.sources import Progress as Report
from models.store import Store
from wardwatch.cli.options import Json

app = typer.Typer(
    help="Detection models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
screen = Console(stderr=True)

_EVALUATION_SCORE = 0.005
"""Average precision is the area under the whole curve, so weak detections count."""

Name = Annotated[str, typer.Argument(help="Name of the model, see `models list`.")]


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """Models known and models present."""
    listing = Store().listing()
    if as_json:
        print(
            json.dumps(
                [
                    {
                        "name": one.name,
                        "family": one.family,
                        "licence": one.licence,
                        "input_size": one.input_size,
                        "sha256": one.sha256,
                        "state": one.state,
                        "path": str(one.path) if one.path else None,
                        "note": one.note,
                    }
                    for one in listing
                ]
            )
        )
        return
    table = Table("name", "family", "licence", "input", "state", "note")
    for one in listing:
        size = f"{one.input_size[1]}×{one.input_size[0]}"
        table.add_row(one.name, one.family, one.licence, size, one.state, one.note)
    Console().print(table)


@app.command()
def pull(
    name: Annotated[
        str | None, typer.Argument(help="Name of the model; without it the default one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch a model from the first of its sources that gives the right file."""
    with _progress() as report:
        store = Store()
        card = store.pull(name, progress=report) if name else store.default(progress=report)
    _say(card, as_json)


@app.command()
def verify(name: Name, as_json: Json = False) -> None:
    """Check the hash and structure of a model that is present."""
    _say(Store().verify(name), as_json)


@app.command("import")
def import_model(
    file: Annotated[Path, typer.Argument(help="A local ONNX file.")],
    name: Annotated[str, typer.Option(help="What to call it.")],
    family: Annotated[
        Literal["yolox", "yolo"], typer.Option(help="How its outputs are to be read.")
    ] = "yolo",
    classes: Annotated[
        str | None, typer.Option(help="Class names in order, separated by commas.")
    ] = None,
    licence: Annotated[str, typer.Option(help="Its licence.")] = "unknown",
    as_json: Json = False,
) -> None:
    """Take a model of your own into the cache."""
    names = [one.strip() for one in classes.split(",")] if classes else None
    _say(Store().import_file(file, name, family, classes=names, licence=licence), as_json)


@app.command()
def evaluate(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="Pictures with COCO `annotations.json`.")],
    as_json: Json = False,
) -> None:
    """Average precision on a folder with COCO annotations (IoU 0.50 to 0.95)."""
    with _progress() as report:
        card = Store().ensure(name, progress=report)
    engine = Engine(card, min_score=_EVALUATION_SCORE)
    result = judge.evaluate(engine.detect, folder, model=card.label)
    if as_json:
        print(
            json.dumps(
                {
                    "model": result.model,
                    "images": result.images,
                    "ap": round(result.ap, 4),
                    "ap50": round(result.ap50, 4),
                    "ms_per_image": round(result.ms_per_image, 2),
                }
            )
        )
    else:
        print(
            f"{result.model}: AP {result.ap:.3f}, AP50 {result.ap50:.3f} on {result.images} "
            f"pictures, {result.ms_per_image:.1f} ms a picture"
        )


def _say(card: ModelCard, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"name": card.name, "sha256": card.sha256, "path": str(card.path)}))
    else:
        print(f"{card.label}  {card.licence}  {card.path}")


@contextmanager
def _progress() -> Iterator[Report]:
    with Progress(console=screen, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield report
