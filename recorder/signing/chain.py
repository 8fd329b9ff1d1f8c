"""From units to findings: hashes, signatures, and whether one group follows the other.

ONVIF Media Signing, "Signing a GOP": ``h(I)`` of the first slice of a group is its anchor, any
other unit is hashed as ``h(anchor + h(unit))``. A signing SEI lists these hashes of one group (or
a part of it), its own number, and the first hash of the one before. It comes after the group it
signs, mostly within the next. One without a signature counts as a unit of the group it stands
in, so that a later signature covers it.

Memory is bounded by :meth:`Chain.take`, which forgets what is judged.
"""

import hashlib
from collections import deque
from collections.abc import Iterable

from recorder.signing.certificates import Chain as Certificates
from recorder.signing.certificates import read_chain
from recorder.signing.errors import SigningError
from recorder.signing.findings import Findings, judge
from recorder.signing.match import Item, Run, match
from recorder.signing.nal import Codec, Kind, kind_of
from recorder.signing.sei import SigningSei, is_signing, read
from recorder.signing.tlv import Vendor

HOLE_NS = 500_000_000
"""A jump in time that may be a hole in the recording."""
MOST_IN_A_ROW = 16
"""Messages without a picture between them that are looked at; a real camera sends two."""
MOST_MISFITS = 64
"""Messages in a row that fit no pictures; after them no more is tried."""


class Chain:
    """Judges one stream, unit after unit. Never raises on what a stream holds.

    Args:
        codec: of the stream.
        algorithm: how its units are hashed, see :func:`algorithm_of`.
        known: signing SEIs with certificates that came before this stretch.
    """

    def __init__(self, codec: Codec, algorithm: str, known: Iterable[bytes] = ()) -> None:
        self._codec, self._algorithm = codec, algorithm
        self._items: list[Item] = []
        self._anchor = b""
        self._part = self._group = 0
        self._last_ns: int | None = None
        self._usual_ns = 0
        self._previous: Run | None = None
        self._messages: dict[int, Findings] = {}
        self._seen: deque[bytes] = deque(maxlen=MOST_MISFITS)
        self._in_a_row = self._misfits = 0
        self._longest_delay = 1
        self.certificates: Certificates | None = None
        self.user_provisioned = False
        self.vendor: Vendor | None = None
        self.certificate_sei = b""
        """The last message that carried certificates, as it came."""
        for unit in known:
            self._message(unit)
        self._messages.clear()
        self._seen.clear()
        self._misfits = 0

    def begin_part(self, part: int) -> None:
        """What is fed from here on belongs to a further part, such as the next file."""
        self._part = part

    @property
    def waiting(self) -> int:
        """Units that are not forgotten yet."""
        return len(self._items)

    def feed(self, unit: bytes, at_ns: int) -> None:
        """One unit of the stream, without length or start code."""
        unit = unit.rstrip(b"\0")
        kind = kind_of(unit, self._codec)
        if kind is Kind.SEI:
            if is_signing(unit, self._codec):
                self._message(unit)
        elif kind is not Kind.OTHER:
            self._picture(unit, kind, at_ns)

    def _hash(self, data: bytes) -> bytes:
        return hashlib.new(self._algorithm, data).digest()

    def _picture(self, unit: bytes, kind: Kind, at_ns: int) -> None:
        own = plain = self._hash(unit)
        start = kind is Kind.ANCHOR
        if start:
            self._anchor = plain
        else:
            own = self._hash(self._anchor + plain)
        picture = kind is not Kind.SLICE
        self._group += start
        hole = self._after_hole(at_ns)
        self._items.append(
            Item(plain, own, start, picture, at_ns, self._part, self._group, hole=hole)
        )
        self._in_a_row = 0

    def _after_hole(self, at_ns: int) -> bool:
        """Whether time jumped before this picture."""
        last, self._last_ns = self._last_ns, at_ns
        step = at_ns - last if last is not None else 0
        if step > max(HOLE_NS, 4 * self._usual_ns):
            return True
        self._usual_ns = step if step > 0 else self._usual_ns
        return False

    def _message(self, unit: bytes) -> None:
        found = self._messages.setdefault(self._part, Findings())
        found.messages += 1
        self._in_a_row += 1
        if self._in_a_row > MOST_IN_A_ROW or self._misfits > MOST_MISFITS:
            found.fault("signatures that fit no pictures")
            return
        digest = self._hash(unit)
        if digest in self._seen:
            return  # sent twice, as a camera may do on a network that loses packets
        self._seen.append(digest)
        try:
            self._open(unit)
        except SigningError as error:
            found.fault(str(error))

    def _open(self, unit: bytes) -> None:
        sei = read(unit, self._codec)
        content = sei.content
        if content.algorithm not in (None, self._algorithm):
            raise SigningError("the hash algorithm changed within the video")
        if content.signature is not None:
            self._check(sei)
            if content.chain or content.user_chain:
                self.certificate_sei = unit
                self._messages[self._part].carried = True
        if content.vendor is not None:
            self.vendor = content.vendor
        if sei.certificates_only:
            if content.signature is None:
                raise SigningError("certificates without a signature")
            return
        if content.general is None:
            raise SigningError("a signature that says of no pictures")
        run = match(self._items, content, self._algorithm)
        if run is None:
            self._misfits += 1
        else:
            self._misfits = 0
            if content.signature is not None:
                late = self._group - run.confirm()
                self._longest_delay = max(self._longest_delay, late)
        if content.signature is None:
            own = self._hash(sei.document)
            at_ns = self._last_ns or 0
            place = at_ns, self._part, self._group
            self._items.append(Item(own, own, False, False, *place, speaks=True, message=run))

    def _check(self, sei: SigningSei) -> None:
        """Verify a signature with the key that came with it, or the last one that came.

        Certificates that are sent once are signed with the maker's key, also where the pictures
        are signed with one of the user.
        """
        content = sei.content
        maker = read_chain(content.chain) if content.chain else None
        user = read_chain(content.user_chain) if content.user_chain else None
        active = user or maker or self.certificates
        signer = maker or active if sei.certificates_only else active
        if signer is None or active is None:
            raise SigningError("the camera's certificate did not come along")
        assert content.signature is not None
        if not signer.signed(self._hash(sei.document), content.signature, self._algorithm):
            raise SigningError("a signature is not that of the camera's key")
        known, self.certificates = self.certificates, active
        if maker or user:
            self.user_provisioned = user is not None
        if known is not None and known.fingerprint != active.fingerprint:
            raise SigningError("the camera's certificate changed within the video")

    def covered(self, before: int) -> bool:
        """Whether signatures cover everything in the parts before that one."""
        return all(item.covered or item.speaks for item in self._items if item.part < before)

    def look(self) -> Findings:
        """Judge all there is, and forget nothing."""
        found = Findings()
        for part in sorted(self._messages):
            found.add(self._messages[part])
        found.add(judge(self._items, len(self._items), self._previous, self._longest_delay))
        return found

    def take(self, before: int) -> Findings:
        """Judge and forget the parts before that one."""
        items = self._items
        cut = next((n for n, item in enumerate(items) if item.part >= before), len(items))
        found = Findings()
        for part in sorted(part for part in self._messages if part < before):
            found.add(self._messages.pop(part))
        found.add(judge(items, cut, self._previous, self._longest_delay))
        for item in items[:cut]:
            if item.covered:
                self._previous = item.run
        del items[:cut]
        self._misfits = 0
        return found


def algorithm_of(unit: bytes, codec: Codec) -> str | None:
    """The hash algorithm that a signing SEI names; None when it names none or is damaged."""
    try:
        return read(unit, codec).content.algorithm
    except SigningError:
        return None
