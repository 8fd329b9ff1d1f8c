"""What cameras themselves signed (ONVIF Media Signing): as recorded, as sealed, and at export."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import ValidationError

from core.value import Text
from recorder.casefile.work import Work
from recorder.seal.check.times import utc_ns_of, utc_text
from recorder.seal.manifest import Row
from recorder.signing.errors import SigningError
from recorder.signing.file import verify_file
from recorder.signing.recheck import Rechecked
from recorder.signing.verdict import WORDS, State, Verdict

log = structlog.get_logger()

UNREADABLE = Text(zh="无法读取", en="unreadable")
_WORST: tuple[State, ...] = (
    "not_authentic", "authentic_with_missing_parts", "not_signed", "authentic",
)  # fmt: skip


def signatures_of(
    rows: Sequence[Row],
    files: Mapping[str, Path],
    roots: Sequence[x509.Certificate],
    work: Work,
) -> list[dict[str, Any]]:
    """The verdicts on each original clip.

    ``verdict`` is that of now. ``at_sealing`` and ``at_recording`` are what was found then, the
    latter for each segment that the clip was cut from; they are null where nothing was found to
    be signed. ``sealed_in`` is the sealed file that says so.

    Args:
        rows: of the sealed files, with their paths in the case file.
        files: where these lie.
        roots: certificates that cameras' own must lead to.
        work: what an earlier run found is not looked for again.
    """
    found = []
    trusted = " ".join(one.fingerprint(SHA256()).hex() for one in roots)
    for row in rows:
        name = row["path"]
        if not (name.startswith("original/") and row["mime"].startswith("video/")):
            continue
        before, sealed_in = _sealed(row, rows, files)
        known = _certificates(before)
        first_ns = utc_ns_of(row["first_utc"])

        def check(
            path: Path = files[name], first_ns: int = first_ns, known: str = known, name: str = name
        ) -> Any:
            try:
                verdict = verify_file(path, roots, first_ns, certificates=known)
            except SigningError as error:
                return {"state": "unreadable", "why": str(error).replace(str(path), name)}
            return verdict.model_dump(mode="json")

        found.append(
            {
                "path": name,
                "verdict": work.checked(row["sha256"], f"{first_ns} {known} {trusted}", check),
                "sealed_in": sealed_in,
                "at_sealing": _short(before.now) if before is not None else None,
                "at_recording": None
                if before is None
                else [
                    {"file": one.file, "checked": utc_text(one.checked_ns), **_short(one.verdict)}
                    for one in before.then
                ],
            }
        )
    return found


def record_of(found: list[dict[str, Any]]) -> bytes:
    """The record ``signatures.json``."""
    whole = {"schema": "wardwatch.camerasignatures/1", "clips": found}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def said(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    """Of each clip of a camera that signs, in Chinese: path, as recorded, as sealed, now."""
    for one in found:
        then, sealed, now = one["at_recording"], one["at_sealing"], one["verdict"]["state"]
        if now == "not_signed" and sealed is None:
            continue
        states = {segment["state"] for segment in then or ()}
        worst = next((state for state in _WORST if state in states), None)
        yield (
            one["path"],
            "未核验" if worst is None else WORDS[worst].zh,
            "未核验" if sealed is None else _zh(sealed["state"]),
            _zh(now),
        )


def _sealed(
    clip: Row, rows: Sequence[Row], files: Mapping[str, Path]
) -> tuple[Rechecked | None, str | None]:
    """What was sealed of a clip's signatures beside it."""
    for row in reversed(rows):
        if row["role"] == "signature" and row["parent_sha256"] == clip["sha256"]:
            try:
                content = files[row["path"]].read_bytes()
                return Rechecked.model_validate_json(content), row["path"]
            except (OSError, ValidationError) as error:
                log.error("sealed verdict not readable", file=row["path"], error=str(error))
                return None, row["path"]
    return None, None


def _certificates(before: Rechecked | None) -> str:
    """Certificates that the camera sent before the clip begins."""
    if before is None:
        return ""
    kept = (*(one.verdict.certificates for one in before.then), before.now.certificates)
    return next((one for one in kept if one), "")


def _short(verdict: Verdict) -> dict[str, Any]:
    return verdict.model_dump(mode="json", exclude={"groups", "certificates"})


def _zh(state: str) -> str:
    return next((words.zh for known, words in WORDS.items() if known == state), UNREADABLE.zh)
