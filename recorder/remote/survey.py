"""What lies where: here, elsewhere, in both places, in neither, not as it was sealed, or to go."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from core.value import Value
from recorder.remote.base import Version
from recorder.remote.deleting import until
from recorder.remote.errors import RefusedError
from recorder.remote.owed import Locked, Owed
from recorder.remote.sending import digest_there
from recorder.remote.states import FOLDER, name_of
from recorder.remote.vault import RemoteVault
from recorder.vault import sha256_of

Where = Literal["local", "remote", "both", "missing", "differs", "unknown", "deleting", "locked"]


class Place(Value):
    """Where one file is.

    ``local``: here only; ``remote``: there only; ``missing``: in neither place; ``differs``: a
    copy is not what was sealed; ``unknown``: there, and of no incident here; ``deleting``: was
    deleted here and is to go there; ``locked``: the same, and cannot go yet.
    """

    incident: str
    path: str
    bytes: int
    where: Where
    detail: str = ""


def known(vault: RemoteVault) -> Iterator[Place]:
    """As the records have it; asks nobody and hashes nothing.

    Raises:
        VaultError: a manifest or a note is damaged.
    """
    for incident in vault.incidents():
        owed = _unswept(vault, incident)
        sent = vault.library.records.of(incident).files
        for item in vault.manifest(incident).items:
            if owed is not None and owed.means(item):
                continue  # told below
            here = vault.path_of(item).is_file()
            there = item.path.removeprefix(f"{incident}/") in sent
            there = there and owed is None
            yield Place(incident=incident, path=item.path, bytes=item.bytes, where=_of(here, there))
    for owed in _all_owed(vault):
        locked = {one.key for one in owed.locked}
        for name, of in owed.files.items() if not owed.swept else ():
            if (path := f"{owed.incident}/{name}") not in locked:
                yield Place(incident=owed.incident, path=path, bytes=of.size, where="deleting")
        yield from (_locked(owed.incident, one) for one in owed.locked)


def compared(vault: RemoteVault, *, read: bool) -> Iterator[Place]:
    """As it is: asks the storage, hashes what is here, and what is there if ``read``.

    Without ``read`` size and checksum there must be those noted when it was compared; what the
    storage has no checksum of, or nothing was noted of, is read.

    Raises:
        VaultError: a manifest is damaged.
        RemoteError: the storage is away or refuses.
    """
    remote = vault.library.remote
    left = {one.key: one.size for one in remote.names("")}
    going = list(_going(vault, left))
    for incident in vault.incidents():
        owed = _unswept(vault, incident)
        sent = vault.library.records.of(incident).files
        for item in vault.manifest(incident).items:
            if owed is not None and owed.means(item):
                continue  # told below
            path, noted = vault.path_of(item), sent.get(item.path.removeprefix(f"{incident}/"))
            wrong = []
            here, there = path.is_file(), item.path in left
            left.pop(item.path, None)
            if here and sha256_of(path) != item.sha256:
                wrong.append("the copy here")
            held = remote.head(item.path) if there else None
            if held is not None:
                trusted = (
                    not read
                    and noted is not None
                    and held.checksum is not None
                    and (held.size, held.checksum) == (noted.size, noted.checksum)
                )
                if not trusted and digest_there(remote, item.path, item.bytes) != item.sha256:
                    wrong.append("the copy there")
            yield Place(
                incident=incident,
                path=item.path,
                bytes=item.bytes,
                where="differs" if wrong else _of(here, held is not None),
                detail=" and ".join(wrong),
            )
        if owed is None:
            yield from _states(vault, incident, left)
    yield from going
    for key, size in left.items():
        if not key.startswith("."):
            incident = key.partition("/")[0]
            yield Place(incident=incident, path=key, bytes=size, where="unknown")


def counted(places: list[Place]) -> dict[str, dict[str, int]]:
    """Files and bytes by where they are."""
    files = Counter(one.where for one in places)
    sizes: Counter[str] = Counter()
    for one in places:
        sizes[one.where] += one.bytes
    return {where: {"files": files[where], "bytes": sizes[where]} for where in sorted(files)}


def _states(vault: RemoteVault, incident: str, left: dict[str, int]) -> Iterator[Place]:
    """The newest state must be there; older ones may have been tidied away."""
    state = vault.library.records.of(incident).state
    for key in [one for one in left if one.startswith(f"{incident}/{FOLDER}/") and name_of(one)]:
        size = left.pop(key)
        if state is not None and key == state.key:
            yield Place(incident=incident, path=key, bytes=size, where="both")
            state = None
    if state is not None:
        why = "the newest manifest and custody are not there"
        yield Place(incident=incident, path=state.key, bytes=0, where="missing", detail=why)


def _going(vault: RemoteVault, left: dict[str, int]) -> Iterator[Place]:
    """What is to go or locked, also older versions; taken out of ``left``."""
    for owed in _all_owed(vault):
        incident = owed.incident
        locked = {(one.key, one.version): one for one in owed.locked}
        try:
            there = vault.library.remote.versions(f"{incident}/")
        except RefusedError:  # keys that may not delete may not list versions either
            names = [one for one in left if one.startswith(f"{incident}/")]
            plain = [Version(one, left[one]) for one in names]
            there = [one.one for one in owed.locked] if owed.swept else plain
        for one in there:
            held = locked.get((one.key, one.version))
            if held is None and owed.swept:
                continue  # new evidence
            left.pop(one.key, None)
            yield (
                Place(incident=incident, path=one.key, bytes=one.size, where="deleting")
                if held is None
                else _locked(incident, held)
            )


def _locked(incident: str, one: Locked) -> Place:
    detail = until((one,))
    return Place(incident=incident, path=one.key, bytes=one.size, where="locked", detail=detail)


def _all_owed(vault: RemoteVault) -> Iterator[Owed]:
    for incident in vault.owed.incidents():
        owed = vault.owed.of(incident)
        if owed is not None:
            yield owed


def _unswept(vault: RemoteVault, incident: str) -> Owed | None:
    """A deletion for which nothing was done there yet: what is there is the old evidence."""
    owed = vault.owed.of(incident)
    return owed if owed is not None and not owed.swept else None


def _of(here: bool, there: bool) -> Where:
    if here:
        return "both" if there else "local"
    return "remote" if there else "missing"
