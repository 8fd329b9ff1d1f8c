"""A SIP horn with faults, written from RFC 3261 with few lines of its own."""

import hashlib
import re
import socket
import threading
from dataclasses import dataclass, field
from typing import Self

from broadcast.rtp import RtpPacket

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP {types}\r\n"
)


@dataclass
class SipHorn:
    """One device on 127.0.0.1, answering as told. Use as a context manager."""

    code: int = 200  # the final answer to INVITE
    rings: bool = False  # 180 and then nothing until CANCEL
    deaf: int = 0  # so many datagrams are lost before it hears anything
    password: str = ""
    proxy: bool = False
    types: str = "8 0"
    media_host: str = "127.0.0.1"
    direction: str = "recvonly"
    hangs_up_after: int | None = None  # packets of sound
    late: bool = False  # answers 200 although CANCEL has come
    ignores_bye: bool = False
    mute: bool = False  # hears and says nothing
    nonce: str = "n1"
    repeats_ok: int = 0

    methods: list[str] = field(default_factory=list)
    packets: list[RtpPacket] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    in_call: bool = False
    uri: str = ""

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._sound = self._datagrams()
        self.port = self._sound.getsockname()[1]
        self._invite = ""
        self._open()
        self._threads = [threading.Thread(target=self._talk), threading.Thread(target=self._hear)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        self._close()
        self._sound.close()

    def _datagrams(self) -> socket.socket:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind(("127.0.0.1", 0))
        one.settimeout(0.05)
        return one

    def _open(self) -> None:
        self._signal = self._datagrams()
        self._peer = ("", 0)
        self.uri = f"sip:horn@127.0.0.1:{self._signal.getsockname()[1]}"

    def _close(self) -> None:
        self._signal.close()

    def _read(self) -> str:
        """The next message; TimeoutError when there is none."""
        data, self._peer = self._signal.recvfrom(65536)
        return data.decode()

    def _write(self, message: str) -> None:
        self._signal.sendto(message.encode(), self._peer)

    def _heard(self) -> None:
        """Another packet of sound has come."""
        if len(self.packets) == self.hangs_up_after:
            self.in_call = False
            self._bye()

    def _hear(self) -> None:
        while True:
            try:
                self.packets.append(RtpPacket.parse(self._sound.recv(2048)))
            except TimeoutError:
                if self._stop.is_set():
                    return
                continue
            self._heard()

    def _talk(self) -> None:
        while True:
            try:
                text = self._read()
            except TimeoutError:
                if self._stop.is_set():
                    return  # everything that was sent has been read
                continue
            if self.deaf > 0:
                self.deaf -= 1
                continue
            if text.startswith("SIP/2.0"):
                self.answers.append(text.split("\r\n")[0])
                continue
            method = text.split(" ")[0]
            self.methods.append(method)
            self.requests.append(text)
            if self.mute:
                continue
            if method == "INVITE":
                self._invite = text
                self._answer_invite(text)
            elif method == "CANCEL":
                self._send(text, 200, "OK")
                if self.late:
                    self._ok(self._invite)
                else:
                    self._send(self._invite, 487, "Request Terminated")
            elif method == "BYE" and not self.ignores_bye:
                self.in_call = False
                self._send(text, 200, "OK")
            elif method == "ACK" and self.repeats_ok > 0:
                self.repeats_ok -= 1
                self._ok(self._invite)

    def _answer_invite(self, text: str) -> None:
        header = "Proxy-Authorization" if self.proxy else "Authorization"
        if self.password and not self._signed(text, header):
            ask = "Proxy-Authenticate" if self.proxy else "WWW-Authenticate"
            more = f'{ask}: Digest realm="horn", nonce="{self.nonce}", qop="auth"\r\n'
            self._send(text, 407 if self.proxy else 401, "Sign In", more)
            return
        self._send(text, 100, "Trying")
        if self.rings:
            self._send(text, 180, "Ringing")
        elif self.code == 200:
            self._ok(text)
        else:
            self._send(text, self.code, "Refused")

    def _ok(self, text: str) -> None:
        self.in_call = True
        body = SDP.format(host=self.media_host, port=self.port, types=self.types)
        body += f"a={self.direction}\r\n"
        more = f"Contact: <{self.uri}>\r\nContent-Type: application/sdp\r\n"
        self._send(text, 200, "OK", more, body)

    def _signed(self, text: str, header: str) -> bool:
        line = next((one for one in text.split("\r\n") if one.startswith(f"{header}:")), "")
        part = dict(re.findall(r'(\w+)="?([^",]+)"?', line))
        if not part.get("response"):
            return False

        def digest(words: str) -> str:
            return hashlib.md5(words.encode()).hexdigest()

        ha1 = digest(f"user:horn:{self.password}")
        ha2 = digest(f"INVITE:{part['uri']}")
        tried = f"{self.nonce}:{part['nc']}:{part['cnonce']}:auth"
        return part["response"] == digest(f"{ha1}:{tried}:{ha2}")

    def _bye(self) -> None:
        given = dict(re.findall(r"^(From|To|Call-ID|Contact): (.*?)\r$", self._invite, re.M))
        target = given["Contact"].strip("<>")
        lines = (
            f"BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKend\r\n"
            f"From: {given['To']};tag=horn\r\nTo: {given['From']}\r\n"
            f"Call-ID: {given['Call-ID']}\r\nCSeq: 9 BYE\r\nContent-Length: 0\r\n\r\n"
        )
        self._write(lines)

    def _send(self, asked: str, code: int, reason: str, more: str = "", body: str = "") -> None:
        kept = re.findall(r"^((?:Via|From|Call-ID|CSeq): .*?)\r$", asked, re.M)
        to = re.findall(r"^To: (.*?)\r$", asked, re.M)[0]
        tag = "" if code == 100 or ";tag=" in to else ";tag=horn"
        head = "\r\n".join([f"SIP/2.0 {code} {reason}", *kept, f"To: {to}{tag}"])
        self._write(f"{head}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}")
