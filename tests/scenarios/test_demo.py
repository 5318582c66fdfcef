from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from graphsync.sandbox.demo.driver import KillPoint
from graphsync.sandbox.demo.play import play
from graphsync.sandbox.faults import KINDS, operations_of

WEEKS = 2
SEED = 3
# When the service gets through to Graph, which trouble can put off by minutes.
WHEN_SENT = {"invited_at", "lead_days"}

# One place for each kind of call that changes something, before and after it took effect, and two while it reads.
KILLS = (
    KillPoint(operation="createSubscription", nth=7, phase="applied"),
    KillPoint(operation="createEvent", nth=2, phase="received"),
    KillPoint(operation="createEvent", nth=5, phase="applied"),
    KillPoint(operation="updateEvent", nth=1, phase="received"),
    KillPoint(operation="updateEvent", nth=3, phase="applied"),
    KillPoint(operation="createMessage", nth=2, phase="applied"),
    KillPoint(operation="sendMessage", nth=3, phase="received"),
    KillPoint(operation="sendMessage", nth=6, phase="applied"),
    KillPoint(operation="getSchedule", nth=9, phase="applied"),
    KillPoint(operation="listCalendarView", nth=40, phase="received"),
)


def a_run(directory, **options):
    directory.mkdir(parents=True)
    return play(directory, **{"weeks": WEEKS, "seed": SEED, **options})


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    # Commits wait for a disk; what is thrown away afterwards need not.
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path_factory.mktemp("demo")
        return
    with TemporaryDirectory(prefix="graphsync-test-", dir=memory) as directory:
        yield Path(directory)


@pytest.fixture(scope="module")
def undisturbed(workplace):
    return a_run(workplace / "a")


def test_nothing_forbidden_is_seen_and_the_service_logs_no_error(undisturbed):
    assert undisturbed.outcome["violations"] == []
    assert undisturbed.faults == ()


def test_each_practice_is_seen_to_work(undisturbed):
    sessions = undisturbed.outcome["sessions"]
    assert sum(session["outcome"] == "held" for session in sessions) > 10
    assert any(session["replaces"] is not None and session["same_week"] for session in sessions)
    assert any(session["online"] for session in sessions)
    assert any(nudge["practice"] == "answer_promptly" for nudge in undisturbed.outcome["nudges"])


def test_every_lost_session_is_put_back_or_its_reason_stated(undisturbed):
    sessions = undisturbed.outcome["sessions"]
    replaced = {(session["mentorship"], session["replaces"]): session for session in sessions}
    for lost in (session for session in sessions if session["outcome"] in ("cancelled", "declined", "dropped")):
        replacement = replaced.get((lost["mentorship"], lost["number"]))
        if replacement is None:
            assert lost["no_slot_reason"]
        elif not replacement["same_week"]:
            assert replacement["no_slot_reason"]


@pytest.mark.chaos
def test_the_same_seed_gives_the_same_outcome(undisturbed, workplace):
    again = a_run(workplace / "b").outcome
    assert {**again, "wall_s": 0} == {**undisturbed.outcome, "wall_s": 0}


def test_killing_the_service_at_ten_places_loses_nothing_and_doubles_nothing(undisturbed, workplace):
    killed = a_run(workplace / "c", kill_plan=KILLS)
    assert killed.kills == len(KILLS)
    assert killed.outcome["violations"] == []
    assert killed.faults == ()
    assert killed.outcome["sessions"] == undisturbed.outcome["sessions"]
    assert killed.outcome["nudges"] == undisturbed.outcome["nudges"]
    assert killed.outcome["requests"] == undisturbed.outcome["requests"]


@pytest.fixture(scope="module")
def troubled(workplace):
    return a_run(workplace / "d", fault_percent=5)


def test_every_fault_at_five_percent_brings_about_nothing_forbidden_and_no_error(troubled):
    assert troubled.outcome["violations"] == []
    assert troubled.faults == ()
    assert sum(session["outcome"] == "held" for session in troubled.outcome["sessions"]) > 10


def test_each_kind_of_fault_that_fits_what_the_service_does_has_struck(troubled):
    assert set(troubled.struck) == set(KINDS)
    often = {kind for kind, times in troubled.struck.items() if times >= 5}
    assert often >= {kind for kind in KINDS if operations_of(kind) == ("*",)}
    assert often >= {"lost", "delayed", "duplicate", "reordered", "wrong_client_state", "unknown_subscription"}


@pytest.mark.chaos
def test_the_same_seed_gives_the_same_story_with_every_fault_at_five_percent(troubled, workplace):
    again = a_run(workplace / "e", fault_percent=5)
    assert {**again.outcome, "wall_s": 0} == {**troubled.outcome, "wall_s": 0}
    assert again.struck == troubled.struck


def test_the_sessions_are_those_of_a_run_without_faults(troubled, undisturbed):
    def sessions(run):
        return [{key: value for key, value in line.items() if key not in WHEN_SENT} for line in run.outcome["sessions"]]

    assert sessions(troubled) == sessions(undisturbed)
