"""Where a sealed file lies inside a case file."""

from recorder.seal.manifest import Row

_FOLDERS = {
    "clip": "original",
    "before": "original",
    "after": "original",
    "snapshot": "stills",
    "snapshot_before": "stills",
    "snapshot_after": "stills",
    "warning_audio": "warnings",
    "field_photo": "field",
    "field_audio": "field",
    "field_video": "field",
    "tip_photo": "tips",
    "paper": "papers",
    "signature": "signatures",
    "certificate": "certs",
}
_BEGINNINGS = {"working": "working", "redact": "redacted", "mask": "redacted"}
SEAL = "seal"
"""The vault's own seal, as it lay there: a second signature, made when the files came in."""


def place(row: Row) -> str:
    """Path in the case file of a row of the vault's manifest."""
    path, role = str(row["path"]), str(row["role"])
    folder = _FOLDERS.get(role) or next(
        (folder for begin, folder in _BEGINNINGS.items() if role.startswith(begin)), None
    )
    if folder == "certs":
        return path
    if role == "earlier_seal":
        return f"{SEAL}/{path}"
    return f"{folder or ('derived' if row.get('parent_sha256') else 'other')}/{path}"
