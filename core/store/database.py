"""Open the database: SQLite in WAL mode by default, PostgreSQL by address."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock, SystemClock
from core.errors import StoreError
from core.store.unit import Unit

_MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """The database, shared by the threads of one process."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    @contextmanager
    def begin(self) -> Iterator[Unit]:
        """One transaction: committed at the end of the block, rolled back by an exception."""
        with self._engine.begin() as connection:
            yield Unit(connection, self._clock)

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A consistent view for reading only; it never waits for a writer."""
        with self._engine.connect() as connection:
            yield Unit(connection.execution_options(reading=True), self._clock)

    def close(self) -> None:
        self._engine.dispose()


def sqlite_url(path: Path) -> str:
    """Address of an SQLite file."""
    return f"sqlite:///{path}"


def open_store(url: str, clock: Clock | None = None) -> Store:
    """Connect and bring the schema up to date.

    Args:
        url: SQLAlchemy address, ``sqlite:///…`` or ``postgresql+psycopg://…``.

    Raises:
        StoreError: the database cannot be reached or migrated.
    """
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    try:
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        engine.dispose()
        shown = engine.url.render_as_string(hide_password=True)
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise StoreError(f"database {shown}: {cause}") from None
    return Store(engine, clock or SystemClock())


def _on_sqlite_connect(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: BEGIN IMMEDIATE below does, so that two
    # writers wait for each other instead of failing half way.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
