"""What lies where: here, elsewhere, in both places, in neither, or not as it was sealed."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from core.value import Value
from recorder.remote.sending import digest_there
from recorder.remote.states import FOLDER, name_of
from recorder.remote.vault import RemoteVault
from recorder.vault import sha256_of

Where = Literal["local", "remote", "both", "missing", "differs", "unknown"]


class Place(Value):
    """Where one file is.

    ``local``: here only; ``remote``: there only; ``missing``: in neither place; ``differs``: a
    copy is not what was sealed; ``unknown``: there, and of no incident here.
    """

    incident: str
    path: str
    bytes: int
    where: Where
    detail: str = ""


def known(vault: RemoteVault) -> Iterator[Place]:
    """As the records have it; asks nobody and hashes nothing.

    Raises:
        VaultError: a manifest is damaged.
    """
    for incident in vault.incidents():
        sent = vault.library.records.of(incident).files
        for item in vault.manifest(incident).items:
            here = vault.path_of(item).is_file()
            there = item.path.removeprefix(f"{incident}/") in sent
            yield Place(incident=incident, path=item.path, bytes=item.bytes, where=_of(here, there))


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
    for incident in vault.incidents():
        sent = vault.library.records.of(incident).files
        for item in vault.manifest(incident).items:
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
        yield from _states(vault, incident, left)
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


def _of(here: bool, there: bool) -> Where:
    if here:
        return "both" if there else "local"
    return "remote" if there else "missing"
