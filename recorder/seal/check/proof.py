"""The proof that the site's log holds a manifest (``log.json``)."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from recorder.seal.check.canonical import UnreadableError, canonical, read_canonical
from recorder.seal.check.tree import leaf_hash, root_of_inclusion

PROOF_SCHEMA, HEAD_SCHEMA = "wardwatch.logproof/1", "wardwatch.treehead/1"


@dataclass(frozen=True)
class LogProof:
    """An inclusion proof that leads to the root of a tree head whose signature is still to check.

    Attributes:
        head: the signed bytes.
    """

    index: int
    size: int
    root: str
    head: bytes
    algorithm: str
    key_sha256: str
    key_pem: bytes
    signature: bytes


def read_proof(content: bytes, manifest: bytes, kind: str, subject: str) -> LogProof:
    """Check that the proof is of this manifest and leads to its tree head.

    Raises:
        UnreadableError: it is of another, or leads elsewhere.
    """
    value = read_canonical(content)
    try:
        entry, head, signature = value["entry"], value["head"], value["signature"]
        path = [bytes.fromhex(step) for step in value["path"]]
        said = (value["schema"], head["schema"], entry["kind"], entry["subject"], entry["sha256"])
        found = LogProof(
            index=_whole(value["index"]),
            size=_whole(head["size"]),
            root=str(head["root"]),
            head=canonical(head),
            algorithm=str(signature["algorithm"]),
            key_sha256=str(signature["key_sha256"]),
            key_pem=str(value["key"]).encode(),
            signature=base64.b64decode(signature["value"], validate=True),
        )
    except (KeyError, TypeError, ValueError):
        raise UnreadableError("no proof of a log") from None
    digest = hashlib.sha256(manifest).hexdigest()
    if said != (PROOF_SCHEMA, HEAD_SCHEMA, kind, subject, digest):
        raise UnreadableError("it is of another manifest")
    root = root_of_inclusion(leaf_hash(canonical(entry)), found.index, found.size, path)
    if root.hex() != found.root:
        raise UnreadableError("the path does not lead to the root")
    return found


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError
    return int(value)
