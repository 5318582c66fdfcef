from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest
from ruamel.yaml import YAML

from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.demo.diary import busy_spans, free_starts
from graphsync.sandbox.demo.habits import Habits
from graphsync.sandbox.demo.programme import ORGANIZERS, PROGRAMME_MAILBOX, the_programme
from graphsync.sandbox.demo.scenario import CLIENT_ID, Addresses, build_world, write_config
from graphsync.sandbox.scenarios.ical import Entry
from graphsync.sandbox.world import World

ADDRESSES = Addresses(
    authority="https://localhost:1",
    graph_url="https://localhost:1/v1.0",
    public_url="https://localhost:2",
    listen="127.0.0.1:2",
    database="sqlite:////srv/graphsync.db",
)


def a_world(seed=1):
    programme = the_programme(6)
    world = World(clock=VirtualClock(programme.starts_at), seed=seed)
    build_world(world, programme)
    return world, programme


@pytest.fixture(scope="module")
def built():
    return a_world()


def busy_share(world, programme, address, week):
    start = programme.starts_at + timedelta(weeks=week)
    spans = programme.hours(address).spans(start, start + timedelta(weeks=1))
    busy = busy_spans(world.events(address), start, start + timedelta(weeks=1))
    minutes = sum((end - at) // timedelta(minutes=5) for at, end in spans)
    taken = 0
    for at, end in spans:
        while at < end:
            taken += any(one <= at < other for one, other in busy)
            at += timedelta(minutes=5)
    return taken / minutes


def test_the_programme_is_what_the_demo_promises():
    programme = the_programme(6)
    mentors = [pair.mentor for pair in programme.pairs]
    zones = {person.zone for person in programme.people.values()}
    assert len(programme.pairs) >= 14
    assert max(mentors.count(mentor) for mentor in mentors) == 3
    assert zones == {
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "America/Toronto",
        "Asia/Kolkata",
        "Australia/Sydney",
    }
    assert {pair.cohort for pair in programme.pairs} == set(ORGANIZERS)
    assert {pair.cadence_days for pair in programme.pairs} == {7, 14}
    assert any(pair.medium == "phone" and pair.phone for pair in programme.pairs)
    assert {day for pair in programme.pairs for day in (pair.started,) if day > programme.starts_at.date()}
    assert {day for pair in programme.pairs for day in (pair.started,) if day < programme.starts_at.date()}


def test_one_pair_alone_has_no_common_hours_and_offers_none():
    programme = the_programme(6)
    without = set(programme.pairs) - set(Habits(programme, 1).meeting_pairs)
    assert [(pair.mentor_offers, pair.mentee_offers) for pair in without] == [("", "")]


@pytest.mark.parametrize("week", [0, 3, 5])
def test_calendars_leave_some_time_and_not_much(built, week):
    world, programme = built
    shares = [busy_share(world, programme, address, week) for address in programme.people]
    assert 0.35 < sum(shares) / len(shares) < 0.6
    assert all(share < 0.85 for share in shares)


def test_every_pair_that_shares_hours_has_free_time_a_week_ahead(built):
    world, programme = built
    window = (programme.starts_at + timedelta(days=7), programme.starts_at + timedelta(days=21))
    for pair in Habits(programme, 1).meeting_pairs:
        both = (pair.mentor, pair.mentee)
        busy = [busy_spans(world.events(address), *window) for address in both]
        hours = [programme.hours(address, pair) for address in both]
        assert free_starts(hours, busy, window, timedelta(minutes=50)), pair.key


def test_the_same_seed_fills_the_same_calendars_and_another_one_does_not(built):
    def contents(world):
        return [(event.id, event.start, event.subject) for user in world.users() for event in world.events(user)]

    assert contents(built[0]) == contents(a_world()[0])
    assert contents(built[0]) != contents(a_world(seed=2)[0])


def test_the_app_writes_calendars_of_the_programme_and_mails_from_one_mailbox(built):
    world, programme = built
    permissions = world.directory.applications[CLIENT_ID].permissions
    programme_id = world.user(PROGRAMME_MAILBOX).id
    assert permissions["Mail.Send"] == permissions["Mail.ReadWrite"] == frozenset({programme_id})
    assert permissions["Calendars.ReadWrite"] == frozenset(
        {programme_id, *(world.user(address).id for address in programme.people)}
    )
    assert set(permissions) == {
        "Calendars.ReadWrite",
        "MailboxSettings.Read",
        "User.Read.All",
        "Mail.ReadWrite",
        "Mail.Send",
        "Chat.Read.All",
        "Place.Read.All",
    }


def test_the_config_files_read_back(built, tmp_path):
    world, programme = built
    write_config(tmp_path, programme, world, ADDRESSES)
    yaml = YAML(typ="safe")
    service = yaml.load((tmp_path / "graphsync.yaml").read_text())
    assert service["tenant"]["id"] == world.tenant_id
    assert service["service"]["database"] == "sqlite:////srv/graphsync.db"
    assert service["cohorts"]["newly-promoted"] == {"organizer": "mentor"}
    rules = yaml.load((tmp_path / "rules.yaml").read_text())
    assert [rule["practice"] for rule in rules] == [
        "book_ahead",
        "rebook_same_week",
        "video_first",
        "answer_promptly",
    ]
    with (tmp_path / "mentorships.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["mentor"], row["mentee"]) for row in rows] == [(pair.mentor, pair.mentee) for pair in programme.pairs]
    assert rows[7]["mentor_offers"] == "mon-thu 17:00-20:00"
    assert rows[0]["opt_ins"] == "chat self_booked"


def test_an_entry_of_a_calendar_file_keeps_its_instants_in_the_hour_that_comes_twice():
    programme = the_programme(1)
    world = World(clock=VirtualClock(programme.starts_at), seed=1)
    start = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    entry = Entry(
        start=start,
        end=start + timedelta(minutes=30),
        show_as="tentative",
        is_all_day=False,
        subject="x" * 1000,
        is_private=True,
    )
    build_world(world, programme, {"ines.vogel@fabrikam.test": [entry]})
    (event,) = world.events("ines.vogel@fabrikam.test")
    assert (event.start, event.end) == (entry.start, entry.end)
    assert (event.show_as, event.sensitivity) == ("tentative", "private")
    assert len(world.events("omar.haddad@fabrikam.test")) > 1
