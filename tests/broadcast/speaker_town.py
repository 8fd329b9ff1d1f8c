"""A small township for the tests of this room."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.cases import Announcement
from core.clock import ManualClock, SystemClock
from core.config.cameras import Camera
from core.config.catalogue import Catalogue
from core.config.site import Site
from core.config.wording import WarningText, WarningTexts
from core.credentials import Credentials
from core.seeing import Kind
from core.value import Text, new_id


class FastClock(SystemClock):
    """Time that passes so many times as fast: talks on the beat in a fraction of the wait."""

    def __init__(self, times: float) -> None:
        self.times = times

    def monotonic_ns(self) -> int:
        return round(super().monotonic_ns() * self.times)

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        return super().wait(stop, seconds / self.times)


def warning_row(zh: str, *, en: str = "no", **more: Any) -> WarningText:
    return WarningText(kind=Kind.FISHING, text=Text(zh=zh, en=en), **more)


def camera(camera_id: str, speaker: dict[str, Any] | None = None, **more: Any) -> Camera:
    return Camera.model_validate(
        {
            "id": camera_id,
            "name": {"zh": "一号机", "en": "camera one"},
            "streams": {"main": f"rtsp://127.0.0.1:1/{camera_id}"},
            "speaker": speaker,
            "zones": [
                {
                    "id": "bend",
                    "name": {"zh": "河湾", "en": "the bend"},
                    "polygon": {"points": [[0, 0], [1, 0], [1, 1]]},
                    "rule": {"kind": "fishing"},
                }
            ],
            **more,
        }
    )


def sign_ins(folder: Path, **environ: str) -> Credentials:
    """Sign-ins by environment variables alone."""
    return Credentials(folder / "credentials.json", folder / "credentials.key", environ)


def site(
    *cameras: Camera,
    texts: tuple[WarningText, ...] = (),
    warnings: dict[str, Any] | None = None,
    networks: Sequence[str] = ("127.0.0.0/8",),
    groups: Sequence[dict[str, Any]] = (),
) -> Site:
    return Site.model_validate(
        {
            "name": {"zh": "云溪镇", "en": "Yunxi"},
            "centre": {"lon": 120.1, "lat": 30.2},
            "cameras": cameras,
            "catalogue": Catalogue(rows=()),
            "warning_texts": WarningTexts(texts=texts),
            "warnings": warnings or {},
            "networks": networks,
            "speaker_groups": groups,
        }
    )


def announcement(
    clock: ManualClock | SystemClock, camera_id: str = "river", **more: Any
) -> Announcement:
    return Announcement.model_validate(
        {
            "id": new_id("ann"),
            "incident": "inc-1",
            "camera": camera_id,
            "text": "禁止垂钓，请离开。",
            "attempt": 1,
            "requested_ns": clock.utc_ns(),
            **more,
        }
    )
