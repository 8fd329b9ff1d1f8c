"""The simulated cameras of the demo."""

from urllib.parse import urlsplit

from core.errors import ConfigError
from sim import scenes
from sim.camera import VirtualTownship
from wardwatch.processes.context import Context
from wardwatch.sources import password


def run(context: Context) -> None:
    """Serve the scenes that the site's cameras show, where their addresses say."""
    cameras = context.site.cameras
    known = scenes.demo()
    for camera in cameras:
        if camera.id not in known:
            raise ConfigError(f"camera {camera.id}: the demo has no scene of that name")
    address = urlsplit(cameras[0].streams.main)
    with VirtualTownship(
        {camera.id: known[camera.id] for camera in cameras},
        host=address.hostname or "127.0.0.1",
        port=address.port or 0,
        username=cameras[0].username or "",
        password=password(cameras[0]) or "",
        clock=context.clock,
        out_dir=context.paths.township,
    ) as township:
        context.ready({"port": township.port})
        context.stop.wait()
