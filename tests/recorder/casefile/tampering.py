"""Ways to tamper with a case file, each with the verdict and the finding it must lead to."""

import hashlib
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder.seal.check.canonical import canonical
from recorder.seal.check.chain import GENESIS, event_hash
from recorder.seal.signer import Signer

FALSE, PARTS, UNSIGNED = "not_authentic", "authentic_parts_missing", "not_signed"
CLIP, STILL, WORKING = "original/clip-", "stills/snapshot-", "working/working-"
MANIFEST, SIGNATURE, CUSTODY, PROOF = (
    "manifest.json", "manifest.sig.p256", "custody.jsonl", "log.json",
)  # fmt: skip


@dataclass
class Target:
    """A case file to be tampered with, one of another incident, and somebody else's key.

    Attributes:
        other: contents of the other.
        reviewed: contents of one that passed its reviews.
    """

    path: Path
    other: dict[str, bytes]
    reviewed: dict[str, bytes]
    stranger: Signer


Entries = list[tuple[str, bytes]]


def entries(path: Path) -> Entries:
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def write(path: Path, found: Entries) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in found:
            archive.writestr(zipfile.ZipInfo(name), content)


def rewritten(edit: Callable[[dict[str, bytes], Target], Any]) -> Callable[[Target], None]:
    """Unpack, change the contents by name, pack again."""

    def tamper(target: Target) -> None:
        found = dict(entries(target.path))
        edit(found, target)
        write(target.path, list(found.items()))

    return tamper


def named(found: dict[str, bytes], begin: str) -> str:
    return next(name for name in found if name.startswith(begin))


def edited(begin: str, edit: Callable[[bytes], bytes]) -> Callable[[Target], None]:
    def change(found: dict[str, bytes], _: Target) -> None:
        name = named(found, begin)
        assert edit(found[name]) != found[name]
        found[name] = edit(found[name])

    return rewritten(change)


def removed(begin: str) -> Callable[[Target], None]:
    return rewritten(lambda found, _: found.pop(named(found, begin)))


def renamed(begin: str, name: str) -> Callable[[Target], None]:
    return rewritten(lambda found, _: found.update({name: found.pop(named(found, begin))}))


def added(name: str, content: bytes = b"x") -> Callable[[Target], None]:
    return rewritten(lambda found, _: found.update({name: content}))


def swapped(one: str, two: str) -> Callable[[Target], None]:
    def change(found: dict[str, bytes], _: Target) -> None:
        first, second = named(found, one), named(found, two)
        found[first], found[second] = found[second], found[first]

    return rewritten(change)


def taken_from_other(*begins: str) -> Callable[[Target], None]:
    def change(found: dict[str, bytes], target: Target) -> None:
        for begin in begins:
            found[named(found, begin)] = target.other[named(target.other, begin)]

    return rewritten(change)


def manifest(edit: Callable[[dict[str, Any]], Any]) -> Callable[[Target], None]:
    def change(found: dict[str, bytes], _: Target) -> None:
        value = json.loads(found[MANIFEST])
        edit(value)
        found[MANIFEST] = canonical(value)

    return rewritten(change)


def lines(edit: Callable[[list[bytes]], Any]) -> Callable[[bytes], bytes]:
    def whole(content: bytes) -> bytes:
        found = content.splitlines(keepends=True)
        edit(found)
        return b"".join(found)

    return whole


def chained_anew(content: bytes) -> bytes:
    """Custody told otherwise, with all its hashes computed again."""
    head, made = GENESIS, b""
    for line in content.splitlines():
        event = {**json.loads(line), "prev_hash": head}
        event["actor"] = event["actor"].replace("2号", "9号")
        event["hash"] = head = event_hash(event)
        made += canonical(event) + b"\n"
    return made


def without_export(content: bytes) -> bytes:
    """A rightly chained custody that ends before the export."""
    return b"".join(content.splitlines(keepends=True)[:-1])


def signed_by_stranger(found: dict[str, bytes], target: Target) -> None:
    """Everything changed and sealed anew, consistent in itself, with a key of one's own."""
    signer = target.stranger
    value = json.loads(found[MANIFEST])
    clip = named(found, CLIP)
    found[clip] += b"more"
    found[signer.key_file] = signer.identity.pem
    for row in value["files"]:
        if row["path"] == clip:
            row |= digests(found[clip])
    value["files"].append(
        {"path": signer.key_file, "role": "certificate", **digests(signer.identity.pem)}
    )
    value["signers"][0] |= {"key": signer.key_file, "key_sha256": signer.identity.sha256}
    value["beside"] = []
    found[MANIFEST] = canonical(value)
    found[SIGNATURE] = signer.sign(found[MANIFEST])
    del found[PROOF]


def digests(content: bytes) -> dict[str, Any]:
    sha256, sm3 = (hashlib.new(name, content).hexdigest() for name in ("sha256", "sm3"))
    return {"sha256": sha256, "sm3": sm3, "size": len(content)}


def unsigned_old_kind(found: dict[str, bytes], _: Target) -> None:
    rows = json.loads(found[MANIFEST])["files"]
    items = [{**row, "bytes": row["size"]} for row in rows]
    found[MANIFEST] = json.dumps({"incident": "inc-0123456789", "items": items}).encode()


def raw(edit: Callable[[bytes], bytes]) -> Callable[[Target], None]:
    def tamper(target: Target) -> None:
        target.path.write_bytes(edit(target.path.read_bytes()))

    return tamper


def appended(info: zipfile.ZipInfo, content: bytes = b"x") -> Callable[[Target], None]:
    def tamper(target: Target) -> None:
        with zipfile.ZipFile(target.path, "a") as archive:
            archive.writestr(info, content)

    return tamper


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def comment(target: Target) -> None:
    with zipfile.ZipFile(target.path, "a") as archive:
        archive.comment = b"see also"


def hidden_between(content: bytes) -> bytes:
    """Bytes between the last entry and the directory, whose offset is mended."""
    at = content.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", content[at + 16 : at + 20])[0]
    end = content[at : at + 16] + struct.pack("<I", start + 6) + content[at + 20 :]
    return content[:start] + b"hidden" + content[start:at] + end


def central(name: bytes, edit: Callable[[bytearray, int], None]) -> Callable[[bytes], bytes]:
    """Change the directory's record of an entry; ``edit`` is given where it begins."""

    def whole(content: bytes) -> bytes:
        found = bytearray(content)
        start = struct.unpack("<I", content[-6:-2])[0]
        edit(found, found.index(name, start) - 46)
        return bytes(found)

    return whole


def set_bytes(offset: int, value: bytes) -> Callable[[bytearray, int], None]:
    def edit(found: bytearray, at: int) -> None:
        found[at + offset : at + offset + len(value)] = value

    return edit


def local_name(content: bytes) -> bytes:
    """Another name in the entry itself than in the directory: programs differ in what they show."""
    return content.replace(b"verify.py", b"verifx.py", 1)


def proof(edit: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    def whole(content: bytes) -> bytes:
        value = json.loads(content)
        edit(value)
        return canonical(value)

    return whole


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


WAYS: dict[str, tuple[Callable[[Target], Any], str, str]] = {
    # What is in it.
    "flip a bit of the film": (edited(CLIP, flipped), FALSE, "file_changed"),
    "cut the film": (edited(CLIP, lambda c: c[:-100]), FALSE, "file_changed"),
    "lengthen the film": (edited(CLIP, lambda c: c + bytes(8)), FALSE, "file_changed"),
    "empty the film": (edited(CLIP, lambda _: b""), FALSE, "file_changed"),
    "leave the film out": (removed(CLIP), PARTS, "file_missing"),
    "leave a still out": (removed(STILL), PARTS, "file_missing"),
    "leave the sound out": (removed("warnings/"), PARTS, "file_missing"),
    "rename the film": (renamed(CLIP, "original/clip-x.mp4"), FALSE, "file_extra"),
    "move a still": (renamed(STILL, "original/still.jpg"), FALSE, "file_extra"),
    "take the working copy for the film": (swapped(CLIP, WORKING), FALSE, "file_changed"),
    "film of another incident": (taken_from_other(CLIP), FALSE, "file_changed"),
    "slip a file in": (added("original/clip-2.mp4"), FALSE, "file_extra"),
    "slip a folder in": (added("more/deep/x.txt"), FALSE, "file_extra"),
    "slip a signature in": (added("custody.sig.p256"), FALSE, "file_extra"),
    # Records and documents.
    "swap two documents": (swapped("证据说明", "时间线"), FALSE, "file_changed"),
    "review of another file": (
        rewritten(lambda f, t: f.update({"审核记录.pdf": t.reviewed["审核记录.pdf"]})),
        FALSE, "file_changed",
    ),
    "leave the review out": (removed("审核记录"), PARTS, "file_missing"),
    "cut a document": (edited("提取固定清单", lambda c: c[:-9]), FALSE, "file_changed"),
    "another model": (
        edited("detections.jsonl", lambda c: c.replace(b"yolox-nano", b"yolox-mega")),
        FALSE, "file_changed",
    ),
    "forget the gaps": (edited("gaps.json", lambda c: c.replace(b"unreach", b"reached")),
                        FALSE, "file_changed"),
    "leave the gaps out": (removed("gaps.json"), PARTS, "file_missing"),
    "set the camera's clock": (edited("clock.json", lambda c: c.replace(b"0.25", b"0.00")),
                               FALSE, "file_changed"),
    "another parent": (edited("derivation.json", lambda c: c.replace(b"clip", b"film")),
                       FALSE, "file_changed"),
    "cut the register of access": (edited("audit.jsonl", lines(lambda found: found.pop(0))),
                                   FALSE, "file_changed"),
    "replace the verifier": (edited("verify.py", lambda _: b"print('authentic')"),
                             FALSE, "file_changed"),
    "leave the verifier out": (removed("verify.py"), PARTS, "file_missing"),
    "drop the vault's seal": (removed("seal/manifest.sig"), PARTS, "file_missing"),
    # Custody.
    "cut the custody's end": (edited(CUSTODY, without_export), FALSE, "file_changed"),
    "cut the custody's beginning": (edited(CUSTODY, lines(lambda found: found.pop(0))),
                                    FALSE, "custody_bad"),
    "reorder the custody": (edited(CUSTODY, lines(lambda found: found.reverse())),
                            FALSE, "custody_bad"),
    "edit the custody": (edited(CUSTODY, lambda c: c.replace("2号".encode(), "9号".encode())),
                         FALSE, "custody_bad"),
    "edit the custody and its hashes": (edited(CUSTODY, chained_anew), FALSE, "file_changed"),
    "half an event": (edited(CUSTODY, lambda c: c[:-5]), FALSE, "custody_bad"),
    "leave the custody out": (removed(CUSTODY), FALSE, "custody_missing"),
    "custody of another incident": (taken_from_other(CUSTODY), FALSE, "custody_bad"),
    # Manifest, signatures, certificates.
    "make it evidence": (manifest(lambda m: m["case"].update(standing="evidence")),
                         FALSE, "signature_bad"),
    "another reason": (manifest(lambda m: m["case"].update(reason="x")), FALSE, "signature_bad"),
    "drop the case": (manifest(lambda m: m.pop("case")), FALSE, "signature_bad"),
    "no such standing": (manifest(lambda m: m["case"].update(standing="proof")),
                         FALSE, "manifest_bad"),
    "set the moment back": (manifest(lambda m: m.update(made=m["made"].replace("2026", "2025"))),
                            FALSE, "signature_bad"),
    "film ends before it begins": (
        manifest(lambda m: m["files"][0].update(last_utc="2020-01-01T00:00:00.000000000Z")),
        FALSE, "times_reversed",
    ),
    "another moment in the list": (
        manifest(lambda m: m["files"][0].update(first_utc=m["files"][0]["sealed_utc"])),
        FALSE, "signature_bad",
    ),
    "strike a file and its line": (
        rewritten(lambda f, t: (f.pop(named(f, STILL)), f.update({MANIFEST: canonical(
            {**json.loads(f[MANIFEST]), "files": [
                row for row in json.loads(f[MANIFEST])["files"]
                if not row["path"].startswith(STILL)]})}))),
        FALSE, "signature_bad",
    ),
    "reorder the list": (manifest(lambda m: m["files"].reverse()), FALSE, "signature_bad"),
    "list a file twice": (manifest(lambda m: m["files"].append(m["files"][0])),
                          FALSE, "manifest_bad"),
    "list a file elsewhere": (manifest(lambda m: m["files"][0].update(path="../../x")),
                              FALSE, "manifest_bad"),
    "a space in the list": (edited(MANIFEST, lambda c: c + b" "), FALSE, "manifest_bad"),
    "a name twice in the list": (
        edited(MANIFEST, lambda c: c[:-1] + b',"incident":"inc-2"}'), FALSE, "manifest_bad",
    ),
    "list of another incident": (taken_from_other(MANIFEST, SIGNATURE), FALSE, "file_changed"),
    "no list": (removed(MANIFEST), UNSIGNED, "no_manifest"),
    "nobody signed": (manifest(lambda m: m.update(signers=[])), FALSE, "manifest_bad"),
    "list of an older kind": (rewritten(unsigned_old_kind), FALSE, "file_extra"),
    "flip the signature": (edited(SIGNATURE, flipped), FALSE, "signature_bad"),
    "empty the signature": (edited(SIGNATURE, lambda _: b""), FALSE, "signature_bad"),
    "leave the signature out": (removed(SIGNATURE), FALSE, "signature_missing"),
    "signature of another file": (taken_from_other(SIGNATURE), FALSE, "signature_bad"),
    "swap the certificate": (
        rewritten(lambda f, t: f.update({named(f, "certs/"): t.stranger.identity.pem})),
        FALSE, "key_swapped",
    ),
    "leave the certificate out": (removed("certs/"), FALSE, "key_missing"),
    "sign all of it anew": (rewritten(signed_by_stranger), FALSE, "signer_stranger"),
    # Time-stamp and log.
    "a time-stamp that is none": (added("manifest.tsr"), FALSE, "stamp_bad"),
    "proof of another file": (taken_from_other(PROOF), FALSE, "log_bad"),
    "leave the proof out": (removed(PROOF), PARTS, "file_missing"),
    "another way to the root": (
        edited(PROOF, proof(lambda p: p.update(path=[*p["path"][::-1], "00" * 32]))),
        FALSE, "log_bad",
    ),
    "another head of the log": (edited(PROOF, proof(lambda p: p["head"].update(size=9999))),
                                FALSE, "log_bad"),
    # The container.
    "a name twice": (appended(zipfile.ZipInfo("verify.py")), FALSE, "path_twice"),
    "a name twice but for its case": (appended(zipfile.ZipInfo("Verify.PY")), FALSE, "path_twice"),
    "a way out": (appended(zipfile.ZipInfo("../../.bashrc")), FALSE, "path_unsafe"),
    "a way to the root": (appended(zipfile.ZipInfo("/etc/cron.d/x")), FALSE, "path_unsafe"),
    "a way out of Windows": (appended(zipfile.ZipInfo("..\\..\\x.exe")), FALSE, "path_unsafe"),
    "a drive": (appended(zipfile.ZipInfo("C:x.exe")), FALSE, "path_unsafe"),
    "a link": (appended(special("link", 0o120777), b"/etc/passwd"), FALSE, "not_a_file"),
    "a device": (appended(special("device", 0o020666)), FALSE, "not_a_file"),
    "a comment": (comment, FALSE, "stray_bytes"),
    "bytes behind": (raw(lambda c: c + b"trailing"), FALSE, "stray_bytes"),
    "bytes before": (raw(lambda c: b"#!/bin/sh\n" + c), FALSE, "stray_bytes"),
    "bytes between": (raw(hidden_between), FALSE, "stray_bytes"),
    "cut the container": (raw(lambda c: c[:-200]), FALSE, "container"),
    "cut the container in half": (raw(lambda c: c[: len(c) // 2]), FALSE, "container"),
    "an entry said to be encrypted": (raw(central(b"verify.py", set_bytes(8, b"\x01\x08"))),
                                      FALSE, "encrypted"),
    "another check sum": (raw(central(b"gaps.json", set_bytes(16, b"\0\0\0\0"))),
                          FALSE, "file_changed"),
    "another size": (raw(central(b"gaps.json", set_bytes(24, b"\x05\0\0\0"))),
                     FALSE, "file_changed"),
    "another name inside": (raw(local_name), FALSE, "file_changed"),
    "no container": (raw(lambda _: b"moving pictures"), FALSE, "container"),
    "an empty container": (rewritten(lambda f, _: f.clear()), UNSIGNED, "no_manifest"),
}  # fmt: skip
"""What it is: how it is done, the verdict, a finding."""
