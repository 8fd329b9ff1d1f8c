"""Figures for Prometheus: the console's own and what the feed knows of the cameras."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from console.feed import Feed


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
        labels = ["camera", "process"]
        up = GaugeMetricFamily("wardwatch_camera_up", "1 online, 0.5 degraded, 0.", labels=labels)
        fps = GaugeMetricFamily("wardwatch_camera_fps", "Frames a second.", labels=labels)
        lag = GaugeMetricFamily(
            "wardwatch_camera_lag_seconds", "Age of the newest frame handled.", labels=labels
        )
        rate = GaugeMetricFamily("wardwatch_camera_kbps", "Bit rate, kbit/s.", labels=labels)
        again = GaugeMetricFamily("wardwatch_camera_reconnects", "Reconnects.", labels=labels)
        for one in self._feed.health():
            at = [one.camera, one.process]
            up.add_metric(at, {"online": 1.0, "degraded": 0.5, "offline": 0.0}[one.state])
            fps.add_metric(at, one.fps)
            lag.add_metric(at, one.lag_s)
            rate.add_metric(at, one.bitrate_kbps)
            again.add_metric(at, one.reconnects)
        yield from (up, fps, lag, rate, again)
