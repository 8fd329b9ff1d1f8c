"""The duty log (值班日志): the audit log read for people, and notes written into it.

A note is an entry of the audit log like any other, so it can neither be changed nor removed; a
correction is another note that names the one it corrects.
"""

from collections.abc import Collection

from alerts.duty import words
from alerts.duty.wording import line_of
from core.audit import AuditEntry
from core.config.site import Site
from core.duty import MAX_NOTE, DutyRefusedError, LogCategory, LogLine
from core.store.unit import Unit

NOTE = "duty.note"
_BATCH = 500
_MOST_NOTES = 5000


def read(
    unit: Unit,
    site: Site,
    first_ns: int,
    last_ns: int,
    *,
    categories: Collection[LogCategory] = (),
    before: int | None = None,
    limit: int = 200,
) -> tuple[LogLine, ...]:
    """Lines of a time, newest first."""
    found: list[LogLine] = []
    while len(found) < limit:
        batch = list(unit.audit.between(first_ns, last_ns, before=before, limit=_BATCH))
        for entry in batch:
            line = line_of(entry, site)
            if line is not None and (not categories or line.category in categories):
                found.append(line)
        if len(batch) < _BATCH:
            break
        before = batch[-1].seq
    return _with_corrections(unit, first_ns, found[:limit])


def write(
    unit: Unit, site: Site, user: str, text: str, corrects: int | None, turn: str | None
) -> LogLine:
    """Add a note.

    Raises:
        DutyRefusedError: it says nothing, or corrects what is no line of the log.
    """
    said = text.strip()[:MAX_NOTE]
    if not said:
        raise DutyRefusedError(words.empty_note())
    about = user
    if corrects is not None:
        entry = _entry(unit, corrects)
        if entry is None or line_of(entry, site) is None:
            raise DutyRefusedError(words.no_line(corrects))
        about = entry.object if entry.action != NOTE else entry.actor
    detail = {"turn": turn, **({} if corrects is None else {"corrects": corrects})}
    line = line_of(unit.audit.append(user, NOTE, about, said, detail), site)
    assert line is not None
    return line


def _entry(unit: Unit, seq: int) -> AuditEntry | None:
    return next((one for one in unit.audit.after(seq - 1, 1) if one.seq == seq), None)


def _with_corrections(unit: Unit, first_ns: int, lines: list[LogLine]) -> tuple[LogLine, ...]:
    """A correction may have been written long after the time that is read."""
    corrections: dict[int, list[int]] = {}
    for entry in unit.audit.of_action(NOTE, first_ns, _MOST_NOTES):
        corrects = entry.detail.get("corrects")
        if isinstance(corrects, int):
            corrections.setdefault(corrects, []).append(entry.seq)
    return tuple(
        one.model_copy(update={"corrected_by": tuple(corrections[one.seq])})
        if one.seq in corrections
        else one
        for one in lines
    )
