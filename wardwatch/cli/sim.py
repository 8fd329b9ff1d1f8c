"""``wardwatch sim``: scenes of the simulated township, as files and as cameras."""

import secrets
from pathlib import Path
from typing import Annotated

import av
import typer
from rich.console import Console

from core.clock import SystemClock
from sim import scenes
from sim.camera import serve
from sim.truth import event_line, picture_line

app = typer.Typer(
    help="The simulated township.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
screen = Console(stderr=True)

Name = Annotated[str, typer.Argument(help="Name of the scene.")]


@app.command()
def scene(
    name: Name,
    out: Annotated[Path, typer.Option(help="MP4 to write; the truth goes beside it as .jsonl.")],
    seconds: Annotated[float, typer.Option(min=0.1, help="How long.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed draws the same pictures.")] = 0,
) -> None:
    """Draw a scene into a file, with its ground truth."""
    world = scenes.build(name, seed=seed)
    width, height = world.size
    with (
        av.open(str(out), "w") as container,
        out.with_suffix(".jsonl").open("w", encoding="utf-8") as truth,
    ):
        stream = container.add_stream("libx264", rate=round(world.fps))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _ in range(round(seconds * world.fps)):
            drawn = world.step()
            truth.write(picture_line(drawn) + "\n")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(drawn.picture, "bgr24")))
        container.mux(stream.encode())
        for event in world.events:
            truth.write(event_line(event) + "\n")
    screen.print(f"{out}: {seconds:g} s of {name}, {width}×{height}")


@app.command()
def camera(
    names: Annotated[list[str], typer.Argument(help="Scenes, one camera each.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="RTSP port.")] = 8554,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    username: Annotated[str, typer.Option(help="Sign-in name.")] = "ward",
    password: Annotated[
        str | None, typer.Option(envvar="WARDWATCH_CAMERA_PASSWORD", help="Made up if absent.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Keep truth and heard warnings here.")] = None,
) -> None:
    """Serve scenes as RTSP cameras with loudspeakers, until Ctrl-C."""
    secret = password or secrets.token_urlsafe(9)

    def ready(taken: int) -> None:
        for name in names:
            screen.print(f"rtsp://{host}:{taken}/{name}/main  and  …/sub")
        screen.print(f"sign in: {username} / {secret}")

    serve(
        {name: scenes.build(name) for name in names},
        host=host,
        port=port,
        username=username,
        password=secret,
        clock=SystemClock(),
        out_dir=out,
        ready=ready,
    )
