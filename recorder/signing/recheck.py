"""A clip's signatures when it was recorded, and now."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography import x509
from pydantic import Field

from core.value import Value
from recorder.signing.file import verify_file
from recorder.signing.log import SegmentVerdict, SignatureLog
from recorder.signing.verdict import Provenance, State, Verdict


class Rechecked(Value):
    """Both verdicts on one clip."""

    then: tuple[SegmentVerdict, ...] = Field(
        description="Of the segments it was cut from, as they were recorded. Fewer than those: "
        "the others were not signed, or their last signatures had still to come."
    )
    now: Verdict

    @property
    def state(self) -> State:
        """The verdict on the clip as it is now."""
        return self.now.state

    @property
    def provenance(self) -> Provenance:
        """Whether its signer is trusted, at the time of recording."""
        return self.now.provenance


def recheck(
    recordings: Path,
    camera: str,
    segments: Iterable[Path],
    clip: Path,
    first_ns: int,
    roots: Sequence[x509.Certificate],
) -> Rechecked:
    """Verify a clip, and look up what was found of its segments.

    Args:
        segments: the files it was cut from (:attr:`recorder.clips.Cut.segments`).
        clip: where it lies now.
        first_ns: UTC of its first picture.
        roots: trusted certificates.

    Raises:
        SigningError: the clip cannot be read.
    """
    log = SignatureLog(recordings, camera)
    found = [log.of(segment) for segment in segments]
    then = tuple(line for line in found if line is not None)
    known = next((line.verdict.certificates for line in then if line.verdict.certificates), "")
    return Rechecked(then=then, now=verify_file(clip, roots, first_ns, certificates=known))
