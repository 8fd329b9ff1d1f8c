"""The log and the handover tell what the township did, without anything written twice."""

from core.clock import ManualClock
from core.store.database import Store
from tests.alerts.duty.desk_world import PLAN, DeskWorld
from tests.alerts.world import World, make_site


def test_an_incident_of_the_shift_is_in_the_log_and_in_the_handover(
    store: Store, clock: ManualClock
) -> None:
    site = make_site(duty=PLAN, language="en")
    town, duty = World(store, clock, site), DeskWorld(store, clock, site)
    duty.desk.sign_on("d1")
    with store.read() as unit:
        before = len(list(unit.audit.entries()))
    town.see("river")
    with store.read() as unit:
        wrote = [one.action for one in unit.audit.entries()][before:]
    assert not any(one.startswith("duty.") for one in wrote)
    said = [(one.category, one.text.en) for one in duty.lines()]
    assert any("illegal fishing found at river, shore" in words for _, words in said)
    assert any(category == "warning" for category, _ in said)
    draft = duty.desk.prepare("d1")
    assert "illegal fishing, river, shore: warning" in draft.words.open
    assert draft.words.equipment == "all well"
    assert draft.words.instructions == ""
