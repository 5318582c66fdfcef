"""Every habit is met in every run, nobody acts at night, and a seed is a run."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache

import pytest
from stand_in_service import StandInService

from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.demo.driver import Driver
from graphsync.sandbox.demo.habits import Habits, Replying, Trouble
from graphsync.sandbox.demo.outcome import judge
from graphsync.sandbox.demo.people import People
from graphsync.sandbox.demo.programme import the_programme
from graphsync.sandbox.demo.record import read_record
from graphsync.sandbox.demo.scenario import build_world
from graphsync.sandbox.world import World

SEEDS = (1, 2, 3, 4, 5)


@cache
def played(seed, weeks=6):
    programme = the_programme(weeks)
    world = World(clock=VirtualClock(programme.starts_at), seed=seed)
    build_world(world, programme)
    filled = len(world.journal)
    driver = Driver(world, programme, People(world, programme, seed=seed), StandInService(world, programme))
    driver.run()
    return world, programme, list(world.journal)[filled:], driver


def by_hand(entries, programme):
    return [entry for entry in entries if entry.actor in programme.people]


@pytest.mark.parametrize("seed", SEEDS)
def test_each_habit_is_met(seed):
    world, programme, entries, _ = played(seed)
    met = Counter()
    for entry in by_hand(entries, programme):
        details = entry.details
        if entry.verb == "responded":
            met[details["response"], details["proposed"] is not None] += 1
        elif entry.verb == "event_removed" and details["reason"] == "deleted":
            met["deleted"] += 1
        elif entry.verb == "event_updated" and "start" in details["changed"]:
            met["moved"] += 1
        elif entry.verb == "event_created":
            met["fixed by the two" if details["snapshot"]["attendees"] else "own meeting"] += 1
        else:
            met[entry.verb] += 1
    expected = {
        ("accepted", False),
        ("declined", False),
        ("declined", True),
        ("tentativelyAccepted", True),
        "deleted",
        "moved",
        "event_cancelled",
        "fixed by the two",
        "own meeting",
        "automatic_replies",
        "chat_message",
        "reaction",
    }
    assert expected <= set(met), expected - set(met)
    lines = judge(world, read_record(world, programme), seed=seed, wall_s=0)["requests"]
    waits = [line for line in lines if line["source"] == "invite"]
    assert any(line["answered_at"] and line["answered_at"][:13] == line["asked_at"][:13] for line in waits)
    assert any(line["flagged_at"] and line["answered_at"] for line in waits)
    chats = [line for line in lines if line["source"] == "chat"]
    assert {bool(line["flagged_at"]) for line in chats} == {True, False}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_way_with_a_question_and_every_trouble_is_drawn(seed):
    habits = Habits(the_programme(6), seed)
    opted_in = [pair for pair in habits.programme.pairs if "chat" in pair.opt_ins]
    styles = {question.replying for pair in opted_in for question in habits.questions(pair)}
    troubles = {
        habits.trouble(pair, ordinal, "x", replacement=False) for pair in habits.meeting_pairs for ordinal in (1, 2)
    }
    assert styles == set(Replying)
    assert set(Trouble) <= troubles


@pytest.mark.parametrize("seed", SEEDS)
def test_people_act_on_whole_minutes_of_their_working_hours(seed):
    _, programme, entries, _ = played(seed)
    for entry in by_hand(entries, programme):
        if entry.verb == "chat_created":
            continue
        assert entry.at.second == entry.at.microsecond == 0
        assert programme.hours(entry.actor).contains(entry.at), (entry.actor, entry.at, entry.verb)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_last_days_are_calm(seed):
    _, programme, entries, _ = played(seed)
    late = [entry for entry in by_hand(entries, programme) if entry.at >= programme.calm_from]
    assert late
    assert not [entry for entry in late if entry.verb in ("event_cancelled", "event_removed", "automatic_replies")]
    assert not [entry for entry in late if entry.verb == "responded" and entry.details["response"] != "accepted"]


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_turns_down_a_time_they_proposed(seed):
    _, programme, entries, _ = played(seed)
    proposed = set()
    for entry in by_hand(entries, programme):
        if entry.verb != "responded":
            continue
        here = (entry.actor, entry.details["ical_uid"], entry.details["snapshot"]["start"])
        assert entry.details["response"] == "accepted" or here not in proposed
        if entry.details["proposed"]:
            proposed.add((*here[:2], entry.details["proposed"][0]))


def test_who_is_on_leave_does_nothing():
    for seed in SEEDS:
        _, programme, entries, _ = played(seed)
        leaves = Habits(programme, seed).leaves()
        assert len(leaves) == 2
        for leave in leaves:
            own = [entry for entry in entries if entry.actor == leave.address]
            assert not [entry for entry in own if leave.start <= entry.at < leave.end and entry.verb != "event_updated"]
            told = next(entry for entry in own if entry.verb == "automatic_replies")
            assert timedelta(days=1) < leave.start - told.at < timedelta(days=10)


def test_the_same_seed_is_the_same_run_and_another_seed_is_another():
    def text(seed):
        _, _, entries, _ = played.__wrapped__(seed, 3)
        return [(entry.at, entry.actor, entry.verb, entry.subject_id) for entry in entries]

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_a_short_run_has_no_leave_and_plays_to_its_end():
    world, programme, _, _ = played(1, 1)
    assert Habits(programme, 1).leaves() == []
    assert world.clock.now() == programme.ends_at


def test_a_run_has_few_enough_steps():
    assert max(played(seed)[3].steps for seed in SEEDS) < 2500
