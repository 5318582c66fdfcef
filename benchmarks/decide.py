"""How fast mentorships are decided, whether that depends on how many there are, and how fast rule tests run.

Run it with `python benchmarks/decide.py`. The programme is made from a seed: 50,000 mentorships, each with up to half
a year of sessions kept and lost, open invites and nudges, under the shipped rules and ten more with conditions. That
of 50,000 is decided whole, a hundred mentorships at a time; in between programmes of 500 and 5,000 are gone through
again and again. So what else the machine does falls on all sizes alike, and what counts is the median of the ratios of
neighbors.
The numbers are of `decide` alone: reading states from the store and looking for slots have benchmarks of their own. It
takes some minutes.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from graphsync.mentoring import (
    Answer,
    DayHours,
    Loss,
    MentoringSession,
    Mentorship,
    MentorshipId,
    Nudge,
    Person,
    PersonId,
    Response,
    StandingTime,
    WeeklyHours,
)
from graphsync.rules.config import FileNames, parse_config
from graphsync.rules.decide import decide
from graphsync.rules.schema import RuleSet
from graphsync.rules.state import MentorshipState
from graphsync.settings import load_scripts
from graphsync.trial.running import run

RUNS = 5
MANY, SOME, FEW = 50_000, 5_000, 500
PART = 100
MENTEES = 3
CONFIG = Path(__file__).parents[1] / "config"
NOW = datetime(2026, 11, 4, 9, 10, tzinfo=UTC)
FORTNIGHT = timedelta(days=14)
COHORTS = ("new-hires", "newly-promoted", "new-system")
OFFICES = [
    WeeklyHours(time_zone=zone, hours=tuple(DayHours(weekday=day, start=time(9), end=time(17)) for day in range(5)))
    for zone in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney")
]
MORE_RULES = """
- {name: c1, practice: book_ahead, for: newly-promoted, when: mentorship.age_days < 60, mode: enforce, cadence: 7 days}
- {name: c2, practice: book_ahead, for: new-system, when: sessions.past < 3 and sessions.lost == 0, mode: suggest}
- {name: c3, practice: rebook_same_week, for: new-system, when: sessions.lost_in_a_row < 2, mode: suggest}
- {name: c4, practice: video_first, for: newly-promoted, when: 'mentorship.medium != "phone"', mode: enforce}
- {name: c5, practice: answer_promptly, for: new-hires, when: not mentor.is_away, mode: enforce, sources: [invite]}
- {name: c6, practice: prepare, for: newly-promoted, when: sessions.past >= 1, mode: enforce}
- {name: c7, practice: undisturbed, for: new-hires, when: mentor.sessions_this_week <= 3, mode: enforce}
- {name: c8, practice: stay_in_touch, for: new-system, when: sessions.days_since_last > 20, mode: enforce}
- {name: c9, practice: close_well, for: new-hires, when: mentorship.age_days > 30, mode: enforce}
- {name: c10, practice: start_well, for: newly-promoted, when: mentorship.hours_in_common >= 1, mode: observe}
"""


def shipped_rules(more: str = "") -> RuleSet:
    """Return the shipped rules with `more` after them."""
    graphsync, rules = ((CONFIG / name).read_text(encoding="utf-8") for name in ("graphsync.yaml", "rules.yaml"))
    mentorships = "mentor,mentee,cohort,started\n"
    return parse_config(graphsync, rules + more, mentorships, names=FileNames()).rules


def a_person(rnd: random.Random, name: str) -> Person:
    """Return somebody at one of four offices."""
    return Person(
        id=PersonId(name),
        address=f"{name}@fabrikam.example",
        display_name=name.title(),
        hours=rnd.choice(OFFICES),
        office_location=rnd.choice(("Berlin 2", "Lyon", None)),
        has_teams=True,
    )


def a_session(rnd: random.Random, mentorship: Mentorship, number: int, start: datetime) -> MentoringSession:
    """Return one session: past or to come, kept or lost, answered or not."""
    end = start + timedelta(minutes=50)
    lost = rnd.random() < 0.12
    response = Response.DECLINED if lost else rnd.choice((Response.ACCEPTED, Response.ACCEPTED, Response.NONE))
    return MentoringSession(
        mentorship=mentorship.id,
        number=number,
        starts_at=start,
        ends_at=end,
        organizer=mentorship.mentee,
        event_id=f"e{number}",
        ical_uid=f"{mentorship.id}/{number}",
        invited_at=start - timedelta(days=9),
        written_start=start,
        written_end=end,
        online=True,
        rule="everybody-has-a-next-session",
        loss=Loss.DECLINED if lost else None,
        lost_at=min(start - timedelta(days=1), NOW) if lost else None,
        no_slot_reason="Mira is away" if lost and start < NOW else "",
        asked_at=start - timedelta(days=9),
        answers={
            mentorship.mentee: Answer(response=Response.ORGANIZER),
            mentorship.mentor: Answer(response=response, answered_at=start - timedelta(days=8)),
        },
    )


def a_state(rnd: random.Random, number: int, mentors: Sequence[Person]) -> MentorshipState:
    """Return the state of one mentorship of some age."""
    mentor, mentee = mentors[number // MENTEES], a_person(rnd, f"mentee{number}")
    age = rnd.randrange(0, 180)
    mentorship = Mentorship(
        id=MentorshipId(f"m{number}"),
        mentor=mentor.id,
        mentee=mentee.id,
        cohort=rnd.choice(COHORTS),
        started_on=date(2026, 11, 4) - timedelta(days=age),
        standing=StandingTime(weekday=rnd.randrange(5), at=time(10)) if rnd.random() < 0.5 else None,
        released_at=NOW - timedelta(days=age),
    )
    first = NOW - timedelta(days=age - 10, minutes=10) + timedelta(hours=rnd.randrange(5))
    starts = [first + nth * FORTNIGHT for nth in range(age // 14 + rnd.randrange(2))]
    sessions = tuple(a_session(rnd, mentorship, nth, start) for nth, start in enumerate(starts, start=1))
    nudges = tuple(
        Nudge(
            mentorship=mentorship.id,
            person=rnd.choice((mentor.id, mentee.id)),
            practice="prepare",
            about=f"session/{mentorship.id}/{session.number}",
            rung=1,
            sent_at=session.starts_at - timedelta(days=3),
        )
        for session in sessions
        if session.starts_at < NOW
    )
    return MentorshipState(
        mentorship=mentorship,
        mentor=mentor,
        mentee=mentee,
        organizer=mentee,
        sessions=sessions,
        nudges=nudges,
        nudges_lately={n.person: (n.sent_at,) for n in nudges if n.sent_at > NOW - timedelta(days=7)},
        mentor_sessions=tuple(session.starts_at for session in sessions if session.stands and session.ends_at > NOW),
    )


def cost(states: Sequence[MentorshipState], rules: RuleSet) -> float:
    """Return the seconds that deciding one of `states` takes on the whole."""
    begin = perf_counter()
    for state in states:
        decide(state, rules, NOW)
    return (perf_counter() - begin) / len(states)


def growth(states: Sequence[MentorshipState], rules: RuleSet) -> None:
    """Measure and print what one decision costs in programmes of several sizes."""
    decisions = [decide(state, rules, NOW) for state in states[:SOME]]
    acting = sum(bool(one.intents or one.suggestions) for one in decisions)
    print(f"{MANY} mentorships, {len(rules.rules)} rules; {acting / SOME:.0%} have something to be done")
    parts = {size: _round_and_round(states[:size]) for size in (FEW, SOME, MANY)}
    costs: dict[int, list[float]] = {size: [] for size in parts}
    for _ in range(MANY // PART):
        for size, taken in costs.items():
            taken.append(cost(next(parts[size]), rules))
    for size, taken in costs.items():
        ratio = median(of_size / of_many for of_size, of_many in zip(taken, costs[MANY], strict=True))
        print(
            f"of {size:6}: {median(taken) * 1e6:6.0f} µs a mentorship, {1 / median(taken):7.0f} decisions a second;"
            f" {ratio:.2f} of what it costs of {MANY}"
        )


def _round_and_round(states: Sequence[MentorshipState]) -> Iterator[Sequence[MentorshipState]]:
    """Yield a programme in parts, over and over."""
    while True:
        for at in range(0, len(states), PART):
            yield states[at : at + PART]


def rule_tests(rules: RuleSet) -> None:
    """Measure and print how fast the shipped rule tests run."""
    scripts = load_scripts([CONFIG / "tests"], rules)
    taken = []
    for _ in range(RUNS):
        begin = perf_counter()
        outcomes = [run(script, rules) for script in scripts]
        taken.append(perf_counter() - begin)
        if any(outcome.failures for outcome in outcomes):
            raise SystemExit("a shipped rule test fails")
    print(f"rule tests: {len(scripts) / median(taken) * 60:7.0f} a minute ({len(scripts)} shipped ones)")


def main() -> None:
    """Measure and print."""
    rnd = random.Random(1)
    mentors = [a_person(rnd, f"mentor{number}") for number in range(MANY // MENTEES + 1)]
    states = [a_state(rnd, number, mentors) for number in range(MANY)]
    gc.collect()
    gc.freeze()  # what is measured is deciding, not walks of the collector over the made-up programme
    growth(states, shipped_rules(MORE_RULES))
    rule_tests(shipped_rules())


if __name__ == "__main__":
    main()
