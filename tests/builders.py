"""Valid people, mentorships, sessions, states and rules, so that a test shows only what it is about.

The mentor (Mo) and the mentee (Em) work Monday to Friday, nine to five, in Berlin unless a test says otherwise. `NOW`
is a Monday morning, the mentee organizes, and instants are written by Berlin's clock.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from graphsync.mentoring import (
    Answer,
    Choice,
    DayHours,
    MentoringSession,
    Mentorship,
    Nudge,
    Person,
    Proposal,
    Reply,
    Response,
    WeeklyHours,
)
from graphsync.rules.schema import (
    AnswerPromptly,
    BookAhead,
    CloseWell,
    NudgePolicy,
    Prepare,
    RebookSameWeek,
    RuleSet,
    StartWell,
    StayInTouch,
    Undisturbed,
    VideoFirst,
)
from graphsync.rules.state import Attempt, MentorshipState

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MENTOR, MENTEE = "mo", "em"


def at(text, zone="Europe/Berlin"):
    """Return the instant at which clocks in `zone` read `text`, such as "10-19 09:00" in 2026."""
    year = "" if text.count("-") == 2 else "2026-"
    return datetime.fromisoformat(year + text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


NOW = at("09-14 09:00")


def weekly_hours(zone="Europe/Berlin", start="09:00", end="17:00", weekdays=range(5)):
    return WeeklyHours(
        time_zone=zone,
        hours=tuple(
            DayHours(weekday=day, start=time.fromisoformat(start), end=time.fromisoformat(end)) for day in weekdays
        ),
    )


def a_person(name, zone="Europe/Berlin", **changes):
    values = {
        "id": name,
        "address": f"{name}@fabrikam.test",
        "display_name": name.capitalize(),
        "hours": weekly_hours(zone),
        "has_teams": True,
    }
    return Person(**values | changes)


def a_mentorship(**changes):
    values = {
        "id": "m1",
        "mentor": MENTOR,
        "mentee": MENTEE,
        "cohort": "new-hires",
        "started_on": date(2026, 9, 14),
    }
    return Mentorship(**values | changes)


def a_session(number=1, starts_at=None, **changes):
    """Return a session of 50 minutes that both have accepted; `starts_at` is an instant or a text for `at`."""
    start = at(starts_at) if isinstance(starts_at, str) else starts_at or NOW + 8 * DAY
    end = changes.pop("ends_at", start + timedelta(minutes=50))
    values = {
        "mentorship": "m1",
        "number": number,
        "starts_at": start,
        "ends_at": end,
        "organizer": MENTEE,
        "event_id": f"event-{number}",
        "ical_uid": f"uid-{number}",
        "invited_at": start - 8 * DAY,
        "written_start": start,
        "written_end": end,
        "online": True,
        "rule": "ahead",
        "answers": {MENTEE: Answer(response=Response.ORGANIZER), MENTOR: Answer(response=Response.ACCEPTED)},
    }
    return MentoringSession(**values | changes)


def unanswered(number=1, starts_at=None, **changes):
    """Return a session that the mentor has not answered."""
    answers = {MENTEE: Answer(response=Response.ORGANIZER), MENTOR: Answer()}
    return a_session(number, starts_at, **{"answers": answers} | changes)


def a_proposal(starts_at, by=MENTOR, length=timedelta(minutes=50)):
    start = at(starts_at) if isinstance(starts_at, str) else starts_at
    return Proposal(by=by, starts_at=start, ends_at=start + length)


def an_attempt(key, tried_at=NOW, retry_at=None, reason="no hour was free", **changes):
    return Attempt(mentorship="m1", key=key, tried_at=tried_at, reason=reason, retry_at=retry_at, **changes)


def a_state(*sessions, mentor=None, mentee=None, mentorship=None, organizer=None, **changes):
    mentor = mentor or a_person(MENTOR)
    mentee = mentee or a_person(MENTEE)
    return MentorshipState(
        mentorship=mentorship or a_mentorship(),
        mentor=mentor,
        mentee=mentee,
        organizer=organizer or mentee,
        sessions=sessions,
        **changes,
    )


def ahead(**changes):
    return BookAhead(**{"name": "ahead", "mode": "enforce"} | changes)


def rebook(**changes):
    return RebookSameWeek(**{"name": "rebook", "mode": "enforce"} | changes)


def video(**changes):
    return VideoFirst(**{"name": "video", "mode": "enforce"} | changes)


def answers(**changes):
    return AnswerPromptly(**{"name": "answers", "mode": "enforce"} | changes)


def start(**changes):
    return StartWell(**{"name": "start", "mode": "enforce"} | changes)


def touch(**changes):
    return StayInTouch(**{"name": "touch", "mode": "enforce"} | changes)


def preparing(**changes):
    return Prepare(**{"name": "prepare", "mode": "enforce"} | changes)


def quiet(**changes):
    return Undisturbed(**{"name": "quiet", "mode": "enforce"} | changes)


def closing(**changes):
    return CloseWell(**{"name": "close", "mode": "enforce"} | changes)


def a_reply(about, choice="yes", person=MENTEE, at=NOW, **changes):
    return Reply(**{"mentorship": "m1", "person": person, "about": about, "choice": Choice(choice), "at": at} | changes)


def a_nudge(about, person=MENTOR, sent_at=NOW - DAY, rung=1, practice="prepare"):
    return Nudge(mentorship="m1", person=person, practice=practice, about=about, rung=rung, sent_at=sent_at)


def rules(*chosen, **policy):
    """Return a rule set of `chosen`, or of all four practices with their defaults; `policy` is about nudges."""
    return RuleSet(chosen or (ahead(), rebook(), video(), answers()), NudgePolicy(**policy))
