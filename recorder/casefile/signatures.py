"""What cameras themselves signed (ONVIF Media Signing), checked again at export."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography import x509

from recorder.signing.errors import SigningError
from recorder.signing.file import verify_file


def signatures_of(
    clips: Mapping[str, tuple[Path, int]], roots: Sequence[x509.Certificate]
) -> bytes:
    """The record ``signatures.json``.

    Args:
        clips: path in the case file: where the clip lies, and the UTC of its first picture.
        roots: certificates that cameras' own must lead to.
    """
    found = []
    for name, (path, first_ns) in clips.items():
        try:
            verdict = verify_file(path, roots, first_ns).model_dump(mode="json")
        except SigningError as error:
            verdict = {"state": "unreadable", "why": str(error).replace(str(path), name)}
        found.append({"path": name, "verdict": verdict})
    whole = {"schema": "wardwatch.camerasignatures/1", "clips": found}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
