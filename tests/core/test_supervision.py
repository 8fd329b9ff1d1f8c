"""Figures of supervision, and that what is unknown stays unknown."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from core.cases import Hearing, Incident, IncidentState, Receipt, Severity, StateChange
from core.clock import NS_PER_S, ManualClock, local_day, parse_iso
from core.config.load import load
from core.config.site import Site
from core.config.supervision import DAY_AND_NIGHT
from core.geometry import Box
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import Store, open_store
from core.supervision import By, GroupFigures, Report, report, shifts_of
from core.value import NO_WORDS

SITE = load(Path(__file__).parents[2] / "configs" / "demo")
CAMERA = SITE.cameras[0]
ZONE = CAMERA.zones[0].id
NIGHT_NS = parse_iso("2026-11-03T23:00:00+08:00")
NOW_NS = NIGHT_NS + 3600 * NS_PER_S
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'figures.db'}", ManualClock())
    yield made
    made.close()


def put(
    store: Store,
    name: str,
    *steps: tuple[str, int],
    at_ns: int = NIGHT_NS,
    camera: str = CAMERA.id,
    ended: tuple[tuple[str | None, int], ...] = (),
) -> None:
    """An incident whose states were reached so many seconds after its beginning.

    Args:
        ended: how its sightings ended, and when.
    """
    sightings = tuple(
        Sighting.model_validate(
            {
                "id": f"{name}-{number}", "camera": camera, "zone": ZONE, "kind": Kind.FISHING,
                "phase": Phase.ENDED, "started_ns": at_ns, "fired_ns": at_ns, "last_ns": at_ns,
                "ended_ns": at_ns + after_s * NS_PER_S, "box": Box(0.1, 0.1, 0.1, 0.1),
                "source": "tip" if how == "tip" else "camera",
                "why": Why(text=NO_WORDS, facts={"ended": how} if how else {}),
            }
        )
        for number, (how, after_s) in enumerate(ended)
    )  # fmt: skip
    history = tuple(
        StateChange(state=state, at_ns=at_ns + after_s * NS_PER_S, actor="system")
        for state, after_s in steps
    )
    with store.begin() as unit:
        for one in sightings:
            unit.sightings.put(one)
        unit.incidents.put(
            Incident(
                id=name, kind=Kind.FISHING, severity=Severity.MINOR, camera=camera, zone=ZONE,
                state=IncidentState(steps[-1][0]), history=history, started_ns=at_ns,
                last_seen_ns=at_ns, active=False, box=Box(0.1, 0.1, 0.1, 0.1), why=NO_WORDS,
                sightings=tuple(one.id for one in sightings),
            )
        )  # fmt: skip


def hear(store: Store, incident: str, number: int, verdict: str | None, ok: bool = True) -> None:
    hearing = Hearing.model_validate({"verdict": verdict, "microphone": "m"}) if verdict else None
    with store.begin() as unit:
        unit.receipts.put(
            Receipt(
                announcement=f"{incident}-{number}", incident=incident, camera=CAMERA.id, ok=ok,
                driver="file", text="", hearing=hearing,
            )
        )  # fmt: skip


def of(store: Store, by: By = By.ZONE) -> Report:
    with store.read() as unit:
        return report(unit, SITE, FIRST, LAST, by, NOW_NS)


def whole(store: Store) -> GroupFigures:
    return of(store).whole


def test_without_incidents_every_rate_is_unknown(store: Store) -> None:
    made = whole(store)
    assert made.incidents == 0
    assert made.false_alarm_rate is made.compliance_rate is made.audibility is None
    assert made.comply_median_s is None
    assert made.steps["arrive"].median_s is None
    assert of(store).groups == ()


def test_compliance_counts_what_was_seen_and_the_rest_is_unknown(store: Store) -> None:
    put(store, "fast", ("detected", 1), ("warning", 10), ("complied", 40), ("closed", 50),
        ended=(("left_zone", 40),))  # fmt: skip
    put(store, "slow", ("detected", 1), ("warning", 10), ("complied", 210), ("closed", 220),
        ended=(("left_picture", 210),))  # fmt: skip
    put(store, "stays", ("detected", 1), ("warning", 10), ("persisting", 90))
    put(store, "open", ("detected", 1), ("warning", 10))
    put(store, "by-hand", ("detected", 1), ("warning", 10), ("closed", 20))
    made = whole(store)
    assert (made.warned, made.complied, made.complied_in_time, made.stayed) == (5, 2, 1, 1)
    assert made.compliance_unknown == 2
    assert made.compliance_rate == 1 / 3
    assert made.comply_median_s == 115
    assert made.unseen_share == 0


WENT = ("detected", 1), ("warning", 10), ("complied", 40)


@pytest.mark.parametrize(
    ("ended", "counted"),
    [
        ((("left_zone", 40),), "complied"),
        ((("left_picture", 40),), "complied"),
        ((("moved", 40),), "complied"),
        ((("thing_gone", 40),), "complied"),
        ((("lost", 40),), "ended_unseen"),
        (((None, 40),), "ended_unseen"),
        (((("a new word"), 40),), "ended_unseen"),
        ((), "ended_unseen"),
        ((("allowed", 40),), "hours_over"),
        ((("left_zone", 40), ("lost", 30)), "ended_unseen"),
        ((("left_zone", 40), ("lost", 5)), "complied"),  # went before any warning
        ((("left_zone", 40), ("lost", 90)), "complied"),  # came later
        ((("left_zone", 40), ("tip", 30)), "complied"),  # nobody watches what a tip tells
    ],
)
def test_what_was_not_seen_is_not_counted_as_complied(
    store: Store, ended: tuple[tuple[str | None, int], ...], counted: str
) -> None:
    put(store, "stays", ("detected", 1), ("warning", 10), ("persisting", 90))
    put(store, "went", *WENT, ended=ended)
    made = whole(store)
    counts = {name: getattr(made, name) for name in ("complied", "ended_unseen", "hours_over")}
    assert counts == {**dict.fromkeys(counts, 0), counted: 1}
    assert (made.warned, made.stayed, made.compliance_unknown) == (2, 1, 0)
    assert made.compliance_rate == (0.5 if counted == "complied" else 0)
    assert made.unseen_share == (0.5 if counted == "ended_unseen" else 0)
    assert made.comply_median_s == (30 if counted == "complied" else None)


def test_more_endings_than_are_read_at_once(store: Store) -> None:
    for number in range(520):
        put(store, f"went-{number}", *WENT, ended=(("lost" if number % 2 else "left_zone", 40),))
    made = whole(store)
    assert (made.complied, made.ended_unseen, made.unseen_share) == (260, 260, 0.5)


def test_false_alarms_are_a_share_of_what_ended(store: Store) -> None:
    put(store, "a", ("detected", 1), ("dismissed", 5))
    put(store, "b", ("detected", 1), ("transferred", 5))
    put(store, "c", ("detected", 1))
    put(store, "told", ("detected", 1), ("dismissed", 5), camera="")
    made = whole(store)
    assert (made.incidents, made.ended, made.dismissed, made.transferred) == (4, 3, 1, 1)
    assert made.ended_seen == 2, "no detector was wrong about a tip"
    assert made.false_alarm_rate == 0.5


def test_a_step_is_late_when_its_limit_is_over_and_nobody_came(store: Store) -> None:
    went = ("detected", 0), ("dispatched", 10), ("acknowledged", 40), ("on_scene", 1000)
    put(store, "late", *went)
    put(store, "waiting", ("detected", 0), ("dispatched", 100))
    put(store, "just", ("detected", 0), ("dispatched", 3590))
    put(store, "called-off", ("detected", 0), ("dispatched", 10), ("dismissed", 20))
    made = whole(store)
    acknowledge, arrive = made.steps["acknowledge"], made.steps["arrive"]
    assert (acknowledge.reached, acknowledge.in_time, acknowledge.late) == (1, 1, 1)
    assert acknowledge.median_s == 30
    assert (arrive.reached, arrive.in_time, arrive.late) == (1, 0, 2)
    assert made.overdue == 2


def test_audibility_leaves_out_what_nobody_listened_to(store: Store) -> None:
    put(store, "a", ("detected", 1), ("warning", 5))
    for number, (verdict, ok) in enumerate(
        [("heard", True), ("not_heard", True), ("unknown", True), (None, True), (None, False)]
    ):
        hear(store, "a", number, verdict, ok)
    made = whole(store)
    assert (made.warnings_said, made.heard, made.not_heard, made.hearing_unknown) == (4, 1, 1, 2)
    assert made.audibility == 0.5


def test_groups_and_the_days_of_the_township(store: Store) -> None:
    put(store, "night", ("detected", 1))
    put(store, "day", ("detected", 1), at_ns=parse_iso("2026-11-04T09:00:00+08:00"))
    put(store, "first", ("detected", 1), at_ns=parse_iso("2026-11-01T00:00:00+08:00"))
    put(store, "before", ("detected", 1), at_ns=parse_iso("2026-10-31T23:59:59+08:00"))
    put(store, "after", ("detected", 1), at_ns=parse_iso("2026-12-01T00:00:00+08:00"))
    assert whole(store).incidents == 3
    counts = {by: {one.key: one.incidents for one in of(store, by).groups} for by in By}
    assert counts[By.SHIFT] == {"早班": 1, "中班": 1, "夜班": 1}
    assert counts[By.DAY] == {"2026-11-01": 1, "2026-11-03": 1, "2026-11-04": 1}
    assert counts[By.WEEK] == {"2026-W44": 1, "2026-W45": 2}
    assert counts[By.MONTH] == {"2026-11": 3}
    assert counts[By.KIND] == {"fishing": 3}
    assert counts[By.ZONE] == {f"{CAMERA.id}/{ZONE}": 3}
    assert counts[By.CAMERA] == {CAMERA.id: 3}
    assert CAMERA.name.zh in of(store).groups[0].name.zh


def test_the_access_register_is_counted(store: Store) -> None:
    with store.begin() as unit:
        for who in ("a", "a", "b"):
            unit.audit.append(who, "incident.view", "inc")
        unit.audit.append("a", "incident.state", "inc")
    with store.read() as unit:
        stamped = next(unit.audit.entries()).at_ns
        day = local_day(stamped, SITE.zone_info)
        made = report(unit, SITE, day.replace(day=1), day.replace(month=12, day=31), By.KIND, 0)
    assert [(one.action, one.times, one.people) for one in made.accesses] == [
        ("incident.view", 3, 2)
    ]


def test_shifts_of_the_figures_are_their_own_else_those_that_people_work() -> None:
    given = SITE.model_dump()
    assert [one.name.zh for one in shifts_of(SITE)] == ["早班", "中班", "夜班"]
    own = {"name": {"zh": "集市", "en": "Market"}, "hours": {"start": "05:00", "end": "11:00"}}
    changed = Site.model_validate({**given, "supervision": {"shifts": [own]}})
    assert [one.name.zh for one in shifts_of(changed)] == ["集市"]
    assert shifts_of(Site.model_validate({**given, "duty": {}})) == DAY_AND_NIGHT
