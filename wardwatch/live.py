"""The recorder's live relay, as the console takes it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from console.services import Live, PartKind
from recorder.live import watch


@dataclass(frozen=True)
class _Part:
    kind: PartKind
    codec: str
    data: bytes


def live_of(run_dir: Path) -> Live:
    """Opens a camera's live stream at the recorder's socket."""

    async def live(camera: str) -> AsyncIterator[_Part]:
        async for part in watch(run_dir, camera):
            yield _Part(part.kind, part.info.codec if part.info else "", part.data)

    return live
