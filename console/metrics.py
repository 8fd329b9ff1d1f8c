"""Figures for Prometheus: the console's own and what the feed knows of the cameras."""

from collections.abc import Callable, Iterator
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from console.compliance_metrics import heeded
from console.services import Services
from console.storage_metrics import disks
from core.clock import NS_PER_S
from core.messages import CameraHealth, PictureState
from core.remote import RemoteState

# A view older than this says nothing about now: its process, or the bus, is gone.
STALE_S = 30


class Metrics:
    """Counters of one application, in a registry of their own."""

    def __init__(self, services: Services) -> None:
        self._services = services
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
        self._registry.register(_FeedCollector(services))
        self._registry.register(_ChannelCollector(services))

    def page(self) -> bytes:
        """Everything in the text exposition format."""
        known = {one.id for one in self._services.site.cameras}
        for of_camera in (self.live_viewers, self.live_dropped):
            said = {one.labels["camera"] for met in of_camera.collect() for one in met.samples}
            for gone in said - known:
                of_camera.remove(gone)
        return generate_latest(self._registry)


class _FeedCollector(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        feed = self._services.feed
        yield GaugeMetricFamily(
            "wardwatch_event_listeners", "Browsers listening.", value=feed.listeners
        )
        if self._services.remote is not None:
            yield from _elsewhere(self._services.remote.state())
        yield from heeded(self._services.store, self._services.clock)
        known = {(one.camera, one.process): one for one in feed.health()}
        oldest_ns = self._services.clock.utc_ns() - STALE_S * NS_PER_S
        # Of the roster as it is now: a camera that was removed or switched off has no samples.
        views = [
            (camera.id, process, one if one is not None and one.at_ns >= oldest_ns else None)
            for camera in self._services.site.cameras
            if camera.enabled
            for process in ("recorder", "analyst")
            for one in [known.get((camera.id, process))]
        ]
        yield _states(views)
        fresh = [one for _, _, one in views if one is not None]
        yield _pictures(fresh)
        yield from _figures(fresh)
        storage = feed.storage()
        yield from disks(storage if storage is not None and storage.at_ns >= oldest_ns else None)


def _elsewhere(state: RemoteState) -> Iterator[Metric]:
    """How far evidence is stored elsewhere."""
    gauge = GaugeMetricFamily(
        "wardwatch_evidence_elsewhere_state", "1 for the state that holds.", labels=["state"]
    )
    for one in get_args(RemoteState.model_fields["state"].annotation):
        gauge.add_metric([one], float(one == state.state))
    yield gauge
    oldest = (state.oldest_ns or 0) / NS_PER_S
    for family, name, meaning, value in (
        (GaugeMetricFamily, "waiting_files", "Sealed files that are here only.", state.waiting),
        (GaugeMetricFamily, "waiting_bytes", "Their size.", state.waiting_bytes),
        (
            GaugeMetricFamily,
            "oldest_seconds",
            "UTC time of sealing of the oldest; 0: none.",
            oldest,
        ),
        (GaugeMetricFamily, "problems", "Things that a person must look at.", len(state.problems)),
        (CounterMetricFamily, "sent", "Files stored.", state.sent),
        (CounterMetricFamily, "sent_bytes", "Bytes stored.", state.sent_bytes),
        (CounterMetricFamily, "failures", "Attempts that failed.", state.failures),
    ):
        yield family(f"wardwatch_evidence_elsewhere_{name}", meaning, value=value)


class _ChannelCollector(Collector):
    """How the channels of notices do."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        told = self._services.notifications
        labels = ["channel", "kind"]
        waiting = GaugeMetricFamily(
            "wardwatch_channel_waiting", "Notices that wait.", labels=labels
        )
        failing = GaugeMetricFamily(
            "wardwatch_channel_failing", "1 while deliveries fail.", labels=labels
        )
        last = GaugeMetricFamily(
            "wardwatch_channel_last_success_seconds",
            "UTC time of the last delivery, seconds since 1970.",
            labels=labels,
        )
        ended = CounterMetricFamily(
            "wardwatch_channel_notices", "Notices that ended.", labels=[*labels, "end"]
        )
        for one in told.channels() if told is not None else ():
            of = [one.id, one.kind]
            waiting.add_metric(of, one.waiting)
            failing.add_metric(of, float(one.failing_since_ns is not None))
            ended.add_metric([*of, "delivered"], one.delivered)
            ended.add_metric([*of, "expired"], one.expired)
            if one.last_ok_ns is not None:
                last.add_metric(of, one.last_ok_ns / NS_PER_S)
        yield from (waiting, failing, last, ended)


_STATES = ("online", "degraded", "offline", "unknown")
_LABELS = ("camera", "process")

_FIGURES: tuple[
    tuple[type[GaugeMetricFamily | CounterMetricFamily], str, str,
          Callable[[CameraHealth], float | None]], ...
] = (
    (GaugeMetricFamily, "fps", "Pictures a second that come.", lambda one: one.fps),
    (GaugeMetricFamily, "kbps", "Bit rate, kbit/s.", lambda one: one.bitrate_kbps),
    (GaugeMetricFamily, "lag_seconds", "Age of the newest frame handled.", lambda one: one.lag_s),
    (
        GaugeMetricFamily,
        "state_since_seconds",
        "UTC time since which the state holds, seconds since 1970.",
        lambda one: one.since_ns / NS_PER_S,
    ),
    (CounterMetricFamily, "reconnects", "Reconnects.", lambda one: one.reconnects),
    (
        GaugeMetricFamily,
        "keyframe_age_seconds",
        "Since the last key frame.",
        lambda one: one.last_keyframe_age_s,
    ),
    (
        GaugeMetricFamily,
        "loss_ratio",
        "Share of the sent octets lost, at least.",
        lambda one: one.loss,
    ),
    (
        GaugeMetricFamily,
        "clock_offset_seconds",
        "The camera's clock minus ours.",
        lambda one: one.clock_offset_s,
    ),
    (
        GaugeMetricFamily,
        "clock_uncertainty_seconds",
        "How far the clock offset may be off.",
        lambda one: one.clock_uncertainty_s,
    ),
    (
        GaugeMetricFamily,
        "analysed_fps",
        "Pictures a second taken for analysis.",
        lambda one: one.analysed_fps,
    ),
    (
        CounterMetricFamily,
        "dropped",
        "Pictures due for analysis but replaced by newer ones.",
        lambda one: one.dropped,
    ),
    (
        GaugeMetricFamily,
        "skipped_ratio",
        "Their share of the pictures due in ten seconds.",
        lambda one: one.skipped,
    ),
)  # fmt: skip


def _states(views: list[tuple[str, str, CameraHealth | None]]) -> Metric:
    """1 for the state that holds, 0 for the others; ``unknown``: no word for half a minute."""
    gauge = GaugeMetricFamily(
        "wardwatch_camera_state", "1 for the state that holds.", labels=[*_LABELS, "state"]
    )
    for camera, process, one in views:
        holds = "unknown" if one is None else one.state
        for state in _STATES:
            gauge.add_metric([camera, process, state], float(state == holds))
    return gauge


def _pictures(views: list[CameraHealth]) -> Metric:
    gauge = GaugeMetricFamily(
        "wardwatch_camera_picture",
        "1 for what the picture is: ok, or what is wrong with it.",
        labels=[*_LABELS, "picture"],
    )
    for one in views:
        if one.picture is not None:
            for picture in get_args(PictureState):
                gauge.add_metric([one.camera, one.process, picture], float(picture == one.picture))
    return gauge


def _figures(views: list[CameraHealth]) -> Iterator[Metric]:
    """One metric a fact; a camera of which a fact is not known has no sample in it."""
    for family, name, meaning, read in _FIGURES:
        metric = family(f"wardwatch_camera_{name}", meaning, labels=_LABELS)
        for one in views:
            value = read(one)
            if value is not None:
                metric.add_metric([one.camera, one.process], value)
        yield metric
