"""The gate between a lead (线索) and evidence (证据): a legal and a technical review.

行政处罚法 art. 41: what monitoring devices record may support a penalty only after legal and
technical review (法制审核、技术审核). A review is of the files that lay sealed when it was made.
"""

from collections.abc import Collection, Iterable

from pydantic import Field

from core.cases import Review, ReviewKind
from core.errors import WardwatchError
from core.store.unit import Unit
from core.store.users import Role
from core.value import Text, Value, new_id

REVIEWED = "evidence.review"
"""Action in the audit log."""


class ReviewError(WardwatchError):
    """A review that cannot be recorded; says why."""


class Standing(Value):
    """What an incident's files may be used for."""

    evidence: bool = Field(description="True: 证据; False: 线索.")
    why: Text


def record(
    unit: Unit,
    incident: str,
    kind: ReviewKind,
    reviewer: str,
    *,
    office: str,
    passed: bool,
    basis: str,
    at_ns: int,
) -> Review:
    """Write a review down, in the store and in the audit log.

    It is dated after those before it, even when the clock was set back meanwhile: the newest
    one of its kind counts.

    Raises:
        ReviewError: there is no such incident, nothing is sealed, the account may not review,
            did the other review, or says no office or basis.
    """
    if unit.incidents.get(incident) is None:
        raise ReviewError(f"review: there is no incident {incident!r}")
    user = unit.users.get(reviewer)
    if user is None or not user.role.includes(Role.REVIEWER):
        raise ReviewError(
            f"review: {reviewer!r} is no account that may review (reviewer, chief or admin)"
        )
    if not office.strip() or not basis.strip():
        raise ReviewError("review: say in which office and on what basis")
    before = unit.reviews.find(incident=incident)
    other = _newest(before, _other(kind))
    if other is not None and other.reviewer == reviewer:
        raise ReviewError(
            f"review: {reviewer} made the {other.kind.value} review; two persons are needed"
        )
    sealed = tuple(sorted({item.sha256 for item in unit.evidence.find(incident=incident)}))
    if not sealed:
        raise ReviewError(f"review: nothing is sealed for incident {incident}")
    review = Review(
        id=new_id("rev"),
        incident=incident,
        kind=kind,
        reviewer=reviewer,
        office=office.strip(),
        at_ns=max([at_ns, *(one.at_ns + 1 for one in before)]),
        passed=passed,
        basis=basis.strip(),
        sealed=sealed,
    )
    unit.reviews.put(review)
    facts = {"kind": kind.value, "passed": passed, "office": review.office, "files": len(sealed)}
    unit.audit.append(reviewer, REVIEWED, incident, review.basis, facts)
    return review


def standing(reviews: Iterable[Review], originals: Collection[str]) -> Standing:
    """Whether files are evidence.

    Args:
        reviews: of their incident.
        originals: SHA-256 of all that is derived from nothing else.
    """
    known = list(reviews)
    found = {kind: _newest(known, kind) for kind in ReviewKind}
    for kind, name in _NAMES.items():
        one = found[kind]
        if one is None:
            return _lead(f"未经{name.zh}", f"no {name.en} review")
        if not one.passed:
            return _lead(f"{name.zh}未通过", f"failed the {name.en} review")
        if not set(originals) <= set(one.sealed):
            return _lead(
                f"{name.zh}之后又封存了新的文件", f"files were sealed after the {name.en} review"
            )
    if len({one.reviewer for one in found.values() if one is not None}) < len(found):
        return _lead("两项审核系同一人所作", "one person made both reviews")
    return Standing(
        evidence=True, why=Text(zh="已通过法制审核和技术审核", en="passed both reviews")
    )


_NAMES = {
    ReviewKind.LEGAL: Text(zh="法制审核", en="legal"),
    ReviewKind.TECHNICAL: Text(zh="技术审核", en="technical"),
}


def _lead(zh: str, en: str) -> Standing:
    return Standing(evidence=False, why=Text(zh=zh, en=en))


def _newest(reviews: Iterable[Review], kind: ReviewKind) -> Review | None:
    return max((one for one in reviews if one.kind is kind), key=lambda r: r.at_ns, default=None)


def _other(kind: ReviewKind) -> ReviewKind:
    return ReviewKind.TECHNICAL if kind is ReviewKind.LEGAL else ReviewKind.LEGAL
