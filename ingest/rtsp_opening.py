"""The gateway through which FFmpeg opens a session whose packets we then read ourselves."""

import contextlib
import re
import selectors
import socket

import structlog

from core.clock import NS_PER_S
from ingest.errors import IngestError
from ingest.rtsp_plan import Plan, plan
from ingest.rtsp_sign import Message, Messages, SigningGateway

TIMEOUT_S = 60
"""Of a session whose camera does not say (RFC 2326 §12.37)."""
TIMEOUT_LEAST_S = 1
PASSED_MOST_BYTES = 64 << 20
_READ_BYTES = 1 << 16

_SESSION = re.compile(rb"(?im)^session\s*:\s*([^\s;]+)(?:[^\r\n]*?timeout\s*=\s*(\d{1,6}))?")
_CSEQ = re.compile(rb"(?im)^cseq\s*:\s*(\d{1,9})")

log = structlog.get_logger()


class Opening(SigningGateway):
    """Passes everything on until :meth:`let_go`, and notes what reading needs to know.

    Args:
        camera: the connection to it; closed here when the session fails to open.
        place: host and port it goes to.
        account: user name and password, None without.

    Attributes:
        passed: the frames that came from the camera until it was let go of, and what followed.
        plan: how to read them; None as long as nothing was described.
        unusual: why this camera is left to FFmpeg, empty when it is not.
        sequence: the highest number a request had.
        alive_ns: so often the camera must hear from us.
    """

    basic = True

    def __init__(
        self,
        who: str,
        camera: socket.socket,
        place: tuple[str, int],
        url: str,
        account: tuple[str, str] | None,
        timeout_s: float,
    ) -> None:
        self.camera = camera
        self.passed = b""
        self.plan: Plan | None = None
        self.unusual = ""
        self.sequence = 0
        self.alive_ns = TIMEOUT_S * NS_PER_S // 2
        self._signs = account is not None
        self._player: socket.socket | None = None
        self._frames = bytearray()
        self._asked_for: dict[int, bytes] = {}
        self._play: Message | None = None
        self._session = b""
        self._answers_parameters = False
        self._failed = False
        self._halt, self._halted = socket.socketpair()
        super().__init__(who, *place, url, account or ("", ""), timeout_s)

    def let_go(self) -> bool:
        """Stop passing on; True when the session is open and the connection is ours."""
        self._end()
        if self._failed or self._play is None or not self._session or self.plan is None:
            self.unusual = self.unusual or "the session was opened in an unusual way"
            return False
        return True

    def give_up(self) -> None:
        """Close everything."""
        self._end()
        self.camera.close()

    def _end(self) -> None:
        self.close()
        with contextlib.suppress(OSError):
            self._halt.send(b".")
        self._thread.join()
        for one in (self._halt, self._halted, self._player):
            if one is not None:
                one.close()

    def alive(self) -> bytes:
        """A request that means nothing but that we are there."""
        return self._say(b"GET_PARAMETER" if self._answers_parameters else b"OPTIONS")

    def farewell(self) -> bytes:
        """The request that ends the session."""
        return self._say(b"TEARDOWN")

    def _say(self, method: bytes) -> bytes:
        assert self._play is not None
        self.sequence += 1
        uri = self._play.head.split(None, 2)[1]
        head = b"%s %s RTSP/1.0\r\nCSeq: %d\r\nSession: %s" % (
            method, uri, self.sequence, self._session,
        )  # fmt: skip
        return self.request(Message(head, b""))

    def again(self, answer: Message) -> bytes | None:
        return super().again(answer) if self._signs else None

    def _run(self) -> None:
        try:
            with self._listener:
                self._player, _ = self._listener.accept()
            for one in (self._player, self.camera):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one.settimeout(self._timeout_s)
            self._pass_until_told(self._player)
        except (OSError, IngestError) as error:
            self._failed = True
            log.debug("session not opened", who=self._who, why=str(error))
            if self._player is not None:
                self._player.close()
            self.camera.close()

    def _pass_until_told(self, player: socket.socket) -> None:
        asked, answered = Messages(), Messages()
        with selectors.DefaultSelector() as waiting:
            for end in (player, self.camera, self._halted):
                waiting.register(end, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in waiting.select()]
                if self._halted in ready:
                    self.passed, self._frames = bytes(self._frames) + answered.rest, bytearray()
                    return
                if player in ready:
                    data = player.recv(_READ_BYTES)
                    if not data:
                        raise IngestError("FFmpeg hung up")
                    for one in asked.feed(data):
                        self._note_request(one)
                        self.camera.sendall(self.request(one))
                if self.camera in ready:
                    data = self.camera.recv(_READ_BYTES)
                    if not data:
                        raise IngestError("the camera hung up")
                    for one in answered.feed(data):
                        self._note_answer(one)
                        self._answer(one, player, self.camera)

    def _note_request(self, message: Message) -> None:
        number = _CSEQ.search(message.head)
        if number is None:
            return
        self.sequence = max(self.sequence, int(number[1]))
        method = message.head.partition(b" ")[0]
        self._asked_for[int(number[1])] = method
        if method == b"PLAY":
            self._play = message

    def _note_answer(self, message: Message) -> None:
        if not message.head:
            self._frames += message.body
            if len(self._frames) > PASSED_MOST_BYTES:
                raise IngestError("the session does not begin")
            return
        words = message.head.split(None, 2)
        number = _CSEQ.search(message.head)
        if number is None or len(words) < 2:
            return
        method = self._asked_for.get(int(number[1]), b"")
        if words[1].startswith(b"3"):
            self.unusual = "the camera sends us elsewhere"
            raise IngestError(self.unusual)
        if words[1] != b"200":
            return
        if method == b"OPTIONS":
            self._answers_parameters = b"GET_PARAMETER" in message.head
        elif method == b"DESCRIBE":
            self.plan = plan(message.body.decode("utf-8", "replace"))
            if self.plan is None:
                self.unusual = "streams that FFmpeg puts together"
                raise IngestError(self.unusual)
        elif method == b"SETUP" and (session := _SESSION.search(message.head)):
            self._session = session[1]
            timeout_s = max(TIMEOUT_LEAST_S, int(session[2] or TIMEOUT_S))
            self.alive_ns = timeout_s * NS_PER_S // 2
