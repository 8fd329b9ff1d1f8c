"""The simulated cameras of the demo."""

import threading
from urllib.parse import urlsplit

from core.cases import Order, OrderState
from core.credentials import credentials_of
from core.errors import ConfigError
from core.geometry import GeoPoint
from core.messages import ORDER_REPLIES, ORDERS, OrderReply
from sim import scenes
from sim.camera import VirtualTownship
from wardwatch.processes.context import Context


def run(context: Context) -> None:
    """Serve the scenes that the site's cameras show, where their addresses say."""
    cameras = context.site.cameras
    known = scenes.demo()
    for camera in cameras:
        if camera.id not in known:
            raise ConfigError(f"camera {camera.id}: the demo has no scene of that name")
    credential = credentials_of(context.site).of(cameras[0])
    address = urlsplit(cameras[0].streams.main)
    with VirtualTownship(
        {camera.id: known[camera.id] for camera in cameras},
        host=address.hostname or "127.0.0.1",
        port=address.port or 0,
        username=credential.username if credential else "",
        password=credential.password if credential else "",
        clock=context.clock,
        out_dir=context.paths.township,
        places=scenes.PLACES,
    ) as township:
        visits = threading.Thread(target=_visits, args=(context, township), name="visits")
        visits.start()
        context.ready({"port": township.port})
        context.stop.wait()
        visits.join()


def _visits(context: Context, township: VirtualTownship) -> None:
    """Officers who arrive at a camera's place are met by the people in its scene."""
    bus = context.bus()
    cameras = {camera.place: camera.id for camera in context.site.cameras if camera.place}
    places: dict[str, GeoPoint] = {}

    def remember() -> None:
        for order in bus.tail(ORDERS, Order, context.stop):
            places[order.id] = order.place

    remembering = threading.Thread(target=remember, name="orders")
    remembering.start()
    for reply in bus.tail(ORDER_REPLIES, OrderReply, context.stop):
        place = places.get(reply.order)
        if reply.state is OrderState.ON_SCENE and place in cameras:
            township.feed(cameras[place]).visit()
    remembering.join()
    bus.close()
