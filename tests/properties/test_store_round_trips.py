"""What is saved comes back equal, whatever is in it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsync.calendar.slots import TimeSlot
from graphsync.clock import SteppedClock
from graphsync.engine.ports import (
    Action,
    ActionKind,
    Alert,
    AuditEntry,
    Reservation,
    Subject,
    SubjectKind,
    Subscription,
)
from graphsync.mentoring import (
    Absence,
    Answer,
    Choice,
    DayHours,
    Hold,
    HoldKind,
    Loss,
    Medium,
    MentoringSession,
    Mentorship,
    Nudge,
    OpenRequest,
    OptIn,
    Person,
    Proposal,
    Reach,
    Reply,
    RequestSource,
    Response,
    StandingTime,
    Status,
    WeeklyHours,
)
from graphsync.rules.state import Attempt
from graphsync.store import open_store

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

# NUL is refused by PostgreSQL, lone surrogates by both.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
INSTANTS = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis wants it so and adds the zone
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001 - likewise
    timezones=st.just(UTC),
)
MAYBE_INSTANTS = st.none() | INSTANTS
SMALL = st.integers(0, 2**31 - 1)
MEMBERS = st.sampled_from


def spans(field_start, field_end):
    """Return the two fields of a span that is not empty."""
    lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=900))
    return st.builds(lambda start, length: {field_start: start, field_end: start + length}, INSTANTS, lengths)


SLOTS = spans("start", "end").map(lambda span: TimeSlot(**span))
SUBJECTS = st.builds(Subject, kind=MEMBERS(SubjectKind), owner=TEXTS, item=TEXTS)
DAY_HOURS = st.builds(
    lambda weekday, hours: DayHours(weekday=weekday, start=min(hours), end=max(hours)),
    st.integers(0, 6),
    st.lists(st.times(), min_size=2, max_size=2, unique=True),
)
HOURS = st.lists(DAY_HOURS, max_size=3).map(tuple)
PEOPLE = st.builds(
    Person,
    id=TEXTS,
    address=TEXTS,
    display_name=TEXTS,
    hours=st.builds(WeeklyHours, time_zone=TEXTS, hours=HOURS),
    office_location=st.none() | TEXTS,
    absences=st.lists(st.builds(Absence, starts_at=INSTANTS, ends_at=MAYBE_INSTANTS), max_size=3).map(tuple),
    reach=MEMBERS(Reach),
    has_teams=st.none() | st.booleans(),
    weekly_digest=st.booleans(),
    language=TEXTS,
    country=TEXTS,
    region=TEXTS,
)
MENTORSHIPS = st.builds(
    Mentorship,
    id=TEXTS,
    mentor=TEXTS,
    mentee=TEXTS,
    cohort=TEXTS,
    started_on=st.dates(),
    status=MEMBERS(Status),
    cadence=st.none() | st.timedeltas(timedelta(days=1), timedelta(days=92)),
    standing=st.none() | st.builds(StandingTime, weekday=st.integers(0, 6), at=st.times()),
    medium=MEMBERS(Medium),
    phone=TEXTS,
    opt_ins=st.frozensets(MEMBERS(OptIn)),
    mentor_offers=HOURS,
    mentee_offers=HOURS,
    paused_until=st.none() | st.dates(),
    ends_on=st.none() | st.dates(),
    released_at=MAYBE_INSTANTS,
    closed_at=MAYBE_INSTANTS,
)
SESSIONS = st.builds(
    lambda span, **fields: MentoringSession(**span, **fields),
    span=spans("starts_at", "ends_at"),
    mentorship=st.just("m1"),
    number=SMALL,
    organizer=TEXTS,
    event_id=TEXTS,
    ical_uid=TEXTS,
    invited_at=INSTANTS,
    written_start=INSTANTS,
    written_end=INSTANTS,
    medium=MEMBERS(Medium),
    online=st.booleans(),
    rule=TEXTS,
    replaces=st.none() | SMALL,
    self_booked=st.booleans(),
    loss=st.none() | MEMBERS(Loss),
    lost_at=MAYBE_INSTANTS,
    no_slot_reason=TEXTS,
    asked_at=MAYBE_INSTANTS,
    answers=st.dictionaries(
        TEXTS, st.builds(Answer, response=MEMBERS(Response), answered_at=MAYBE_INSTANTS), max_size=3
    ),
    agreed=st.frozensets(TEXTS, max_size=3),
    proposal=st.none() | st.builds(Proposal, by=TEXTS, starts_at=INSTANTS, ends_at=INSTANTS),
    copies=st.dictionaries(TEXTS, TEXTS, max_size=3),
    copies_looked_at=MAYBE_INSTANTS,
    booked_over=st.frozensets(TEXTS, max_size=3),
    attended=st.frozensets(TEXTS, max_size=3),
    holds=st.lists(
        st.builds(Hold, kind=MEMBERS(HoldKind), person=TEXTS, event_id=TEXTS, starts_at=INSTANTS, ends_at=INSTANTS),
        max_size=3,
    ).map(tuple),
    room=TEXTS,
    rooms_declined=st.frozensets(TEXTS, max_size=3),
)
ATTEMPTS = st.builds(
    Attempt,
    mentorship=st.just("m1"),
    key=TEXTS,
    tried_at=INSTANTS,
    reason=TEXTS,
    retry_at=MAYBE_INSTANTS,
    no_hours=st.booleans(),
)
REPLIES = st.builds(
    Reply,
    mentorship=st.just("m1"),
    person=TEXTS,
    about=TEXTS,
    choice=MEMBERS(Choice),
    at=INSTANTS,
    until=st.none() | st.dates(),
    starts_at=MAYBE_INSTANTS,
)
REQUESTS = st.builds(
    OpenRequest, key=TEXTS, mentorship=st.just("m1"), source=MEMBERS(RequestSource), owed_by=TEXTS, asked_at=INSTANTS
)
NUDGES = st.builds(
    Nudge, mentorship=st.just("m1"), person=TEXTS, practice=TEXTS, about=TEXTS, rung=SMALL, sent_at=INSTANTS
)
ACTIONS = st.builds(
    Action,
    key=TEXTS,
    kind=MEMBERS(ActionKind),
    mentorship=TEXTS,
    rule=TEXTS,
    reason=TEXTS,
    payload=TEXTS,
    created_at=INSTANTS,
    next_attempt_at=INSTANTS,
    attempts=SMALL,
    progress=TEXTS,
)
RESERVATIONS = st.builds(Reservation, person=TEXTS, slot=SLOTS, holder=TEXTS)
SUBSCRIPTIONS = st.builds(
    Subscription,
    resource=TEXTS,
    subject=SUBJECTS,
    client_state=TEXTS,
    id=st.none() | TEXTS,
    expires_at=MAYBE_INSTANTS,
    last_notified_at=MAYBE_INSTANTS,
)
ALERTS = st.builds(Alert, key=TEXTS, text=TEXTS, raised_at=INSTANTS)
ENTRIES = st.builds(AuditEntry, at=INSTANTS, mentorship=TEXTS, action=TEXTS, rule=TEXTS, outcome=TEXTS, detail=TEXTS)

# For each kind of value: what there is, how it is saved, and how all of its kind are read.
ROUND_TRIPS = {
    "person": (PEOPLE, lambda ledger, one: ledger.people.save(one), lambda ledger, _: ledger.people.all()),
    "mentorship": (
        MENTORSHIPS.filter(lambda mentorship: mentorship.id != "m1"),
        lambda ledger, one: ledger.mentorships.save(one),
        lambda ledger, one: ledger.mentorships.of(one.mentee),
    ),
    "session": (
        SESSIONS,
        lambda ledger, one: ledger.sessions.save(one),
        lambda ledger, _: ledger.sessions.of("m1"),
    ),
    "attempt": (
        ATTEMPTS,
        lambda ledger, one: ledger.sessions.save_attempt(one),
        lambda ledger, _: ledger.sessions.attempts("m1"),
    ),
    "request": (
        REQUESTS,
        lambda ledger, one: ledger.requests.save(one),
        lambda ledger, _: ledger.requests.of("m1"),
    ),
    "nudge": (
        NUDGES,
        lambda ledger, one: ledger.requests.save_nudge(one),
        lambda ledger, one: ledger.requests.nudges_to(one.person, one.sent_at - timedelta(microseconds=1)),
    ),
    "reply": (
        REPLIES,
        lambda ledger, one: ledger.replies.save(one),
        lambda ledger, _: ledger.replies.of("m1"),
    ),
    "action": (
        ACTIONS,
        lambda ledger, one: ledger.outbox.add(one),
        lambda ledger, one: ledger.outbox.due(one.next_attempt_at),
    ),
    "reservation": (
        RESERVATIONS,
        lambda ledger, one: ledger.reservations.reserve([one]),
        lambda ledger, one: ledger.reservations.of([one.person], one.slot),
    ),
    "subscription": (
        SUBSCRIPTIONS,
        lambda ledger, one: ledger.subscriptions.save(one),
        lambda ledger, _: ledger.subscriptions.all(),
    ),
    "alert": (ALERTS, lambda ledger, one: ledger.records.raise_alert(one), lambda ledger, _: ledger.records.alerts()),
    "audit entry": (
        ENTRIES,
        lambda ledger, one: ledger.records.add_audit(one),
        lambda ledger, one: ledger.records.audit(one.mentorship),
    ),
    "subject": (
        SUBJECTS,
        lambda ledger, one: ledger.work.mark(one, NOW),
        lambda ledger, _: [claim.subject for claim in ledger.work.claim(NOW, SubjectKind, 10)],
    ),
    "sweep": (
        SUBJECTS,
        lambda ledger, one: ledger.work.set_sweep(one, NOW),
        lambda ledger, _: ledger.work.due_sweeps(NOW),
    ),
    "delta link": (
        SLOTS,
        lambda ledger, one: ledger.subscriptions.save_delta_link("anna", one, "link"),
        lambda ledger, _: [ledger.subscriptions.delta_link("anna")[0]],
    ),
}


class UndoError(Exception):
    """Raised to leave the store as it was before the example."""


@pytest.fixture(scope="module")
def store():
    opened = open_store("sqlite://", SteppedClock(NOW))
    with opened.transaction() as ledger:
        pair = Mentorship(id="m1", mentor="mentor", mentee="mentee", cohort="", started_on=date(2026, 1, 5))
        ledger.mentorships.save(pair)
    yield opened
    opened.close()


@pytest.mark.parametrize(("values", "save", "read"), ROUND_TRIPS.values(), ids=ROUND_TRIPS)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_what_is_saved_comes_back_equal(store, values, save, read, data):
    value = data.draw(values)

    def save_and_read():
        with store.transaction() as ledger:
            save(ledger, value)
            found = read(ledger, value)
            assert [one for one in found if one == value] == [value], found
            raise UndoError

    with pytest.raises(UndoError):
        save_and_read()


def test_a_time_of_a_zone_comes_back_as_the_same_instant(store):
    there = datetime(2026, 7, 1, 9, tzinfo=ZoneInfo("Australia/Sydney"))
    with store.transaction() as ledger:
        ledger.work.set_sweep(Subject(kind=SubjectKind.PERSON, owner="anna"), there)
        found = ledger.work.next_at()
    assert (found, found.tzinfo) == (there.astimezone(UTC), UTC)
