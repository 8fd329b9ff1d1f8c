"""The same stories on a PostgreSQL server of our own, reached through a Unix socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.cases import Hearing, Receipt
from core.clock import ManualClock
from core.store.database import open_store
from tests.alerts.stories import (
    DUMPED,
    LEFT,
    STAYED,
    stall_stays,
    truck_dumps,
    warned_and_leaves,
)
from tests.alerts.world import START_NS, World, make_site

pytestmark = pytest.mark.peer


def _binaries() -> Path | None:
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return homes[-1].parent if homes else None


def _identity() -> dict[str, str | int]:
    """PostgreSQL refuses to run as root, so root hands over to the server's own account."""
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "cwd": "/"}


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
        **_identity(),
    )
    assert done.returncode == 0, done.stdout.decode()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an empty database, gone with the tests."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql")
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam("postgres").pw_uid
        except KeyError:
            pytest.skip("root cannot run PostgreSQL and there is no account `postgres`")
    home = Path(tempfile.mkdtemp(prefix="ww-pg-"))
    try:
        if os.geteuid() == 0:
            os.chown(home, owner, -1)
        data = home / "data"
        _run(binaries / "initdb", "-D", data, "-U", "ward", "-A", "trust", "-E", "UTF8", "-N")
        options = f"-k {home} -c listen_addresses='' -c fsync=off"
        control = binaries / "pg_ctl"
        _run(control, "-D", data, "-o", options, "-l", home / "log", "-w", "start")
        try:
            yield f"postgresql+psycopg://ward@/postgres?host={home}"
        finally:
            _run(control, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home)


@pytest.mark.parametrize(
    ("story", "states"),
    [(warned_and_leaves, LEFT), (truck_dumps, DUMPED), (stall_stays, STAYED)],
)
def test_a_story_on_postgresql(
    server: str, story: Callable[[World], None], states: list[str]
) -> None:
    clock = ManualClock(START_NS)
    store = open_store(server, clock)
    try:
        world = World(store, clock, make_site(), twice=True)
        story(world)
        (incident,) = [one for one in world.incidents if one.id == world.told[0].id]
        assert world.states(incident) == states
        assert world.said("incident.state") >= len(states) - 1
    finally:
        store.close()


def test_figures_are_read_out_of_bodies(server: str) -> None:
    clock = ManualClock(START_NS)
    store = open_store(server, clock)
    try:
        world = World(store, clock, make_site())
        world.see("figures")
        with store.begin() as unit:
            seen, home = unit.sightings.get("figures"), unit.homes.get("figures")
            assert seen is not None
            assert home is not None
            told = seen.why.model_copy(update={"facts": {"ended": "left_zone"}})
            unit.sightings.put(seen.model_copy(update={"ended_ns": START_NS, "why": told}))
            receipt = Receipt(
                announcement="figures", incident=home.incident, camera="river", ok=True,
                driver="file", text="", hearing=Hearing(verdict="heard", microphone="river"),
            )  # fmt: skip
            unit.receipts.put(receipt)
        with store.read() as unit:
            assert unit.figures.endings(["figures", "none"]) == {"figures": (START_NS, "left_zone")}
            verdicts = [one.verdict for one in unit.figures.receipts(0, 2**62)]
            assert verdicts.count("heard") == 1
    finally:
        store.close()
