"""Which sightings are the same act."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.triage import is_news, same_act, still_active
from core.cases import Severity
from core.clock import NS_PER_S
from core.geometry import Box
from core.messages import Action
from core.seeing import Kind, Phase, Sighting, Why
from core.value import Text
from tests.alerts.world import World, make_site

MakeWorld = Callable[..., World]
CONTINUES, ENDED = Phase.CONTINUES, Phase.ENDED


def sighting(name: str, phase: Phase, last_s: int) -> Sighting:
    return Sighting(
        id=name,
        camera="river",
        zone="shore",
        kind=Kind.FISHING,
        phase=phase,
        started_ns=0,
        fired_ns=0,
        last_ns=last_s * NS_PER_S,
        box=Box(0, 0, 1, 1),
        why=Why(text=Text(zh="", en="")),
    )


def test_a_second_angler_beside_the_first_is_the_same_incident(world: World) -> None:
    world.see("s1")
    world.clock.advance(5)
    world.see("s2")
    assert world.incident.sightings == ("s1", "s2")
    assert world.said("incident.merged") == 1
    assert len(world.announcements) == 1


def test_two_zones_are_two_incidents(world: World) -> None:
    world.see("s1", zone="shore")
    world.see("s2", zone="bridge")
    assert {one.zone for one in world.incidents} == {"shore", "bridge"}


def test_another_kind_at_the_same_place_is_another_incident(world: World) -> None:
    world.see("s1")
    world.see("s2", kind=Kind.DUMPING)
    assert len(world.incidents) == 2


def test_both_must_leave_before_it_is_complied_with(world: World) -> None:
    world.see("s1")
    world.see("s2")
    world.speak()
    world.clock.advance(5)
    world.see("s1", ENDED, fired_s=11)
    assert world.incident.active
    assert world.states()[-1] == "warning"
    world.clock.advance(2)
    world.see("s2", ENDED, fired_s=13)
    assert world.states()[-1] == "complied"


def test_back_within_merge_s_reopens_and_later_is_a_new_incident(world: World) -> None:
    world.see("s1")
    world.speak()
    world.see("s1", ENDED, fired_s=6)
    world.seal(world.wanted[-1])
    assert world.states()[-1] == "closed"
    world.pass_s(40)
    world.see("s2", dwell_s=12)  # began 28 s after the first was last seen
    assert world.states()[-2:] == ["reopened", "warning"]
    assert world.announcements[-1].attempt == 2
    world.see("s2", ENDED)
    world.seal(world.wanted[-1])
    world.pass_s(80)
    world.see("s3", dwell_s=12)
    assert len(world.incidents) == 2


def test_a_second_end_waits_for_its_own_evidence(world: World) -> None:
    world.see("s1")
    world.speak()
    world.see("s1", ENDED, fired_s=6)
    first = world.wanted[-1]
    world.clock.advance(30)
    world.see("s2")
    world.speak()
    world.see("s2", ENDED, fired_s=6)
    world.seal(first)
    assert world.states()[-1] == "complied"
    world.seal(world.wanted[-1])
    assert world.states()[-1] == "closed"


def test_what_a_person_dismissed_stays_dismissed_for_a_while(world: World) -> None:
    world.see("s1")
    world.command(Action.DISMISS, reason="钓友协会活动，已备案")
    world.clock.advance(20)
    world.see("s1", CONTINUES, fired_s=20)
    world.see("s2")
    assert world.states()[-1] == "dismissed"
    assert len(world.incidents) == 1
    world.clock.advance(90)
    world.see("s1", CONTINUES, fired_s=110)
    world.see("s3")
    assert len(world.incidents) == 2


def test_a_pile_that_was_settled_does_not_swallow_the_next(world: World) -> None:
    where = {"camera": "lane", "zone": "verge", "kind": Kind.DUMPING}
    world.see("s1", **where)
    world.command(Action.CLOSE, reason="环卫已登记清运")
    for _ in range(20):
        world.clock.advance(10)
        world.see("s1", CONTINUES, fired_s=200, **where)
    assert world.states() == ["detected", "warning", "closed"]
    world.see("s2", cues=("vehicle",), **where)
    assert len(world.incidents) == 2
    assert world.incidents[0].severity is Severity.SERIOUS


def test_the_end_heard_first_still_makes_an_incident(world: World) -> None:
    world.see("s1", ENDED)
    world.see("s1", Phase.FIRED)
    assert world.states() == ["detected", "complied"]
    assert [one.role for one in world.wanted] == ["clip", "after"]
    assert world.announcements == []


def test_new_cues_make_it_serious(world: World) -> None:
    world.see("s1")
    world.speak()
    world.clock.advance(3)
    world.see("s1", CONTINUES, cues=("net",), fired_s=9)
    assert world.incident.severity is Severity.SERIOUS
    assert world.incident.catalogue_row == "netting"
    assert world.states()[-1] == "dispatched"
    world.clock.advance(3)
    world.see("s1", CONTINUES, fired_s=12)
    assert world.incident.catalogue_row == "netting"


def test_the_law_of_the_day_counts(world_of: Callable[..., World]) -> None:
    world = world_of(catalogue={"rows": []})
    world.see("s1")
    world.pass_s(5)
    assert world.states() == ["detected"]
    assert world.incident.catalogue_row is None
    assert world.said("incident.waits") == 1
    assert world.command(Action.CONFIRM) is None
    assert world.states() == ["detected", "confirmed", "warning"]


PHASES = st.sampled_from([Phase.FIRED, Phase.CONTINUES, Phase.ENDED])


@given(st.lists(st.tuples(PHASES, st.integers(0, 100)), max_size=12))
def test_a_sighting_only_goes_forward(messages: list[tuple[Phase, int]]) -> None:
    known, ended = None, False
    for phase, last_s in messages:
        heard = sighting("s", phase, last_s)
        if not is_news(known, heard):
            continue
        assert not ended
        assert known is None or phase is not Phase.FIRED
        assert known is None or phase is Phase.ENDED or heard.last_ns > known.last_ns
        known, ended = heard, phase is Phase.ENDED
        assert not is_news(known, heard)


@given(st.lists(st.tuples(PHASES, st.integers(0, 300)), min_size=1, max_size=6))
def test_active_means_somebody_seen_lately_has_not_left(parts: list[tuple[Phase, int]]) -> None:
    heard = [sighting(str(n), phase, last_s) for n, (phase, last_s) in enumerate(parts)]
    newest = max(last_s for _, last_s in parts)
    expected = any(p is not Phase.ENDED and s >= newest - 60 for p, s in parts)
    assert still_active(heard, 60) is expected


def test_same_act_looks_at_place_kind_and_time(world: World) -> None:
    first = world.see("s1")
    incident = world.incident
    heard = [first]
    assert same_act(world.site, incident, first, 0, lambda _: heard)
    for change in ({"camera": "lane"}, {"zone": "bridge"}, {"kind": Kind.DUMPING}):
        other = first.model_copy(update=change)
        assert not same_act(world.site, incident, other, 1e6, lambda _: heard)


OVERLAPS = [["river/shore", "silent/shore"]]


def test_an_act_that_two_cameras_see_is_one_incident(world_of: MakeWorld) -> None:
    world = world_of(overlaps=OVERLAPS)
    world.see("s1")
    world.clock.advance(5)
    other = world.see("s2", camera="silent", cues=("net",))
    assert world.incident.sightings == ("s1", "s2")
    assert world.incident.camera == "river"
    assert world.incident.severity is Severity.SERIOUS
    assert [one.camera for one in world.wanted] == ["river", "silent"]
    assert world.wanted[1].moment_ns == other.fired_ns
    assert len(world.orders) == 1
    world.see("s1", Phase.ENDED, fired_s=10)
    assert world.incident.active  # the other camera still sees it
    world.see("s2", Phase.ENDED, camera="silent", cues=("net",), fired_s=10)
    assert not world.incident.active


def test_ground_beside_it_is_another_incident(world_of: MakeWorld) -> None:
    world = world_of(overlaps=OVERLAPS)
    world.see("s1")
    world.see("s2", zone="bridge")
    world.see("s3", camera="asked")
    assert len(world.incidents) == 3


@pytest.mark.parametrize(
    ("group", "complaint"),
    [
        (["river/shore"], "two zones or more"),
        (["river/shore", "lane/verge"], "one kind"),
        (["river/shore", "asked/shore"], "response"),
        (["river/shore", "river/none"], "is no zone"),
        (["river/shore", "river/shore"], "twice"),
    ],
)
def test_overlaps_must_fit(group: list[str], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        make_site(overlaps=[group])
