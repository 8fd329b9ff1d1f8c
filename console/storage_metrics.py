"""Figures of the disks for Prometheus."""

from collections.abc import Callable, Iterator
from typing import get_args

from prometheus_client.core import GaugeMetricFamily, Metric

from core.clock import NS_PER_S
from core.storage import AlarmKind, StorageState, VolumeCondition, VolumeState

_FIGURES: tuple[tuple[str, str, Callable[[VolumeState], float | None]], ...] = (
    ("size_bytes", "All of the disk.", lambda one: one.size_bytes),
    ("free_bytes", "Room on the disk.", lambda one: one.free_bytes),
    ("recorded_bytes", "Recordings on it.", lambda one: one.recorded_bytes),
    ("locked_bytes", "Recordings that retention leaves alone.", lambda one: one.locked_bytes),
    ("days", "Days of recordings there is room for at the last day's rate.", lambda one: one.days),
    (
        "oldest_seconds",
        "When its oldest recording begins, seconds since 1970.",
        lambda one: None if one.oldest_ns is None else one.oldest_ns / NS_PER_S,
    ),
)


def disks(state: StorageState | None) -> Iterator[Metric]:
    """What is known of the disks; no samples when the recorder says nothing."""
    volumes = state.volumes if state is not None else ()
    troubles = state.troubles if state is not None else ()
    for name, meaning, read in _FIGURES:
        gauge = GaugeMetricFamily(f"wardwatch_volume_{name}", meaning, labels=["volume"])
        for one in volumes:
            value = read(one)
            if value is not None:
                gauge.add_metric([one.volume], value)
        yield gauge
    states = GaugeMetricFamily(
        "wardwatch_volume_state", "1 for the state that holds.", labels=["volume", "state"]
    )
    for one in volumes:
        for condition in get_args(VolumeCondition):
            states.add_metric([one.volume, condition], float(condition == one.condition))
    yield states
    alarms = GaugeMetricFamily("wardwatch_storage_trouble", "1 while it lasts.", labels=["kind"])
    if state is not None:
        there = {one.kind for one in troubles}
        for kind in get_args(AlarmKind):
            alarms.add_metric([kind], float(kind in there))
    yield alarms
    days = GaugeMetricFamily(
        "wardwatch_storage_days", "Days of recordings there is room for on all volumes."
    )
    if state is not None and state.days is not None:
        days.add_metric([], state.days)
    yield days
