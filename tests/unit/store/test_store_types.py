from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from graphsync.store.types import Document, Length, UtcDateTime, Word

SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()
# Away from the ends of the calendar, where converting to UTC would leave it.
FIRST, LAST = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001 - hypothesis wants them so and adds the zone
INSTANTS = st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.timezones())


class Color(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Visit:
    at: datetime
    opens: time
    by: frozenset[str] = frozenset()


def there_and_back(column_type, value, dialect=SQLITE):
    return column_type.process_result_value(column_type.process_bind_param(value, dialect), dialect)


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
@given(instant=INSTANTS)
def test_an_instant_comes_back_in_utc_to_the_microsecond(dialect, instant):
    back = there_and_back(UtcDateTime(), instant, dialect)
    assert back == instant.astimezone(UTC)
    assert back.tzinfo is UTC


@given(one=INSTANTS, other=INSTANTS)
def test_instants_compare_in_the_database_as_they_do_here(one, other):
    stored_one, stored_other = (UtcDateTime().process_bind_param(value, SQLITE) for value in (one, other))
    assert (stored_one < stored_other) == (one.astimezone(UTC) < other.astimezone(UTC))


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def test_a_naive_instant_is_refused(dialect):
    naive = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - naive is the point
    with pytest.raises(ValueError, match=r"an aware datetime, not datetime\.datetime\(2026, 3, 2, 9, 0\)"):
        UtcDateTime().process_bind_param(naive, dialect)


def test_a_naive_instant_never_reaches_the_database():
    table = Table("moments", MetaData(), Column("id", Integer, primary_key=True), Column("at", UtcDateTime))
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        with pytest.raises(StatementError, match="an aware datetime"):
            connection.execute(insert(table), {"at": datetime(2026, 3, 2, 9)})  # noqa: DTZ001 - naive is the point
        assert connection.execute(select(table)).all() == []
    engine.dispose()


def test_postgresql_is_read_in_whatever_zone_its_session_has():
    read = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=1)))
    back = UtcDateTime().process_result_value(read, POSTGRESQL)
    assert (back, back.tzinfo) == (datetime(2026, 3, 2, 9, tzinfo=UTC), UTC)


@pytest.mark.parametrize("column_type", [UtcDateTime(), Length(), Word(Color), Document(Visit)], ids=repr)
def test_nothing_stays_nothing(column_type):
    assert there_and_back(column_type, None) is None


@given(length=st.timedeltas())
def test_a_length_comes_back(length):
    assert there_and_back(Length(), length) == length


def test_a_word_is_plain_text_and_comes_back_as_a_member():
    assert Word(Color).process_bind_param(Color.RED, SQLITE) == "red"
    assert there_and_back(Word(Color), Color.RED) is Color.RED


def test_a_word_that_is_no_member_is_refused():
    with pytest.raises(ValueError, match="'blue' is not a valid Color"):
        Word(Color).process_bind_param("blue", SQLITE)


def test_equal_documents_are_equal_text_with_instants_in_utc():
    here = Visit(at=datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=1))), opens=time(9), by=frozenset("ba"))
    there = Visit(at=datetime(2026, 3, 2, 9, tzinfo=UTC), opens=time(9), by=frozenset("ab"))
    text = Document(Visit).process_bind_param(here, SQLITE)
    assert text == '{"at":"2026-03-02T09:00:00+00:00","opens":"09:00:00","by":["a","b"]}'
    assert Document(Visit).process_bind_param(there, SQLITE) == text
    assert there_and_back(Document(Visit), here) == there


def test_a_naive_instant_within_a_document_is_refused():
    naive = Visit(at=datetime(2026, 3, 2, 9), opens=time(9))  # noqa: DTZ001 - naive is the point
    with pytest.raises(ValueError, match="an aware datetime"):
        Document(tuple[Visit, ...]).process_bind_param((naive,), SQLITE)
