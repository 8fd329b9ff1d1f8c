"""Whether warnings were heeded, for Prometheus: of the incidents of the last day."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from statistics import median

from prometheus_client.core import GaugeMetricFamily, Metric

from core.clock import NS_PER_S, Clock
from core.compliance import Answer, compliance
from core.store.database import Store

DAY_S = 86_400
MOST = 300
"""So many of the newest incidents are looked at."""


def heeded(store: Store, clock: Clock) -> Iterator[Metric]:
    """Incidents with warnings by what came of them, and the median time to comply."""
    since_ns = clock.utc_ns() - DAY_S * NS_PER_S
    outcomes: Counter[tuple[str, str, str]] = Counter()
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    with store.read() as unit:
        newest = unit.incidents.find(newest_by="started_ns", limit=MOST)
        for one in newest:
            if one.started_ns < since_ns or not one.announcements:
                continue
            found = compliance(
                one,
                unit.announcements.find(incident=one.id),
                unit.receipts.find(incident=one.id),
                unit.sightings_of(one),
            )
            if found is None:
                continue
            outcomes[one.kind.value, found.outcome, found.answer.value] += 1
            if found.seconds is not None and found.answer is Answer.COMPLIED:
                seconds[one.kind.value].append(found.seconds)
    counts = GaugeMetricFamily(
        "wardwatch_warned_incidents",
        "Incidents of the last day with warnings, by what came of them and what they count as.",
        labels=["kind", "outcome", "answer"],
    )
    for labels, count in sorted(outcomes.items()):
        counts.add_metric(labels, count)
    yield counts
    times = GaugeMetricFamily(
        "wardwatch_seconds_to_comply",
        "From the first sound of the first warning until seen to be gone, median of the last day.",
        labels=["kind", "quantile"],
    )
    for kind, some in sorted(seconds.items()):
        times.add_metric([kind, "0.5"], median(some))
    yield times
