"""What keeps a database from doing its work is named, and leaves nothing half-written."""

import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from graphsync.clock import SteppedClock
from graphsync.engine.ports import Subject, SubjectKind
from graphsync.errors import StoreUnavailable
from graphsync.mentoring import Choice, MentorshipId, PersonId, Reply
from graphsync.store import open_store
from graphsync.store.dialect import overlaps_reservation, why_unavailable

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOON = timedelta(milliseconds=50)
KINDS = tuple(SubjectKind)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "graphsync.db"


@pytest.fixture
def store(path):
    opened = open_at(path)
    yield opened
    opened.close()


def open_at(path):
    return open_store(f"sqlite:///{path}", SteppedClock(NOW), busy_timeout=SOON)


def marks(count, length=1):
    return [Subject(kind=SubjectKind.EVENT, owner=f"{number:06}", item="x" * length) for number in range(count)]


def count_marks(store):
    with store.transaction() as ledger:
        return len(ledger.work.claim(NOW, KINDS, 1_000_000))


@pytest.fixture
def locked(path, store):
    """Hold the database locked by somebody else; the store has been opened before."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.usefixtures("locked")
def test_a_locked_database_is_unavailable(store):
    with pytest.raises(StoreUnavailable, match=r"the database '.*graphsync\.db' is locked by another") as caught:
        store.mark_batch(marks(1), NOW, [])
    assert isinstance(caught.value.__cause__, OperationalError)


@pytest.mark.usefixtures("locked")
def test_opening_a_locked_database_says_so(path):
    with pytest.raises(StoreUnavailable, match="is locked by another"):
        open_at(path)


def test_a_store_goes_on_once_the_lock_is_gone(path, store):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable):
        store.mark_batch(marks(1), NOW, [])
    other.execute("ROLLBACK")
    other.close()
    store.mark_batch(marks(2), NOW, [])
    assert count_marks(store) == 2


@pytest.fixture
def almost_full(store):
    """Let the database grow by a few pages only, as on a disk that is almost full."""
    with store.transaction() as ledger:
        connection = ledger.work._connection
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 8}").close()


@pytest.mark.usefixtures("almost_full")
def test_a_full_disk_is_unavailable_and_keeps_nothing_of_the_batch(store):
    store.mark_batch(marks(3), NOW, [])
    with pytest.raises(StoreUnavailable, match="cannot grow: the disk or its quota is full; make room"):
        store.mark_batch(marks(500, length=1_000), NOW, [])
    assert count_marks(store) == 3


@pytest.mark.usefixtures("almost_full")
def test_a_full_disk_undoes_the_whole_transaction(store):
    def overfill():
        with store.transaction() as ledger:
            for subject in marks(500, length=1_000):
                ledger.work.mark(subject, NOW)

    with pytest.raises(StoreUnavailable, match="make room"):
        overfill()
    assert count_marks(store) == 0


def test_a_directory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreUnavailable, match=r"nowhere/graphsync\.db' cannot be opened; check that its directory"):
        open_at(tmp_path / "nowhere" / "graphsync.db")


def test_a_file_that_is_no_database_is_named(path):
    path.write_text("mentor,mentee\n" * 100)
    with pytest.raises(StoreUnavailable, match="is not a database; check the path"):
        open_at(path)


def test_a_database_that_was_taken_away_is_unavailable_until_it_is_back(path, store):
    aside = path.with_suffix(".aside")
    path.rename(aside)
    with pytest.raises(StoreUnavailable, match=r"graphsync\.db' is not the file that was opened; put it back"):
        store.mark_batch(marks(1), NOW, [])
    aside.rename(path)
    store.mark_batch(marks(1), NOW, [])
    assert count_marks(store) == 1


def test_a_database_in_whose_place_another_was_put_is_unavailable(path, store):
    another = path.with_suffix(".another")
    open_at(another).close()
    another.replace(path)
    with pytest.raises(StoreUnavailable, match="start graphsync anew"):
        store.mark_batch(marks(1), NOW, [])


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "no url", "nonsense://host/name", "mysql+nonsense://host", "postgresql+nosuch://host"]
)
def test_a_url_of_no_database_graphsync_runs_on_is_refused(url):
    with pytest.raises(ValueError, match=r"expected 'sqlite.*' or 'postgresql"):
        open_store(url, SteppedClock(NOW))


def test_a_secret_in_a_url_is_not_repeated():
    with pytest.raises(ValueError, match="expected") as caught:
        open_store("mysql://anna:sesame@host/name", SteppedClock(NOW))
    assert "sesame" not in str(caught.value)


def test_a_bug_of_ours_is_not_called_unavailable(store):
    with pytest.raises(IntegrityError), store.transaction() as ledger:
        ledger.replies.save(
            Reply(mentorship=MentorshipId("unknown"), person=PersonId("anna"), about="x", choice=Choice.YES, at=NOW)
        )


def test_the_connection_keeps_its_promises(store):
    with store.transaction() as ledger:
        found = {
            name: ledger.work._connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 50}


def test_threads_take_turns(path):
    store = open_store(f"sqlite:///{path}", SteppedClock(NOW))
    subjects = marks(40)

    def mark_each(some):
        for subject in some:
            store.mark_batch([subject], NOW, [])

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(mark_each, subjects[first::4]) for first in range(4)]:
            done.result()
    assert count_marks(store) == 40
    store.close()


DIES_IN_A_TRANSACTION = """
import sys, time
from datetime import UTC, datetime
from graphsync.clock import SteppedClock
from graphsync.engine.ports import Subject, SubjectKind
from graphsync.store import open_store

now = datetime(2026, 3, 2, 9, tzinfo=UTC)
store = open_store(sys.argv[1], SteppedClock(now))
store.mark_batch([Subject(kind=SubjectKind.EVENT, owner="committed")], now, [])
with store.transaction() as ledger:
    for number in range(2_000):  # more than SQLite keeps in memory: part of it is in the file already
        ledger.work.mark(Subject(kind=SubjectKind.EVENT, owner=f"half-written {number}", item="x" * 5_000), now)
        if number == 1_000:
            print("half-way", flush=True)
            sys.stdin.read()
"""


def test_a_process_killed_within_a_transaction_leaves_what_it_committed_before(path):
    process = subprocess.Popen(
        [sys.executable, "-c", DIES_IN_A_TRANSACTION, f"sqlite:///{path}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "half-way\n"
        assert path.with_name("graphsync.db-wal").stat().st_size > 1_000_000, "half of it is on the disk already"
        os.kill(process.pid, signal.SIGKILL)
    store = open_at(path)
    with store.transaction() as ledger:
        claims = ledger.work.claim(NOW, KINDS, 10)
        assert [claim.subject.owner for claim in claims] == ["committed"]
        assert ledger.work._connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    store.close()


class PostgresqlError(Exception):
    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "why"),
    [
        ("08006", "cannot be reached"),
        ("53100", "has no room"),
        ("55P03", "is locked by another transaction"),
        ("57P03", "is shutting down, starting up"),
        ("40P01", "gave way"),
        ("25006", "check that it is the primary"),
    ],
)
def test_what_postgresql_says_is_put_in_words(sqlstate, why):
    assert why in why_unavailable(OperationalError("SELECT 1", {}, PostgresqlError(sqlstate)))


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_postgresql_that_does_not_answer_is_unavailable(kind):
    assert "cannot be reached" in why_unavailable(kind("SELECT 1", {}, PostgresqlError(None)))


@pytest.mark.parametrize("sqlstate", ["42P01", "23505", None])
def test_a_bug_of_ours_on_postgresql_is_none_of_its_failures(sqlstate):
    assert why_unavailable(DBAPIError("SELECT 1", {}, PostgresqlError(sqlstate))) is None


def test_an_overlap_on_postgresql_is_known_by_its_state():
    assert overlaps_reservation(IntegrityError("INSERT", {}, PostgresqlError("23P01")))
    assert not overlaps_reservation(IntegrityError("INSERT", {}, PostgresqlError("23505")))
