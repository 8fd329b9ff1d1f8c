"""The chain shows every kind of tampering (invariant 7)."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from core.clock import ManualClock
from core.errors import AuditError
from core.store.database import Store, open_store, sqlite_url


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site.db"


@pytest.fixture
def store(path: Path) -> Store:
    store = open_store(sqlite_url(path), ManualClock())
    with store.begin() as unit:
        for number in range(5):
            unit.audit.append("monitor", "incident.view", f"inc-{number}", detail={"n": number})
    return store


def tamper(path: Path, *statements: str) -> None:
    """Change the log behind the program's back, as someone with the file could."""
    engine = create_engine(sqlite_url(path))
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def verify(store: Store, head: str | None = None) -> tuple[int, str]:
    with store.read() as unit:
        return unit.audit.verify(head)


def test_an_untouched_log_verifies(store: Store) -> None:
    count, head = verify(store)
    assert count == 5
    assert verify(store, head) == (5, head)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 3", "entry 3 was changed"),
        ("UPDATE audit SET detail = '{\"n\": 7}' WHERE seq = 2", "entry 2 was changed"),
        ("DELETE FROM audit WHERE seq = 2", "entry 2 is missing"),
        ("UPDATE audit SET prev_hash = hash WHERE seq = 4", "entry 4 does not follow"),
    ],
)
def test_tampering_is_found(store: Store, path: Path, change: str, complaint: str) -> None:
    tamper(path, change)
    with pytest.raises(AuditError, match=complaint):
        verify(store)


def test_swapped_entries_are_found(store: Store, path: Path) -> None:
    tamper(
        path,
        "UPDATE audit SET seq = 99 WHERE seq = 2",
        "UPDATE audit SET seq = 2 WHERE seq = 3",
        "UPDATE audit SET seq = 3 WHERE seq = 99",
    )
    with pytest.raises(AuditError, match="entry 2"):
        verify(store)


def test_a_cut_tail_is_found_against_a_head_written_down(store: Store, path: Path) -> None:
    _, head = verify(store)
    tamper(path, "DELETE FROM audit WHERE seq = 5")
    assert verify(store)[0] == 4
    with pytest.raises(AuditError, match="newest entries were removed"):
        verify(store, head)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_changes(store: Store, path: Path, statement: str) -> None:
    engine = create_engine(sqlite_url(path))
    with pytest.raises(IntegrityError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.floats(-1e9, 1e9))),
        min_size=1,
        max_size=6,
    )
)
def test_any_words_and_numbers_survive(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, dict[str, float]]]
) -> None:
    store = open_store(sqlite_url(tmp_path_factory.mktemp("audit") / "a.db"), ManualClock())
    with store.begin() as unit:
        for reason, detail in entries:
            unit.audit.append("system", "test", "thing", reason, detail)
    assert verify(store)[0] == len(entries)
    store.close()
