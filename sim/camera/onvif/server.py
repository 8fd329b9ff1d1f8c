"""The ONVIF desk of a virtual township: one HTTP port, ``/NAME/onvif/…`` for each camera.

``/onvif/device_service`` alone, where clients look that know only a host, is the first camera.
"""

import asyncio
import threading
from collections.abc import Callable
from urllib.parse import quote, unquote

import cv2
import structlog

from core.clock import Clock
from sim.base import Scene
from sim.camera.door import close_door
from sim.camera.errors import VirtualCameraError
from sim.camera.onvif import device, events, imaging, media, ptz
from sim.camera.onvif.auth import OPEN, Gate
from sim.camera.onvif.body import Body, Place
from sim.camera.onvif.eye import Eye
from sim.camera.onvif.head import Head
from sim.camera.onvif.options import OnvifOptions
from sim.camera.onvif.soap import Ask, SoapFault, answer, fault, read
from sim.camera.onvif.subscriptions import Subscriptions
from sim.camera.onvif.web import WebReply, WebRequest, converse

log = structlog.get_logger()


class OnvifServer:
    """Serves the cameras that were given an eye by :meth:`watch`; has one thread of its own.

    Args:
        port: 0 takes a free one; see :attr:`port`.
        rtsp_port: tells the port of the streams once it is known.
        backchannel: the cameras have loudspeakers.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        rtsp_port: Callable[[], int],
        username: str,
        password: str,
        clock: Clock,
        backchannel: bool,
        options: OnvifOptions,
    ) -> None:
        self.port = port
        self._host = host
        self._rtsp_port = rtsp_port
        self._gate = Gate(username, password)
        self._clock = clock
        self._backchannel = backchannel
        self._options = options
        self._bodies: dict[str, Body] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._thread: threading.Thread | None = None

    def watch(self, name: str, scene: Scene) -> Scene:
        """The scene to play instead, so that the camera sees what it plays."""
        eye = Eye(scene, lambda _motion: self._moved(name))
        self._bodies[name] = Body(
            name,
            eye,
            Head(self._clock),
            self._clock,
            Subscriptions(self._clock),
            self._backchannel,
            options=self._options,
        )
        return eye

    def camera(self, name: str) -> Body:
        """A camera's state; its ``options`` may be replaced at any time."""
        return self._bodies[name]

    def url(self, name: str) -> str:
        """Address of a camera's device service."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._host, self._host)
        return f"http://{host}:{self.port}/{quote(name)}/onvif/device_service"

    def notify(self, name: str, topic: str, *, state: bool) -> None:
        """Have a camera tell its subscribers of something, e.g. ``tns1:VideoSource/SignalLoss``."""
        body, loop = self._bodies[name], self._loop
        if loop is not None:
            told = events.notification(body, topic, state, "Changed")
            loop.call_soon_threadsafe(lambda: body.subscriptions.publish(told))

    def start(self) -> None:
        """Open the port.

        Raises:
            VirtualCameraError: it cannot be used.
        """
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="virtual-onvif", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise VirtualCameraError(
                f"virtual ONVIF cannot listen on {self._host}:{self.port} "
                f"({self._failure.strerror}); choose another port"
            ) from self._failure

    def stop(self) -> None:
        """End everything; returns when no thread and no socket of ours is left."""
        loop, end = self._loop, self._end
        if loop is not None and end is not None:
            loop.call_soon_threadsafe(end.set)
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    async def _serve(self) -> None:
        talks: set[asyncio.Task[None]] = set()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                talks.add(task)
                task.add_done_callback(talks.discard)
            try:
                await converse(reader, writer, self._handle)
            except asyncio.CancelledError:  # the end of the server is no failure of the talk
                return

        try:
            door = await asyncio.start_server(talk, self._host, self.port)
        except OSError as error:
            self._failure = error
            self._ready.set()
            return
        self.port = door.sockets[0].getsockname()[1]
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._end.wait()
        self._loop = None
        await close_door(door)
        for task in tuple(talks):
            task.cancel()
        await asyncio.gather(*talks)
        await asyncio.sleep(0)  # lets the transports close their sockets

    def _moved(self, name: str) -> None:
        """On a scene's thread, which ends before the loop does."""
        body, loop = self._bodies[name], self._loop
        if loop is not None:
            loop.call_soon_threadsafe(
                lambda: body.subscriptions.publish(events.motion(body, "Changed"))
            )

    async def _handle(self, request: WebRequest, local: str) -> WebReply:
        parts = [unquote(part) for part in request.path.partition("?")[0].split("/") if part]
        if parts[:1] == ["onvif"] and "onvif" not in self._bodies:
            parts.insert(0, next(iter(self._bodies)))  # clients that know a host only
        body = self._bodies.get(parts[0]) if parts else None
        if body is None:
            return WebReply(404)
        if body.options.delay_s:
            await asyncio.sleep(body.options.delay_s)
        if body.options.refuse:
            return WebReply(401, headers=self._gate.challenges())
        if parts[1:] == ["snapshot.jpg"]:
            return self._snapshot(body, request)
        if request.method != "POST" or parts[1:2] != ["onvif"]:
            return WebReply(405 if parts[1:2] == ["onvif"] else 404)
        try:
            ask = read(request.body)
            if ask.operation not in OPEN and not self._gate.lets_in(
                ask,
                request.path,
                request.headers.get("authorization", ""),
                body.now_ns(),
                body.options,
            ):
                return self._refuse(body)
            subscription_id = parts[3] if len(parts) > 3 else ""
            place = self._place(body, request, local)
            return WebReply(200, answer(await self._answer(body, place, ask, subscription_id)))
        except SoapFault as error:
            return WebReply(400 if error.sender else 500, fault(error))

    async def _answer(self, body: Body, place: Place, ask: Ask, subscription_id: str) -> str:
        if body.options.fault in (ask.operation, "*"):
            raise SoapFault("told to fail", "ter:Action", sender=False)
        if ask.service == "wsnt" or ask.service == "tev":
            return await events.answer(body, place, ask, subscription_id)
        if ask.service not in device.services(body):
            raise SoapFault("no such service", "ter:ActionNotSupported", sender=False)
        match ask.service:
            case "tds":
                return device.answer(body, place, ask)
            case "tptz":
                return ptz.answer(body, ask)
            case "timg":
                return imaging.answer(body, ask)
        return media.answer(body, place, ask)

    def _refuse(self, body: Body) -> WebReply:
        refusal = fault(SoapFault("sender not authorized", "ter:NotAuthorized"))
        if body.options.sign_in == "token":  # as cameras do that know no HTTP digest
            return WebReply(400, refusal)
        return WebReply(401, refusal, headers=self._gate.challenges())

    def _snapshot(self, body: Body, request: WebRequest) -> WebReply:
        signed = request.headers.get("authorization", "")
        if not self._gate.knows_http(request.method, request.path, signed):
            return WebReply(401, headers=self._gate.challenges())
        picture = body.eye.picture()
        if picture is None:
            return WebReply(503)
        jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
        return WebReply(200, jpeg, "image/jpeg")

    def _place(self, body: Body, request: WebRequest, local: str) -> Place:
        """Addresses as the client reached us, or with the host that we were told to name."""
        port = request.headers.get("host", "").rpartition(":")[2]
        http_port = int(port) if port.isdecimal() and len(port) < 6 else self.port
        host = body.options.host or (f"[{local}]" if ":" in local else local)
        name = quote(body.name)
        return Place(
            f"http://{host}:{http_port}/{name}", f"rtsp://{host}:{self._rtsp_port()}/{name}"
        )
