"""What a live talk changes for the desk; and incidents for which there are no words."""

from collections.abc import Callable

from core.cases import Announcement, IncidentState, Priority, Receipt
from core.clock import NS_PER_S
from core.compliance import compliance
from core.messages import Action
from core.seeing import Kind, Phase
from core.value import Text
from core.wording import Wording
from tests.alerts.world import World, camera, zone

BY_HAND = [camera("river", zone("shore", Kind.FISHING, "confirm"))]


def talk(
    world: World, *, ok: bool = True, seconds: float = 8, after_s: float = 0, number: int = 1
) -> Receipt:
    """Somebody speaks at the incident's loudspeaker; the receipt comes when it is over."""
    incident = world.incident
    spoken = Announcement(
        id=f"{incident.id}-talk{number}",
        incident=incident.id,
        camera=incident.camera,
        text="（实时喊话）",
        attempt=1,
        requested_ns=world.clock.utc_ns(),
        requested_by="zhou",
        priority=Priority.URGENT,
        live=True,
    )
    with world.store.begin() as unit:
        unit.announcements.put(spoken)
    started_ns = world.clock.utc_ns()
    world.pass_s(seconds)
    if after_s:
        world.see("s1", Phase.ENDED)
        world.pass_s(after_s)
    receipt = Receipt(
        announcement=spoken.id,
        incident=incident.id,
        camera=incident.camera,
        ok=ok,
        driver="onvif",
        text=spoken.text,
        started_ns=started_ns,
        seconds=seconds,
        error=None if ok else "camera river: gone",
    )
    world._deliver(world.desk.on_receipt, receipt)
    return receipt


def outcome(world: World) -> tuple[str, int, float | None]:
    with world.store.read() as unit:
        name = world.incident.id
        spoken = unit.announcements.find(incident=name)
        found = compliance(world.incident, spoken, unit.receipts.find(incident=name), [])
    assert found is not None
    return found.outcome, found.warnings, found.seconds


def test_who_leaves_after_a_live_talk_has_complied(world_of: Callable[..., World]) -> None:
    world = world_of(twice=True, cameras=BY_HAND)
    world.see("s1")
    assert world.incident.state is IncidentState.DETECTED
    talk(world)
    incident = world.incident
    assert [one.state for one in incident.history][-2:] == ["confirmed", "warning"]
    assert incident.history[-1].actor == "zhou"
    assert incident.announcements == (f"{incident.id}-talk1",)
    world.pass_s(12)
    world.see("s1", Phase.ENDED)
    assert world.incident.state is IncidentState.COMPLIED
    assert outcome(world) == ("left", 1, 20.0)


def test_the_deadline_runs_from_the_last_word_of_the_talk(world: World) -> None:
    world.see("s1")
    world.speak()
    world.pass_s(20)
    talk(world, seconds=30)  # the first warning's deadline passes during or soon after it
    compliance_s = world.site.warnings.compliance_s
    world.pass_s(compliance_s - 2)
    world.see("s1", Phase.CONTINUES)
    assert world.incident.state is IncidentState.WARNING
    assert len(world.announcements) == 1
    world.pass_s(4)
    world.see("s1", Phase.CONTINUES)
    # Two warnings were heard, his voice one of them: an officer goes.
    assert world.incident.state is IncidentState.DISPATCHED
    assert outcome(world)[:2] == ("persisted", 2)


def test_a_talk_that_failed_changes_nothing(world_of: Callable[..., World]) -> None:
    world = world_of(cameras=BY_HAND)
    world.see("s1")
    before = world.incident
    talk(world, ok=False)
    assert world.incident.state is IncidentState.DETECTED
    assert world.incident.announcements == before.announcements == ()


def test_who_leaves_during_a_talk_was_spoken_to(
    world_of: Callable[..., World],
) -> None:
    world = world_of(twice=True, cameras=BY_HAND)
    world.see("s1")
    talk(world, seconds=9, after_s=3)
    incident = world.incident
    assert incident.state is IncidentState.COMPLIED
    assert incident.history[-1].reason.zh == "实时喊话中离开"
    assert incident.announcements == (f"{incident.id}-talk1",)
    assert outcome(world) == ("left", 1, 9.0)


def test_a_restart_does_not_count_a_talk_again(world: World) -> None:
    world.see("s1")
    world.speak()
    receipt = talk(world)
    counted = world.incident
    world.restart()
    world.desk.on_receipt(receipt)
    assert world.incident.announcements == counted.announcements
    assert world.incident.history == counted.history
    assert (world.clock.utc_ns() - (receipt.started_ns or 0)) / NS_PER_S == 8


def test_without_words_an_officer_goes_and_it_is_said_why(world: World) -> None:
    why = Text(zh="没有已审批的喊话词，不喊话", en="no approved warning text")
    world.wording = Wording(why=why)
    world.see("s1")
    assert world.incident.state is IncidentState.DISPATCHED
    assert world.incident.history[-1].reason == why
    assert world.announcements == []
    assert world.command(Action.WARN) == why


def test_an_announcement_names_the_version_and_its_parts(world: World) -> None:
    said = Wording.plain("离开").model_copy(update={"version": "fishing@2", "approved": True})
    world.wording = said
    world.see("s1")
    asked = world.announcements[-1]
    assert (asked.text, asked.wording, asked.approved) == ("离开", "fishing@2", True)
    assert asked.parts == said.parts
