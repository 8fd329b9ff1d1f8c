"""What the matched units of a stretch of video amount to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from recorder.signing.match import Item, Run
from recorder.signing.verdict import GroupState, State

MOST_TOLD = 10_000
"""Groups, and faults, that are told one by one; all are counted."""


@dataclass
class Group:
    """One group of pictures, see :class:`recorder.signing.verdict.GroupVerdict`."""

    first_ns: int
    pictures: int
    state: GroupState
    why: str


@dataclass
class Findings:
    """What is known of a stretch; those of two stretches add up.

    Attributes:
        messages: signing SEIs in it.
        faults: what contradicts a signature.
        gaps: what is missing.
        carried: the certificates are in it.
        times: the camera's first and last, in units of 100 ns since 1601.
    """

    pictures: int = 0
    verified: int = 0
    unverified: int = 0
    missing: int = 0
    messages: int = 0
    carried: bool = False
    faults: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    times: tuple[int, int] | None = None

    def fault(self, why: str) -> None:
        """Note what contradicts a signature."""
        if len(self.faults) < MOST_TOLD:
            self.faults.append(why)

    def add(self, other: "Findings") -> None:
        """Take in what follows."""
        self.pictures += other.pictures
        self.verified += other.verified
        self.unverified += other.unverified
        self.missing += other.missing
        self.messages += other.messages
        self.carried = self.carried or other.carried
        self.faults = [*self.faults, *other.faults][:MOST_TOLD]
        self.gaps = [*self.gaps, *other.gaps][:MOST_TOLD]
        self.groups = [*self.groups, *other.groups][:MOST_TOLD]
        if other.times is not None:
            self.times = (self.times or other.times)[0], other.times[1]

    @property
    def state(self) -> State:
        """The verdict on all of it, and in :attr:`why` the reason."""
        if not self.verified and not self.messages:
            return "not_signed"
        if self.faults:
            return "not_authentic"
        if not self.verified:
            return "not_signed"
        return "authentic_with_missing_parts" if self.gaps else "authentic"

    @property
    def why(self) -> str:
        """The first reason for the state; empty when there is nothing to say."""
        if self.state == "not_signed":
            return "the signatures in it are of other pictures" if self.messages else ""
        return next(iter([*self.faults, *self.gaps]), "")


def judge(items: Sequence[Item], until: int, previous: Run | None, longest_delay: int) -> Findings:
    """Judge the first items of a stream.

    Args:
        items: all that is at hand; those that follow may carry the signatures.
        until: how many to judge.
        previous: the run before the first item.
        longest_delay: how many groups later than its own a signature has come in this stream.
    """
    found = Findings()
    excused = _excused(items, longest_delay)
    for first, last in _groups(items, until):
        pictures = sum(item.picture for item in items[first:last])
        faults: list[str] = []
        gaps: list[str] = []
        open_ = verified = 0
        whole = False
        for number in range(first, last):
            item = items[number]
            if item.covered and item.run is not None:
                if item.run is not previous:
                    _link(previous, item.run, faults, gaps, found)
                    previous = item.run
                if item.picture:
                    whole = item.ok
                    verified += whole
                elif whole and not item.ok:  # a further slice of the same picture
                    whole = False
                    verified -= 1
                if not item.ok:
                    faults.append("a picture is not the one that was signed")
            elif not item.speaks:
                open_ += item.picture
                if number not in excused:
                    faults.append("pictures that no signature covers")
                elif excused[number]:
                    gaps.append("the signature was lost with what follows")
        found.pictures += pictures
        found.verified += verified
        found.unverified += 0 if faults else open_
        state: GroupState = "unverified" if open_ else "authentic"
        if faults:
            state = "not_authentic"
            found.fault(faults[0])
        elif gaps:
            state = "authentic_with_missing_parts"
            found.gaps += gaps[: max(0, MOST_TOLD - len(found.gaps))]
        if len(found.groups) < MOST_TOLD:
            why = next(iter([*faults, *gaps]), "")
            found.groups.append(Group(items[first].at_ns, pictures, state, why))
    return found


def _groups(items: Sequence[Item], until: int) -> Iterator[tuple[int, int]]:
    first = 0
    for number in range(1, until):
        item = items[number]
        if item.start or item.hole or item.part != items[first].part:
            yield first, number
            first = number
    if first < until:
        yield first, until


def _excused(items: Sequence[Item], longest_delay: int) -> dict[int, bool]:
    """Items whose signature may lie where the video does not reach, and if a hole is why.

    Those after the last signature, at the end or before a hole in time: as many groups as
    signatures have been late in this video, no more.
    """
    excused: dict[int, bool] = {}
    starts, reaching, hole = 0, True, False
    for number in range(len(items) - 1, -1, -1):
        item = items[number]
        if item.covered:
            reaching = False
        elif reaching and starts < longest_delay:
            excused[number] = hole
            starts += item.start
        if item.hole:
            starts, reaching, hole = 0, True, True
    return excused


def _link(
    before: Run | None, run: Run, faults: list[str], gaps: list[str], found: Findings
) -> None:
    """Whether a run is whole, and follows the one before it."""
    general = run.general
    found.times = (found.times or (general.start, 0))[0], general.end
    if run.missing:
        gaps.append("signed pieces of pictures are missing")
        found.missing += run.missing
    if before is None:
        return
    step = (general.counter - before.general.counter) & 0xFFFFFFFF
    if general.first and general.start >= before.general.end:
        gaps.append("the camera began to sign anew")
    elif step == 0 or step >= 1 << 31:
        faults.append("groups of pictures are out of order")
    elif step > 1:
        gaps.append("signed groups of pictures are missing")
    elif general.link != before.head:
        faults.append("a group does not follow the one before it")
