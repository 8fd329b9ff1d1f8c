"""Answering a wish for evidence: wait for the recording, cut, draw, seal."""

import tempfile
import threading
from collections.abc import Sequence
from datetime import UTC, tzinfo
from pathlib import Path

import structlog
from cryptography import x509

from core.cases import EvidenceItem
from core.clock import NS_PER_S, Clock, iso
from core.geometry import Polygon
from core.messages import EvidenceWanted
from core.value import Text
from recorder.clips import NEXT_FILE_NS, Cut, cut
from recorder.clock_log import camera_clock
from recorder.locks import Lock, Locks
from recorder.own_clock import REACH_NS
from recorder.shelf import latest_end_ns
from recorder.signing.errors import SigningError
from recorder.signing.recheck import Rechecked, recheck
from recorder.snapshot import snapshot
from recorder.vault import Vault

TIMEOUT_S = 30.0
POLL_S = 0.5
MOST_AFTER = 8
"""Groups after the range that are copied for the sake of signatures."""
_ROUNDING_NS = 1_000_000

log = structlog.get_logger()


class EvidenceCutter:
    """Makes sealed clips and snapshots from the recordings.

    Args:
        recordings: folder of the recordings.
        vault: where evidence is sealed.
        clock: for waiting.
        timezone: of the clock drawn on snapshots.
        timeout_s: how long after the end of the range the recording may take to reach it, and
            then the camera's signature of its last pictures to come; after that what there is
            gets sealed, with a note.
        locks: where to lock the recordings around the incident; None locks nothing.
        roots: authorities that cameras' own signatures may end at.
    """

    def __init__(
        self,
        recordings: Path,
        vault: Vault,
        clock: Clock,
        *,
        timezone: tzinfo = UTC,
        timeout_s: float = TIMEOUT_S,
        locks: Locks | None = None,
        roots: Sequence[x509.Certificate] = (),
    ) -> None:
        self._recordings, self._vault, self._clock = recordings, vault, clock
        self._timezone, self._timeout_s, self._locks = timezone, timeout_s, locks
        self._roots = roots

    def handle(
        self,
        wanted: EvidenceWanted,
        zone: Polygon | None = None,
        *,
        camera_name: Text | None = None,
        stop: threading.Event | None = None,
    ) -> list[EvidenceItem]:
        """Seal a clip and a snapshot; blocks until the range is recorded.

        The same request again returns what was sealed the first time.

        Raises:
            NothingRecordedError: nothing of the range is on disk.
            RecorderError: the clip cannot be cut.
            VaultError: it cannot be sealed.
        """
        ids = (f"{wanted.id}-clip", f"{wanted.id}-shot")
        done = {i.id: i for i in self._vault.manifest(wanted.incident).items if i.id in ids}
        if len(done) == len(ids):
            return [done[one] for one in ids]
        if self._locks is not None:
            self._locks.add(
                Lock(
                    owner=wanted.incident,
                    camera=wanted.camera,
                    first_ns=min(wanted.lock_first_ns or wanted.first_ns, wanted.first_ns),
                    last_ns=wanted.last_ns,
                )
            )
        stop = stop or threading.Event()
        reached = self._wait(wanted, stop)
        self._vault.root.mkdir(parents=True, exist_ok=True)
        # Beside the incidents, so that sealing never crosses a file system.
        with tempfile.TemporaryDirectory(prefix=".cutting-", dir=self._vault.root) as scratch:
            return self._make(wanted, zone, camera_name, Path(scratch), reached, stop)

    def _wait(self, wanted: EvidenceWanted, stop: threading.Event) -> bool:
        """Wait until the recording has passed the range; False if it does not in time."""
        until_ns = max(self._clock.utc_ns(), wanted.last_ns) + round(self._timeout_s * NS_PER_S)
        while True:
            end_ns = latest_end_ns(
                self._recordings, wanted.camera, before_ns=wanted.last_ns + REACH_NS
            )
            if end_ns is not None and end_ns >= wanted.last_ns:
                return True
            left_s = (until_ns - self._clock.utc_ns()) / NS_PER_S
            if left_s <= 0 or self._clock.wait(stop, min(POLL_S, left_s)):
                log.warning(
                    "recording does not reach the end of the range",
                    camera=wanted.camera,
                    incident=wanted.incident,
                    wanted=iso(wanted.last_ns),
                    reached=iso(end_ns) if end_ns else None,
                )
                return False

    def _cut(
        self, wanted: EvidenceWanted, out: Path, reached: bool, stop: threading.Event
    ) -> tuple[Cut, Rechecked | None, bool]:
        """The clip, up to the group that carries the camera's signature of its last pictures.

        A camera signs a group within the next one or, where it signs only now and then, a few
        later; those are waited for, too. With it what was found of the signatures (None: the
        camera signs nothing, or it cannot be told), and whether all that can come have come.
        """
        until_ns = self._clock.utc_ns() + round(self._timeout_s * NS_PER_S)
        after = 1
        stood_ns: int | None = None
        while True:
            made = cut(
                self._recordings, wanted.camera, wanted.first_ns, wanted.last_ns, out, after=after
            )
            found = self._recheck(wanted, made) if made.signed else None
            if not made.signed or _is_signed(made, found, wanted.last_ns):
                return made, found, True
            if made.after >= after:
                if after == MOST_AFTER:
                    return made, found, False
                after += 1
                continue
            # What goes on without belonging to it (after a hole, say) is no use to wait for.
            useless = made.last_ns == stood_ns or not reached
            if useless or not self._goes_on(wanted, made.last_ns, until_ns, stop):
                return made, found, False
            stood_ns = made.last_ns

    def _recheck(self, wanted: EvidenceWanted, made: Cut) -> Rechecked | None:
        """The verdicts on the camera's own signatures."""
        try:
            return recheck(
                self._recordings,
                wanted.camera,
                made.segments,
                made.path,
                made.first_ns,
                self._roots,
            )
        except SigningError as error:
            log.warning("signatures not checked", camera=wanted.camera, error=str(error))
            return None

    def _goes_on(
        self, wanted: EvidenceWanted, end_ns: int, until_ns: int, stop: threading.Event
    ) -> bool:
        """Wait until a further group is recorded; False if none is in time."""
        while True:
            found_ns = latest_end_ns(
                self._recordings, wanted.camera, before_ns=end_ns + NEXT_FILE_NS
            )
            if found_ns is not None and found_ns > end_ns + _ROUNDING_NS:
                return True
            left_s = (until_ns - self._clock.utc_ns()) / NS_PER_S
            if left_s <= 0 or self._clock.wait(stop, min(POLL_S, left_s)):
                return False

    def _make(
        self,
        wanted: EvidenceWanted,
        zone: Polygon | None,
        camera_name: Text | None,
        scratch: Path,
        reached: bool,
        stop: threading.Event,
    ) -> list[EvidenceItem]:
        made, found, all_signed = self._cut(wanted, scratch / "clip.mp4", reached, stop)
        # Drawn and checked before the clip is moved into the vault.
        shot = snapshot(
            made.path,
            made.first_ns,
            wanted.moment_ns,
            scratch / "shot.jpg",
            caption=wanted.caption,
            place=camera_name or Text.same(wanted.camera),
            timezone=self._timezone,
            zone=zone,
            box=wanted.box,
        )
        signature = _written(found, scratch)
        clock = camera_clock(self._recordings, wanted.camera, made.first_ns, made.last_ns)
        clip = self._vault.seal(
            wanted.incident,
            wanted.role,
            made.path,
            camera=wanted.camera,
            first_ns=made.first_ns,
            last_ns=made.last_ns,
            item_id=f"{wanted.id}-clip",
            requested_first_ns=wanted.first_ns,
            requested_last_ns=wanted.last_ns,
            note=_note(made, reached, all_signed),
            camera_clock=clock,
        )
        checked = []
        if signature is not None:
            checked = [
                self._vault.seal(
                    wanted.incident,
                    "signature",
                    signature,
                    camera=wanted.camera,
                    first_ns=made.first_ns,
                    last_ns=made.last_ns,
                    item_id=f"{wanted.id}-signature",
                    parent_sha256=clip.sha256,
                    note="what the camera itself signed: as recorded, and in the clip",
                )
            ]
        # Last, because a request is done when the clip and this are there.
        role = "snapshot" if wanted.role == "clip" else f"snapshot_{wanted.role}"
        still = self._vault.seal(
            wanted.incident,
            role,
            shot.path,
            camera=wanted.camera,
            first_ns=shot.frame_ns,
            last_ns=shot.frame_ns,
            item_id=f"{wanted.id}-shot",
            requested_first_ns=wanted.moment_ns,
            requested_last_ns=wanted.moment_ns,
            parent_sha256=clip.sha256,
            note="drawn from the clip",
            camera_clock=clock,
        )
        return [clip, still, *checked]


def _is_signed(made: Cut, found: Rechecked | None, last_ns: int) -> bool:
    """Whether every picture before that time has its signature.

    What seems forged may only be cut too short to tell: a camera that signs one group in three
    is expected to be done after one, until the clip shows otherwise.
    """
    if found is None:
        return True  # it cannot be told, and waiting mends nothing
    groups = found.now.groups
    return bool(groups) and all(
        group.state in ("authentic", "authentic_with_missing_parts")
        for group in groups
        if made.first_ns + round(group.first_s * NS_PER_S) < last_ns - _ROUNDING_NS
    )


def _written(found: Rechecked | None, scratch: Path) -> Path | None:
    """The verdicts as a file; None when the camera does not sign."""
    if found is None or (found.state == "not_signed" and not found.then):
        return None
    path = scratch / "signature.json"
    path.write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return path


def _note(made: Cut, reached: bool, all_signed: bool) -> str:
    """What is missing from the clip, in words that a case officer can read."""
    parts = []
    if not all_signed:
        parts.append("the camera's own signature does not cover all of it")
    if not reached:
        parts.append("the recording did not reach the end of the range in time")
    parts += [
        f"not recorded from {iso(gap.first_ns)} to {iso(gap.last_ns or made.last_ns)} "
        f"({gap.reason})"
        for gap in made.gaps
    ]
    parts += [f"without its sound from {iso(a)} to {iso(b)}" for a, b in made.silent]
    return "; ".join(parts)
