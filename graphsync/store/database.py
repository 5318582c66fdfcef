"""The store: a database that is up to date, and transactions on it.

Whatever keeps the database from doing its work surfaces here as `StoreUnavailable`, with the cause chained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from graphsync.clock import Clock, new_secret
from graphsync.engine.ports import Store, Subject
from graphsync.errors import StoreUnavailable
from graphsync.store import dialect, schema
from graphsync.store.digests import Digests
from graphsync.store.marks import mark, note_notified
from graphsync.store.mentorships import SqlMentorships
from graphsync.store.outbox import SqlOutbox
from graphsync.store.people import SqlPeople
from graphsync.store.records import SqlRecords
from graphsync.store.replies import SqlReplies
from graphsync.store.requests import SqlRequests
from graphsync.store.reservations import SqlReservations
from graphsync.store.sessions import SqlSessions
from graphsync.store.subscriptions import SqlSubscriptions
from graphsync.store.tables import meta, metadata
from graphsync.store.work import SqlWork, release_claims

BUSY_TIMEOUT: Final = timedelta(seconds=5)
"""How long a transaction waits for another. Graph counts an answer after 10 s as slow
(https://learn.microsoft.com/graph/change-notifications-delivery-webhooks): a 5xx before that is better."""

_ROWS_AT_ONCE: Final = 1000

_HASH_KEY: Final = "hash_key"
_LINK_KEY: Final = "link_key"
_MADE_AT: Final = "made_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlLedger:
    """`ports.Ledger`: all parts on one transaction, and not to be used after it."""

    people: SqlPeople
    mentorships: SqlMentorships
    sessions: SqlSessions
    requests: SqlRequests
    replies: SqlReplies
    work: SqlWork
    outbox: SqlOutbox
    reservations: SqlReservations
    subscriptions: SqlSubscriptions
    records: SqlRecords


class SqlStore:
    """`ports.Store` on a database that `open_store` has made ready; threads may share it.

    On SQLite one transaction runs at a time, reading ones too: keep them short, and no call to Graph within. A
    transaction within a transaction of the same thread waits for itself and gives up.

    `made_at` is when the database was made; `link_key` signs the personal links, the same in all processes on it.
    """

    def __init__(
        self, engine: Engine, digests: Digests, made_at: datetime, busy_timeout: timedelta, link_key: str
    ) -> None:
        self.made_at = made_at
        self.link_key = link_key
        self._engine = engine
        self._digests = digests
        self._busy_timeout = busy_timeout
        # SQLite would have the threads of one process poll for their turn, up to 100 ms late each.
        self._turn = Lock() if dialect.one_writer(engine) else None

    @contextmanager
    def transaction(self) -> Iterator[SqlLedger]:
        """Open a transaction: committed at the end of the block, rolled back where the block raises.

        Raises:
            StoreUnavailable: the database is locked, full or gone; nothing of the transaction was kept.
        """
        with self._connection() as connection:
            yield SqlLedger(
                people=SqlPeople(connection),
                mentorships=SqlMentorships(connection),
                sessions=SqlSessions(connection),
                requests=SqlRequests(connection, self._digests),
                replies=SqlReplies(connection),
                work=SqlWork(connection),
                outbox=SqlOutbox(connection, self._digests),
                reservations=SqlReservations(connection),
                subscriptions=SqlSubscriptions(connection),
                records=SqlRecords(connection, self._digests),
            )

    def mark_batch(self, subjects: Sequence[Subject], at: datetime, notified: Sequence[str]) -> None:
        """Mark `subjects` due at `at` and note that Graph sent something for the subscriptions `notified`.

        One transaction, on disk when this returns, whatever the number; repeated subjects and resources count once.

        Args:
            subjects: what is worth a look, in any order.
            at: when the notifications arrived.
            notified: resources of subscriptions; ones that are not wanted any more are passed over.

        Raises:
            StoreUnavailable: the database is locked, full or gone; nothing was marked.
        """
        with self._connection() as connection:
            mark(connection, subjects, at)
            note_notified(connection, notified, at)

    def take_over(self) -> int:
        """End all claims and return how many there were.

        For the start of a service of one process: whoever had made them is dead. Where several processes share the
        database, the claims of one that died run out by themselves.
        """
        with self._connection() as connection:
            return release_claims(connection)

    def close(self) -> None:
        """Close all connections; transactions must have ended."""
        self._engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with self._own_turn(), _unavailable(self._engine), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=self._busy_timeout.total_seconds()):
            raise StoreUnavailable(
                f"another transaction of this process did not end within {self._busy_timeout.total_seconds():g} s"
            )
        try:
            yield
        finally:
            self._turn.release()


def open_store(url: str, clock: Clock, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> SqlStore:
    """Open the database at `url`, bring it up to date, and return the store on it.

    Args:
        url: `sqlite:///path` (made if it is not there, in a directory that is), `sqlite://` (in memory, gone with
            the store) or `postgresql+psycopg://…`.
        clock: says when the database was made, if it is made now: facts reach back no further.
        busy_timeout: how long a transaction waits for another.

    Raises:
        ValueError: `url` names no database that graphsync runs on.
        StoreUnavailable: the database cannot be opened, is locked or full, or was made by a newer graphsync.
    """
    return _store_on(dialect.create_engine_for(url, busy_timeout), clock, busy_timeout)


def open_copy(url: str, clock: Clock) -> SqlStore:
    """Return a store in memory with all that the database at `url` holds; that one is only read.

    A database file that is not there yet is as good as an empty one.

    Raises:
        ValueError: `url` names no database that graphsync runs on.
        StoreUnavailable: the database cannot be read, or was made by another version of graphsync.
    """
    copy = dialect.create_engine_for("sqlite://", BUSY_TIMEOUT)
    if dialect.is_there(url):
        original = dialect.create_reading_engine(url)
        try:
            with _unavailable(original), original.begin() as source, copy.begin() as target:
                schema.check_up_to_date(source)
                schema.upgrade_within(target)
                for table in metadata.sorted_tables:
                    for rows in source.execute(select(table)).mappings().partitions(_ROWS_AT_ONCE):
                        target.execute(insert(table), [dict(row) for row in rows])
        finally:
            original.dispose()
    return _store_on(copy, clock, BUSY_TIMEOUT)


def _store_on(engine: Engine, clock: Clock, busy_timeout: timedelta) -> SqlStore:
    try:
        with _unavailable(engine), engine.begin() as connection:
            dialect.lock_schema(connection)
            schema.upgrade_within(connection)
            hash_key = _kept(connection, _HASH_KEY, new_secret())
            link_key = _kept(connection, _LINK_KEY, new_secret())
            made_at = datetime.fromisoformat(_kept(connection, _MADE_AT, clock.now().isoformat()))
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine, Digests(hash_key), made_at, busy_timeout, link_key)


def _kept(connection: Connection, name: str, value: str) -> str:
    """Return what the database keeps under `name`, which is `value` if it kept nothing."""
    dialect.insert_or_leave(connection, meta, {"name": name, "value": value})
    return str(connection.scalars(select(meta.c.value).where(meta.c.name == name)).one())


@contextmanager
def _unavailable(engine: Engine) -> Iterator[None]:
    """Turn an error by which `engine`'s database cannot do its work into `StoreUnavailable`."""
    # Without user and password.
    where = engine.url.database or "in memory"
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreUnavailable(f"the database {where!r} has no connection free; too many transactions run") from error
    except DBAPIError as error:
        why = dialect.why_unavailable(error)
        if why is None:
            raise
        raise StoreUnavailable(f"the database {where!r} {why}") from error


if TYPE_CHECKING:

    def _keeps_to_the_port(store: SqlStore) -> Store:
        return store
