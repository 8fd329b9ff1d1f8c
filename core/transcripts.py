"""Written transcripts (文字记录) of what was spoken: voice, film and warnings.

Sound used as evidence needs its content in writing. A person at the desk types it; every version
stays. What a loudspeaker said is known and stands until somebody writes down what is heard.
"""

from collections.abc import Iterable

from core.cases import EvidenceItem, Transcript
from core.errors import WardwatchError
from core.store.unit import Unit

SPOKEN = ("field_audio", "field_video", "warning_audio")
"""Roles of files that need a transcript."""
MOST = 20_000
WRITTEN = "evidence.transcript"
"""Action in the audit log."""


class TranscriptError(WardwatchError):
    """It is not written down; says why."""


def versions(unit: Unit, item: EvidenceItem) -> list[Transcript]:
    """All of a file, oldest first."""
    found = unit.transcripts.find(evidence=item.id)
    if item.role == "warning_audio":
        receipts = unit.receipts.find(incident=item.incident)
        found += [
            Transcript(
                id=f"{item.id}.0",
                evidence=item.id,
                incident=item.incident,
                sha256=item.sha256,
                version=0,
                text=one.text,
                by="system",
                at_ns=item.sealed_ns,
            )
            for one in receipts
            if one.audio_sha256 == item.sha256 or item.id == f"{one.announcement}-audio"
        ][:1]
    return sorted(found, key=lambda one: one.version)


def newest(unit: Unit, items: Iterable[EvidenceItem]) -> dict[str, Transcript]:
    """The transcript in force of each file that has one, by the file's id."""
    known = {one.id: versions(unit, one) for one in items if one.role in SPOKEN}
    return {name: found[-1] for name, found in known.items() if found}


def write(unit: Unit, item: EvidenceItem, text: str, by: str, at_ns: int, seen: int) -> Transcript:
    """Write a transcript down, as the next version, in the store and in the audit log.

    Args:
        seen: version that the writer saw; 0 while there was none.

    Raises:
        TranscriptError: nothing is heard in such a file, the text is empty, or somebody else
            wrote meanwhile.
    """
    if item.role not in SPOKEN:
        raise TranscriptError(f"transcript: {item.role} is no sound that needs one")
    words = text.strip()
    if not words or len(words) > MOST:
        raise TranscriptError(f"transcript: give 1 to {MOST} characters")
    known = versions(unit, item)
    last = known[-1].version if known else 0
    if known and known[-1].text == words:
        return known[-1]
    if last != seen:
        raise TranscriptError(f"transcript: version {last} was written meanwhile; look at it first")
    made = Transcript(
        id=f"{item.id}.{last + 1}",
        evidence=item.id,
        incident=item.incident,
        sha256=item.sha256,
        version=last + 1,
        text=words,
        by=by,
        at_ns=at_ns,
    )
    unit.transcripts.put(made)
    facts = {"evidence": item.id, "sha256": item.sha256, "version": made.version, "text": words}
    unit.audit.append(by, WRITTEN, item.incident, "", facts)
    return made
