"""``wardwatch models``: which detectors there are, how good they are, and teaching them."""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from core.clock import parse_iso
from core.config.load import load
from core.model import ModelCard
from core.store.database import open_store
from core.store.unit import Unit
from detectors.engine import Engine
from models import evaluate as judge
from models import training
from models.promotion import MIN_GAIN, Promotion
from models.sources import Progress as Report
from models.store import Store
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.paths import Paths
from wardwatch.teaching.dataset import export
from wardwatch.teaching.lessons import TeachingError

app = typer.Typer(
    help="Detection models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
screen = Console(stderr=True)

_EVALUATION_SCORE = 0.005
"""Average precision is the area under the whole curve, so weak detections count."""

_TAKEN_UP = "a running analyst whose configuration says `model: auto` takes it up in seconds"

Name = Annotated[str, typer.Argument(help="Name of the model, see `models list`.")]
By = Annotated[
    str | None, typer.Option(help="Who decided it; the user of this machine by default.")
]


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
        Literal["yolox", "centernet", "yolo", "rtdetr"] | None,
        typer.Option(help="How its outputs are to be read; told from the file by default."),
    ] = None,
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
    """Average precision on a folder with COCO annotations (IoU 0.50 to 0.95); it is noted."""
    store = Store()
    with _progress() as report:
        card = store.ensure(name, progress=report)
    result = _judge(store, card, folder)
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
        _say_result(result)


@app.command()
def dataset(
    config: ConfigDir,
    out: Annotated[Path, typer.Option(help="Directory to make.")],
    form: Annotated[
        Literal["yolo", "coco"], typer.Option("--format", help="Layout of the labels.")
    ] = "yolo",
    since: Annotated[
        str | None, typer.Option(help="Only incidents judged since, ISO 8601 with offset.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Whose class names; the model in use by default.")
    ] = None,
    val: Annotated[
        float, typer.Option(min=0, max=1, help="Share of camera-days to judge on.")
    ] = 0.2,
    as_json: Json = False,
) -> None:
    """Make a training set of the incidents that people confirmed or dismissed."""
    site = load(config)
    with _progress() as report:
        store = Store()
        card = store.ensure(model, progress=report) if model else store.default(progress=report)
    try:
        since_ns = parse_iso(since) if since else 0
    except ValueError as error:
        raise TeachingError(f"--since: {error}") from None
    paths = Paths(site.data_dir)
    made = export(paths.teaching, out, card.classes, form=form, since_ns=since_ns, val_share=val)
    facts = {key: made[key] for key in ("sha256", "format", "incidents", "pictures")}
    with _audited(config) as unit:
        unit.audit.append(getpass.getuser(), "teaching.exported", str(out), "", facts)
    if as_json:
        print(json.dumps({key: made[key] for key in made if key != "files"}, ensure_ascii=False))
    else:
        print(
            f"{out}: {made['incidents']} incidents ({made['confirmed']} confirmed, "
            f"{made['false_alarms']} false alarms), pictures {made['pictures']}, "
            f"objects {made['objects']}, left out {made['left_out'] or 'nothing'}"
        )


@app.command()
def train(
    folder: Annotated[Path, typer.Argument(help="A set made by `models dataset --format yolo`.")],
    name: Annotated[str, typer.Option(help="What to call the new model.")],
    base: Annotated[
        str, typer.Option(help="Weights (.pt) to begin with, or a configuration (.yaml).")
    ] = "yolo11n.pt",
    epochs: Annotated[int, typer.Option(min=1, help="Rounds over all pictures.")] = 50,
    side: Annotated[int, typer.Option(min=32, help="Side of the input in pixels.")] = 640,
    device: Annotated[str, typer.Option(help="`cpu`, or the number of a GPU.")] = "cpu",
) -> None:
    """Fine-tune with ultralytics (extra `wardwatch[train]`), import, and compare on the set."""
    store = Store()
    made = training.train(
        folder, base, store.directory / "runs" / name, epochs=epochs, side=side, device=device
    )
    card = store.import_file(made, name, licence=training.LICENCE)
    print(f"{card.label} trained; `models promote {name}` puts it to use")
    for one in (store.default(), card):
        _say_result(_judge(store, one, folder / "val"))


@app.command("export")
def export_weights(
    weights: Annotated[str, typer.Argument(help="Weights of ultralytics (.pt).")],
    name: Annotated[str, typer.Option(help="What to call the model.")],
    prompts: Annotated[
        str, typer.Option(help="Class names of an open-vocabulary model, by commas.")
    ] = "",
    side: Annotated[int, typer.Option(min=32, help="Side of the input in pixels.")] = 640,
    as_json: Json = False,
) -> None:
    """Export weights with ultralytics (extra `wardwatch[train]`) and import them."""
    words = [one.strip() for one in prompts.split(",") if one.strip()]
    made = training.export(weights, side=side, prompts=words)
    _say(Store().import_file(made, name, licence=training.LICENCE), as_json)


@app.command()
def promote(
    name: Name,
    config: ConfigDir,
    min_gain: Annotated[
        float, typer.Option(min=0, help="Average precision to be gained.")
    ] = MIN_GAIN,
    anyway: Annotated[str, typer.Option(help="Why without proof of a gain.")] = "",
    by: By = None,
) -> None:
    """Use a model where `auto` is configured; refused unless it was shown to be better."""
    store = Store()
    card, before = store.ensure(name), store.default()
    with _audited(config) as unit:

        def note(step: Promotion) -> None:
            facts = _facts(before, card, step)
            unit.audit.append(step.by, "model.promoted", card.name, anyway.strip(), facts)

        step = store.ledger.promote(
            card, before, by=by or getpass.getuser(), min_gain=min_gain, anyway=anyway, note=note
        )
    gain = ""
    if step.ap is not None and step.ap_before is not None:
        gain = f", AP {step.ap_before:.4f} → {step.ap:.4f} on {step.images} pictures"
    print(f"{card.label} instead of {step.before}{gain}; {_TAKEN_UP}")


@app.command()
def rollback(
    config: ConfigDir,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
    by: By = None,
) -> None:
    """Go back to the model that was in use before the last promotion."""
    store = Store()
    before = store.default()
    kept = store.ledger.history().stack[:-1]
    after = store.ensure(kept[-1].name) if kept and kept[-1].name else store.registered()
    with _audited(config) as unit:

        def note(step: Promotion) -> None:
            facts = _facts(before, after, step)
            unit.audit.append(step.by, "model.rolled_back", after.name, reason.strip(), facts)

        store.ledger.rollback(by=by or getpass.getuser(), reason=reason.strip(), note=note)
    print(f"{store.default().label} is in use again; {_TAKEN_UP}")


@contextmanager
def _audited(config: Path) -> Iterator[Unit]:
    """What is noted within the block and what is done there happen both, or neither."""
    site = load(config)
    paths = Paths(site.data_dir)
    paths.make()
    database = open_store(paths.database_url(site))
    try:
        with database.begin() as unit:
            yield unit
    finally:
        database.close()


def _facts(before: ModelCard, after: ModelCard, step: Promotion) -> dict[str, object]:
    """What the audit log keeps of a change of models."""
    facts: dict[str, object] = {
        "from": before.name,
        "from_sha256": before.sha256,
        "to": after.name,
        "to_sha256": after.sha256,
    }
    if step.dataset is not None:
        facts |= {
            "dataset_sha256": step.dataset,
            "images": step.images,
            "ap_before": step.ap_before,
            "ap": step.ap,
        }
    return facts


def _judge(store: Store, card: ModelCard, folder: Path) -> judge.Evaluation:
    """Evaluate a model and note it for `promote`."""
    pictures = judge.dataset_sha256(folder)
    engine = Engine(card, min_score=_EVALUATION_SCORE)
    result = judge.evaluate(engine.detect, folder, model=card.label, classes=card.classes)
    store.ledger.note(card, pictures, folder, result.images, result.ap, result.ap50)
    return result


def _say_result(result: judge.Evaluation) -> None:
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
