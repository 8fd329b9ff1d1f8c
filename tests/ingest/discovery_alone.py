"""Two virtual cameras and our discovery on one multicast network; prints what was found.

Run as ``python -m tests.ingest.discovery_alone [INTERFACE]``: without an interface the Probe goes
where the machine's routes lead multicast.
"""

import asyncio
import json
import sys

from core.clock import SystemClock
from ingest.onvif.camera import OnvifCamera
from ingest.onvif.discovery import discover
from sim.camera import VirtualTownship
from sim.camera.onvif.discovery import answering
from tests.sim.camera_kit import PASSWORD, USER, BoxScene

SECONDS = 3.0


async def find(town: VirtualTownship, interface: str | None) -> list[dict[str, str]]:
    """Discover, and ask each found address who it is."""
    names = ("桥头 1", "river")
    found = []
    async with answering({name: town.onvif_url(name) for name in names}, "127.0.0.1"):
        for device in await discover(SECONDS, interface=interface):
            camera = OnvifCamera(
                device.name,
                device.address,
                username=USER,
                password=PASSWORD,
                clock=SystemClock(),
            )
            async with camera:
                serial = (await camera.device_information()).serial
            found.append({"name": device.name, "sender": device.sender, "serial": serial})
    return found


def main() -> None:
    """Print the findings as JSON."""
    with VirtualTownship(
        {"桥头 1": BoxScene(), "river": BoxScene()},
        username=USER,
        password=PASSWORD,
        clock=SystemClock(),
        onvif_port=0,
    ) as town:
        print(json.dumps(asyncio.run(find(town, sys.argv[1] if sys.argv[1:] else None))))


if __name__ == "__main__":
    main()
