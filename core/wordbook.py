"""The warning texts as they are in the database: versions, what was found about them, recordings.

The file ``warnings.yaml`` is the initial form: texts the database does not know become version 1.
From then on edits make versions. What is said of a text is its newest approved version; while it
has none, its newest one that nobody has turned down, unless only approved words may be said.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.config.wording import WarningText, WarningTexts, clashes
from core.errors import WardwatchError
from core.seeing import Kind
from core.store.unit import Unit
from core.store.users import Role
from core.templates import pieces
from core.value import Language, new_id
from core.wording import FROM_FILE, Taken, TextFinding, TextRecording, TextVersion

_MANY = 100_000


class WordsError(WardwatchError):
    """A warning text that cannot be changed or judged so; names the text."""


class Said(NamedTuple):
    """What is said of a text now."""

    version: TextVersion
    approved: bool
    recordings: tuple[TextRecording, ...]


def seed(unit: Unit, texts: WarningTexts, at_ns: int) -> int:
    """Store the file's texts that the database does not know yet; how many there were.

    What the file says of their approval is taken over as said by the file.
    """
    known = {one.text for one in unit.text_versions.find(limit=_MANY)}
    fresh = [one for one in texts.texts if one.id not in known]
    for text in fresh:
        made = _of_file(text, 1, at_ns)
        unit.text_versions.put(made)
        if text.approved_by.strip():
            unit.text_findings.put(_by_file(made, at_ns))
    if fresh:
        names = [one.id for one in fresh]
        unit.audit.append("system", "words.import", FROM_FILE, "", {"texts": names})
    return len(fresh)


def versions(unit: Unit, texts: WarningTexts, kind: Kind | None = None) -> list[TextVersion]:
    """The stored versions, and the texts of the file that are not stored (as version 0), in the
    order of the file."""
    found = (
        unit.text_versions.find(limit=_MANY)
        if kind is None
        else unit.text_versions.find(limit=_MANY, kind=kind.value)
    )
    known = {one.text for one in found}
    found += [
        _of_file(one, 0, 0)
        for one in texts.texts
        if one.id not in known and kind in (None, one.kind)
    ]
    place = {one.id: number for number, one in enumerate(texts.texts)}
    return sorted(found, key=lambda one: (place.get(one.text, len(place)), one.text, one.version))


def newest(found: Iterable[TextVersion]) -> dict[str, TextVersion]:
    """The newest version of each text."""
    last: dict[str, TextVersion] = {}
    for one in found:
        if one.text not in last or last[one.text].version < one.version:
            last[one.text] = one
    return last


def finding(unit: Unit, version: TextVersion) -> TextFinding | None:
    """The newest finding about a version; None while nobody has judged it."""
    if version.version == 0:
        return _by_file(version, 0) if version.content.approved_by.strip() else None
    found = unit.text_findings.find(version=version.id)
    return max(found, key=lambda one: (one.at_ns, one.id), default=None)


def recordings(unit: Unit, version: str) -> list[TextRecording]:
    """The newest recording of each piece of a version."""
    last: dict[tuple[Language, int], TextRecording] = {}
    for one in unit.text_recordings.find(version=version, limit=_MANY):
        before = last.get((one.language, one.piece))
        if before is None or (before.made_ns, before.id) < (one.made_ns, one.id):
            last[one.language, one.piece] = one
    return sorted(last.values(), key=lambda one: (one.language, one.piece))


def in_effect(
    unit: Unit, texts: WarningTexts, only_approved: bool, kind: Kind | None = None
) -> list[Said]:
    """What is said of each text now; texts that are not said are left out."""
    by_text: dict[str, list[TextVersion]] = {}
    found_of: dict[str, TextFinding] = {}
    for one in versions(unit, texts, kind):
        by_text.setdefault(one.text, []).append(one)
        if one.version == 0 and one.content.approved_by.strip():
            found_of[one.id] = _by_file(one, 0)
    stored = [one.id for mine in by_text.values() for one in mine if one.version]
    for find in sorted(
        unit.text_findings.find(version=stored, limit=_MANY), key=lambda one: (one.at_ns, one.id)
    ):
        found_of[find.version] = find
    said = []
    for mine in by_text.values():
        judged = [(one, found_of.get(one.id)) for one in reversed(mine)]
        best = next((pair for pair in judged if pair[1] is not None and pair[1].approved), None)
        if best is None and not only_approved:
            best = next((pair for pair in judged if pair[1] is None), None)
        if best is None or best[0].content.retired:
            continue
        version, found = best
        heard: tuple[TextRecording, ...] = ()
        if found is not None and found.recordings:
            listened = set(found.recordings)
            every = unit.text_recordings.find(version=version.id, limit=_MANY)
            heard = tuple(one for one in every if one.sha256 in listened)
        said.append(Said(version, found is not None, heard))
    return said


def amend(
    unit: Unit,
    texts: WarningTexts,
    content: WarningText,
    by: str,
    reason: str,
    at_ns: int,
    *,
    seen: int | None = None,
) -> TextVersion:
    """Make the next version of a text, or the first of a new one; see :func:`amend_all`.

    Args:
        seen: number of the version the editor looked at; refused when there is a newer one.
    """
    before = newest(versions(unit, texts)).get(content.id)
    if before is not None and seen is not None and seen != before.version:
        raise WordsError(
            f"warning text {content.id}: version {before.version} was made meanwhile; "
            "look at it first"
        )
    return amend_all(unit, texts, [content], by, reason, at_ns)[0]


def amend_all(
    unit: Unit,
    texts: WarningTexts,
    contents: Iterable[WarningText],
    by: str,
    reason: str,
    at_ns: int,
) -> list[TextVersion]:
    """Make the next version of each of these texts, or the first of new ones.

    They are judged together, so that two may swap their times. Recordings of pieces whose words
    stay the same go with them; they wait for approval again like the words.

    Raises:
        WordsError: no reason, nothing differs, the kind differs, or another text would fit the
            same.
    """
    last = newest(versions(unit, texts))
    made = [_next(unit, last.get(one.id), one, by, reason, at_ns) for one in contents]
    _refuse_clashes(
        (one.content for one in last.values()),
        (one.content for one in {**last, **{one.text: one for one in made}}.values()),
    )
    for one in made:
        unit.text_versions.put(one)
        facts = {"content": one.content.model_dump(mode="json")}
        unit.audit.append(by, "words.version", one.id, one.reason, facts)
        for voice in recordings(unit, f"{one.text}@{one.version - 1}"):
            kept = {"id": new_id("rec"), "version": one.id}
            unit.text_recordings.put(voice.model_copy(update=kept))
    return made


def _next(
    unit: Unit,
    before: TextVersion | None,
    content: WarningText,
    by: str,
    reason: str,
    at_ns: int,
) -> TextVersion:
    """The version that comes after this one; not stored yet."""
    if not reason.strip():
        raise WordsError(f"warning text {content.id}: say why it is changed")
    if before is not None:
        if content.kind is not before.kind:
            raise WordsError(f"warning text {content.id}: its kind cannot change; add another one")
        if plain(before.content) == plain(content):
            raise WordsError(f"warning text {content.id}: nothing is changed")
        if before.version == 0:
            seed(unit, WarningTexts(texts=(before.content,)), at_ns)
            before = before.model_copy(update={"version": 1})
    return TextVersion(
        text=content.id,
        version=before.version + 1 if before else 1,
        kind=content.kind,
        made_ns=at_ns,
        made_by=by,
        reason=reason.strip(),
        content=plain(content),
    )


def judge(
    unit: Unit,
    texts: WarningTexts,
    version: str,
    by: str,
    office: str,
    approved: bool,
    note: str,
    at_ns: int,
    *,
    together: Iterable[str] = (),
) -> TextFinding:
    """Record that a version and its recordings are approved, or turned down.

    Args:
        together: versions that are judged alike with it, so that texts may swap their times.

    Raises:
        WordsError: there is no such version, the account may not judge or has made it, no office
            is given, no reason for turning it down, or another text would fit the same.
    """
    user = unit.users.get(by)
    if user is None or not user.role.includes(Role.REVIEWER):
        raise WordsError(f"warning texts: {by!r} is no account that may approve them (reviewer)")
    if not office.strip():
        raise WordsError("warning texts: say in which office")
    if not approved and not note.strip():
        raise WordsError("warning texts: say why it is turned down")
    judged = [_judged_by(unit, name, by) for name in dict.fromkeys((version, *together))]
    if approved:
        said = {one.version.text: one.version for one in in_effect(unit, texts, True)}
        _refuse_clashes(
            (one.content for one in said.values()),
            (one.content for one in {**said, **{one.text: one for one in judged}}.values()),
        )
    findings = [_find(unit, one.id, by, office, approved, note, at_ns) for one in judged]
    return findings[0]


def _judged_by(unit: Unit, version: str, by: str) -> TextVersion:
    found = unit.text_versions.get(version)
    if found is None:
        raise WordsError(f"warning texts: there is no version {version!r}")
    if by == found.made_by or any(one.made_by == by for one in recordings(unit, version)):
        raise WordsError(f"{version}: whoever wrote or recorded it cannot judge it, too")
    return found


def _find(
    unit: Unit, version: str, by: str, office: str, approved: bool, note: str, at_ns: int
) -> TextFinding:
    voices = recordings(unit, version)
    before = unit.text_findings.find(version=version)
    made = TextFinding(
        id=new_id("fnd"),
        version=version,
        by=by,
        office=office.strip(),
        at_ns=max([at_ns, *(one.at_ns + 1 for one in before)]),
        approved=approved,
        note=note.strip(),
        recordings=tuple(one.sha256 for one in voices) if approved else (),
    )
    unit.text_findings.put(made)
    facts = {"approved": approved, "office": made.office, "recordings": list(made.recordings)}
    unit.audit.append(by, "words.judge", version, made.note, facts)
    return made


def add_recording(
    unit: Unit,
    version: str,
    language: Language,
    piece: int,
    township: str,
    taken: Taken,
    by: str,
    at_ns: int,
) -> TextRecording:
    """Keep a recording of one piece of the newest version of a text; approval comes later.

    Raises:
        WordsError: there is no such version or piece, or there is a newer version.
    """
    found = unit.text_versions.get(version)
    if found is None:
        raise WordsError(f"warning texts: there is no version {version!r}")
    last = newest(unit.text_versions.find(kind=found.kind.value, limit=_MANY))[found.text]
    if last.id != version:
        raise WordsError(f"{version}: there is a newer version, {last.id}; record that one")
    names = {"zone": "", "place": "", "township": township}
    words = pieces(found.content.text[language], names).get(piece)
    if words is None:
        raise WordsError(f"{version}: it has no piece {piece} in {language}")
    before = [one.made_ns for one in recordings(unit, version)]
    made = TextRecording(
        id=new_id("rec"),
        version=version,
        language=language,
        piece=piece,
        words=words,
        made_ns=max([at_ns, *(ns + 1 for ns in before)]),
        made_by=by,
        **taken._asdict(),
    )
    unit.text_recordings.put(made)
    facts = {"language": language, "piece": piece, **taken._asdict()}
    unit.audit.append(by, "words.recording", version, words, facts)
    return made


def plain(content: WarningText) -> WarningText:
    """A text without the name of who approved it: that belongs to a version."""
    return content.model_copy(update={"approved_by": ""})


def differing(unit: Unit, texts: WarningTexts) -> list[tuple[WarningText, TextVersion]]:
    """Texts of the file that are not as their newest version, which counts, with that version."""
    found = newest(versions(unit, texts))
    pairs = ((one, found[one.id]) for one in texts.texts)
    return [(one, last) for one, last in pairs if plain(last.content) != plain(one)]


def _refuse_clashes(before: Iterable[WarningText], after: Iterable[WarningText]) -> None:
    wrong: Sequence[str] = sorted(set(clashes(after)) - set(clashes(before)))
    if wrong:
        raise WordsError("warning texts: " + "; ".join(wrong))


def _of_file(text: WarningText, version: int, at_ns: int) -> TextVersion:
    return TextVersion(
        text=text.id,
        version=version,
        kind=text.kind,
        made_ns=at_ns,
        made_by=FROM_FILE,
        reason="",
        content=text,
    )


def _by_file(version: TextVersion, at_ns: int) -> TextFinding:
    return TextFinding(
        id=f"{version.id}:file",
        version=version.id,
        by=FROM_FILE,
        office=version.content.approved_by.strip(),
        at_ns=at_ns,
        approved=True,
    )
