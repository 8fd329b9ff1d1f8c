"""Areas of reach are reckoned once for the same places, and few are kept."""

from pathlib import Path

import pytest

from core.cases import OfficerPosition, OfficerStatus
from core.clock import ManualClock
from core.config.site import Site
from core.geometry import GeoPoint
from core.store.database import open_store, sqlite_url
from core.store.users import Role, User
from tests.console import fake_township
from wardwatch import reach as room
from wardwatch.reach import REMEMBERED, Reach


def test_the_same_places_are_reckoned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    store = open_store(sqlite_url(tmp_path / "w.db"), clock)
    town: list[Site] = [fake_township.site(tmp_path / "map.geojson")]
    reckoned = 0
    true = room.isochrones

    def counted(*given: object) -> object:
        nonlocal reckoned
        reckoned += 1
        return true(*given)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(room, "isochrones", counted)
    reach = Reach(lambda: town[0], None, store, clock)
    first = reach(False)
    assert (first["reckoned"], first["circle"]) == ("line", 15)
    assert reach(True) is first, "nobody has said yet that he is elsewhere"
    assert reckoned == 1

    def move(status: OfficerStatus, lon: float) -> None:
        place = GeoPoint(lon=lon, lat=town[0].centre.lat)
        with store.begin() as unit:
            unit.positions.put(
                OfficerPosition(officer="officer-1", at_ns=1, place=place, status=status)
            )

    lon = town[0].centre.lon
    move(OfficerStatus.FREE, lon + 0.01)
    moved = reach(True)
    assert moved is not first
    move(OfficerStatus.FREE, lon + 0.0101)
    assert reach(True) is moved, "ten metres are the same place"
    move(OfficerStatus.OFF, lon)
    posts = [one for one in reach(True)["features"] if one["properties"]["class"] == "post"]
    assert len(posts) == 4, "who is off duty drives nowhere"
    with store.begin() as unit:
        unit.users.put(
            User(name="b", password_hash="-", role=Role.OFFICER, created_ns=0, officer="officer-2")
        )
    posts = [one for one in reach(True)["features"] if one["properties"]["class"] == "post"]
    assert len(posts) == 3, "who has not begun duty on the phone drives nowhere"
    for n in range(2 * REMEMBERED):
        move(OfficerStatus.FREE, lon + 0.02 * (n + 1))
        reach(True)
    assert reckoned == 4 + 2 * REMEMBERED
    town[0] = fake_township.site(tmp_path / "map.geojson")
    reach(False)
    assert reckoned == 5 + 2 * REMEMBERED
    store.close()
