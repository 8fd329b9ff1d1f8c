"""What is past its days goes, each class after its own, and never without a signed record."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.cases import Incident, IncidentState, Severity, StateChange
from core.clock import NS_PER_S, ManualClock
from core.config.keeping import KeepingDays
from core.config.site import Recording, Site
from core.films import Film, FilmFile
from core.geometry import Box
from core.seeing import Kind
from core.store.database import Store, open_store
from core.value import NO_WORDS
from recorder.errors import VaultError
from recorder.locks import Lock, Locks
from recorder.seal.book import Entry
from recorder.seal.deletion import Why, entries
from recorder.vault import Vault
from wardwatch.deletions import Books
from wardwatch.expiry import Expiry, ExpiryError
from wardwatch.paths import Paths
from wardwatch.vaults import open_vault

DAY_NS = 86_400 * NS_PER_S
CHIEF = Why("chief", "误报，申请删除", unit="镇")


@dataclass
class House:
    site: Site
    paths: Paths
    store: Store
    clock: ManualClock

    @property
    def vault(self) -> Vault:
        return open_vault(self.site, self.paths, self.clock)

    @property
    def expiry(self) -> Expiry:
        return Expiry(self.site, self.paths, self.store, self.clock)

    def incident(self, name: str, state: IncidentState) -> None:
        """One that came to that state now, with a sealed clip and locked recordings."""
        now_ns = self.clock.utc_ns()
        file = self.paths.data / "clip.mp4"
        file.write_bytes(name.encode())
        item = self.vault.seal(
            name, "clip", file, camera="a", first_ns=now_ns, last_ns=now_ns, item_id=f"{name}-clip"
        )
        Locks(self.paths.recordings).add(
            Lock(owner=name, camera="a", first_ns=now_ns, last_ns=now_ns)
        )
        step = StateChange(state=state.value, at_ns=now_ns, actor="chief", reason=NO_WORDS)
        with self.store.begin() as unit:
            unit.evidence.put(item)
            unit.incidents.put(
                Incident(
                    id=name, kind=Kind.FISHING, severity=Severity.MINOR, camera="a", zone="z",
                    state=state, history=(step,), started_ns=now_ns, last_seen_ns=now_ns,
                    active=False, box=Box(0, 0, 1, 1), why=NO_WORDS,
                )
            )  # fmt: skip

    def change(self, name: str, **changes: object) -> None:
        with self.store.begin() as unit:
            known = unit.incidents.get(name)
            assert known is not None
            unit.incidents.put(known.model_copy(update=changes))

    def end(self, name: str, state: IncidentState) -> None:
        """It comes to its end now."""
        step = StateChange(state=state.value, at_ns=self.clock.utc_ns(), actor="chief")
        self.change(name, state=state, history=(step,))

    def film(self, name: str) -> Path:
        now_ns = self.clock.utc_ns()
        film = Film(
            id=name, source="uav", file="f.mp4", start_ns=now_ns, end_ns=now_ns,
            imported_ns=now_ns, clock_source="klv", clock_confidence="high", video={},
            files=(FilmFile(name="f.mp4", bytes=1, sha256=name),),
        )  # fmt: skip
        folder = self.paths.films / "uav" / name
        folder.mkdir(parents=True)
        (folder / "f.mp4").write_bytes(b"f")
        with self.store.begin() as unit:
            unit.films.put(film)
        return folder

    def records(self) -> list[Entry]:
        return list(entries(self.paths.deleted_evidence))

    def actions(self) -> list[str]:
        with self.store.read() as unit:
            return [one.action for one in unit.audit.entries()]


@pytest.fixture
def house(bare_site: Site, paths: Paths, clock: ManualClock) -> Iterator[House]:
    store = open_store(paths.database_url(bare_site), clock)
    yield House(bare_site, paths, store, clock)
    store.close()


def test_evidence_of_dismissed_incidents_goes_after_its_days(house: House) -> None:
    house.incident("inc-1", IncidentState.DISMISSED)
    house.incident("inc-2", IncidentState.CLOSED)
    house.incident("inc-3", IncidentState.DISPATCHED)
    (sealed,) = house.vault.manifest("inc-1").items
    house.clock.advance(90 * 86_400)
    assert house.expiry.look() == 0
    house.clock.advance(1)
    assert house.expiry.look() == 1
    assert house.vault.incidents() == ["inc-2", "inc-3"]
    assert [one.owner for one in Locks(house.paths.recordings).all()] == ["inc-2", "inc-3"]
    (record,) = house.records()
    assert (record.by, record.reason, record.rule) == (
        "retention",
        "age",
        "keeping_days.dismissed=90",
    )
    told = {one.path: one.sha256 for one in record.things}
    assert told[sealed.path] == sealed.sha256
    assert {"inc-1/manifest.json", "inc-1/custody.jsonl"} < set(told)
    assert all(told.values())
    with house.store.read() as unit:
        assert unit.evidence.find(incident="inc-1") == []
        assert unit.incidents.get("inc-1") is not None
    assert house.actions() == ["evidence.deleted", "recording.release"]
    assert [found.waiting for _, found in Books(house.site, house.paths, house.clock).verify()] == [
        0,
        0,
    ]
    assert house.expiry.look() == 0


def test_closed_incidents_stay_unless_their_days_are_set(house: House) -> None:
    house.incident("inc-2", IncidentState.CLOSED)
    house.clock.advance(4000 * 86_400)
    assert house.expiry.look() == 0
    days = KeepingDays(closed=3650)
    house.site = house.site.model_copy(update={"keeping_days": days})
    assert house.expiry.look() == 1


def test_what_was_joined_is_kept_as_long_as_what_goes_on(house: House) -> None:
    for name in ("inc-1", "inc-2", "inc-3"):
        house.incident(name, IncidentState.CLOSED)
    house.change("inc-1", same_as="inc-2")
    house.change("inc-2", same_as="inc-3")
    house.change("inc-3", state=IncidentState.DISPATCHED)
    house.site = house.site.model_copy(update={"keeping_days": KeepingDays(closed=100)})
    house.clock.advance(400 * 86_400)
    assert house.expiry.look() == 0
    with pytest.raises(ExpiryError, match="evidence of inc-1 serves this too: incident inc-3 is"):
        house.expiry.incident("inc-1", CHIEF)
    house.end("inc-3", IncidentState.DISMISSED)
    house.clock.advance(90 * 86_400)
    assert house.expiry.look() == 0
    house.clock.advance(1)
    assert house.expiry.look() == 3
    assert {one.rule for one in house.records()} == {"keeping_days.dismissed=90"}


def test_what_something_was_taken_out_of_is_kept_for_both(house: House) -> None:
    for name in ("inc-1", "inc-2"):
        house.incident(name, IncidentState.DISMISSED)
    house.change("inc-1", split=("inc-2",))
    house.change("inc-2", split_from="inc-1", state=IncidentState.TRANSFERRED)
    house.clock.advance(400 * 86_400)
    assert house.expiry.look() == 0
    house.end("inc-2", IncidentState.DISMISSED)
    house.clock.advance(90 * 86_400 + 1)
    assert house.expiry.look() == 2


def test_films_go_after_their_days(house: House) -> None:
    film = house.film("ab" * 32)
    house.clock.advance(365 * 86_400)
    assert house.expiry.look() == 0
    house.clock.advance(1)
    assert house.expiry.look() == 1
    assert not film.exists()
    with house.store.read() as unit:
        assert unit.films.find() == []
    assert [one.rule for one in house.records()] == ["keeping_days.films=365"]
    assert house.actions() == ["film.deleted"]


def test_a_person_deletes_only_what_has_served_its_purpose(house: House) -> None:
    house.incident("inc-1", IncidentState.DISMISSED)
    house.incident("inc-3", IncidentState.DISPATCHED)
    house.clock.advance(29 * 86_400)
    with pytest.raises(ExpiryError, match="less than 30 days ago"):
        house.expiry.incident("inc-1", CHIEF)
    house.clock.advance(86_401)
    with pytest.raises(ExpiryError, match="inc-3 is dispatched"):
        house.expiry.incident("inc-3", CHIEF)
    with pytest.raises(ExpiryError, match="no incident"):
        house.expiry.incident("inc-9", CHIEF)
    assert house.expiry.incident("inc-1", CHIEF) > 1
    (record,) = house.records()
    assert (record.by, record.reason, record.unit, record.signed) == (
        "chief", "误报，申请删除", "镇", True,
    )  # fmt: skip


def test_without_a_signature_evidence_is_not_deleted(house: House) -> None:
    house.incident("inc-1", IncidentState.DISMISSED)
    house.clock.advance(365 * 86_400)
    for key in house.paths.keys.glob("*.key"):
        key.chmod(0o644)
    with pytest.raises(VaultError, match="chmod 600"):
        house.expiry.incident("inc-1", CHIEF)
    assert house.expiry.look() == 0
    assert house.vault.incidents() == ["inc-1"]
    assert house.actions() == []


def test_a_deletion_that_was_cut_short_is_carried_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.incident("inc-1", IncidentState.DISMISSED)
    house.clock.advance(91 * 86_400)

    class PowerCut(BaseException):
        pass

    def die(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", die)
        with pytest.raises(PowerCut):
            house.expiry.look()
    assert house.vault.verify("inc-1").authentic
    assert house.expiry.look() == 1
    assert house.vault.incidents() == []
    assert len(house.records()) == 2


@pytest.mark.parametrize("field", ["dismissed", "case_files", "films"])
@pytest.mark.parametrize("days", [29, 366])
def test_floor_and_ceiling(field: str, days: int) -> None:
    with pytest.raises(ValidationError, match="30" if days < 30 else "365"):
        KeepingDays.model_validate({field: days})


def test_floor_of_closed_cases_and_of_recordings() -> None:
    with pytest.raises(ValidationError):
        KeepingDays(closed=29)
    for days in (29, 366):
        with pytest.raises(ValidationError):
            Recording(retention_days=days)


def test_books_are_shown_together(house: House) -> None:
    house.film("ab" * 32)
    house.clock.advance(366 * 86_400)
    house.expiry.look()
    (shown,) = Books(house.site, house.paths, house.clock).newest(10)
    example = f"films/uav/{'ab' * 32}/f.mp4"
    assert (shown.things, shown.example, shown.signed) == (1, example, True)
    assert json.loads(shown.model_dump_json())["reason"] == "age"
