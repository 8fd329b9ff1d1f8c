"""Cameras and disks: a change that lasts is written down once, flapping is not."""

from typing import Any

from alerts.duty.equipment import Equipment
from core.clock import ManualClock
from core.messages import CameraHealth
from core.store.database import Store
from tests.alerts.duty.desk_world import DeskWorld


def health(state: Any, process: Any = "recorder", **more: Any) -> CameraHealth:
    return CameraHealth(camera="river", process=process, state=state, since_ns=0, at_ns=0, **more)


def run(equipment: Equipment, clock: ManualClock, seconds: int, *said: CameraHealth) -> None:
    for _ in range(seconds):
        for one in said:
            equipment.hear(one)
        clock.advance(1)
        equipment.tick()


def told(world: DeskWorld) -> list[tuple[str, str]]:
    with world.store.read() as unit:
        return [
            (one.action, str(one.detail.get("to") or one.detail.get("kind")))
            for one in unit.audit.entries()
            if one.action.startswith(("camera.", "storage."))
        ]


def test_what_lasts_is_written_and_what_flaps_is_not(store: Store, clock: ManualClock) -> None:
    world = DeskWorld(store, clock)
    equipment = Equipment(store, clock, 30)
    run(equipment, clock, 40, health("online"))
    assert told(world) == []  # that all is well is no news
    for _ in range(5):
        run(equipment, clock, 5, health("offline", reason="timeout"))
        run(equipment, clock, 5, health("online"))
    assert told(world) == []
    run(equipment, clock, 60, health("offline", reason="timeout"))
    equipment = Equipment(store, clock, 30)  # a restart knows what was said
    run(equipment, clock, 60, health("offline", reason="timeout"))
    run(equipment, clock, 60, health("online"), health("online", "analyst", picture="covered"))
    assert told(world) == [
        ("camera.state", "offline"),
        ("camera.state", "online"),
        ("camera.picture", "covered"),
    ]


def test_a_recorder_that_says_nothing_is_told(store: Store, clock: ManualClock) -> None:
    world = DeskWorld(store, clock)
    equipment = Equipment(store, clock, 30)
    run(equipment, clock, 10, health("online"))
    run(equipment, clock, 120)
    assert told(world) == [("camera.state", "offline")]
    equipment.keep([])  # the camera was removed
    run(equipment, clock, 120)
    assert len(told(world)) == 1
