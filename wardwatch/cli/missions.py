"""``wardwatch missions``: patrol routes that show every spot of an area."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import WardwatchError
from core.geometry import GeoPoint
from drones import coverage
from drones.pose import Camera
from wardwatch.cli.options import Json

app = typer.Typer(
    help="Drone patrols.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class MissionError(WardwatchError):
    """An area that no route can be planned for."""


@app.callback()
def _group() -> None:
    """Keeps `plan` a sub-command while it is the only one."""


@app.command()
def plan(
    area: Annotated[Path, typer.Argument(help="GeoJSON with one polygon, WGS-84.")],
    height_m: Annotated[float, typer.Option("--height", min=5, help="Metres above ground.")] = 100,
    fov_deg: Annotated[
        float, typer.Option("--fov", min=10, max=150, help="Horizontal field of view, degrees.")
    ] = 73.7,
    width: Annotated[int, typer.Option(help="Picture width, pixels.")] = 3840,
    height: Annotated[int, typer.Option("--lines", help="Picture height, pixels.")] = 2160,
    overlap: Annotated[float, typer.Option(min=0, max=0.9, help="Shared by two lanes.")] = 0.2,
    speed_mps: Annotated[float, typer.Option("--speed", min=1, max=30, help="Metres/s.")] = 8.0,
    as_json: Json = False,
) -> None:
    """Lanes over an area with a camera that looks straight down."""
    mission = coverage.plan(
        _corners(area),
        Camera.from_fov(width, height, fov_deg),
        height_m,
        overlap=overlap,
        speed_mps=speed_mps,
    )
    if as_json:
        print(mission.model_dump_json())
    else:
        print(
            f"{len(mission.waypoints)} waypoints, {mission.length_m / 1000:.2f} km, "
            f"{mission.flight_s / 60:.1f} min; a lane shows {mission.strip_m:.0f} m of ground"
        )


def _corners(path: Path) -> list[GeoPoint]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MissionError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise MissionError(f"{path}: not JSON: {error}") from None
    polygon = next((found for found in _geometries(data) if found.get("type") == "Polygon"), None)
    if polygon is None:
        raise MissionError(f"{path}: holds no GeoJSON Polygon")
    try:
        ring = polygon["coordinates"][0]
        return [GeoPoint(lon=lon, lat=lat) for lon, lat, *_ in ring[:-1]]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise MissionError(f"{path}: its Polygon cannot be read: {error}") from None


def _geometries(data: Any) -> list[dict[str, Any]]:
    """All geometries of a GeoJSON object (RFC 7946)."""
    if not isinstance(data, dict):
        return []
    if data.get("type") == "FeatureCollection":
        return [found for one in data.get("features", []) for found in _geometries(one)]
    if data.get("type") == "Feature":
        return _geometries(data.get("geometry"))
    return [data]
