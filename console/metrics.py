"""Figures for Prometheus: the console's own and what the feed knows of the cameras."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from console.feed import Feed
from core.messages import CameraHealth


class Metrics:
    """Counters of one application, in a registry of their own."""

    def __init__(self, feed: Feed) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "wardwatch_http_requests", "Requests answered.", ["status"], registry=self._registry
        )
        self.live_viewers = Gauge(
            "wardwatch_live_viewers", "Open live streams.", ["camera"], registry=self._registry
        )
        self.live_dropped = Counter(
            "wardwatch_live_dropped_parts",
            "Fragments not sent because the viewer was too slow.",
            ["camera"],
            registry=self._registry,
        )
        self.refused = Counter(
            "wardwatch_sign_in_refused", "Sign-ins refused.", registry=self._registry
        )
        self.commands = Counter(
            "wardwatch_commands", "Commands given.", ["action"], registry=self._registry
        )
        self._registry.register(_FeedCollector(feed))

    def page(self) -> bytes:
        """Everything in the text exposition format."""
        return generate_latest(self._registry)


class _FeedCollector(Collector):
    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "wardwatch_event_listeners", "Browsers listening.", value=self._feed.listeners
        )
        yield from _camera_gauges(self._feed.health())


_UP = {"online": 1.0, "degraded": 0.5, "offline": 0.0}

_GAUGES: tuple[tuple[str, str, Callable[[CameraHealth], float | None]], ...] = (
    ("up", "1 online, 0.5 degraded, 0 offline.", lambda one: _UP[one.state]),
    ("fps", "Pictures a second that come.", lambda one: one.fps),
    ("kbps", "Bit rate, kbit/s.", lambda one: one.bitrate_kbps),
    ("lag_seconds", "Age of the newest frame handled.", lambda one: one.lag_s),
    ("reconnects", "Reconnects.", lambda one: one.reconnects),
    ("keyframe_age_seconds", "Since the last key frame.", lambda one: one.last_keyframe_age_s),
    ("loss_ratio", "Share of the sent octets lost, at least.", lambda one: one.loss),
    ("clock_offset_seconds", "The camera's clock minus ours.", lambda one: one.clock_offset_s),
    ("analysed_fps", "Pictures a second taken for analysis.", lambda one: one.analysed_fps),
    ("dropped", "Pictures due for analysis but replaced by newer ones.", lambda one: one.dropped),
    (
        "picture_ok",
        "0 when the picture is black, white, frozen, blurred, covered or moved.",
        lambda one: None if one.picture is None else float(one.picture == "ok"),
    ),
)


def _camera_gauges(views: list[CameraHealth]) -> Iterator[Metric]:
    """One gauge a fact; a camera of which a fact is not known has no sample in it."""
    for name, meaning, read in _GAUGES:
        gauge = GaugeMetricFamily(f"wardwatch_camera_{name}", meaning, labels=["camera", "process"])
        for one in views:
            value = read(one)
            if value is not None:
                gauge.add_metric([one.camera, one.process], value)
        yield gauge
