"""``wardwatch replay``: recordings through the whole program."""

import json
from pathlib import Path
from typing import Annotated

import typer

from core.allocator import keep_freed_memory
from core.clock import iso, parse_iso
from core.config.load import load
from core.config.site import Analysis
from core.errors import WardwatchError
from detectors.engine import Engine
from models.store import Store as ModelStore
from wardwatch.cli.options import Json
from wardwatch.replay import Replay, ReplayError, start_of, write

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def replay(
    clips: Annotated[list[Path], typer.Argument(help="Recordings, any file FFmpeg reads.")],
    camera: Annotated[str, typer.Option(help="Id of the camera they came from.")],
    config: Annotated[
        Path | None, typer.Option(help="Configuration directory; without it: detect and track.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the report here (a directory for several clips).")
    ] = None,
    fps: Annotated[float, typer.Option(min=0.1, max=60, help="Frames analysed a second.")] = 5.0,
    model: Annotated[
        str, typer.Option(help="Model name; auto takes the first to be had.")
    ] = "auto",
    start: Annotated[
        str | None, typer.Option(help="Time of the first picture, ISO 8601 with offset.")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="Where evidence is sealed; beside the report by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Analyse recordings as fast as possible; the same every time."""
    keep_freed_memory()
    site = load(config) if config else None
    store = ModelStore()
    card = store.default() if model == "auto" else store.ensure(model)
    analysis = site.analysis if site else Analysis()
    # Another runtime than the live run's could see something else (invariant 5).
    engine = Engine(card, runtime=analysis.runtime, device=analysis.device)
    many = len(clips) > 1
    failed = []
    for clip in clips:
        out = report / f"{clip.stem}.json" if report and many else report
        vault = evidence or (out.with_suffix(".evidence") if out else Path("replay.evidence"))
        try:
            job = Replay(
                clip=clip,
                camera=camera,
                site=site,
                engine=engine,
                fps=fps,
                start_ns=_moment(start) if start else start_of(clip),
                vault=vault,
            )
            result = job.run()
        except WardwatchError as error:
            if not many:
                raise
            failed.append(str(error))
            typer.echo(f"wardwatch: {error}", err=True)
            continue
        if out:
            out.parent.mkdir(parents=True, exist_ok=True)
            write(result, out)
        if as_json:
            print(json.dumps(result, ensure_ascii=False))
        else:
            cost = result["cost"]
            print(
                f"{clip.name}: from {iso(job.start_ns)}, {result['duration_s']:.1f} s, "
                f"{len(result['tracks'])} tracks, {len(result['sightings'])} sightings, "
                f"{len(result['incidents'])} incidents; {cost['frames_looked']} of "
                f"{cost['frames_decoded']} frames looked at, {cost['cpu_s']:.1f} s CPU"
            )
    if failed:
        raise ReplayError(f"{len(failed)} of {len(clips)} clips could not be replayed")


def _moment(text: str) -> int:
    try:
        return parse_iso(text)
    except ValueError as error:
        raise ReplayError(f"--start: {error}") from None
