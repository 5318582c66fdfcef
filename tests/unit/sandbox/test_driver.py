from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from demo_builders import APP, INES, Play, days
from rich.console import Console

from graphsync.errors import NoRest, ServiceDied, ServiceFailed
from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.demo.driver import Driver, KillPoint
from graphsync.sandbox.demo.people import People
from graphsync.sandbox.demo.play import SERVE, free_port, play, run_demo
from graphsync.sandbox.demo.programme import the_programme
from graphsync.sandbox.demo.scenario import build_world
from graphsync.sandbox.demo.service_process import ServiceProcess
from graphsync.sandbox.world import World

SCRIPT = Path(__file__).parent / "scripted_service.py"


class FakeService:
    """A service in this process: `answers` maps an instant to the next one; `on_run` may do something then."""

    def __init__(self, on_run=None, every=None):
        self.ran = []
        self.lives = 0
        self.dead = False
        self.on_run = on_run
        self.every = every

    def start(self):
        self.lives += 1
        self.dead = False

    def run_at(self, instant):
        self.ran.append(instant)
        if self.on_run:
            self.on_run(instant)
        if self.dead:
            raise ServiceDied("it was killed", "")
        return instant + self.every if self.every is not None else None

    def kill(self):
        self.dead = True

    def wait_gone(self):
        assert self.dead


class Nobody:
    """People who do nothing but what is planned here: (instant, action)."""

    def __init__(self, *planned):
        self.planned = sorted(planned, key=lambda item: item[0])
        self.looked = 0

    def next_at(self):
        return self.planned[0][0] if self.planned else None

    def act(self, now):
        done = 0
        while self.planned and self.planned[0][0] <= now:
            self.planned.pop(0)[1]()
            done += 1
        return done

    def look(self):
        self.looked += 1


def a_driver(service, *planned, **more):
    play = Play(weeks=2)
    world = World(clock=VirtualClock(play.programme.starts_at), seed=1)
    build_world(world, play.programme)
    return Driver(world, play.programme, Nobody(*planned), service, **more), world, play.programme


def test_the_service_runs_at_the_start_and_at_its_own_timers_to_the_end():
    service = FakeService(every=timedelta(days=3))
    driver, world, programme = a_driver(service)
    driver.run()
    start = programme.starts_at
    assert service.ran == [start + timedelta(days=3 * number) for number in range(5)]
    assert world.clock.now() == programme.ends_at
    assert service.lives == 1


def test_people_alone_do_not_wake_the_service_but_what_is_delivered_does():
    service = FakeService()
    body = Play().times(days(4)) | {"subject": "x", "attendees": [{"emailAddress": {"address": INES}}]}

    def invite():
        world.create_event("omar.haddad@fabrikam.test", body, actor="omar.haddad@fabrikam.test")

    def accept():
        copy = next(event for event in world.events(INES) if event.attendees)
        world.respond(INES, copy.id, "accepted", actor=INES)

    driver, world, programme = a_driver(service, (days(0), invite), (days(1), accept))
    driver.run()
    # The answer travels for some seconds, and is taken in on the next whole minute or the one after.
    assert service.ran[0] == programme.starts_at
    assert all(timedelta() < instant - days(1) <= timedelta(minutes=2) for instant in service.ran[1:])
    assert len(service.ran) == 2
    assert all(instant.second == 0 for instant in service.ran)


def test_steps_are_reported():
    steps = []
    driver, _, _ = a_driver(FakeService(every=timedelta(days=5)), on_step=steps.append)
    driver.run()
    assert [step.ran for step in steps] == [True, True, True]
    assert driver.steps == 3


def test_a_service_that_always_has_more_to_do_at_once_is_an_error():
    driver, _, _ = a_driver(FakeService(every=timedelta()))
    with pytest.raises(NoRest, match="new work after each of 50 runs"):
        driver.run()


@pytest.mark.parametrize("phase", ["received", "applied"])
def test_a_kill_at_a_request_brings_a_new_life_at_the_same_instant(phase):
    def ask(_):
        for step in ("received", "applied"):
            if world.on_request and not service.dead:
                world.on_request("createEvent", step)

    service = FakeService(on_run=ask, every=timedelta(days=1))
    point = KillPoint(operation="createEvent", nth=2, phase=phase)
    driver, world, programme = a_driver(service, kill_plan=[point])
    driver.run()
    second = programme.starts_at + timedelta(days=1)
    assert service.ran.count(second) == 2
    assert (driver.kills, service.lives) == (1, 2)
    assert world.on_request is None


def test_a_kill_at_an_instant_happens_at_the_first_step_from_then_on():
    service = FakeService(every=timedelta(days=1))
    driver, _, programme = a_driver(service, kill_plan=[KillPoint(at=days(2))])
    driver.run()
    assert (driver.kills, service.lives) == (1, 2)
    assert programme.starts_at + timedelta(days=3) in service.ran


def test_a_death_that_nobody_asked_for_ends_the_run():
    def die(_):
        service.dead = True

    service = FakeService(on_run=die)
    driver, _, _ = a_driver(service)
    with pytest.raises(ServiceDied):
        driver.run()


def test_a_kill_point_names_one_thing():
    with pytest.raises(ValueError, match="either an operation or an instant"):
        KillPoint()
    with pytest.raises(ValueError, match="either an operation or an instant"):
        KillPoint(operation="createEvent", at=days(1))


# The process.


def a_process(directory, manner, timeout_s=20.0, is_healthy=lambda: True):
    return ServiceProcess(
        [sys.executable, str(SCRIPT), manner, str(directory)],
        directory=directory,
        environment={},
        is_healthy=is_healthy,
        timeout_s=timeout_s,
    )


def is_alive(process_id):
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_runs_answers_and_is_gone_afterwards(tmp_path):
    with a_process(tmp_path, "daily") as service:
        service.start()
        process_id = service._process.pid
        assert service.run_at(days(0)) == days(1)
        assert service.is_running
    assert not is_alive(process_id)
    assert (tmp_path / "ran.txt").read_text() == f"{days(0).isoformat()}\n"
    assert not (tmp_path / "steps.sock").exists()


def test_a_process_that_was_killed_starts_again(tmp_path):
    with a_process(tmp_path, "daily") as service:
        service.start()
        first = service._process.pid
        service.kill()
        with pytest.raises(ServiceDied):
            service.run_at(days(0))
        service.wait_gone()
        service.start()
        assert service._process.pid != first
        assert service.run_at(days(0)) == days(1)


def test_a_process_that_does_not_come_to_rest_is_reported_with_its_log(tmp_path):
    with a_process(tmp_path, "hangs") as service:
        service.start()
        service._timeout_s = 0.3
        with pytest.raises(ServiceFailed, match=r"(?s)did not come to rest within 0 s.*started as hangs"):
            service.run_at(days(0))


def test_a_process_that_ends_before_it_connects_is_reported_with_its_log(tmp_path):
    with (
        a_process(tmp_path, "fails") as service,
        pytest.raises(ServiceDied, match=r"(?s)ended with 3 before it connected.*started as fails"),
    ):
        service.start()


def test_a_process_that_ends_while_it_works_has_died(tmp_path):
    with a_process(tmp_path, "dies") as service:
        service.start()
        with pytest.raises(ServiceDied, match="ended while an answer was awaited"):
            service.run_at(days(0))


def test_a_process_that_is_never_healthy_is_given_up(tmp_path):
    with a_process(tmp_path, "daily", is_healthy=lambda: False) as service:
        service._timeout_s = 1.0
        with pytest.raises(ServiceFailed, match="passed before it answered /healthz"):
            service.start()


def test_a_process_is_ended_when_the_driver_is_interrupted(tmp_path):
    process_ids = []

    def interrupted():
        with a_process(tmp_path, "daily") as service:
            service.start()
            process_ids.append(service._process.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not is_alive(process_ids[0])


def test_too_long_a_path_is_refused_in_words(tmp_path):
    directory = tmp_path / ("d" * 120)
    directory.mkdir()
    with pytest.raises(ValueError, match="at most 107 bytes"):
        a_process(directory, "daily")


# All of it, with a service that does nothing.


def test_a_run_against_the_served_sandbox_is_played_and_judged(tmp_path):
    command = [sys.executable, str(SCRIPT), "daily"]
    run = play(tmp_path, weeks=1, seed=1, command=command)
    assert run.outcome["sessions"] == [line for line in run.outcome["sessions"] if line["organizer"] != APP]
    # What the two fixed themselves got no link: nobody was there to add it.
    assert {violation["kind"] for violation in run.outcome["violations"]} == {"no_medium"}
    assert len((tmp_path / "ran.txt").read_text().splitlines()) >= 7


def test_the_live_display_shows_the_date_and_leaves_nothing_behind(tmp_path):
    console = Console(record=True, force_terminal=True, width=100, file=(tmp_path / "screen").open("w"))
    command = [sys.executable, str(SCRIPT), "daily"]
    play(tmp_path, weeks=1, seed=2, command=command, console=console)
    console.file.close()
    shown = (tmp_path / "screen").read_text()
    assert "graphsync demo · 16 mentorships · seed 2" in shown
    assert "week 1 of 1" in shown


def test_run_demo_takes_the_serve_command_of_this_installation():
    assert SERVE[0] == sys.executable
    assert run_demo.__name__ == "run_demo"
    assert 1024 < free_port() < 65536


def test_people_and_service_share_one_programme():
    programme = the_programme(1)
    world = World(clock=VirtualClock(programme.starts_at), seed=1)
    build_world(world, programme)
    assert People(world, programme, seed=1).next_at() >= programme.starts_at
