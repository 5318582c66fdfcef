"""Nothing the loop asks for reads a whole table: every statement is explained by SQLite itself."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from graphsync.calendar.slots import TimeSlot
from graphsync.clock import SteppedClock
from graphsync.engine.ports import Claim, Outcome, Reservation, Subject, SubjectKind
from graphsync.mentoring import Choice, FlagKind, Mentorship, MentorshipId, Order, OrderKind, PersonId, Reply, Status
from graphsync.store import open_store

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANNA, PAIR = PersonId("anna"), MentorshipId("m1")
WINDOW = TimeSlot(start=NOW, end=NOW + timedelta(days=7))
SUBJECT = Subject(kind=SubjectKind.EVENT, owner="anna", item="1")
CLAIM = Claim(subject=SUBJECT, generation=1, attempts=0)

QUESTIONS = {
    "people.get": lambda ledger: ledger.people.get(ANNA),
    "people.by_address": lambda ledger: ledger.people.by_address("anna@example.org"),
    "mentorships.save": lambda ledger: ledger.mentorships.save(
        Mentorship(id=PAIR, mentor=ANNA, mentee=PersonId("ben"), cohort="c", started_on=date(2026, 1, 5))
    ),
    "mentorships.get": lambda ledger: ledger.mentorships.get(PAIR),
    "mentorships.of": lambda ledger: ledger.mentorships.of(ANNA),
    "mentorships.set_wake_at": lambda ledger: ledger.mentorships.set_wake_at(PAIR, NOW),
    "mentorships.due": lambda ledger: ledger.mentorships.due(NOW),
    "mentorships.chat": lambda ledger: ledger.mentorships.chat(PAIR),
    "mentorships.save_chat": lambda ledger: ledger.mentorships.save_chat(PAIR, "chat", NOW),
    "mentorships.drop_chat": lambda ledger: ledger.mentorships.drop_chat(PAIR),
    "mentorships.by_chat": lambda ledger: ledger.mentorships.by_chat("chat"),
    "mentorships.save_order": lambda ledger: ledger.mentorships.save_order(
        Order(
            mentorship=PAIR,
            kind=OrderKind.PAUSE,
            status=Status.ACTIVE,
            paused_until=None,
            ends_on=None,
            row="",
            given_at=NOW,
        )
    ),
    "mentorships.order": lambda ledger: ledger.mentorships.order(PAIR),
    "mentorships.drop_order": lambda ledger: ledger.mentorships.drop_order(PAIR),
    "sessions.of": lambda ledger: ledger.sessions.of(PAIR),
    "sessions.by_event": lambda ledger: ledger.sessions.by_event(ANNA, "event"),
    "sessions.by_ical_uid": lambda ledger: ledger.sessions.by_ical_uid("uid"),
    "sessions.standing_of": lambda ledger: ledger.sessions.standing_of(ANNA, NOW),
    "sessions.attempts": lambda ledger: ledger.sessions.attempts(PAIR),
    "requests.of": lambda ledger: ledger.requests.of(PAIR),
    "requests.close": lambda ledger: ledger.requests.close("invite:1"),
    "requests.was_closed": lambda ledger: ledger.requests.was_closed("invite:1"),
    "requests.nudges": lambda ledger: ledger.requests.nudges(PAIR),
    "requests.nudges_to": lambda ledger: ledger.requests.nudges_to(ANNA, NOW),
    "replies.save": lambda ledger: ledger.replies.save(
        Reply(mentorship=PAIR, person=ANNA, about="consent/1", choice=Choice.YES, at=NOW)
    ),
    "replies.withdraw": lambda ledger: ledger.replies.withdraw(PAIR, Choice.PAUSE),
    "replies.of": lambda ledger: ledger.replies.of(PAIR),
    "work.mark": lambda ledger: ledger.work.mark(SUBJECT, NOW),
    "work.claim": lambda ledger: ledger.work.claim(NOW, tuple(SubjectKind), 50),
    "work.settle": lambda ledger: ledger.work.settle(CLAIM),
    "work.postpone": lambda ledger: ledger.work.postpone(CLAIM, NOW),
    "work.drop_sweep": lambda ledger: ledger.work.drop_sweep(SUBJECT),
    "work.due_sweeps": lambda ledger: ledger.work.due_sweeps(NOW),
    "work.next_at": lambda ledger: ledger.work.next_at(),
    "outbox.due": lambda ledger: ledger.outbox.due(NOW),
    "outbox.pending": lambda ledger: ledger.outbox.pending(PAIR),
    "outbox.note_progress": lambda ledger: ledger.outbox.note_progress("key", "draft"),
    "outbox.postpone": lambda ledger: ledger.outbox.postpone("key", NOW),
    "outbox.finish": lambda ledger: ledger.outbox.finish("key", Outcome.DONE, "", NOW),
    "reservations.reserve": lambda ledger: ledger.reservations.reserve(
        [Reservation(person=ANNA, slot=WINDOW, holder="x")]
    ),
    "reservations.release": lambda ledger: ledger.reservations.release("x"),
    "reservations.rename": lambda ledger: ledger.reservations.rename("x", "y"),
    "reservations.of": lambda ledger: ledger.reservations.of([ANNA, PersonId("ben")], WINDOW),
    "subscriptions.get": lambda ledger: ledger.subscriptions.get("users/anna/events"),
    "subscriptions.remove": lambda ledger: ledger.subscriptions.remove("users/anna/events"),
    "subscriptions.delta_link": lambda ledger: ledger.subscriptions.delta_link(ANNA),
    "records.audit": lambda ledger: ledger.records.audit(PAIR),
    "records.decisions": lambda ledger: ledger.records.decisions(since=NOW, until=NOW),
    "records.decisions of one": lambda ledger: ledger.records.decisions(PAIR, since=NOW, until=NOW),
    "records.last_decision": lambda ledger: ledger.records.last_decision(PAIR, NOW),
    "records.set_flags": lambda ledger: ledger.records.set_flags(PAIR, [FlagKind.NOT_MEETING]),
    "records.set_flags (none)": lambda ledger: ledger.records.set_flags(PAIR, []),
    "records.clear_alert": lambda ledger: ledger.records.clear_alert("key"),
}


@pytest.fixture(scope="module")
def store():
    opened = open_store("sqlite://", SteppedClock(NOW))
    yield opened
    opened.close()


@pytest.fixture
def said(store):
    """Return what has been sent to the database: statements with their (first) parameters."""
    heard = []

    def hear(_connection, _cursor, statement, parameters, _context, executemany):
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
            heard.append((statement, parameters[0] if executemany else parameters))

    event.listen(store._engine, "before_cursor_execute", hear)
    yield heard
    event.remove(store._engine, "before_cursor_execute", hear)


def scans_in(store, said):
    with store._engine.connect() as connection:
        return [
            f"{step.detail} in {statement}"
            for statement, parameters in tuple(said)
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            if step.detail.startswith("SCAN") and step.detail != "SCAN CONSTANT ROW"
        ]


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_what_the_loop_asks_for_is_found_by_an_index(store, said, ask):
    with store.transaction() as ledger:
        ask(ledger)
    assert said, "the question never reached the database"
    assert scans_in(store, said) == []


def test_marking_and_noting_notifications_finds_its_rows_by_an_index(store, said):
    store.mark_batch([SUBJECT], NOW, ["users/anna/events"])
    assert len(said) == 2
    assert scans_in(store, said) == []


def test_a_whole_list_is_what_a_scan_looks_like(store, said):
    with store.transaction() as ledger:
        ledger.people.all()
    assert len(scans_in(store, said)) == 1
