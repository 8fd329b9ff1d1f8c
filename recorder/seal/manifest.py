"""The manifest of an incident: what is sealed, in canonical JSON (RFC 8785)."""

import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

from core.cases import ClockReading, EvidenceItem
from recorder.seal.check.canonical import canonical
from recorder.seal.check.form import MANIFEST_SCHEMA, manifest_signature
from recorder.seal.check.times import utc_ns_of, utc_text
from recorder.seal.signer import Signer

Row = dict[str, Any]
_MOMENTS = ("first", "last", "requested_first", "requested_last", "sealed")


def manifest_of(
    incident: str,
    rows: Sequence[Row],
    signers: Sequence[Signer],
    utc_ns: int,
    beside: Sequence[str] = (),
    case: Mapping[str, Any] | None = None,
) -> bytes:
    """The manifest as it is signed.

    Args:
        rows: of :func:`row_of` and :func:`plain_row`.
        utc_ns: when it is made.
        beside: names of files that cannot be listed, because they are made from the signature,
            and yet must be there (a time-stamp, a proof of the log).
        case: of a case file: ``id``, ``standing`` and what else is known of the export.

    Raises:
        UnreadableError: something in it has no place in JSON.
    """
    return canonical(
        {
            "schema": MANIFEST_SCHEMA,
            "incident": incident,
            "made": utc_text(utc_ns),
            "tool": tool(),
            "signers": [signer_row(one) for one in signers],
            "beside": list(beside),
            "files": list(rows),
            **({"case": dict(case)} if case is not None else {}),
        }
    )


def signer_row(signer: Signer) -> dict[str, str]:
    """How a manifest names who signs it."""
    row = {
        "algorithm": signer.algorithm,
        "key": signer.key_file,
        "key_sha256": signer.identity.sha256,
    }
    return {**row, "signature": manifest_signature(row)}


def tool() -> dict[str, str]:
    """What made it."""
    try:
        version = importlib.metadata.version("wardwatch")
    except importlib.metadata.PackageNotFoundError:
        version = "0"  # run from a checkout
    return {"name": "wardwatch", "version": version}


def plain_row(path: str, role: str, mime: str, sha256: str, sm3: str | None, size: int) -> Row:
    """A file that is no evidence item: a certificate, the script that verifies."""
    return {
        "path": path,
        "role": role,
        "mime": mime,
        "sha256": sha256,
        "sm3": sm3,
        "size": size,
    }


def row_of(item: EvidenceItem, sm3: str | None) -> Row:
    """An evidence item as a row; its path is relative to the incident."""
    return {
        "id": item.id,
        "path": item.path.removeprefix(f"{item.incident}/"),
        "role": item.role,
        "mime": item.mime,
        "size": item.bytes,
        "sha256": item.sha256,
        "sm3": sm3,
        "source": item.camera,
        "parent_sha256": item.parent_sha256,
        "note": item.note,
        "tool": tool(),
        "clock": {
            "offset_s": item.clock_offset_s,
            "uncertainty_s": item.clock_uncertainty_s,
            "note": item.clock_note,
            "readings": [_reading(one) for one in item.clock_readings],
        },
        **{f"{name}_utc": _text(getattr(item, f"{name}_ns")) for name in _MOMENTS},
    }


def item_of(row: Row, incident: str) -> EvidenceItem:
    """The item that a row was made from.

    Raises:
        KeyError, TypeError, UnreadableError, ValueError: it was made from none.
    """
    clock = row["clock"]
    return EvidenceItem(
        id=row["id"],
        incident=incident,
        role=row["role"],
        path=f"{incident}/{row['path']}",
        sha256=row["sha256"],
        bytes=row["size"],
        mime=row["mime"],
        camera=row["source"],
        parent_sha256=row["parent_sha256"],
        note=row["note"],
        clock_offset_s=clock["offset_s"],
        clock_uncertainty_s=clock["uncertainty_s"],
        clock_note=clock["note"],
        clock_readings=tuple(
            ClockReading(
                measured_ns=utc_ns_of(one["measured_utc"]),
                offset_s=one["offset_s"],
                uncertainty_s=one["uncertainty_s"],
                source=one["source"],
            )
            for one in clock["readings"]
        ),
        **{f"{name}_ns": _ns(row[f"{name}_utc"]) for name in _MOMENTS},
    )


def _reading(one: ClockReading) -> dict[str, Any]:
    found = one.model_dump(exclude={"measured_ns"})
    return {**found, "measured_utc": utc_text(one.measured_ns)}


def _text(utc_ns: int | None) -> str | None:
    return None if utc_ns is None else utc_text(utc_ns)


def _ns(text: str | None) -> int | None:
    return None if text is None else utc_ns_of(text)
