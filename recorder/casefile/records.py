"""The records of a case file that machines read: detections, gaps, clocks, transcripts, access."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from core.config.site import Site
from core.seeing import Sighting
from core.transcripts import SPOKEN
from recorder.casefile.facts import Facts
from recorder.ledger import read_gaps
from recorder.seal.check.canonical import canonical
from recorder.seal.check.times import utc_ns_of, utc_text
from recorder.seal.digests import hashed
from recorder.seal.manifest import Row


def records_of(
    facts: Facts, rows: Sequence[Row], gaps: list[dict[str, Any]], site: Site
) -> dict[str, bytes]:
    """All records by name.

    Args:
        rows: of the sealed files, with their paths in the case file.
        gaps: of :func:`gaps_of`.
    """
    return {
        "detections.jsonl": _lines(_detection(one, facts, site) for one in facts.sightings),
        "gaps.json": _json("gaps", cameras=gaps),
        "clock.json": _json("clock", sources=_clocks(rows)),
        "derivation.json": _json("derivation", files=_derivations(rows)),
        "transcripts.json": _json("transcripts", files=_transcripts(rows, facts)),
        "audit.jsonl": _lines(one.model_dump(mode="json") for one in facts.audit),
    }


def gaps_of(rows: Sequence[Row], recordings: Path) -> list[dict[str, Any]]:
    """For each camera the time that its files are of, and what of that was not recorded.

    What people took or sent themselves is of no recording.
    """
    found = []
    seen = [one for one in rows if not str(one["role"]).startswith(("field_", "tip_"))]
    for camera in sorted({row["source"] for row in seen if row.get("source")}):
        mine = [row for row in seen if row.get("source") == camera]
        first = min(row.get("requested_first_utc") or row["first_utc"] for row in mine)
        last = max(row.get("requested_last_utc") or row["last_utc"] for row in mine)
        gaps = read_gaps(recordings, camera, utc_ns_of(first), utc_ns_of(last))
        found.append(
            {
                "camera": camera,
                "first_utc": first,
                "last_utc": last,
                "gaps": [
                    {
                        "first_utc": utc_text(gap.first_ns),
                        "last_utc": None if gap.last_ns is None else utc_text(gap.last_ns),
                        "reason": gap.reason,
                        "detail": gap.detail,
                    }
                    for gap in gaps
                ],
            }
        )
    return found


def _detection(one: Sighting, facts: Facts, site: Site) -> dict[str, Any]:
    """A sighting; what was not kept with it is given as it is now, and says so."""
    camera = site.camera(one.camera)
    zone = camera.zone(one.zone) if camera is not None else None
    rule = None if zone is None else zone.model_dump(mode="json")
    moments = {
        f"{name}_utc": None if at_ns is None else utc_text(at_ns)
        for name, at_ns in (
            ("started", one.started_ns),
            ("fired", one.fired_ns),
            ("last", one.last_ns),
            ("ended", one.ended_ns),
        )
    }
    return {
        "sighting": one.id,
        "camera": one.camera,
        "zone": one.zone,
        "kind": one.kind.value,
        "source": one.source,
        "model": one.model,
        "box": one.model_dump(mode="json")["box"],
        "labels": list(one.labels),
        "tracks": list(one.tracks),
        "cues": list(one.cues),
        "why": one.model_dump(mode="json")["why"],
        "confirmed_by": facts.confirmed_by,
        **moments,
        "at_export": {
            "min_score": site.analysis.min_score,
            "zone": rule,
            "zone_sha256": None if rule is None else hashed(canonical(rule)).sha256,
        },
    }


def _clocks(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {"path": row["path"], "camera": row["source"], **row["clock"]}
        for row in rows
        if "clock" in row
    ]


def _derivations(rows: Sequence[Row]) -> list[dict[str, Any]]:
    known = {row["sha256"]: row["path"] for row in rows}
    return [
        {
            "path": row["path"],
            "sha256": row["sha256"],
            "role": row["role"],
            "parent": known.get(row["parent_sha256"]),
            "parent_sha256": row["parent_sha256"],
            "note": row.get("note", ""),
            "tool": row.get("tool"),
        }
        for row in rows
        if row.get("parent_sha256")
    ]


def _transcripts(rows: Sequence[Row], facts: Facts) -> list[dict[str, Any]]:
    """Every file that is heard; ``transcript`` is null where nobody wrote down what is said."""
    told = []
    for row in rows:
        if row["role"] not in SPOKEN:
            continue
        known = facts.transcripts.get(row["id"])
        fields = {"version", "text", "by"}
        transcript = (
            {**known.model_dump(include=fields), "at": utc_text(known.at_ns)} if known else None
        )
        told.append({"path": row["path"], "sha256": row["sha256"], "transcript": transcript})
    return told


def _json(name: str, **value: Any) -> bytes:
    whole = {"schema": f"wardwatch.{name}/1", **value}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def _lines(values: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(
        json.dumps(one, ensure_ascii=False, sort_keys=True).encode() + b"\n" for one in values
    )
