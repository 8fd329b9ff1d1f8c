"""One outgoing call (RFC 3261): INVITE, ACK, BYE, CANCEL, and their repetition.

Written here and not taken from PyPI: of the libraries there, pyVoIP and its heirs are GPL, the
bindings of C stacks bring a second audio engine and event loop, and aiosipua (MIT) sends each
request once: over UDP a lost INVITE would be a lost warning.
"""

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from broadcast import sip_messages as sip
from broadcast.codecs import Voice
from broadcast.errors import SignInError, SpeakerError, StoppedError
from broadcast.sip_messages import Media, SipMessage
from broadcast.sip_timing import Again
from broadcast.sip_transport import AGAIN_S, MOST_DATAGRAM, Reach, transport_to
from core import rtsp_auth
from core.clock import NS_PER_S
from core.credentials import Credential
from core.networks import AddressError

log = structlog.get_logger()

REACH_S = 5.0
"""Nothing at all comes back for so long: nobody is there."""
END_S = 2.0
"""Longest wait for the answer to BYE, or for the end of a call that is called off."""
_STEP_S = 0.1
_MOST_READS = 32  # between two packets of sound, so that a flood cannot break the beat
_MEANING = {
    403: "forbidden for this caller",
    404: "no such extension; check the loudspeaker's address",
    408: "it does not answer",
    480: "not available; it may be switched off",
    486: "busy; another call may be on it",
    487: "called off",
    488: "none of our codecs, or it wants encrypted sound (SRTP), which is not sent",
    503: "busy or not ready",
    600: "busy; another call may be on it",
    603: "declined",
}


@dataclass
class _State:
    """How far the call is, for whoever must end it."""

    invited: bool = False
    ringing: bool = False
    cancelled: bool = False
    over: bool = False
    confirmed: bool = False
    target: str = ""
    route: list[str] = field(default_factory=list)
    to: str = ""


class Call:
    """A call to one device. Use :meth:`invite`, then :meth:`tend` now and then; :meth:`hang_up`
    ends it from whatever state it is in.

    Args:
        uri: who is called, and by which transport.
        reach: how errors name the device, where it may stand and send us to, and whom to trust.
        stop: set to break off.
        caller: user part of our own address.

    Raises:
        StoppedError: told to stop.
        SpeakerError: no such address, or no connection to it.
    """

    def __init__(
        self,
        uri: str,
        reach: Reach,
        stop: threading.Event,
        *,
        caller: str,
        credential: Credential | None = None,
    ) -> None:
        self._uri, self._reach, self._stop = uri, reach, stop
        self.who, self._clock, self._networks = reach.who, reach.clock, reach.networks
        self._caller, self._credential = caller, credential
        self._challenge: rtsp_auth.Challenge | None = None
        self._proxy = False
        self._callee = f"<{sip.name_of(uri)}>"
        self._state = _State(to=self._callee)
        self._sequence = 0
        self._via_of_invite = ""
        self._ack = b""
        self._transport = transport_to(uri, reach, stop)
        self.local = self._transport.local
        host = f"[{self.local}]" if ":" in self.local else self.local
        self._scheme = uri.partition(":")[0].lower()
        self._from = f"<{self._scheme}:{caller}@{host}>;tag={secrets.token_hex(6)}"
        self._id = f"{secrets.token_hex(12)}@{host}"

    def invite(self, port: int, voices: Sequence[Voice], ring_s: float) -> Media:
        """Call and wait until it is answered.

        Args:
            port: where our own RTP comes from.
            ring_s: longest wait for the answer.

        Raises:
            StoppedError: told to stop.
            SignInError: it wants a sign-in that we do not have, or refuses ours.
            SpeakerError: nobody is there, busy, not answered in time, or no common codec.
        """
        body = sip.offer(self.local, port, voices)
        for _ in range(3):
            answer = self._invited(body, ring_s)
            if answer.code < 300:
                self._confirm(answer)
                try:
                    return self._checked(sip.agreed(answer.body, voices))
                except SpeakerError as error:
                    raise SpeakerError(f"{self.who}: {error}") from None
            if answer.code not in (401, 407):
                meaning = _MEANING.get(answer.code, "")
                hint = f" ({meaning})" if meaning else ""
                raise SpeakerError(f"{self.who}: INVITE answered {answer}{hint}")
            self._sign_in(answer)
        raise SignInError(f"{self.who}: asks for a sign-in again and again")

    def tend(self) -> None:
        """Answer what the device sends meanwhile.

        Raises:
            SpeakerError: it hung up, or its connection is lost.
        """
        for _ in range(_MOST_READS):
            if (message := self._receive(0.0)) is None:
                return
            if message.code:
                if message.method == "INVITE" and 200 <= message.code < 300:
                    self._send(self._ack, self._state.target)  # it missed our ACK
            elif message.method == "BYE":
                self._answer(message, 200, "OK")
                self._state.over = True
                raise SpeakerError(f"{self.who}: hung up")
            elif message.method != "ACK":
                self._refuse(message)

    def hang_up(self) -> str:
        """End the call; told, never raised: the words are out. Safe to call again."""
        state = self._state
        try:
            if state.confirmed and not state.over:
                return self._bye()
            if state.invited and not state.over:
                return self._call_off()
        except (SpeakerError, OSError) as error:
            log.warning("speaker.hang_up_failed", device=self.who, error=str(error))
            return f"hang-up failed ({error})"
        finally:
            state.over = True
            self._transport.close()
        return ""

    # -- INVITE ----------------------------------------------------------------------------

    def _invited(self, body: bytes, ring_s: float) -> SipMessage:
        """Send an INVITE; its final answer. Anything but 2xx is acknowledged here."""
        self._sequence += 1
        data = self._fitting(lambda: self._invitation(body))
        state = self._state
        state.invited, state.ringing = True, False
        begun_ns = self._clock.monotonic_ns()
        again = self._again()
        while True:
            if not state.ringing and again.due():
                self._send(data, self._uri)
            if self._stop.is_set():
                raise StoppedError(f"{self.who}: stopped before it answered")
            waited_s = (self._clock.monotonic_ns() - begun_ns) / NS_PER_S
            if waited_s > (ring_s if state.ringing else min(ring_s, REACH_S)):
                raise SpeakerError(
                    f"{self.who}: rings and is not answered within {ring_s:g} s; set it to answer "
                    "by itself"
                    if state.ringing
                    else f"{self.who}: no answer to INVITE; check the address and the network"
                )
            message = self._receive(_STEP_S)
            if message is None or not self._of_invite(message):
                continue
            if message.code < 200:
                state.ringing = True
                continue
            if message.code >= 300:
                self._acknowledge_refusal(message)
                state.invited = False
            return message

    def _invitation(self, body: bytes) -> bytes:
        here, kind = self._transport.here, self._transport.name.lower()
        way = "" if self._scheme == "sips" or kind == "udp" else f";transport={kind}"
        lines = [
            ("Contact", f"<{self._scheme}:{self._caller}@{here}{way}>"),
            ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS"),
            ("Answer-Mode", "Auto"),  # RFC 5373
            ("Call-Info", f"<sip:{here}>;answer-after=0"),
            ("Content-Type", "application/sdp"),
        ]
        return self._request("INVITE", lines, body)

    def _fitting(self, build: Callable[[], bytes]) -> bytes:
        """A request that is too large for a datagram goes by TCP, and in a datagram all the same
        where the device takes no connection (section 18.1.1)."""
        data = build()
        if self._transport.reliable or len(data) <= MOST_DATAGRAM:
            return data
        try:
            wider = transport_to(self._uri, self._reach, self._stop, over="tcp", limit_s=AGAIN_S)
        except StoppedError:
            raise
        except SpeakerError as error:
            log.warning("speaker.large_datagram", octets=len(data), error=str(error))
            return data
        self._transport.close()
        self._transport = wider
        return build()

    def _of_invite(self, message: SipMessage) -> bool:
        return (
            message.code > 0 and message.method == "INVITE" and message.sequence == self._sequence
        )

    def _confirm(self, answer: SipMessage) -> None:
        """The dialog of a 2xx (section 12.1.2) and its ACK, which is a transaction of its own."""
        state = self._state
        state.to = answer.first("to")
        state.target = sip.address_of(answer.first("contact")) or self._uri
        state.route = list(reversed(answer.list("record-route")))
        state.confirmed = True
        self._ack = self._request("ACK", [])
        self._send(self._ack, state.target)

    def _acknowledge_refusal(self, answer: SipMessage) -> None:
        """The ACK of a refusal belongs to the INVITE's transaction (section 17.1.1.3)."""
        self._send(self._of_transaction("ACK", answer.first("to")), self._uri)

    def _of_transaction(self, method: str, to: str) -> bytes:
        """A request with the very ``Via`` of the INVITE, also when its connection was lost: that
        is how the device finds what is meant (section 17.2.3)."""
        lines = [
            ("Via", self._via_of_invite),
            ("Max-Forwards", "70"),
            ("From", self._from),
            ("To", to),
            ("Call-ID", self._id),
            ("CSeq", f"{self._sequence} {method}"),
        ]
        return sip.request(method, self._uri, lines)

    def _sign_in(self, answer: SipMessage) -> None:
        self._proxy = answer.code == 407
        header = "proxy-authenticate" if self._proxy else "www-authenticate"
        fresh = rtsp_auth.strongest(answer.all(header))
        if self._credential is None:
            raise SignInError(
                f"{self.who}: INVITE wants a sign-in; set the loudspeaker's username and password"
            )
        if fresh is None or fresh.algorithm == "BASIC":
            raise SignInError(f"{self.who}: INVITE wants a sign-in of a kind unknown here")
        if self._challenge is not None and not fresh.stale:
            raise SignInError(
                f"{self.who}: INVITE refuses the user name or password; check the loudspeaker's "
                "sign-in"
            )
        self._challenge = fresh

    def _checked(self, media: Media) -> Media:
        """The address that the device wants sound at must lie in the networks, too."""
        if self._networks is None:
            return media
        try:
            self._networks.address_of(media.address)
        except AddressError as error:
            raise SpeakerError(f"it wants sound sent elsewhere: {error}") from None
        return media

    # -- the end ---------------------------------------------------------------------------

    def _bye(self) -> str:
        for _ in range(2):
            self._sequence += 1
            answer = self._asked(self._request("BYE", []), "BYE")
            if answer is None:
                return "BYE without answer"
            if answer.code not in (401, 407) or self._credential is None:
                break
            self._challenge = None
            self._sign_in(answer)
        return f"BYE {answer}"

    def _call_off(self) -> str:
        """CANCEL (section 9.1), which may cross with an answer: then ACK and BYE."""
        state = self._state
        end_ns = self._clock.monotonic_ns() + round(END_S * NS_PER_S)
        again = self._again()
        while state.ringing or not self._transport.lost:
            if self._clock.monotonic_ns() >= end_ns:
                break
            # Only what has rung may be cancelled; an INVITE on its way may yet be answered.
            if state.ringing and again.due():
                self._send(self._of_transaction("CANCEL", self._callee), self._uri)
                state.cancelled = True
            message = self._receive(_STEP_S)
            if message is None or not self._of_invite(message):
                continue
            if message.code < 200:
                state.ringing = True
            elif message.code < 300:
                self._confirm(message)
                return f"answered late; {self._bye()}"
            else:
                self._acknowledge_refusal(message)
                return f"CANCEL {message}"
        return "CANCEL without answer" if state.cancelled else "never answered"

    def _asked(self, data: bytes, method: str) -> SipMessage | None:
        """Send a request within the dialog until it is answered, or :data:`END_S` are over."""
        end_ns = self._clock.monotonic_ns() + round(END_S * NS_PER_S)
        again = self._again()
        while self._clock.monotonic_ns() < end_ns:
            if again.due():
                self._send(data, self._state.target)
            message = self._receive(_STEP_S)
            if message is None:
                continue
            if message.method == method and message.sequence == self._sequence:
                if message.code >= 200:
                    return message
            elif message.method == "BYE" and not message.code:
                self._answer(message, 200, "OK")  # both hang up at once
        return None

    # -- octets ----------------------------------------------------------------------------

    def _request(self, method: str, more: list[tuple[str, str]], body: bytes = b"") -> bytes:
        state = self._state
        uri = state.target or self._uri
        via = self._via()
        if method == "INVITE":
            self._via_of_invite = via
        lines = [("Via", via), ("Max-Forwards", "70")]
        lines += [("Route", one) for one in state.route]
        lines += [
            ("From", self._from),
            ("To", state.to),
            ("Call-ID", self._id),
            ("CSeq", f"{self._sequence} {method}"),
            ("User-Agent", "Wardwatch"),
        ]
        if self._challenge is not None and self._credential is not None and method != "ACK":
            signed = self._challenge.answer(
                method, uri, self._credential.username, self._credential.password
            )
            lines.append(("Proxy-Authorization" if self._proxy else "Authorization", signed))
        try:
            return sip.request(method, uri, [*lines, *more], body)
        except SpeakerError as error:
            raise SpeakerError(f"{self.who}: {error}") from None

    def _via(self) -> str:
        way = self._transport
        asked = "" if way.reliable else ";rport"  # RFC 3581
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        return f"{sip.VERSION}/{way.name} {way.here};branch={branch}{asked}"

    def _again(self) -> Again:
        return Again(self._clock, reliable=self._transport.reliable)

    def _answer(self, asked: SipMessage, code: int, reason: str) -> None:
        self._transport.reply(sip.reply(asked, code, reason, sip.tag_of(self._from)))

    def _refuse(self, asked: SipMessage) -> None:
        if asked.method == "OPTIONS":
            self._answer(asked, 200, "OK")
        elif asked.method == "INVITE":  # hold, transfer, another codec: not in a warning
            self._answer(asked, 488, "Not Acceptable Here")
        else:
            self._answer(asked, 405, "Method Not Allowed")

    def _send(self, data: bytes, uri: str) -> None:
        route = self._state.route
        self._transport.send(data, sip.address_of(route[0]) if route else uri)

    def _receive(self, wait_s: float) -> SipMessage | None:
        """The next message of this call; others are passed over."""
        message = self._transport.receive(wait_s)
        return message if message is None or message.first("call-id") == self._id else None
