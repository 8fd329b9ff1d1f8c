"""Incidents found by where they are and when they were last seen, in databases of before too."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

import core.store
from core.cases import Incident, IncidentState, Severity
from core.geometry import Box, GeoPoint
from core.places import cell_of
from core.seeing import Kind
from core.store.database import open_store, sqlite_url
from core.value import NO_WORDS

PLACE = GeoPoint(lon=112.46, lat=30.42)
MIGRATIONS = Path(core.store.__file__).parent / "migrations"


def incident(name: str, *, camera: str = "a", seen_ns: int = 5, active: bool = False) -> Incident:
    placed = camera == ""
    return Incident(
        id=name, kind=Kind.FISHING, severity=Severity.MINOR, camera=camera, zone="z",
        place=PLACE, place_error_m=4 if placed else None, state=IncidentState.CLOSED, history=(),
        started_ns=1, last_seen_ns=seen_ns, active=active, box=Box(0, 0, 1, 1), why=NO_WORDS,
    )  # fmt: skip


def test_what_an_older_version_stored_is_found(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "old.db")
    old = [incident("i-1"), incident("i-2", camera=""), incident("i-3", seen_ns=2)]
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0012")
        for one in old:
            connection.execute(
                text(
                    "insert into incidents (id, kind, severity, camera, zone, state, active,"
                    " started_ns, cell, body) values (:id, 'fishing', 'minor', :camera, 'z',"
                    " 'closed', 0, 1, :cell, :body)"
                ),
                {"id": one.id, "camera": one.camera, "cell": one.cell,
                 "body": one.model_dump_json()},
            )  # fmt: skip
    engine.dispose()
    store = open_store(url)
    try:
        with store.read() as unit:
            found = unit.incidents.around("fishing", 5, cameras=["a"], cells=[cell_of(PLACE)])
            acts = {
                one.id: one for one in unit.figures.acts(0, 9, cameras=["a"], around=(PLACE, 50.0))
            }
    finally:
        store.close()
    assert {one.id for one in found} == {"i-1", "i-2"}
    assert set(acts) == {"i-1", "i-2", "i-3"}
    assert (acts["i-2"].place, acts["i-2"].place_error_m) == (PLACE, 4)
    assert (acts["i-1"].place, acts["i-1"].same_as) == (None, None)


def test_what_goes_on_is_found_however_long_ago_it_was_seen(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "new.db"))
    try:
        with store.begin() as unit:
            unit.incidents.put(incident("i-1", seen_ns=2, active=True))
            unit.incidents.put(incident("i-2", camera="b"))
            unit.incidents.put(incident("i-3", seen_ns=4))
            around = unit.incidents.around
            assert [one.id for one in around("fishing", 5, cameras=["a"], cells=[])] == ["i-1"]
            assert around("dumping", 5, cameras=["a"], cells=[]) == []
            assert around("fishing", 5, cameras=[], cells=[]) == []
    finally:
        store.close()


def test_all_of_a_state_are_told_however_many_there_are(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "many.db"))
    names = [f"i-{n:04}" for n in range(1203)]
    try:
        with store.begin() as unit:
            for n, name in enumerate(names):
                began = {"started_ns": (n * 7) % len(names)}
                unit.incidents.put(incident(name).model_copy(update=began))
            other = incident("i-other").model_copy(update={"state": IncidentState.WARNING})
            unit.incidents.put(other)
        with store.read() as unit:
            assert [one.id for one in unit.incidents.every(state=["closed"])] == names
            oldest = unit.incidents.ids("started_ns", state="closed")
            assert [int(name[2:]) * 7 % len(names) for name in oldest] == list(range(len(names)))
            assert unit.incidents.ids("started_ns", state=["warning"]) == ["i-other"]
            assert list(unit.incidents.every(state="detected")) == []
    finally:
        store.close()
