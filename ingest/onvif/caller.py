"""Asking one camera: services, sign-in, and one clear error whatever goes wrong."""

import secrets
from dataclasses import dataclass
from typing import Literal

import structlog

from core.clock import NS_PER_S, Clock
from ingest.onvif import soap
from ingest.onvif.address import Address
from ingest.onvif.errors import (
    AnswerError,
    OnvifError,
    OnvifFault,
    OnvifRefusedError,
    OnvifUnreachableError,
    OnvifUnsupportedError,
    SilenceError,
)
from ingest.onvif.http import HttpLink, Reply
from ingest.onvif.soap import Markup, element
from ingest.onvif.times import ClockCheck, read_clock
from ingest.onvif.token import username_token
from ingest.onvif.tree import Node

SignIn = Literal["token", "digest", "none"]
Service = Literal["device", "media", "media2", "ptz", "imaging", "events", "deviceio"]
SERVICES: dict[Service, str] = {
    "device": soap.DEVICE,
    "media": soap.MEDIA,
    "media2": soap.MEDIA2,
    "ptz": soap.PTZ,
    "imaging": soap.IMAGING,
    "events": soap.EVENTS,
    "deviceio": soap.DEVICE_IO,
}
_PREFIX = {
    service: p for service, uri in SERVICES.items() for p, u in soap.PREFIXES.items() if u == uri
}
_STEP_S = 2.0
_REFUSALS = {"NotAuthorized", "FailedAuthentication", "InvalidSecurity", "FailedCheck"}

log = structlog.get_logger()


@dataclass(frozen=True)
class Question:
    """One operation.

    Attributes:
        operation: its name, e.g. ``GetProfiles``.
        body: the request element.
        headers: beside the security header.
        longer_s: what the camera may take on top of the timeout.
    """

    operation: str
    body: Markup
    headers: tuple[Markup, ...] = ()
    longer_s: float = 0.0


class Caller:
    """Knows where the camera's services are and how it lets us in.

    Sign-in is tried as WS-UsernameToken (dated by the camera's clock), then as HTTP digest; what
    worked is kept. A refused call tries the password three times at most: cameras lock accounts.
    """

    def __init__(
        self,
        camera: str,
        address: Address,
        http: HttpLink,
        account: tuple[str, str] | None,
        clock: Clock,
    ) -> None:
        self.camera = camera
        self.address = address
        self.http = http
        self._account = account
        self._clock = clock
        self._sign_in: SignIn = "token" if account else "none"
        self._check: ClockCheck | None = None
        self._time_asked = False
        self._urls: dict[Service, str] | None = None
        self._own = ""  # what the camera believes its device service's address to be

    @property
    def sign_in(self) -> SignIn:
        """How the camera lets us in, as far as is known."""
        return self._sign_in

    async def ask(self, service: Service, operation: str, *content: Markup) -> Node:
        """Ask a service by the name of the operation.

        Raises:
            OnvifUnsupportedError: the camera has no such service.
            OnvifError: and its family: everything else.
        """
        url = await self.url(service, operation)
        body = element(f"{_PREFIX[service]}:{operation}", *content)
        return await self.ask_at(url, Question(operation, body))

    async def ask_at(self, url: str, question: Question) -> Node:
        """Ask at an address that the camera gave for the purpose (subscriptions)."""
        if self._account is not None and not self._time_asked:
            await self._learn_time()
        try:
            return await self._signed(url, question)
        except (AnswerError, OnvifFault) as error:
            raise self._told(question.operation, error) from None

    async def has(self, service: Service) -> bool:
        """The camera names that service."""
        return service in await self._services()

    async def services(self) -> dict[Service, str]:
        """Addresses of the services, led back to the camera."""
        return dict(await self._services())

    async def url(self, service: Service, operation: str) -> str:
        if service == "device":
            return self.address.url
        found = (await self._services()).get(service)
        if found is None:
            text = f"the camera has no {service} service"
            raise OnvifUnsupportedError(self._tell(operation, text))
        return found

    async def clock_check(self) -> ClockCheck:
        """Ask the camera for its time; the answer dates the tokens from now on.

        Needs no sign-in by the rules (ONVIF Core, section 5.9.4.3: PRE_AUTH), with some it does.
        """
        operation = "GetSystemDateAndTime"
        question = Question(operation, element(f"tds:{operation}"))
        asked_ns, start_ns = self._clock.utc_ns(), self._clock.monotonic_ns()
        try:
            answer = await self._any_way(self.address.url, question)
            took_ns = self._clock.monotonic_ns() - start_ns
            self._check = read_clock(answer, asked_ns, took_ns)
            self._time_asked = True
        except (AnswerError, OnvifFault) as error:
            raise self._told(operation, error) from None
        return self._check

    def lead_back(self, given: str, operation: str) -> str:
        """An address from an answer, with the host we are connected to."""
        try:
            return self.address.lead_back(given, self._own)
        except AnswerError as error:
            raise OnvifError(self._tell(operation, str(error))) from None

    def broken(self, operation: str, what: str) -> OnvifError:
        """An error about an answer that lacks something."""
        return OnvifError(self._tell(operation, what))

    async def _services(self) -> dict[Service, str]:
        if self._urls is None:
            given = await self._given_services()
            self._own = given.get("device", "")
            self._urls = {
                service: self.lead_back(address, "GetServices")
                for service, address in given.items()
            }
        return self._urls

    async def _given_services(self) -> dict[Service, str]:
        """GetServices; of cameras that do not know it, GetCapabilities (Core, section 8.1)."""
        given: dict[Service, str] = {}
        try:
            answer = await self.ask(
                "device", "GetServices", element("tds:IncludeCapability", "false")
            )
            by_uri = {uri: service for service, uri in SERVICES.items()}
            for entry in answer.all("Service"):
                service = by_uri.get(entry.word("Namespace").rstrip("/"))
                if service is not None and entry.word("XAddr"):
                    given.setdefault(service, entry.word("XAddr"))
        except (OnvifRefusedError, OnvifUnreachableError):
            raise
        except OnvifError as error:
            log.debug("no GetServices, asking GetCapabilities", why=str(error))
        if "media" in given or "media2" in given:
            return given
        answer = await self.ask("device", "GetCapabilities", element("tds:Category", "All"))
        return read_capabilities(answer) | given

    async def _learn_time(self) -> None:
        try:
            await self.clock_check()
        except (OnvifRefusedError, OnvifUnreachableError):
            raise
        except OnvifError as error:  # then our own time must do
            self._time_asked = True
            log.debug("camera does not tell its time", why=str(error))

    async def _signed(self, url: str, question: Question) -> Node:
        """With the sign-in that worked last, else the other; with a new date after a clock step."""
        first = self._sign_in
        try:
            return await self._plain(url, question, first)
        except OnvifRefusedError:
            if first == "none":
                raise
        moved = await self._clock_moved()
        if first == "token" and moved:
            try:
                return await self._plain(url, question, first)
            except OnvifRefusedError:
                log.debug("a new token is refused too", camera=self.camera)
        other: SignIn = "digest" if first == "token" else "token"
        answer = await self._plain(url, question, other)
        self._sign_in = other
        log.info("camera signs in differently", camera=self.camera, by=other)
        return answer

    async def _clock_moved(self) -> bool:
        """Ask for the time again; True when it is not what we thought."""
        before = self._check
        await self._learn_time()
        after = self._check
        if before is None or after is None:
            return False
        return abs(after.offset_s - before.offset_s) > _STEP_S

    async def _any_way(self, url: str, question: Question) -> Node:
        """The question for the time, which is asked before anything is known."""
        ways: tuple[SignIn, ...] = ("none", "digest", "token") if self._account else ("none",)
        for way in ways[:-1]:
            try:
                return await self._plain(url, question, way)
            except OnvifRefusedError:
                continue
        return await self._plain(url, question, ways[-1])

    async def _plain(self, url: str, question: Question, sign_in: SignIn) -> Node:
        headers = question.headers
        if sign_in == "token" and self._account is not None:
            headers = (self._token(*self._account), *headers)
        reply = await self.http.post(
            url,
            soap.envelope(question.body, *headers),
            digest=sign_in == "digest",
            longer_s=question.longer_s,
        )
        try:
            answer = self._open(reply, question.operation)
        except OnvifFault as fault:
            if reply.status != 401 and not _REFUSALS.intersection(fault.codes):
                raise
            answer = None
        if answer is None:
            raise OnvifRefusedError(self._tell(question.operation, self._refusal()))
        return answer

    def _open(self, reply: Reply, operation: str) -> Node | None:
        """None: not let in."""
        try:
            return soap.open_answer(reply.body, operation)
        except AnswerError:
            if reply.status in (401, 403):
                return None
            if reply.status >= 300:
                raise AnswerError(f"the camera answered with HTTP {reply.status}") from None
            raise

    def _token(self, username: str, password: str) -> Markup:
        offset_s = self._check.offset_s if self._check is not None else 0.0
        camera_ns = self._clock.utc_ns() + round(offset_s * NS_PER_S)
        return username_token(username, password, secrets.token_bytes(16), camera_ns)

    def _refusal(self) -> str:
        if self._account is None:
            return "the camera wants a user name and password; none are configured"
        text = "the camera refuses the user name or password (WS-UsernameToken and HTTP digest)"
        if self._check is not None and abs(self._check.offset_s) > 5:
            text += f"; its clock is off by {self._check.offset_s:+.0f} s, which was allowed for"
        return text

    def _told(self, operation: str, error: AnswerError | OnvifFault) -> OnvifError:
        """The same error with camera and operation in front."""
        text = self._tell(operation, str(error))
        if isinstance(error, OnvifFault):
            return OnvifFault(text, error.codes)
        return OnvifUnreachableError(text) if isinstance(error, SilenceError) else OnvifError(text)

    def _tell(self, operation: str, what: str) -> str:
        secret = self._account[1] if self._account else ""
        if len(secret) > 3 and secret in what:  # a camera may echo anything
            what = what.replace(secret, "***")
        return f"camera {self.camera}: {operation}: {what}"


def read_capabilities(answer: Node) -> dict[Service, str]:
    """Addresses in a GetCapabilities answer."""
    told = answer.find("Capabilities") or Node("")
    extension = told.find("Extension") or Node("")
    places: tuple[tuple[Node, str, Service], ...] = (
        (told, "Device", "device"),
        (told, "Media", "media"),
        (told, "PTZ", "ptz"),
        (told, "Imaging", "imaging"),
        (told, "Events", "events"),
        (extension, "DeviceIO", "deviceio"),
    )
    given: dict[Service, str] = {}
    for part, name, service in places:
        address = part.word(name, "XAddr")
        if address:
            given[service] = address
    return given
