"""The stories of the demo, told to a desk; the same ones run on SQLite and PostgreSQL."""

from core.cases import OrderState
from core.seeing import Kind, Phase
from tests.alerts.world import World

CONTINUES, ENDED = Phase.CONTINUES, Phase.ENDED


def warned_and_leaves(world: World) -> None:
    """River: an angler is warned once, packs up and goes."""
    world.see("s1")
    world.pass_s(1)
    world.speak()
    world.pass_s(4)
    world.see("s1", CONTINUES, fired_s=11)
    world.pass_s(4)
    world.see("s1", ENDED, fired_s=15)
    world.seal(world.wanted[0])
    world.pass_s(12)
    world.seal(world.wanted[-1])


def truck_dumps(world: World) -> None:
    """Lane: a truck dumps, the nearest officer is sent and reports."""
    where = {"camera": "lane", "zone": "verge", "kind": Kind.DUMPING}
    world.see("s2", cues=("vehicle",), **where)
    world.seal(world.wanted[-1])
    for state in (OrderState.ACKNOWLEDGED, OrderState.EN_ROUTE, OrderState.ON_SCENE):
        world.pass_s(10)
        world.reply(state)
        world.see("s2", CONTINUES, fired_s=10, **where)
    world.pass_s(15)
    world.reply(OrderState.HANDLED, "已通知清运")
    world.pass_s(12)
    world.seal(world.wanted[-1])


def stall_stays(world: World) -> None:
    """Market: warned twice, persists, an officer is sent; then the stall goes."""
    where = {"camera": "market", "zone": "passage", "kind": Kind.OCCUPATION}
    world.see("s3", **where)
    for _ in range(2):
        world.pass_s(1)
        world.speak()
        for _ in range(4):
            world.pass_s(5)
            world.see("s3", CONTINUES, fired_s=5, **where)
    for state in (OrderState.ACKNOWLEDGED, OrderState.EN_ROUTE, OrderState.ON_SCENE):
        world.pass_s(10)
        world.reply(state)
    world.pass_s(15)
    world.reply(OrderState.HANDLED, "已劝离")
    world.see("s3", ENDED, fired_s=60, **where)
    world.pass_s(12)
    world.seal(world.wanted[-1])


LEFT = ["detected", "warning", "complied", "closed"]
DUMPED = [
    "detected",
    "dispatched",
    "acknowledged",
    "en_route",
    "on_scene",
    "handled",
    "checked",
    "closed",
]
STAYED = ["detected", "warning", "persisting", *DUMPED[1:]]
