"""What SQLite and PostgreSQL say differently: connecting, upserts, locks, and what their errors mean.

The only module with SQL of one database in it, besides the migrations, which make its triggers.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql import ColumnElement

from graphsync.errors import StoreUnavailable

_Insert = sqlite.Insert | postgresql.Insert

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"

# What SQLite's primary result codes (https://www.sqlite.org/rescode.html) mean for whoever runs the service.
_SQLITE_UNAVAILABLE: Final = {
    sqlite3.SQLITE_BUSY: "is locked by another process or transaction; end it, or wait until it has",
    sqlite3.SQLITE_LOCKED: "is locked by another process or transaction; end it, or wait until it has",
    sqlite3.SQLITE_FULL: "cannot grow: the disk or its quota is full; make room",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that its directory exists and may be written",
    sqlite3.SQLITE_READONLY: "cannot be written; check that the file is where it was and may be written",
    sqlite3.SQLITE_PERM: "cannot be used; check who may read and write the file",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk failed; check the machine's log",
    sqlite3.SQLITE_NOMEM: "ran out of memory",
    sqlite3.SQLITE_NOTADB: "is not a database; check the path",
    sqlite3.SQLITE_CORRUPT: "is damaged; put back a backup",
}
_PRIMARY_CODE: Final = 0xFF

# PostgreSQL's classes and codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_POSTGRESQL_UNAVAILABLE: Final = {
    "08": "cannot be reached; check the server and the network",
    "25006": "cannot be written; check that it is the primary server",
    "28": "refuses graphsync's user; check user and password",
    "3D": "does not exist; create it",
    "40": "gave way to another transaction; the work is taken up again",
    "53": "has no room or no connection left; make room",
    "55P03": "is locked by another transaction; end it, or wait until it has",
    "57": "is shutting down, starting up, or cancelled the statement; wait until it is back",
    "58": "failed on its own disk; check the server's log",
}
_EXCLUSION_VIOLATION: Final = "23P01"

# One number for all of graphsync, so that only one process at a time changes the schema.
_SCHEMA_LOCK: Final = 0x67726170

_SQLITE_IN_MEMORY: Final = (None, "", ":memory:")


def create_engine_for(url: str, busy_timeout: timedelta) -> Engine:
    """Return an engine whose transactions see one state, write all or nothing, and are on disk when they end.

    Args:
        url: `sqlite:///path`, `sqlite://` (in memory, gone with the engine) or `postgresql+psycopg://…`.
        busy_timeout: how long a transaction waits for another before it gives up.

    Raises:
        ValueError: `url` names no database that graphsync runs on.
    """
    parsed = _checked(url)
    if parsed.get_backend_name() == SQLITE:
        return _sqlite_engine(parsed, busy_timeout)
    return _postgresql_engine(parsed, busy_timeout)


def _checked(url: str) -> URL:
    """Return `url` taken apart; it names a database that graphsync runs on, and there is a driver for it."""
    try:
        parsed = make_url(url)
        name = parsed.get_backend_name()
        parsed.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ValueError(
            "the database URL cannot be used; expected 'sqlite:///path' or 'postgresql+psycopg://host/name', and "
            "for the latter the package psycopg"
        ) from error
    if name not in (SQLITE, POSTGRESQL):
        raise ValueError(f"found a database URL for {name!r}; expected 'sqlite' or 'postgresql'")
    return parsed


def _sqlite_engine(url: URL, busy_timeout: timedelta) -> Engine:
    if url.database in _SQLITE_IN_MEMORY:
        # A second connection would be a second, empty database.
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url)
    wait_ms = int(busy_timeout.total_seconds() * 1000)
    file = _DatabaseFile()

    # SQLAlchemy's recipe for real transactions with sqlite3: the driver begins none, we do
    # (https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#sqlite-transactions).
    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {wait_ms}",  # first: the next one may have to wait
            "journal_mode = WAL",
            "synchronous = FULL",  # a mark is answered 202 once it is on disk, and not before
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()
        file.found(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        file.check()
        # IMMEDIATE: what is read cannot have changed by the time it is written, and nothing fails half-way for a
        # lock that came too late (https://www.sqlite.org/lang_transaction.html).
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class _DatabaseFile:
    """Sees to it that a database is still the file that was opened.

    SQLite goes on writing to a file that was removed or replaced, and says nothing
    (https://www.sqlite.org/howtocorrupt.html, "Unlinking or renaming a database file while in use").
    """

    def __init__(self) -> None:
        self._path = ""
        self._identity: tuple[int, int] | None = None

    def found(self, connection: sqlite3.Connection) -> None:
        """Note which file was opened first; none where the database is in memory."""
        if self._identity is None:
            (_, _, self._path) = connection.execute("PRAGMA database_list").fetchone()
            self._identity = self._now()

    def check(self) -> None:
        """Raise `StoreUnavailable` unless the file is where it was."""
        if self._now() != self._identity:
            raise StoreUnavailable(
                f"the database {self._path!r} is not the file that was opened; put it back, or start graphsync anew"
            )

    def _now(self) -> tuple[int, int] | None:
        if not self._path:
            return None
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _postgresql_engine(url: URL, busy_timeout: timedelta) -> Engine:
    wait_ms = int(busy_timeout.total_seconds() * 1000)
    return create_engine(
        url, pool_pre_ping=True, connect_args={"options": f"-c lock_timeout={wait_ms} -c timezone=UTC"}
    )


def is_there(url: str) -> bool:
    """Tell whether there can be a database at `url` by now: a file that is not there is one that is still to be made.

    Raises:
        ValueError: `url` names no database that graphsync runs on.
    """
    parsed = _checked(url)
    if parsed.get_backend_name() != SQLITE:
        return True
    return parsed.database not in _SQLITE_IN_MEMORY and Path(str(parsed.database)).exists()


def create_reading_engine(url: str) -> Engine:
    """Return an engine on a database that is there, whose transactions see one state and cannot write.

    Raises:
        ValueError: `url` names no database that graphsync runs on.
    """
    parsed = _checked(url)
    if parsed.get_backend_name() == POSTGRESQL:
        at_one_state = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        return create_engine(parsed, execution_options=at_one_state, connect_args={"options": "-c timezone=UTC"})
    engine = create_engine(
        parsed.set(database=f"file:{quote(str(parsed.database))}", query={"mode": "ro", "uri": "true"})
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def one_writer(engine: Engine) -> bool:
    """Tell whether the database lets one transaction in at a time."""
    return engine.dialect.name == SQLITE


def lock_schema(connection: Connection) -> None:
    """Let no other process change the schema until the transaction ends; on SQLite beginning it has done so."""
    if connection.dialect.name == POSTGRESQL:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})


New = Mapping[str, ColumnElement[Any]]
"""The columns of the row that an INSERT brings, where another has its primary key already."""


def insert_or_update(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], changes: Callable[[New], Mapping[str, Any]]
) -> None:
    """Insert `rows`; where the primary key is taken, write what `changes` says to the row that has it.

    Args:
        connection: the transaction.
        table: where to.
        rows: each with all columns; none have the same primary key.
        changes: a function of a module, as it is called once for all: from the columns of the new row to the columns
            to be changed.
    """
    if rows:
        connection.execute(_insert_or_update(connection.dialect.name, table, changes), rows)


def upsert(connection: Connection, table: Table, row: Mapping[str, Any], *, keep: Collection[str] = ()) -> None:
    """Insert `row`, or write it over the row with its primary key, whose columns named in `keep` stay."""
    written = tuple(name for name in row if name not in keep and name not in table.primary_key.columns)
    connection.execute(_insert_or_overwrite(connection.dialect.name, table, written), row)


def insert_or_leave(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert `row` unless its primary key is taken; tell whether it was inserted."""
    return connection.execute(_insert_or_leave(connection.dialect.name, table), row).rowcount == 1


# Statements are built once: building one takes SQLAlchemy about as long as SQLite takes to carry it out.


@cache
def _insert_or_update(dialect: str, table: Table, changes: Callable[[New], Mapping[str, Any]]) -> _Insert:
    statement = _insert(dialect, table)
    new = dict(statement.excluded.items())
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changes(new))


@cache
def _insert_or_overwrite(dialect: str, table: Table, written: tuple[str, ...]) -> _Insert:
    statement = _insert(dialect, table)
    new = {name: statement.excluded[name] for name in written}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=new)


@cache
def _insert_or_leave(dialect: str, table: Table) -> _Insert:
    # SQLAlchemy saves itself the trouble of counting the rows of an INSERT unless it is asked to.
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def _insert(dialect: str, table: Table) -> _Insert:
    return postgresql.insert(table) if dialect == POSTGRESQL else sqlite.insert(table)


def overlaps_reservation(error: DBAPIError) -> bool:
    """Tell whether `error` is the refusal of the triggers on `reservations`."""
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error.orig) == sqlite3.SQLITE_CONSTRAINT_TRIGGER
    return _sqlstate(error) == _EXCLUSION_VIOLATION


def why_unavailable(error: DBAPIError) -> str | None:
    """Return why the database cannot do its work, to complete "the database …", or None for a bug of ours."""
    if isinstance(error.orig, sqlite3.Error):
        return _SQLITE_UNAVAILABLE.get(_sqlite_code(error.orig) & _PRIMARY_CODE)
    state = _sqlstate(error)
    known = _POSTGRESQL_UNAVAILABLE.get(state) or _POSTGRESQL_UNAVAILABLE.get(state[:2])
    if known is None and (error.connection_invalidated or (not state and _is_operational(error))):
        return _POSTGRESQL_UNAVAILABLE["08"]
    return known


def _is_operational(error: DBAPIError) -> bool:
    return isinstance(error, OperationalError | InterfaceError)


def _sqlite_code(error: sqlite3.Error) -> int:
    # Errors of the driver itself ("Cannot operate on a closed database") have no code.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
