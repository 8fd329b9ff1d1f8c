"""Verifying a file."""

import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from cryptography import x509

from core.clock import NS_PER_S, parse_iso
from recorder.shelf import start_of
from recorder.signing.certificates import judge
from recorder.signing.chain import Chain, algorithm_of
from recorder.signing.errors import SigningError
from recorder.signing.findings import Findings
from recorder.signing.nal import Codec, length_size, units
from recorder.signing.sei import UUID, is_signing
from recorder.signing.verdict import NOT_SIGNED, GroupVerdict, Provenance, Signer, Verdict

PART_UNITS = 20_000
"""Units judged together; as many again are kept because their signatures come late."""
DEFAULT_HASH = "sha256"
_EPOCH_S = 11_644_473_600
"""From 1601 to 1970."""


def verify_file(
    path: Path,
    roots: Sequence[x509.Certificate],
    at_ns: int,
    *,
    certificates: str = "",
) -> Verdict:
    """Judge a file by the signatures in it.

    Args:
        path: any file that FFmpeg reads.
        roots: trusted certificates (:func:`recorder.signing.certificates.load_roots`).
        at_ns: UTC of the recording, at which the certificates must have been valid.
        certificates: :attr:`Verdict.certificates` of the check before, if there was one.

    Raises:
        SigningError: the file cannot be read.
    """
    video = Video(path)
    try:
        known = [bytes.fromhex(certificates)] if certificates else []
    except ValueError as error:
        raise SigningError(f"{path}: the certificates kept of it are no hex digits") from error
    algorithm = video.algorithm()
    if video.codec is None or algorithm is None:
        return NOT_SIGNED
    chain = Chain(video.codec, algorithm, known)
    found = Findings()
    part = 0
    for number, (unit, time_ns) in enumerate(video.units(), 1):
        chain.feed(unit, time_ns)
        if number % PART_UNITS == 0:
            part += 1
            chain.begin_part(part)
            found.add(chain.take(part - 1))
    found.add(chain.take(part + 1))
    return verdict_of(chain, found, roots, at_ns)


class Video:
    """The first picture track of a file, unit by unit; nothing is decoded.

    Attributes:
        codec: None when it is one that cannot be signed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.codec: Codec | None = None
        self._prefix: int | None = None
        with self.opened(self.path) as container:
            if container.streams.video:
                context = container.streams.video[0].codec_context
                if context.name in ("h264", "hevc"):
                    self.codec = cast(Codec, context.name)
                    self._prefix = length_size(self.codec, context.extradata)

    def algorithm(self) -> str | None:
        """How the units are hashed; None when no signature is in the file."""
        if self.codec is None:
            return None
        signed = False
        for data, _ in self._packets():
            if UUID not in data:
                continue
            for unit in units(data, self._prefix):
                if is_signing(unit, self.codec):
                    signed = True
                    named = algorithm_of(unit, self.codec)
                    if named is not None:
                        return named
        return DEFAULT_HASH if signed else None

    def units(self) -> Iterator[tuple[bytes, int]]:
        """Each unit with its decoding time in nanoseconds from the file's time zero."""
        for data, time_ns in self._packets():
            for unit in units(data, self._prefix):
                yield unit, time_ns

    def _packets(self) -> Iterator[tuple[bytes, int]]:
        last_ns = 0
        with self.opened(self.path) as container:
            try:
                for packet in container.demux(container.streams.video[0]):
                    if packet.dts is not None and packet.time_base is not None:
                        last_ns = round(packet.dts * packet.time_base * NS_PER_S)
                    if packet.size:
                        yield bytes(packet), last_ns
            except av.error.FFmpegError as error:
                raise _unreadable(self.path, error) from error

    @staticmethod
    def opened(path: Path) -> InputContainer:
        """The file as a container."""
        try:
            return av.open(str(path), mode="r")
        except (av.error.FFmpegError, OSError) as error:
            raise _unreadable(path, error) from error


def may_be_signed(path: Path) -> bool:
    """Whether the mark of a signature is anywhere in a file. False is certain, True is not.

    Reads the file once and looks at nothing else: what every segment of every camera costs.

    Raises:
        SigningError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            if path.stat().st_size == 0:
                return False
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return data.find(UUID) >= 0
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def recorded_ns(path: Path) -> int | None:
    """When a segment or a clip was recorded, by its name or its header; None: neither tells.

    Raises:
        SigningError: the file cannot be read.
    """
    if (start_ns := start_of(path)) is not None:
        return start_ns
    with Video.opened(path) as container:
        try:
            return parse_iso(container.metadata.get("creation_time", ""))
        except ValueError:
            return None


def verdict_of(
    chain: Chain,
    found: Findings,
    roots: Sequence[x509.Certificate],
    at_ns: int,
    *,
    zero_ns: int = 0,
) -> Verdict:
    """Findings as a verdict; ``zero_ns`` is the time of the file's first picture."""
    provenance: Provenance = "not_checked"
    why = ""
    if chain.certificates is not None:
        provenance, why = judge(chain.certificates, roots, at_ns)
    times = found.times
    return Verdict(
        state=found.state,
        why=found.why,
        provenance=provenance,
        provenance_why=why,
        judged_ns=at_ns if chain.certificates is not None else None,
        pictures=found.pictures,
        verified=found.verified,
        unverified=found.unverified,
        missing=found.missing,
        groups=tuple(
            GroupVerdict(
                first_s=round((group.first_ns - zero_ns) / NS_PER_S, 3),
                pictures=group.pictures,
                state=group.state,
                why=group.why,
            )
            for group in found.groups
        ),
        signer=_signer(chain),
        camera_first_ns=_utc_ns(times[0]) if times else None,
        camera_last_ns=_utc_ns(times[1]) if times else None,
        certificates="" if found.carried else chain.certificate_sei.hex(),
    )


def _signer(chain: Chain) -> Signer | None:
    if chain.certificates is None:
        return None
    leaf, vendor = chain.certificates.leaf, chain.vendor
    return Signer(
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        fingerprint=chain.certificates.fingerprint,
        not_before_ns=round(leaf.not_valid_before_utc.timestamp()) * NS_PER_S,
        not_after_ns=round(leaf.not_valid_after_utc.timestamp()) * NS_PER_S,
        user_provisioned=chain.user_provisioned,
        manufacturer=vendor.manufacturer if vendor else "",
        serial=vendor.serial if vendor else "",
        firmware=vendor.firmware if vendor else "",
    )


def _utc_ns(ticks: int) -> int | None:
    """From units of 100 ns since 1601; None for a time that no camera can have meant."""
    utc_ns = ticks * 100 - _EPOCH_S * NS_PER_S
    return utc_ns if utc_ns > 0 else None


def _unreadable(path: Path, error: Exception) -> SigningError:
    why = getattr(error, "strerror", None) or str(error)
    return SigningError(f"{path}: cannot be read, so its signatures cannot ({why})")
