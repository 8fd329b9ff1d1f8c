"""Sixty-four cameras in every condition, for the page of cameras."""

from collections.abc import Iterator
from typing import Any

from console.services import Services
from core.clock import NS_PER_S
from core.geometry import GeoPoint
from core.messages import CameraHealth
from core.value import Text

COUNT = 64
_WHERE = "rtsp://192.168.1.{n}:554/main"

# Of every ninth camera: state, reason, and further facts of the recorder and of the analyst.
_ILL: tuple[tuple[str, str, dict[str, Any], dict[str, Any]], ...] = (
    ("offline", ("refused: camera {id} at {url} refused: user name or password wrong; check "
     "username and password"), {"reconnects": 0}, {}),
    ("degraded", "damaged pictures", {"loss": 0.031}, {}),
    ("online", "", {"clock_offset_s": -119.9, "clock_uncertainty_s": 0.004}, {}),
    ("offline", "unreachable: camera {id} at {url}: nothing listens there; check power and port",
     {"reconnects": 12}, {}),
    ("degraded", "picture covered", {}, {"picture": "covered"}),
    ("degraded", "fewer than half of 25 pictures a second", {"fps": 9.7}, {}),
    ("offline", "stalled: no packet for 5 s", {"reconnects": 4}, {}),
)  # fmt: skip


def extend(made: Services) -> None:
    """Put so many more cameras on the roster of a township of four."""
    four = made.site.cameras
    more = tuple(
        four[n % 4].model_copy(
            update={
                "id": f"cam-{n:02d}",
                "name": Text(zh=f"{four[n % 4].name.zh}{n}号", en=f"{four[n % 4].name.en} {n}"),
                "place": GeoPoint(lon=120.6 + n * 4e-4, lat=30.46 + n % 7 * 1e-3),
                "enabled": n != 40,
            }
        )
        for n in range(5, COUNT + 1)
    )
    site = made.site.model_copy(update={"cameras": (*four, *more)})
    made.site = site
    for one in health(made):
        made.feed.push("health", one)


def health(made: Services) -> Iterator[CameraHealth]:
    """Most are well."""
    now_ns = made.clock.utc_ns()
    for n, camera in enumerate(made.site.cameras[4:], 5):
        if not camera.enabled or n == 33:  # nobody has reported of one
            continue
        ill = _ILL[n // 9 % len(_ILL)] if n % 9 == 0 else ("online", "", {}, {})
        state, reason, recorder, analyst = ill
        said = reason.format(id=camera.id, url=_WHERE.format(n=n))
        common: dict[str, Any] = {
            "camera": camera.id,
            "state": state,
            "reason": said,
            "since_ns": now_ns - (90 + 1700 * n) * NS_PER_S,
            "at_ns": now_ns,
        }
        away = state == "offline"
        if not away:
            recorder = {
                "fps": 25.0, "bitrate_kbps": 3800.0 + 17 * n, "last_keyframe_age_s": 0.1 * (n % 20),
                "loss": 0.0, "clock_offset_s": 0.003 * (n % 11 - 5), "clock_uncertainty_s": 0.002,
                "lag_s": 0.3, **recorder}  # fmt: skip
            analyst = {"picture": "ok", "analysed_fps": 4.9, "dropped": n, "lag_s": 0.4, **analyst}
        yield CameraHealth.model_validate({**common, "process": "recorder", **recorder})
        yield CameraHealth.model_validate({**common, "process": "analyst", **analyst})
