"""What every store keeps to, whatever database is beneath it.

PostgreSQL takes part where `GRAPHSYNC_TEST_DATABASE` names a server on which databases may be made
(`postgresql+psycopg://user@host/postgres`) and psycopg is installed.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.util import find_spec

import pytest
from sqlalchemy import create_engine, make_url, text

from graphsync.calendar.slots import TimeSlot
from graphsync.clock import SteppedClock, new_secret
from graphsync.engine.ports import (
    Action,
    ActionKind,
    Alert,
    AuditEntry,
    DecisionRow,
    Outcome,
    Reservation,
    Subject,
    SubjectKind,
    Subscription,
)
from graphsync.errors import ReservationConflict, StoreUnavailable
from graphsync.mentoring import (
    Choice,
    DayHours,
    FlagKind,
    Loss,
    MentoringSession,
    Mentorship,
    MentorshipId,
    Nudge,
    OpenRequest,
    Order,
    OrderKind,
    Person,
    PersonId,
    Reach,
    Reply,
    RequestSource,
    Status,
    WeeklyHours,
)
from graphsync.rules.state import Attempt
from graphsync.store import open_store

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)
ANNA, BEN, CLEO = PersonId("anna"), PersonId("ben"), PersonId("cleo")
PAIR, OTHER = MentorshipId("m1"), MentorshipId("m2")
KINDS = tuple(SubjectKind)
SERVER = os.environ.get("GRAPHSYNC_TEST_DATABASE", "")


def _new_database():
    name = "graphsync_" + new_secret().lower().replace("-", "_")[:16]
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    return server, name


IMPLEMENTATIONS = ("sqlite-file", "sqlite-memory", *(("postgresql",) if SERVER and find_spec("psycopg") else ()))


@pytest.fixture(params=IMPLEMENTATIONS)
def url(request, tmp_path):
    match request.param:
        case "sqlite-file":
            yield f"sqlite:///{tmp_path}/graphsync.db"
        case "sqlite-memory":
            yield "sqlite://"
        case _:
            server, name = _new_database()
            yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
            with server.connect() as connection:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
            server.dispose()


@pytest.fixture
def store(url):
    opened = open_store(url, SteppedClock(NOW), busy_timeout=timedelta(seconds=1))
    yield opened
    opened.close()


@pytest.fixture
def ledger(store):
    with store.transaction() as opened:
        yield opened


def a_person(identity=ANNA, **changes):
    hours = WeeklyHours(time_zone="Europe/Paris", hours=(DayHours(weekday=0, start=time(9), end=time(17)),))
    return replace(
        Person(id=identity, address=f"{identity}@example.org", display_name=str(identity).title(), hours=hours),
        **changes,
    )


def a_mentorship(identity=PAIR, mentor=ANNA, mentee=BEN, **changes):
    made = Mentorship(id=identity, mentor=mentor, mentee=mentee, cohort="new-hires", started_on=date(2026, 1, 5))
    return replace(made, **changes)


def a_session(number=1, mentorship=PAIR, starts_at=NOW, **changes):
    made = MentoringSession(
        mentorship=mentorship,
        number=number,
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        organizer=BEN,
        event_id=f"event-{mentorship}-{number}",
        ical_uid=f"uid-{mentorship}-{number}",
        invited_at=starts_at - 7 * DAY,
        written_start=starts_at,
        written_end=starts_at + HOUR,
    )
    return replace(made, **changes)


def an_attempt(key, tried_at, retry_at=None):
    return Attempt(mentorship=PAIR, key=key, tried_at=tried_at, reason="ben is away", retry_at=retry_at)


def a_request(key="invite:1", asked_at=NOW):
    return OpenRequest(key=key, mentorship=PAIR, source=RequestSource.INVITE, owed_by=ANNA, asked_at=asked_at)


def a_nudge(sent_at=NOW, **changes):
    made = Nudge(mentorship=PAIR, person=ANNA, practice="answer_promptly", about="invite:1", rung=1, sent_at=sent_at)
    return replace(made, **changes)


def an_action(key="book:m1:1", **changes):
    made = Action(
        key=key,
        kind=ActionKind.BOOK,
        mentorship=PAIR,
        rule="new-hires-meet-weekly",
        reason="no session is booked",
        payload='{"number": 1}',
        created_at=NOW,
        next_attempt_at=NOW,
    )
    return replace(made, **changes)


def a_subscription(resource="users/anna/events", **changes):
    made = Subscription(resource=resource, subject=a_subject("anna", SubjectKind.MAILBOX), client_state="secret")
    return replace(made, **changes)


def a_subject(owner="anna", kind=SubjectKind.EVENT, item=""):
    return Subject(kind=kind, owner=owner, item=item)


def kept_for(person, start, length=HOUR, holder="book:m1:1"):
    return Reservation(person=person, slot=TimeSlot(start=start, end=start + length), holder=holder)


def subjects_of(claims):
    return [claim.subject for claim in claims]


# ---------------------------------------------------------------- transactions


def test_what_a_transaction_wrote_is_there_in_the_next(store):
    with store.transaction() as ledger:
        ledger.people.save(a_person())
    with store.transaction() as ledger:
        assert ledger.people.get(ANNA) == a_person()


def test_a_block_that_raises_leaves_nothing_behind(store):
    def write_and_fail():
        with store.transaction() as ledger:
            ledger.people.save(a_person())
            ledger.work.mark(a_subject(), NOW)
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    with store.transaction() as ledger:
        assert ledger.people.all() == []
        assert ledger.work.next_at() is None


def test_a_refused_reservation_leaves_the_rest_of_its_transaction(store):
    with store.transaction() as ledger:
        ledger.people.save(a_person())
        ledger.reservations.reserve([kept_for(ANNA, NOW)])
        with pytest.raises(ReservationConflict):
            ledger.reservations.reserve([kept_for(BEN, NOW), kept_for(ANNA, NOW)])
        ledger.people.save(a_person(BEN))
    with store.transaction() as ledger:
        assert [person.id for person in ledger.people.all()] == [ANNA, BEN]
        assert ledger.reservations.of([ANNA, BEN], TimeSlot(start=NOW, end=NOW + HOUR)) == [kept_for(ANNA, NOW)]


def test_a_store_opened_again_holds_what_it_held(url, store):
    if url == "sqlite://":
        pytest.skip("a database in memory is gone with its store")
    with store.transaction() as ledger:
        ledger.mentorships.save(a_mentorship())
        ledger.requests.close("invite:1")
    later = open_store(url, SteppedClock(NOW + DAY))
    with later.transaction() as ledger:
        assert ledger.mentorships.all() == [a_mentorship()]
        assert ledger.requests.was_closed("invite:1")
    assert later.made_at == store.made_at == NOW
    later.close()


# ---------------------------------------------------------------- people and mentorships


def test_saving_a_person_again_overwrites(ledger):
    ledger.people.save(a_person())
    moved = a_person(office_location="Lyon", has_teams=False)
    ledger.people.save(moved)
    assert ledger.people.all() == [moved]


def test_an_unknown_person_is_none(ledger):
    assert ledger.people.get(ANNA) is None
    assert ledger.people.by_address("anna@example.org") is None


def test_addresses_match_in_any_case(ledger):
    ledger.people.save(a_person(address="Anna.Straße@Example.org"))
    found = ledger.people.by_address("anna.STRASSE@example.ORG")
    assert found is not None
    assert found.address == "Anna.Straße@Example.org"


def test_an_address_given_anew_means_who_has_it_now(ledger):
    ledger.people.save(a_person(ANNA, address="a@example.org", reach=Reach.GONE))
    ledger.people.save(a_person(BEN, address="a@example.org"))
    found = ledger.people.by_address("a@example.org")
    assert found is not None
    assert found.id == BEN


def test_saving_a_mentorship_keeps_its_timer_and_chat(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.mentorships.set_wake_at(PAIR, NOW)
    ledger.mentorships.save_chat(PAIR, "chat-1", NOW)
    ledger.mentorships.save(a_mentorship(cohort="leads"))
    assert ledger.mentorships.get(PAIR) == a_mentorship(cohort="leads")
    assert ledger.mentorships.due(NOW) == [PAIR]
    assert ledger.mentorships.chat(PAIR) == ("chat-1", NOW)


def test_a_person_has_the_mentorships_of_either_role(ledger):
    ledger.mentorships.save(a_mentorship(PAIR, ANNA, BEN))
    ledger.mentorships.save(a_mentorship(OTHER, CLEO, ANNA))
    assert [mentorship.id for mentorship in ledger.mentorships.of(ANNA)] == [PAIR, OTHER]
    assert [mentorship.id for mentorship in ledger.mentorships.of(BEN)] == [PAIR]
    assert ledger.mentorships.of(PersonId("nobody")) == []


def test_mentorships_whose_time_has_come_are_due_whatever_their_status(ledger):
    for number, (status, wake_at) in enumerate(
        [
            (Status.ACTIVE, NOW),
            (Status.ACTIVE, NOW - HOUR),
            (Status.ACTIVE, NOW + MINUTE),
            (Status.ACTIVE, None),
            (Status.PAUSED, NOW - DAY),
            (Status.ENDED, NOW - 2 * DAY),
        ]
    ):
        identity = MentorshipId(f"m{number}")
        ledger.mentorships.save(a_mentorship(identity, status=status))
        ledger.mentorships.set_wake_at(identity, wake_at)
    assert ledger.mentorships.due(NOW) == ["m5", "m4", "m1", "m0"]


def test_a_chat_is_found_by_its_mentorship_and_the_other_way_round(ledger):
    ledger.mentorships.save(a_mentorship())
    assert ledger.mentorships.chat(PAIR) is None
    assert ledger.mentorships.by_chat("chat-1") is None
    ledger.mentorships.save_chat(PAIR, "chat-1", NOW)
    ledger.mentorships.save_chat(PAIR, "chat-1", NOW + HOUR)
    assert ledger.mentorships.chat(PAIR) == ("chat-1", NOW + HOUR)
    assert ledger.mentorships.by_chat("chat-1") == PAIR
    ledger.mentorships.drop_chat(PAIR)
    assert (ledger.mentorships.chat(PAIR), ledger.mentorships.by_chat("chat-1")) == (None, None)


def test_of_two_mentorships_with_one_chat_the_active_one_is_meant(ledger):
    ledger.mentorships.save(a_mentorship(PAIR, ANNA, BEN, status=Status.ENDED))
    ledger.mentorships.save(a_mentorship(OTHER, BEN, ANNA))
    ledger.mentorships.save_chat(PAIR, "chat-1", NOW)
    ledger.mentorships.save_chat(OTHER, "chat-1", NOW)
    assert ledger.mentorships.by_chat("chat-1") == OTHER


def an_order(mentorship=PAIR, **changes):
    fields = {
        "kind": OrderKind.PAUSE,
        "status": Status.ACTIVE,
        "paused_until": date(2026, 4, 1),
        "ends_on": None,
        "row": "2026-01-05 active - -",
        "given_at": NOW,
    }
    return Order(mentorship=mentorship, **(fields | changes))


def test_the_last_order_for_a_mentorship_holds_until_it_is_dropped(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.mentorships.save(a_mentorship(OTHER))
    assert ledger.mentorships.order(PAIR) is None
    ledger.mentorships.save_order(an_order())
    ledger.mentorships.save_order(an_order(kind=OrderKind.END, paused_until=None, ends_on=date(2026, 6, 1)))
    ledger.mentorships.save_order(an_order(OTHER, kind=OrderKind.START, unlisted=True))
    assert ledger.mentorships.order(PAIR) == an_order(kind=OrderKind.END, paused_until=None, ends_on=date(2026, 6, 1))
    assert ledger.mentorships.order(OTHER) == an_order(OTHER, kind=OrderKind.START, unlisted=True)
    ledger.mentorships.drop_order(PAIR)
    ledger.mentorships.drop_order(PAIR)
    assert ledger.mentorships.order(PAIR) is None
    assert ledger.mentorships.order(OTHER) is not None


def test_a_mentorship_knows_which_one_took_its_place(ledger):
    ledger.mentorships.save(a_mentorship(rematched_to=OTHER))
    assert ledger.mentorships.get(PAIR).rematched_to == OTHER


def test_replies_of_one_choice_are_withdrawn_and_no_others(ledger):
    ledger.mentorships.save(a_mentorship())
    said = [
        Reply(mentorship=PAIR, person=person, about="mentorship/m1", choice=choice, at=NOW)
        for person, choice in ((ANNA, Choice.PAUSE), (BEN, Choice.END))
    ]
    for reply in said:
        ledger.replies.save(reply)
    assert ledger.replies.withdraw(PAIR, Choice.PAUSE) == 1
    assert ledger.replies.withdraw(PAIR, Choice.PAUSE) == 0
    assert ledger.replies.of(PAIR) == said[1:]


# ---------------------------------------------------------------- sessions


def test_sessions_come_by_number_and_are_overwritten(ledger):
    ledger.mentorships.save(a_mentorship())
    for number in (10, 2, 1):
        ledger.sessions.save(a_session(number))
    lost = a_session(2, loss=Loss.CANCELLED, lost_at=NOW)
    ledger.sessions.save(lost)
    assert ledger.sessions.of(PAIR) == [a_session(1), lost, a_session(10)]
    assert ledger.sessions.of(OTHER) == []


def test_an_event_moved_for_a_replacement_means_the_latest_session(ledger):
    ledger.mentorships.save(a_mentorship())
    for number in (2, 11, 3):
        ledger.sessions.save(a_session(number, event_id="event", ical_uid="uid"))
    assert ledger.sessions.by_event(BEN, "event") == a_session(11, event_id="event", ical_uid="uid")
    assert ledger.sessions.by_ical_uid("uid") == a_session(11, event_id="event", ical_uid="uid")


def test_an_event_of_another_organizer_is_another_event(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.sessions.save(a_session(1))
    assert ledger.sessions.by_event(ANNA, a_session(1).event_id) is None
    assert ledger.sessions.by_ical_uid("another") is None


def test_standing_sessions_of_a_person_span_their_mentorships(ledger):
    ledger.mentorships.save(a_mentorship(PAIR, ANNA, BEN))
    ledger.mentorships.save(a_mentorship(OTHER, CLEO, ANNA))
    later = a_session(1, PAIR, NOW + DAY)
    sooner = a_session(1, OTHER, NOW + HOUR)
    ended_just_now = a_session(2, PAIR, NOW - HOUR)
    going_on = a_session(3, PAIR, NOW - 59 * MINUTE)
    lost = a_session(4, PAIR, NOW + DAY, loss=Loss.DECLINED, lost_at=NOW)
    for session in (later, sooner, ended_just_now, going_on, lost):
        ledger.sessions.save(session)
    assert ledger.sessions.standing_of(ANNA, NOW) == [going_on, sooner, later]
    assert ledger.sessions.standing_of(CLEO, NOW) == [sooner]


def test_attempts_come_oldest_first_and_are_overwritten_by_key(ledger):
    ledger.mentorships.save(a_mentorship())
    first = an_attempt("a", NOW, retry_at=NOW + 2 * DAY)
    second = an_attempt("b", NOW + HOUR)
    for attempt in (second, first, replace(first, tried_at=NOW + DAY)):
        ledger.sessions.save_attempt(attempt)
    assert ledger.sessions.attempts(PAIR) == [second, replace(first, tried_at=NOW + DAY)]


# ---------------------------------------------------------------- requests and nudges


def test_open_requests_come_by_key(ledger):
    ledger.mentorships.save(a_mentorship())
    second, first = a_request("invite:2", NOW - HOUR), a_request("invite:1", NOW)
    ledger.requests.save(second)
    ledger.requests.save(first)
    assert ledger.requests.of(PAIR) == [first, second]


def test_a_closed_request_is_gone_and_not_opened_again(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.requests.save(a_request())
    ledger.requests.close("invite:1")
    ledger.requests.save(a_request())
    assert ledger.requests.of(PAIR) == []
    assert ledger.requests.was_closed("invite:1")
    assert not ledger.requests.was_closed("invite:2")


def test_closing_twice_or_what_was_never_open_is_no_error(ledger):
    ledger.requests.close("invite:1")
    ledger.requests.close("invite:1")
    assert ledger.requests.was_closed("invite:1")


def test_nudges_are_found_by_mentorship_and_by_person_since(ledger):
    ledger.mentorships.save(a_mentorship(PAIR))
    ledger.mentorships.save(a_mentorship(OTHER))
    old = a_nudge(NOW - 8 * DAY)
    on_the_mark = a_nudge(NOW - 7 * DAY, rung=2)
    just_after = a_nudge(NOW - 7 * DAY + AN_INSTANT, rung=3)
    elsewhere = a_nudge(NOW, mentorship=OTHER)
    to_ben = a_nudge(NOW, person=BEN)
    for nudge in (elsewhere, to_ben, just_after, on_the_mark, old):
        ledger.requests.save_nudge(nudge)
    assert ledger.requests.nudges(PAIR) == [old, on_the_mark, just_after, to_ben]
    assert ledger.requests.nudges_to(ANNA, NOW - 7 * DAY) == [just_after, elsewhere]


# ---------------------------------------------------------------- dirty marks and claims


def test_a_mark_is_due_from_its_time_on(ledger):
    ledger.work.mark(a_subject(), NOW)
    assert ledger.work.claim(NOW - MINUTE, KINDS, 10) == []
    assert subjects_of(ledger.work.claim(NOW, KINDS, 10)) == [a_subject()]


def test_many_marks_on_a_subject_are_one_claim_at_the_earliest(ledger):
    for at in (NOW, NOW - HOUR, NOW + HOUR):
        ledger.work.mark(a_subject(), at)
    assert ledger.work.next_at() == NOW - HOUR
    assert len(ledger.work.claim(NOW + DAY, KINDS, 10)) == 1


def test_claims_come_longest_due_first_then_by_kind_owner_and_item(ledger):
    oldest = a_subject("zoe", SubjectKind.MAILBOX)
    chat = a_subject("chat-1", SubjectKind.CHAT)
    events = [a_subject("anna", item="1"), a_subject("anna", item="2"), a_subject("ben", item="1")]
    for subject in (*reversed(events), chat):
        ledger.work.mark(subject, NOW)
    ledger.work.mark(oldest, NOW - MINUTE)
    assert subjects_of(ledger.work.claim(NOW, KINDS, 4)) == [oldest, chat, *events[:2]]
    assert subjects_of(ledger.work.claim(NOW, KINDS, 4)) == events[2:]


def test_names_sort_by_code_point_in_every_language(ledger):
    owners = ["B", "_", "a", "b-2", "b1", "é"]
    for owner in reversed(owners):
        ledger.work.mark(a_subject(owner), NOW)
    assert [subject.owner for subject in subjects_of(ledger.work.claim(NOW, KINDS, 10))] == owners


def test_only_the_kinds_asked_for_are_claimed(ledger):
    ledger.work.mark(a_subject("anna", SubjectKind.MAILBOX), NOW)
    ledger.work.mark(a_subject("m1", SubjectKind.MENTORSHIP), NOW)
    claims = ledger.work.claim(NOW, {SubjectKind.MENTORSHIP, SubjectKind.CHAT}, 10)
    assert subjects_of(claims) == [a_subject("m1", SubjectKind.MENTORSHIP)]
    assert ledger.work.claim(NOW, (), 10) == []


def test_a_settled_subject_is_clean(ledger):
    ledger.work.mark(a_subject(), NOW)
    [claim] = ledger.work.claim(NOW, KINDS, 10)
    assert ledger.work.claim(NOW, KINDS, 10) == []
    ledger.work.settle(claim)
    assert ledger.work.claim(NOW + DAY, KINDS, 10) == []
    assert ledger.work.next_at() is None


def test_a_mark_made_during_a_claim_survives_it(ledger):
    ledger.work.mark(a_subject(), NOW)
    [claim] = ledger.work.claim(NOW, KINDS, 10)
    ledger.work.mark(a_subject(), NOW + MINUTE)
    ledger.work.settle(claim)
    assert ledger.work.next_at() == NOW + MINUTE
    [again] = ledger.work.claim(NOW + MINUTE, KINDS, 10)
    assert again.subject == claim.subject
    assert again.generation > claim.generation


def test_a_later_look_asked_for_during_a_claim_is_not_made_sooner(ledger):
    ledger.work.mark(a_subject(), NOW)
    [claim] = ledger.work.claim(NOW, KINDS, 10)
    ledger.work.mark(a_subject(), NOW + 2 * DAY)
    ledger.work.mark(a_subject(), NOW + DAY)
    ledger.work.settle(claim)
    assert ledger.work.claim(NOW + HOUR, KINDS, 10) == []
    assert ledger.work.next_at() == NOW + DAY


def test_a_postponed_subject_waits_and_counts_its_attempts(ledger):
    ledger.work.mark(a_subject(), NOW)
    for attempt in range(3):
        [claim] = ledger.work.claim(NOW + attempt * HOUR, KINDS, 10)
        assert claim.attempts == attempt
        ledger.work.postpone(claim, NOW + (attempt + 1) * HOUR)
    assert ledger.work.next_at() == NOW + 3 * HOUR


def test_a_mark_ends_the_wait_of_a_postponed_subject(ledger):
    ledger.work.mark(a_subject(), NOW)
    [claim] = ledger.work.claim(NOW, KINDS, 10)
    ledger.work.postpone(claim, NOW + DAY)
    ledger.work.mark(a_subject(), NOW + MINUTE)
    assert ledger.work.claim(NOW, KINDS, 10) == []
    [again] = ledger.work.claim(NOW + MINUTE, KINDS, 10)
    assert again.attempts == 1


def test_a_mark_made_during_a_claim_cuts_its_postponement_short(ledger):
    ledger.work.mark(a_subject(), NOW)
    [claim] = ledger.work.claim(NOW, KINDS, 10)
    ledger.work.mark(a_subject(), NOW + MINUTE)
    ledger.work.postpone(claim, NOW + DAY)
    assert ledger.work.next_at() == NOW + MINUTE


def test_attempts_start_anew_once_a_look_has_succeeded(ledger):
    ledger.work.mark(a_subject(), NOW)
    [claim] = ledger.work.claim(NOW, KINDS, 10)
    ledger.work.postpone(claim, NOW)
    [claim] = ledger.work.claim(NOW, KINDS, 10)
    ledger.work.mark(a_subject(), NOW)
    ledger.work.settle(claim)
    [claim] = ledger.work.claim(NOW, KINDS, 10)
    assert claim.attempts == 0


def test_the_claim_of_a_dead_worker_runs_out(ledger):
    ledger.work.mark(a_subject(), NOW)
    [dead] = ledger.work.claim(NOW, KINDS, 10)
    runs_out = ledger.work.next_at()
    assert runs_out is not None
    assert NOW < runs_out <= NOW + 10 * MINUTE
    assert ledger.work.claim(runs_out - MINUTE, KINDS, 10) == []
    assert subjects_of(ledger.work.claim(runs_out, KINDS, 10)) == [dead.subject]


def test_a_worker_that_outlived_its_claim_has_no_say(ledger):
    ledger.work.mark(a_subject(), NOW)
    [slow] = ledger.work.claim(NOW, KINDS, 10)
    later = NOW + HOUR
    [taken_over] = ledger.work.claim(later, KINDS, 10)
    ledger.work.settle(slow)
    ledger.work.postpone(slow, later + DAY)
    runs_out = ledger.work.next_at()
    assert runs_out is not None
    assert later < runs_out < later + DAY
    ledger.work.settle(taken_over)
    assert ledger.work.next_at() is None


def test_a_worker_that_outlived_its_claim_does_not_end_the_claim_of_a_new_mark(ledger):
    ledger.work.mark(a_subject(), NOW)
    [slow] = ledger.work.claim(NOW, KINDS, 10)
    [taken_over] = ledger.work.claim(NOW + HOUR, KINDS, 10)
    ledger.work.settle(taken_over)
    ledger.work.mark(a_subject(), NOW + 2 * HOUR)
    ledger.work.claim(NOW + 2 * HOUR, KINDS, 10)
    ledger.work.settle(slow)
    assert ledger.work.next_at() is not None


def test_taking_over_makes_everything_claimed_due_again(store):
    with store.transaction() as ledger:
        for owner in ("ben", "anna"):
            ledger.work.mark(a_subject(owner), NOW)
        ledger.work.claim(NOW, KINDS, 10)
        ledger.work.mark(a_subject("anna"), NOW + DAY)
    assert store.take_over() == 2
    assert store.take_over() == 0
    with store.transaction() as ledger:
        claims = ledger.work.claim(NOW, KINDS, 10)
        assert subjects_of(claims) == [a_subject("anna"), a_subject("ben")]
        for claim in claims:
            ledger.work.settle(claim)
        assert ledger.work.next_at() == NOW + DAY, "the mark made during the first claim"


def test_a_batch_of_marks_counts_repeats_once(store):
    subjects = [a_subject("ben"), a_subject("anna"), a_subject("ben")]
    with store.transaction() as ledger:
        ledger.subscriptions.save(a_subscription())
    store.mark_batch(subjects, NOW, ["users/anna/events", "users/anna/events", "users/gone/events"])
    store.mark_batch(subjects, NOW - MINUTE, ["users/anna/events"])
    with store.transaction() as ledger:
        assert subjects_of(ledger.work.claim(NOW, KINDS, 10)) == [a_subject("anna"), a_subject("ben")]
        assert ledger.subscriptions.all() == [a_subscription(last_notified_at=NOW)]


def test_an_empty_batch_changes_nothing(store):
    store.mark_batch([], NOW, [])
    with store.transaction() as ledger:
        assert ledger.work.next_at() is None


# ---------------------------------------------------------------- timers


def test_sweeps_are_set_moved_and_dropped(ledger):
    anna, ben = a_subject("anna", SubjectKind.MAILBOX), a_subject("ben", SubjectKind.MAILBOX)
    ledger.work.set_sweep(anna, NOW + DAY)
    ledger.work.set_sweep(ben, NOW)
    ledger.work.set_sweep(anna, NOW - HOUR)
    ledger.work.want_sweep(anna, NOW + DAY)
    assert ledger.work.due_sweeps(NOW) == [anna, ben]
    ledger.work.drop_sweep(anna)
    assert ledger.work.due_sweeps(NOW) == [ben]
    assert ledger.work.due_sweeps(NOW - MINUTE) == []


def test_the_next_instant_is_the_earliest_of_all_timers(ledger):
    assert ledger.work.next_at() is None
    ledger.outbox.add(an_action(next_attempt_at=NOW + 4 * HOUR))
    assert ledger.work.next_at() == NOW + 4 * HOUR
    ledger.work.set_sweep(a_subject(), NOW + 3 * HOUR)
    assert ledger.work.next_at() == NOW + 3 * HOUR
    ledger.mentorships.save(a_mentorship(OTHER))
    ledger.mentorships.set_wake_at(OTHER, NOW + 2 * HOUR)
    assert ledger.work.next_at() == NOW + 2 * HOUR
    ledger.work.mark(a_subject(), NOW + HOUR)
    assert ledger.work.next_at() == NOW + HOUR


# ---------------------------------------------------------------- outbox


def test_an_action_comes_back_as_it_was_added(ledger):
    assert ledger.outbox.add(an_action())
    assert ledger.outbox.due(NOW) == [an_action()]
    assert ledger.outbox.due(NOW - MINUTE) == []


def test_a_key_is_used_once_and_for_ever(ledger):
    assert ledger.outbox.add(an_action())
    assert not ledger.outbox.add(an_action(reason="another"))
    ledger.outbox.finish("book:m1:1", Outcome.DONE, "", NOW)
    assert not ledger.outbox.add(an_action())
    assert ledger.outbox.due(NOW) == []
    ledger.records.purge(requests_before=NOW + DAY, facts_before=NOW + DAY)
    assert not ledger.outbox.add(an_action())
    assert ledger.outbox.pending(PAIR) == []


def test_due_actions_come_longest_overdue_first(ledger):
    for key, due_at, made_at in (("c", NOW, NOW), ("b", NOW, NOW), ("d", NOW, NOW - DAY), ("a", NOW - HOUR, NOW)):
        ledger.outbox.add(an_action(key, next_attempt_at=due_at, created_at=made_at))
    assert [action.key for action in ledger.outbox.due(NOW)] == ["a", "d", "b", "c"]


def test_pending_actions_are_those_of_the_mentorship_that_have_not_ended(ledger):
    ledger.outbox.add(an_action("a", next_attempt_at=NOW + DAY))
    ledger.outbox.add(an_action("b"))
    ledger.outbox.add(an_action("c", mentorship=OTHER))
    ledger.outbox.finish("b", Outcome.REFUSED, "the slot is taken", NOW)
    assert [action.key for action in ledger.outbox.pending(PAIR)] == ["a"]


def test_progress_and_attempts_of_an_action_are_kept(ledger):
    ledger.outbox.add(an_action())
    ledger.outbox.note_progress("book:m1:1", "draft-7")
    ledger.outbox.postpone("book:m1:1", NOW + HOUR)
    assert ledger.outbox.due(NOW) == []
    expected = an_action(progress="draft-7", attempts=1, next_attempt_at=NOW + HOUR)
    assert ledger.outbox.due(NOW + HOUR) == [expected]


def test_an_action_that_has_ended_stays_ended(ledger):
    ledger.outbox.add(an_action())
    ledger.outbox.finish("book:m1:1", Outcome.FAILED, "rejected", NOW)
    ledger.outbox.postpone("book:m1:1", NOW)
    ledger.outbox.note_progress("book:m1:1", "draft-7")
    assert ledger.outbox.due(NOW + DAY) == []


# ---------------------------------------------------------------- reservations


@pytest.mark.parametrize(
    ("start", "length"),
    [
        pytest.param(NOW, HOUR, id="the same"),
        pytest.param(NOW - MINUTE, 2 * MINUTE, id="over the start"),
        pytest.param(NOW + 59 * MINUTE, HOUR, id="over the end"),
        pytest.param(NOW + MINUTE, MINUTE, id="within"),
        pytest.param(NOW - HOUR, 3 * HOUR, id="around"),
    ],
)
@pytest.mark.parametrize("holder", ["book:m1:1", "another"])
def test_an_overlap_for_one_person_is_refused_whoever_holds_it(ledger, start, length, holder):
    ledger.reservations.reserve([kept_for(ANNA, NOW)])
    with pytest.raises(ReservationConflict, match="overlaps time that is kept already"):
        ledger.reservations.reserve([kept_for(ANNA, start, length, holder)])


def test_touching_times_and_other_people_are_no_overlap(ledger):
    ledger.reservations.reserve([kept_for(ANNA, NOW), kept_for(BEN, NOW)])
    ledger.reservations.reserve([kept_for(ANNA, NOW + HOUR), kept_for(ANNA, NOW - HOUR)])
    window = TimeSlot(start=NOW, end=NOW + HOUR)
    assert ledger.reservations.of([BEN, ANNA, ANNA], window) == [kept_for(ANNA, NOW), kept_for(BEN, NOW)]


def test_two_that_overlap_each_other_are_refused_together(ledger):
    with pytest.raises(ReservationConflict):
        ledger.reservations.reserve([kept_for(ANNA, NOW), kept_for(ANNA, NOW + MINUTE)])
    assert ledger.reservations.of([ANNA], TimeSlot(start=NOW - DAY, end=NOW + DAY)) == []


def test_released_time_can_be_kept_again(ledger):
    ledger.reservations.reserve([kept_for(ANNA, NOW), kept_for(BEN, NOW)])
    ledger.reservations.release("book:m1:1")
    ledger.reservations.reserve([kept_for(ANNA, NOW, holder="book:m2:1")])
    window = TimeSlot(start=NOW, end=NOW + HOUR)
    assert ledger.reservations.of([ANNA, BEN], window) == [kept_for(ANNA, NOW, holder="book:m2:1")]


def test_time_goes_over_to_another_holder(ledger):
    ledger.reservations.reserve([kept_for(ANNA, NOW)])
    ledger.reservations.rename("book:m1:1", "session:m1:1")
    ledger.reservations.release("book:m1:1")
    window = TimeSlot(start=NOW, end=NOW + HOUR)
    assert ledger.reservations.of([ANNA], window) == [kept_for(ANNA, NOW, holder="session:m1:1")]


def test_what_is_kept_is_found_for_more_people_than_a_query_takes(ledger):
    people = [PersonId(f"p{number:04}") for number in range(1_200)]
    ledger.reservations.reserve(kept_for(person, NOW) for person in people[::400])
    found = ledger.reservations.of(people, TimeSlot(start=NOW, end=NOW + MINUTE))
    assert [reservation.person for reservation in found] == ["p0000", "p0400", "p0800"]
    assert ledger.reservations.of([], TimeSlot(start=NOW, end=NOW + MINUTE)) == []


def test_reserving_nothing_is_no_error(ledger):
    ledger.reservations.reserve([])


# ---------------------------------------------------------------- subscriptions


def test_subscriptions_are_kept_by_resource(ledger):
    wanted = a_subscription()
    granted = replace(wanted, id="sub-1", expires_at=NOW + DAY)
    ledger.subscriptions.save(wanted)
    ledger.subscriptions.save(granted)
    ledger.subscriptions.save(a_subscription("chats/1"))
    assert ledger.subscriptions.get("users/anna/events") == granted
    assert ledger.subscriptions.all() == [a_subscription("chats/1"), granted]
    ledger.subscriptions.remove("users/anna/events")
    assert ledger.subscriptions.get("users/anna/events") is None


def test_saving_a_subscription_does_not_forget_a_notification_that_came_meanwhile(store):
    with store.transaction() as ledger:
        ledger.subscriptions.save(a_subscription())
    store.mark_batch([], NOW, ["users/anna/events"])
    with store.transaction() as ledger:
        ledger.subscriptions.save(a_subscription(id="sub-1"))
        assert ledger.subscriptions.all() == [a_subscription(id="sub-1", last_notified_at=NOW)]
        ledger.subscriptions.save(a_subscription(last_notified_at=NOW + HOUR))
        assert ledger.subscriptions.all() == [a_subscription(last_notified_at=NOW + HOUR)]


def test_a_delta_link_is_kept_with_its_window(ledger):
    window = TimeSlot(start=NOW, end=NOW + 60 * DAY)
    assert ledger.subscriptions.delta_link(ANNA) is None
    ledger.subscriptions.save_delta_link(ANNA, window, "link-1")
    ledger.subscriptions.save_delta_link(ANNA, window, "link-2")
    assert ledger.subscriptions.delta_link(ANNA) == (window, "link-2")
    ledger.subscriptions.drop_delta_link(ANNA)
    assert ledger.subscriptions.delta_link(ANNA) is None


# ---------------------------------------------------------------- records


def an_entry(at=NOW, mentorship=PAIR, action="book", detail=""):
    return AuditEntry(at=at, mentorship=mentorship, action=action, rule="rule", outcome="done", detail=detail)


def test_the_audit_keeps_the_order_of_writing(ledger):
    first, second, elsewhere = an_entry(NOW), an_entry(NOW - HOUR), an_entry(mentorship=OTHER)
    for entry in (first, elsewhere, second):
        ledger.records.add_audit(entry)
    assert ledger.records.audit() == [first, elsewhere, second]
    assert ledger.records.audit(PAIR) == [first, second]


def a_decision(at=NOW, **changes):
    values = {"mentorship": PAIR, "at": at, "last_at": at, "state": b"state", "wanted": "[]", "trace": b"trace"}
    values |= {"places": b"places", "wake_at": None}
    return DecisionRow(**values | changes)


def test_a_decision_is_kept_with_what_it_was_made_on(ledger):
    ledger.mentorships.save(a_mentorship())
    assert ledger.records.last_decision(PAIR, NOW + DAY) is None
    first, second = a_decision(), a_decision(NOW + HOUR, state=b"other")
    ledger.records.add_decision(first)
    ledger.records.add_decision(second)
    assert ledger.records.decisions(since=NOW, until=NOW + DAY) == [first, second]
    assert ledger.records.last_decision(PAIR, NOW + DAY) == second
    assert ledger.records.last_decision(PAIR, NOW + HOUR) == second
    assert ledger.records.last_decision(PAIR, NOW + HOUR - AN_INSTANT) == first


def test_the_same_decision_over_again_only_moves_on_in_time(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.records.add_decision(a_decision())
    ledger.records.add_decision(a_decision(NOW + HOUR, trace=b"later"))
    assert ledger.records.decisions(since=NOW, until=NOW + DAY) == [a_decision(last_at=NOW + HOUR, trace=b"later")]
    ledger.records.add_decision(a_decision(NOW + 2 * HOUR, wanted='["x"]'))
    assert len(ledger.records.decisions(since=NOW, until=NOW + DAY)) == 2


def test_decisions_are_found_by_mentorship_and_by_the_span_in_which_they_held(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.mentorships.save(a_mentorship(id=OTHER, mentee=CLEO))
    ledger.records.add_decision(a_decision())
    ledger.records.add_decision(a_decision(NOW + 2 * HOUR))
    ledger.records.add_decision(a_decision(NOW + HOUR, mentorship=OTHER))

    def found(since, until, mentorship=None):
        rows = ledger.records.decisions(mentorship, since=since, until=until)
        return [row.mentorship for row in rows]

    assert found(NOW, NOW + DAY) == [OTHER, PAIR]
    assert found(NOW, NOW + DAY, PAIR) == [PAIR]
    assert found(NOW + 2 * HOUR, NOW + DAY) == [PAIR]
    assert found(NOW + 3 * HOUR, NOW + DAY) == []
    assert found(NOW - DAY, NOW) == []


def a_reply(about="consent/1", at=NOW, **changes):
    values = {"mentorship": PAIR, "person": ANNA, "about": about, "choice": Choice.YES, "at": at}
    return Reply(**values | changes)


def test_a_reply_takes_the_place_of_an_earlier_one_about_the_same_matter(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.replies.save(a_reply())
    again = a_reply(at=NOW + HOUR, choice=Choice.NO, starts_at=NOW + DAY, until=date(2026, 4, 1))
    ledger.replies.save(again)
    others = [a_reply("pause", NOW + 2 * HOUR), a_reply(person=BEN, at=NOW - HOUR)]
    for reply in others:
        ledger.replies.save(reply)
    assert ledger.replies.of(PAIR) == [others[1], again, others[0]]
    assert ledger.replies.of(OTHER) == []


def test_exactly_the_flags_that_are_set_stand(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.mentorships.save(a_mentorship(id=OTHER, mentee=CLEO))
    ledger.records.set_flags(PAIR, [FlagKind.NOT_MEETING, FlagKind.HELP_ASKED])
    ledger.records.set_flags(PAIR, [FlagKind.NOT_MEETING, FlagKind.TO_RENEW])
    ledger.records.set_flags(OTHER, [FlagKind.NO_HOURS])
    ledger.records.set_flags(OTHER, [])
    assert ledger.records.flags() == {PAIR: {FlagKind.NOT_MEETING, FlagKind.TO_RENEW}}


def test_an_alert_stands_once_from_when_it_was_first_raised(ledger):
    ledger.records.raise_alert(Alert(key="b", text="no licence", raised_at=NOW))
    ledger.records.raise_alert(Alert(key="a", text="no access", raised_at=NOW))
    ledger.records.raise_alert(Alert(key="b", text="no licence for 2", raised_at=NOW + HOUR))
    assert ledger.records.alerts() == [
        Alert(key="a", text="no access", raised_at=NOW),
        Alert(key="b", text="no licence for 2", raised_at=NOW),
    ]
    ledger.records.clear_alert("a")
    ledger.records.clear_alert("a")
    assert [alert.key for alert in ledger.records.alerts()] == ["b"]


# ---------------------------------------------------------------- terms

SHORT, LONG = NOW - 30 * DAY, NOW - 365 * DAY


def purge(ledger):
    return ledger.records.purge(requests_before=SHORT, facts_before=LONG)


def test_a_request_that_had_its_term_is_closed(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.requests.save(a_request("old", SHORT - AN_INSTANT))
    ledger.requests.save(a_request("young", SHORT))
    assert purge(ledger) == 1
    assert ledger.requests.of(PAIR) == [a_request("young", SHORT)]
    assert ledger.requests.was_closed("old")
    assert purge(ledger) == 0


def test_nudges_about_requests_have_the_short_term_and_others_the_long_one(ledger):
    ledger.mentorships.save(a_mentorship())
    kept = [
        a_nudge(LONG, practice="start_well", about="standing time"),
        a_nudge(SHORT, rung=2),
    ]
    gone = [
        a_nudge(LONG - AN_INSTANT, practice="start_well", about="welcome"),
        a_nudge(SHORT - AN_INSTANT, rung=1),
    ]
    for nudge in kept + gone:
        ledger.requests.save_nudge(nudge)
    assert purge(ledger) == 2
    assert ledger.requests.nudges(PAIR) == kept


def test_ended_actions_go_by_kind_and_pending_ones_stay(ledger):
    ended = {
        "nudge-old": (ActionKind.NUDGE, SHORT - AN_INSTANT),
        "nudge-young": (ActionKind.NUDGE, SHORT),
        "book-old": (ActionKind.BOOK, LONG - AN_INSTANT),
        "book-young": (ActionKind.BOOK, LONG),
    }
    for key, (kind, at) in ended.items():
        ledger.outbox.add(an_action(key, kind=kind, created_at=at))
        ledger.outbox.finish(key, Outcome.DONE, "", at)
    ledger.outbox.add(an_action("waiting", created_at=LONG - DAY))
    assert purge(ledger) == 2
    assert [action.key for action in ledger.outbox.pending(PAIR)] == ["waiting"]
    assert not any(ledger.outbox.add(an_action(key)) for key in ended)


@pytest.mark.parametrize(
    "name",
    ["nudge/m1/invite/1/1/mentor", "messages/nudge/m1/invite/1/1/mentor/20260302T080000Z", "relay/m1/question/anna"],
)
def test_audit_of_messages_has_the_short_term_and_of_all_else_the_long_one(ledger, name):
    gone = an_entry(SHORT - AN_INSTANT, action=f"{name}/1")
    kept = [an_entry(LONG), an_entry(SHORT, action=f"{name}/2")]
    for entry in (gone, *kept):
        if entry.action.startswith(name):
            ledger.outbox.add(an_action(entry.action, kind=ActionKind.NUDGE, created_at=entry.at))
            ledger.outbox.finish(entry.action, Outcome.DONE, "sent", entry.at)
        ledger.records.add_audit(entry)
    ledger.records.add_audit(an_entry(LONG - AN_INSTANT))
    assert purge(ledger) == 3, "with the message itself"
    assert ledger.records.audit() == kept


def test_decisions_and_past_reservations_have_the_short_term(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.records.add_decision(a_decision(SHORT - AN_INSTANT))
    ledger.reservations.reserve([kept_for(ANNA, SHORT - 2 * HOUR), kept_for(ANNA, SHORT)])
    assert purge(ledger) == 2
    assert ledger.records.last_decision(PAIR, NOW) is None
    window = TimeSlot(start=SHORT - DAY, end=NOW)
    assert ledger.reservations.of([ANNA], window) == [kept_for(ANNA, SHORT)]


def test_replies_have_a_term_by_what_they_say(ledger):
    ledger.mentorships.save(a_mentorship())
    for about, choice in (("old", Choice.HELP), ("met", Choice.MET), ("pause", Choice.PAUSE)):
        ledger.replies.save(a_reply(about, SHORT - AN_INSTANT, choice=choice))
    ledger.replies.save(a_reply("new", SHORT, choice=Choice.ANSWERED))
    ledger.replies.save(a_reply("long ago", LONG - AN_INSTANT))
    ledger.replies.save(a_reply("settled", LONG - AN_INSTANT, choice=Choice.SETTLED))
    assert purge(ledger) == 2
    assert {reply.about for reply in ledger.replies.of(PAIR)} == {"met", "pause", "new", "settled"}


def test_sessions_and_attempts_have_the_long_term(ledger):
    ledger.mentorships.save(a_mentorship())
    ledger.sessions.save(a_session(1, starts_at=LONG - 2 * HOUR))
    ledger.sessions.save(a_session(2, starts_at=LONG))
    ledger.sessions.save_attempt(an_attempt("a", LONG - AN_INSTANT))
    assert purge(ledger) == 2
    assert ledger.sessions.of(PAIR) == [a_session(2, starts_at=LONG)]
    assert ledger.sessions.attempts(PAIR) == []


def test_the_last_session_stays_for_its_number_without_what_people_did(ledger):
    ledger.mentorships.save(a_mentorship())
    answered = a_session(
        7, starts_at=LONG - DAY, agreed=frozenset({ANNA}), copies={ANNA: "copy"}, no_slot_reason="ben is away"
    )
    ledger.sessions.save(answered)
    purge(ledger)
    assert ledger.sessions.of(PAIR) == [replace(answered, agreed=frozenset(), copies={}, no_slot_reason="")]


# ---------------------------------------------------------------- several at once


def at_once(work):
    """Return what four calls of `work` at one time returned."""
    with ThreadPoolExecutor(4) as threads:
        return [called.result() for called in [threads.submit(work) for _ in range(4)]]


def test_of_several_who_reserve_one_time_at_once_one_gets_it(store):
    def reserve():
        with store.transaction() as ledger:
            try:
                ledger.reservations.reserve([kept_for(BEN, NOW), kept_for(ANNA, NOW)])
            except ReservationConflict:
                return "refused"
            return "reserved"

    assert sorted(at_once(reserve)) == ["refused", "refused", "refused", "reserved"]


def test_of_several_who_claim_at_once_nobody_gets_what_another_has(store):
    subjects = [a_subject("anna", item=str(number)) for number in range(20)]
    store.mark_batch(subjects, NOW, [])

    def claim():
        with store.transaction() as ledger:
            return subjects_of(ledger.work.claim(NOW, KINDS, 5))

    claimed = [subject for got in at_once(claim) for subject in got]
    assert len(claimed) == len(set(claimed)) == 20


def test_a_transaction_within_another_gives_up(store):
    if store._turn is None:
        pytest.skip("PostgreSQL lets several in")
    with store.transaction(), pytest.raises(StoreUnavailable, match="did not end within 1 s"), store.transaction():
        pass
