"""The demo's people come to their sessions: most of the time both, and never to one that did not stand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from demo_builders import FIRST, INES, OMAR, Play

from graphsync.sandbox.demo.gatherings import gather
from graphsync.sandbox.demo.habits import Habits

LENGTH = timedelta(minutes=50)


def sessions(habits, count=400):
    pair = habits.programme.pairs[0]
    for number in range(count):
        yield [habits.stays(address, pair, str(number), LENGTH) for address in (pair.mentor, pair.mentee)]


def test_most_sessions_are_attended_by_both_and_a_few_missed_by_one():
    found = list(sessions(Habits(Play().programme, 1)))
    missed = [stays for stays in found if not all(stays)]
    assert 0 < len(missed) < len(found) * 0.12
    assert all(any(stays) for stays in missed)
    lengths = [sum((left - joined for joined, left in stays), timedelta()) for both in found for stays in both if stays]
    assert timedelta(minutes=30) < min(lengths)
    assert max(lengths) <= timedelta(minutes=56)
    assert any(len(stays) == 2 for both in found for stays in both)


@pytest.mark.parametrize("minutes", [0, 1, 5, 15, 30, 120])
def test_a_session_of_any_length_has_stays_in_order(minutes):
    habits = Habits(Play().programme, 1)
    pair = habits.programme.pairs[0]
    for number in range(200):
        stays = habits.stays(pair.mentor, pair, str(number), timedelta(minutes=minutes))
        instants = [instant for stay in stays for instant in stay]
        assert instants == sorted(set(instants))


def test_stays_depend_on_the_seed_and_the_occasion_alone():
    programme = Play().programme
    first, again = (list(sessions(Habits(programme, 1), 20)) for _ in range(2))
    assert first == again
    assert first != list(sessions(Habits(programme, 2), 20))


def gathered(play, event, seed=1):
    gather(play.world, Habits(play.programme, seed), play.pair(), event.ical_uid, event.start)
    return {entry.user_id for entry in play.world.journal.entries("meeting_attended")}


def test_who_was_to_come_is_in_the_report_of_the_meeting():
    play = Play()
    event = play.invite(FIRST + timedelta(days=1))
    play.at(event.end + timedelta(minutes=5))
    assert gathered(play, event) <= {play.world.user(address).id for address in (INES, OMAR)}
    play.at(event.end + timedelta(hours=1))
    [report] = play.world.artifacts.reports(play.world.meetings.of_event(event))
    assert len(report.identities()) == 2


def test_nobody_comes_to_what_was_declined_moved_called_off_or_has_no_link():
    play = Play()
    declined, moved, cancelled = (play.invite(FIRST + timedelta(days=day)) for day in (1, 2, 3))
    play.answer(INES, declined, "declined")
    start = moved.start
    play.move(moved, FIRST + timedelta(days=4))
    play.world.cancel_event(OMAR, cancelled.id, actor=OMAR)
    assert gathered(play, declined) == set()
    gather(play.world, Habits(play.programme, 1), play.pair(), moved.ical_uid, start)
    assert gathered(play, cancelled) == set()
    assert gathered(play, play.invite(FIRST + timedelta(days=5), online=False)) == set()
    for who in (INES, OMAR):
        play.world.set_automatic_replies(who, "alwaysEnabled")
    assert gathered(play, play.invite(FIRST + timedelta(days=7))) == set()
