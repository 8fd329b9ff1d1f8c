"""The duty desk: a turn runs from the first sign-on until both have signed."""

import pytest

from core.clock import ManualClock
from core.duty import DutyRefusedError, HandoverWords, TaskKind, TaskState
from core.store.database import Store
from tests.alerts.duty.desk_world import DeskWorld, duty_site, local

NOON = "2026-11-22 12:00"


@pytest.fixture
def duty(store: Store, clock: ManualClock) -> DeskWorld:
    clock.step((local("2026-11-22 08:00") - clock.utc_ns()) / 1e9)
    world = DeskWorld(store, clock)
    world.desk.tick()
    return world


def refusal(error: pytest.ExceptionInfo[DutyRefusedError]) -> str:
    return "; ".join(one.en for one in error.value.why)


def test_the_first_to_sign_on_begins_the_shift_of_these_hours(duty: DeskWorld) -> None:
    assert duty.desk.now().turn is None
    turn = duty.desk.sign_on("d1")
    assert (turn.id, turn.on_duty()) == ("2026-11-22.day", ("d1",))
    assert duty.desk.sign_on("stranger").on_duty() == ("d1", "stranger")
    assert [one.rostered for one in duty.desk.now().turn.present] == [True, False]  # type: ignore[union-attr]
    with pytest.raises(DutyRefusedError) as error:
        duty.desk.sign_on("d1")
    assert "signed on already" in refusal(error)


def test_who_is_the_last_one_hands_over_instead_of_leaving(duty: DeskWorld) -> None:
    duty.desk.sign_on("d1")
    duty.desk.sign_on("d2")
    assert duty.desk.sign_off("d1").on_duty() == ("d2",)
    with pytest.raises(DutyRefusedError) as error:
        duty.desk.sign_off("d2")
    assert "hand over" in refusal(error)
    with pytest.raises(DutyRefusedError):
        duty.desk.sign_off("d1")


def test_nobody_signs_on_where_no_shift_is_planned(store: Store, clock: ManualClock) -> None:
    world = DeskWorld(store, clock, duty_site(shifts=[], roster={}))
    world.desk.tick()
    with pytest.raises(DutyRefusedError) as error:
        world.desk.sign_on("d1")
    assert "no shift is planned" in refusal(error)


def test_a_handover_is_refused_with_all_that_is_missing_named(duty: DeskWorld) -> None:
    duty.desk.sign_on("d1")
    duty.go(NOON, step_s=600)  # the patrol of ten o'clock was not made
    draft = duty.desk.prepare("d1")
    with pytest.raises(DutyRefusedError) as error:
        duty.desk.sign("e1", "leaving", draft.revision)
    said = refusal(error)
    for part in ("“Instructions” is empty", "patrol “ferry” (10:00)", "e1 is not of the shift"):
        assert part in said
    assert duty.desk.now().turn is not None
    assert duty.audit("duty.handover.signed") == []
    missing = "; ".join(one.en for one in duty.desk.now().missing)
    assert "who leaves has not signed" in missing
    assert "who comes has not signed" in missing


def test_only_with_both_signatures_the_shift_ends_and_the_next_begins(duty: DeskWorld) -> None:
    duty.desk.sign_on("d1")
    duty.go("2026-11-22 10:05")
    (patrol,) = [one for one in duty.desk.now().tasks if one.kind is TaskKind.PATROL]
    duty.desk.do(patrol.id, "d1", "all quiet")
    duty.go("2026-11-22 15:55", step_s=600)
    revision = duty.ready()
    duty.desk.sign("d1", "leaving", revision)
    assert duty.desk.now().turn.id == "2026-11-22.day"  # type: ignore[union-attr]
    with pytest.raises(DutyRefusedError) as error:
        duty.desk.sign("d1", "coming", revision)
    assert "one person cannot sign for both" in refusal(error)
    signed = duty.desk.sign("e1", "coming", revision)
    assert signed.signed_ns == duty.clock.utc_ns()
    assert len({one.sha256 for one in signed.signatures}) == 1
    now = duty.desk.now()
    assert now.turn is not None
    assert (now.turn.id, now.turn.on_duty()) == ("2026-11-22.evening", ("e1",))
    with duty.store.read() as unit:
        before = unit.duty_turns.get("2026-11-22.day")
    assert before is not None
    assert (before.state, before.on_duty()) == ("ended", ())
    (ended,) = duty.audit("duty.ended")
    assert ended.detail["sha256"] == signed.signatures[0].sha256
    assert [one.actor for one in duty.audit("duty.handover.signed")] == ["d1", "e1"]


def test_a_change_after_a_signature_takes_it_back(duty: DeskWorld) -> None:
    duty.desk.sign_on("d1")
    revision = duty.ready()
    duty.desk.sign("d1", "leaving", revision)
    words = HandoverWords(done="a", open="b", equipment="c", instructions="d")
    changed = duty.desk.edit("d1", revision, words)
    assert changed.signatures == ()
    with pytest.raises(DutyRefusedError) as error:
        duty.desk.sign("e1", "coming", revision)  # what they read is not what is there
    assert "changed meanwhile" in refusal(error)
    duty.desk.sign("e1", "coming", changed.revision)
    assert duty.desk.now().turn.id == "2026-11-22.day"  # type: ignore[union-attr]


def test_a_shift_runs_on_until_it_is_handed_over_and_then_whoevers_hours_these_are(
    duty: DeskWorld,
) -> None:
    duty.desk.sign_on("d1")
    duty.go("2026-11-22 10:01")
    duty.desk.do("patrol/ferry/2026-11-22T10:00+0800", "d1", "")
    duty.go("2026-11-22 15:00", step_s=600)
    stale = duty.ready()
    duty.go("2026-11-22 23:40", step_s=600)  # nobody came for the evening
    with pytest.raises(DutyRefusedError) as error:
        duty.desk.sign("d1", "leaving", stale)
    assert "another shift follows now" in refusal(error)
    revision = duty.desk.recompose("d1").revision
    assert duty.desk.handover("2026-11-22.day").words.instructions == "watch the ferry"  # type: ignore[union-attr]
    duty.desk.sign("d1", "leaving", revision)
    duty.desk.sign("n1", "coming", revision)
    assert duty.desk.now().turn.id == "2026-11-22.night"  # type: ignore[union-attr]
    assert [one for one in duty.desk.now().tasks if one.open] == []


def test_a_late_sign_on_is_told_to_the_chief_then_upward_each_once(duty: DeskWorld) -> None:
    duty.go("2026-11-22 08:09")
    assert duty.audit("duty.sign_on_late") == []
    duty.go("2026-11-22 08:30")
    (told,) = duty.audit("duty.sign_on_late")
    assert told.detail["chief"] == "boss"
    assert len(duty.audit("duty.escalated")) == 1
    duty.desk.sign_on("d2")
    (task,) = [one for one in duty.desk.now().tasks if one.kind is TaskKind.SIGN_ON]
    assert (task.state, task.done_by) == (TaskState.DONE, "d2")
    assert task.told_ns is not None
    (done,) = duty.audit("duty.sign_on_done")
    assert done.detail["late"] is True


def test_who_is_awake_answers_and_who_is_not_is_reported(duty: DeskWorld) -> None:
    duty.go("2026-11-22 23:31", step_s=600)
    duty.desk.sign_on("n1")
    duty.go("2026-11-23 00:01")
    (asked,) = [one for one in duty.desk.now().tasks if one.kind is TaskKind.AWAKE]
    assert asked.id == "awake/desk/2026-11-23T00:00+0800"
    duty.desk.do(asked.id, "n1", "")
    duty.go("2026-11-23 00:32")
    assert duty.audit("duty.awake_missed") == []
    duty.go("2026-11-23 00:34")
    (missed,) = duty.audit("duty.awake_missed")
    assert missed.detail["chief"] == "boss"
    duty.go("2026-11-23 01:05")
    assert [one.object for one in duty.audit("duty.escalated")][-2:] == [
        "patrol/ferry/2026-11-22T23:45+0800",
        "awake/desk/2026-11-23T00:30+0800",
    ]
    newest = "awake/desk/2026-11-23T01:00+0800"
    duty.desk.do(newest, "n1", "")
    assert [one for one in duty.desk.now().tasks if one.open and one.kind is TaskKind.AWAKE] == []
    with pytest.raises(DutyRefusedError):
        duty.desk.do(newest, "d1", "")  # is not at the desk


def test_restarts_and_repeated_looks_act_on_no_timer_twice(duty: DeskWorld) -> None:
    duty.go("2026-11-22 09:00")
    for _ in range(3):
        duty.restart()
        duty.desk.tick()
        duty.desk.tick()
    duty.clock.step(-1800)  # the clock is set back
    duty.go("2026-11-22 10:30")
    assert len(duty.audit("duty.sign_on_late")) == 1
    assert len(duty.audit("duty.escalated")) == 2  # the sign-on, and the patrol of ten
    assert [one.object for one in duty.audit("duty.patrol_overdue")] == [
        "patrol/ferry/2026-11-22T10:00+0800"
    ]


def test_what_came_due_while_nothing_ran_is_asked_only_while_it_can_be_answered(
    duty: DeskWorld,
) -> None:
    duty.desk.sign_on("d1")
    duty.clock.step((local("2026-11-22 10:10") - duty.clock.utc_ns()) / 1e9)
    duty.restart()
    duty.desk.tick()
    assert [one.kind for one in duty.desk.now().tasks if one.open] == [TaskKind.PATROL]
    duty.desk.do("patrol/ferry/2026-11-22T10:00+0800", "d1", "")
    duty.clock.step((local("2026-11-23 03:01") - duty.clock.utc_ns()) / 1e9)
    duty.restart()
    duty.desk.tick()
    names = [one.id for one in duty.desk.now().tasks if one.kind is TaskKind.AWAKE]
    assert names == ["awake/desk/2026-11-23T03:00+0800"]


def test_notes_stay_and_a_correction_names_what_it_corrects(duty: DeskWorld) -> None:
    duty.desk.sign_on("d1")
    first = duty.desk.note("d1", " the gate of the ferry was open ")
    second = duty.desk.note("d2", "the gate of the quarry", corrects=first.seq)
    lines = {one.seq: one for one in duty.lines()}
    assert lines[first.seq].text.zh == "the gate of the ferry was open"
    assert lines[first.seq].corrected_by == (second.seq,)
    assert (lines[second.seq].corrects, lines[second.seq].category) == (first.seq, "note")
    # A page that ends before the correction knows of it all the same.
    early = duty.desk.log(0, first.at_ns, before=second.seq)
    assert early[0].corrected_by == (second.seq,)
    for wrong, said in (("  ", None), ("x", 9999)):
        with pytest.raises(DutyRefusedError):
            duty.desk.note("d1", wrong, corrects=said)
    with duty.store.read() as unit:
        unit.audit.verify()


def test_the_log_is_filtered_and_paged(duty: DeskWorld) -> None:
    duty.desk.sign_on("d1")
    for number in range(7):
        duty.desk.note("d1", f"note {number}")
    now_ns = duty.clock.utc_ns()
    first = duty.desk.log(0, now_ns, categories=("note",), limit=5)
    rest = duty.desk.log(0, now_ns, categories=("note",), before=first[-1].seq, limit=5)
    assert [one.text.en for one in (*first, *rest)] == [f"note {n}" for n in range(6, -1, -1)]
