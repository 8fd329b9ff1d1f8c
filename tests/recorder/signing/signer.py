"""A camera that signs, written from the specification: what the verifier is tested against.

The verifier is also held against ONVIF's own signed sample (``test_sample.py``), so that both
cannot be wrong in the same way.
"""

import hashlib
import struct
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID

from recorder.signing.nal import Codec, Kind, kind_of, length_size, units
from recorder.signing.sei import UUID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Picture = list[bytes]
"""The units of one access unit."""

OIDS = {
    "sha256": bytes.fromhex("0609608648016503040201"),
    "sha512": bytes.fromhex("0609608648016503040203"),
}
PREHASHED = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}
FROM = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
WITHIN_NS = 1_790_000_000 * 10**9
TICKS = (1_790_000_000 + 11_644_473_600) * 10**7
"""The same moment in units of 100 ns since 1601."""


@dataclass
class Authority:
    """A maker's root, and what it issues."""

    name: str = "Maker Root"
    key: PrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.certificate = certificate(self.name, self.key, self.name, self.key, ca=True)

    def issue(self, name: str, key: PrivateKey, **options: object) -> x509.Certificate:
        return certificate(name, key, self.name, self.key, **options)  # type: ignore[arg-type]


def certificate(
    name: str,
    key: PrivateKey,
    issuer: str,
    issuer_key: PrivateKey,
    *,
    ca: bool = False,
    begin: datetime = FROM,
    end: datetime = UNTIL,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    return builder.sign(issuer_key, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def pictures_of(path: Path) -> tuple[list[Picture], Codec]:
    """A file's access units."""
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        codec: Codec = "hevc" if context.name == "hevc" else "h264"
        prefix = length_size(codec, context.extradata)
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    return [list(units(packet, prefix)) for packet in packets], codec


def escape(unit: bytes) -> bytes:
    """With emulation prevention (H.264 §7.4.1): no ``00 00`` before 0 to 3."""
    out, zeros = bytearray(), 0
    for octet in unit:
        if zeros >= 2 and octet <= 3:
            out.append(3)
            zeros = 0
        out.append(octet)
        zeros = zeros + 1 if octet == 0 else 0
    return bytes(out)


@dataclass(frozen=True)
class Signer:
    """How a camera signs.

    Attributes:
        part_pictures: sign after so many pictures also within a group.
        listed: send the hashes one by one, too.
        every: sign one group in so many; the others' messages are unsigned.
        escaped_first: prevent emulation before the message is hashed.
        late: pictures by which a message comes late.
        once: send certificates in a message of their own, at the start.
        twice: send every message twice.
    """

    codec: Codec
    key: PrivateKey
    chain: bytes
    algorithm: str = "sha256"
    part_pictures: int = 0
    listed: bool = True
    every: int = 1
    escaped_first: bool = False
    late: int = 1
    once: bool = False
    twice: bool = False
    first_counter: int = 1
    first_ticks: int = TICKS

    def sign(self, pictures: list[Picture]) -> list[Picture]:
        """Pictures with the messages among them."""
        return _Signing(self).run(pictures)


class _Signing:
    def __init__(self, how: Signer) -> None:
        self.how = how
        self.counter = how.first_counter
        self.list: list[bytes] = []
        self.anchor = b""
        self.links = [b"", b""]
        self.unsigned: dict[bytes, bytes] = {}
        """Messages without a signature, and their hashes."""
        self.gops = self.frames = 0
        self.start = self.end = how.first_ticks
        self.ready: list[tuple[int, bytes]] = []

    def h(self, data: bytes) -> bytes:
        return hashlib.new(self.how.algorithm, data).digest()

    def run(self, pictures: list[Picture]) -> list[Picture]:
        out: list[Picture] = []
        if self.how.once:
            self.ready.append((-9, self.message(b"", signed=True, flags=0x80)))
        for number, picture in enumerate(pictures):
            added: Picture = []
            while self.ready and number - self.ready[0][0] >= self.how.late:
                unit = self.ready.pop(0)[1]
                added += [unit] * (2 if self.how.twice else 1)
                for one in added[-1:]:
                    if one in self.unsigned:
                        self.list.append(self.unsigned[one])
            at = self.start_of(picture)
            out.append([*picture[:at], *added, *picture[at:]])
            for unit in picture:
                self.unit(unit, number)
        return out

    def start_of(self, picture: Picture) -> int:
        kinds = [kind_of(unit, self.how.codec) for unit in picture]
        return next(n for n, k in enumerate(kinds) if k not in (Kind.OTHER, Kind.SEI))

    def unit(self, unit: bytes, number: int) -> None:
        kind = kind_of(unit, self.how.codec)
        if kind in (Kind.OTHER, Kind.SEI):
            return
        new = kind is Kind.ANCHOR
        full = self.how.part_pictures and self.frames >= self.how.part_pictures
        trigger = new or (full and kind is not Kind.SLICE)
        if trigger:
            self.end, before = self.how.first_ticks + number * 10**6, self.end
            self.start = before
            if self.list:
                self.close(partial=not new, number=number, new=new)
        plain = self.h(unit)
        if new:
            self.anchor = own = plain
        else:
            own = self.h(self.anchor + plain)
        if trigger:
            self.links = [self.links[1], own]
        self.list.append(own)
        self.frames += kind is not Kind.SLICE

    def close(self, *, partial: bool, number: int, new: bool) -> None:
        joined = b"".join(self.list)
        link = self.links[0] or bytes(len(self.anchor))
        general = struct.pack(
            ">B3BBqqIH", 2, 1, 2, 3, partial, self.start, self.end, self.counter, len(self.list)
        )
        body = tlv(1, general + self.h(joined) + link)
        if self.how.listed:
            body += tlv(2, b"\1" + joined)
        self.gops += new
        signed = self.how.every == 1 or (new and self.gops % self.how.every == 0)
        self.ready.append((number, self.message(body, signed=signed, flags=0)))
        self.list, self.frames = [], 0
        self.counter = (self.counter + 1) & 0xFFFFFFFF

    def message(self, body: bytes, *, signed: bool, flags: int) -> bytes:
        how = self.how
        oid = OIDS[how.algorithm]
        values = tlv(4, b"\1" + bytes([len(oid)]) + oid + b"\0\0\0")
        values += tlv(5, b"\1" + b"".join(bytes([len(t)]) + t for t in (b"1.0", b"S1", b"Maker")))
        if flags or not how.once:
            values += tlv(6, b"\1\0" + how.chain)
        values += body
        room = 520 if isinstance(how.key, rsa.RSAPrivateKey) else 80
        size = len(UUID) + 1 + len(values) + (3 + 3 + room if signed else 0)
        flags |= 0x40 if how.escaped_first else 0
        header = b"\x06" if how.codec == "h264" else b"\x4e\x01"
        sized = b"\xff" * (size // 255) + bytes([size % 255])
        document = header + b"\x05" + sized + UUID + bytes([flags]) + values
        if not signed:
            unit = escape(document + b"\x80")
            self.unsigned[unit] = self.h(unit if how.escaped_first else document + b"\x80")
            return unit
        hashed = self.h(escape(document) if how.escaped_first else document)
        prehashed = utils.Prehashed(PREHASHED[how.algorithm])
        if isinstance(how.key, rsa.RSAPrivateKey):
            signature = how.key.sign(hashed, padding.PKCS1v15(), prehashed)
        else:
            signature = how.key.sign(hashed, ec.ECDSA(prehashed))
        value = b"\1" + struct.pack(">H", len(signature)) + signature.ljust(room, b"\1")
        return escape(document + tlv(3, value) + b"\x80")


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(value)) + value


def write(path: Path, like: Path, pictures: list[Picture], *, step_s: float = 0.1) -> Path:
    """Pictures as an MP4, with the track parameters of another file."""
    with av.open(str(like)) as source, av.open(str(path), "w") as out:
        track = out.add_stream_from_template(source.streams.video[0], opaque=True)
        for number, picture in enumerate(pictures):
            packet = av.Packet(b"".join(struct.pack(">I", len(u)) + u for u in picture))
            packet.stream = track
            packet.time_base = track.time_base = Fraction(1, 90_000)
            packet.dts = packet.pts = round(number * step_s * 90_000)
            packet.duration = round(step_s * 90_000)
            kinds = {kind_of(u, "hevc" if "hevc" in track.codec_context.name else "h264")
                     for u in picture}  # fmt: skip
            packet.is_keyframe = Kind.ANCHOR in kinds
            out.mux_one(packet)
    return path


def with_escaped_messages(pictures: list[Picture]) -> list[Picture]:
    """As a sender must have it whose receivers look for start codes."""
    return [[escape(u) if UUID in u else u for u in picture] for picture in pictures]


__all__ = [
    "Authority", "Picture", "Signer", "escape", "pem", "pictures_of", "replace", "tlv",
    "with_escaped_messages", "write",
]  # fmt: skip
