"""The form of a manifest: what must be in it before anything in it is believed."""

from typing import Any

from recorder.seal.check.canonical import UnreadableError, read_canonical, read_json
from recorder.seal.check.container import is_safe
from recorder.seal.check.signatures import SUFFIXES
from recorder.seal.check.times import utc_ns_of

MANIFEST_SCHEMA = "wardwatch.manifest/1"
MANIFEST, CUSTODY = "manifest.json", "custody.jsonl"
STANDINGS = ("lead", "evidence")
"""线索: a lead that was not reviewed; 证据: what passed legal and technical review."""


def manifest_signature(row: dict[str, str]) -> str:
    """Name of the file with a signer's signature over the manifest."""
    return f"manifest.sig.{SUFFIXES[row['algorithm']]}"


def custody_signature(row: dict[str, str]) -> str:
    """Name of the file with a signer's signature over ``custody.jsonl``."""
    return f"custody.sig.{SUFFIXES[row['algorithm']]}"


def read_manifest(content: bytes) -> dict[str, Any]:
    """Read ``manifest.json``; one from before there were signatures has no ``schema``.

    Raises:
        UnreadableError: it is damaged, not canonical, or lacks what every manifest has.
    """
    value = read_json(content)
    if isinstance(value, dict) and "schema" not in value:
        return _old(value)
    value = read_canonical(content)
    if not isinstance(value, dict) or value.get("schema") != MANIFEST_SCHEMA:
        raise UnreadableError(f"not a manifest of {MANIFEST_SCHEMA}")
    if not isinstance(value.get("incident"), str):
        raise UnreadableError("it names no incident")
    utc_ns_of(value.get("made"))
    _check_signers(value.get("signers"))
    beside = value.get("beside")
    if not isinstance(beside, list) or not all(isinstance(one, str) for one in beside):
        raise UnreadableError("beside: no list of names")
    _check_files(value.get("files"))
    _check_case(value.get("case"))
    return value


def log_subject(manifest: dict[str, Any]) -> tuple[str, str]:
    """Kind and subject of the entry that the site's log has about a manifest."""
    case = manifest.get("case")
    return ("casefile", case["id"]) if case else ("manifest", manifest["incident"])


def _old(value: dict[str, Any]) -> dict[str, Any]:
    try:
        incident = str(value["incident"])
        files = [
            {
                "path": str(one["path"]).removeprefix(f"{incident}/"),
                "size": one["bytes"],
                "sha256": one["sha256"],
                "role": one["role"],
                "parent_sha256": one.get("parent_sha256"),
            }
            for one in value["items"]
        ]
    except (KeyError, TypeError, AttributeError):
        raise UnreadableError("no manifest") from None
    _check_files(files)
    return {"incident": incident, "files": files}


def _check_signers(rows: Any) -> None:
    _check_rows(rows, "signers", ("algorithm", "signature", "key", "key_sha256"))
    algorithms = [row["algorithm"] for row in rows]
    if len(set(algorithms)) != len(algorithms) or not set(algorithms) <= set(SUFFIXES):
        raise UnreadableError("signers: an algorithm that is not known, or one twice")
    for row in rows:
        if row["signature"] != manifest_signature(row) or not is_safe(row["key"]):
            raise UnreadableError("signers: a signature or key by a wrong name")


def _check_case(case: Any) -> None:
    if case is None:
        return
    if not isinstance(case, dict) or not isinstance(case.get("id"), str):
        raise UnreadableError("case: no id")
    if case.get("standing") not in STANDINGS:
        raise UnreadableError("case: neither lead nor evidence")


def _check_files(rows: Any) -> None:
    _check_rows(rows, "files", ("path", "sha256", "role"))
    seen = set()
    for row in rows:
        path = row["path"]
        if not is_safe(path) or path.casefold() in seen or path == MANIFEST:
            raise UnreadableError(f"files: {path!r} is listed twice or leads elsewhere")
        if type(row.get("size")) is not int or row["size"] < 0:
            raise UnreadableError(f"files: {path}: no size")
        for name in ("sm3", "parent_sha256"):
            if not isinstance(row.get(name), (str, type(None))):
                raise UnreadableError(f"files: {path}: {name}")
        for name in ("first_utc", "last_utc", "sealed_utc"):
            if row.get(name) is not None:
                utc_ns_of(row[name])
        seen.add(path.casefold())


def _check_rows(rows: Any, name: str, needed: tuple[str, ...]) -> None:
    if not isinstance(rows, list):
        raise UnreadableError(f"{name}: no list")
    for row in rows:
        if not isinstance(row, dict) or not all(isinstance(row.get(one), str) for one in needed):
            raise UnreadableError(f"{name}: a row without {', '.join(needed)}")
