"""`prepare`: both come prepared, and write down afterwards what they want to keep; graphsync never reads it."""

from __future__ import annotations

from datetime import datetime, timedelta

from graphsync.calendar import TimeSlot, iso_week, start_of_day, zone
from graphsync.mentoring import Choice, HoldKind, MentoringSession, OptIn, Person, PersonId
from graphsync.rules.deadlines import after_working_days
from graphsync.rules.held import about_session
from graphsync.rules.holds import hold_steps, is_going, keep
from graphsync.rules.intents import Matter, Step, Verdict
from graphsync.rules.practice import Practice
from graphsync.rules.schema import Prepare, Undisturbed
from graphsync.rules.walk import Walk

TOO_LATE = timedelta(hours=2)
"""An agenda is not asked for so shortly before the session: it would only press."""

NOTES_UNTIL = timedelta(days=4)
"""What was said is forgotten by then; over a weekend the next working day still lies within."""

AGAIN = frozenset({HoldKind.REREAD})

NO_SESSION = Step("prepare.no_session", Verdict.DOES_NOT_APPLY)
AGENDA_LATER = Step("prepare.agenda_later", Verdict.WAITS)
ASKS_FOR_AGENDA = Step("prepare.asks_for_agenda", Verdict.ACTS)
AGENDA_TOO_LATE = Step("prepare.agenda_too_late", Verdict.HOLDS)
ASKS_FOR_NOTES = Step("prepare.asks_for_notes", Verdict.ACTS)
NOTES_AGAIN_LATER = Step("prepare.notes_again_later", Verdict.WAITS)
ASKS_FOR_NOTES_AGAIN = Step("prepare.asks_for_notes_again", Verdict.ACTS)
NO_NOTES = Step("prepare.no_notes", Verdict.DOES_NOT_APPLY)
HOLDS = hold_steps("prepare")


def prepare(walk: Walk, rule: Prepare) -> None:
    """Prompt both some working days before a session, and to write notes when it is over.

    A mentor who wishes it has a while to themselves before each.
    """
    standing = [session for session in walk.state.sessions if session.stands]
    coming = [session for session in standing if session.starts_at > walk.now]
    if not coming:
        walk.note(rule, NO_SESSION, "no session is to come")
    for session in coming:
        for person in walk.state.pair:
            _agenda(walk, rule, session, person)
    for session in walk.state.sessions:
        keep(walk, rule, HOLDS, session, AGAIN, _reread(walk, rule, session))
    for session in standing:
        if rule.notes and walk.now < session.ends_at:
            walk.comes(rule, session.ends_at, *walk.state.pair)
        if rule.notes and session.ends_at <= walk.now < session.ends_at + NOTES_UNTIL:
            for person in walk.state.pair:
                _notes(walk, rule, session, person)


def _agenda(walk: Walk, rule: Prepare, session: MentoringSession, person: Person) -> None:
    about = f"agenda/{session.mentorship}/{session.number}"
    if walk.said(about, person):
        return
    due_at = after_working_days(session.starts_at, -rule.agenda.count, person.hours, absences=person.absences)
    if due_at is not None and walk.now < due_at:
        text = f"the agenda of session {session.number} is asked for {rule.agenda} before"
        walk.wait(rule, AGENDA_LATER, due_at, text, person)
    elif not walk.check(
        f"session {session.number} is at least 2 hours away",
        session.starts_at.isoformat(timespec="minutes"),
        session.starts_at - walk.now >= TOO_LATE,
    ):
        walk.note(rule, AGENDA_TOO_LATE, f"session {session.number} is too near to ask for its agenda")
    else:
        reason = f"session {session.number} comes, and its agenda can be filled"
        walk.nudge(rule, ASKS_FOR_AGENDA, person, Matter.PREPARE, about, reason=reason, session=session.number)


def _reread(walk: Walk, rule: Prepare, session: MentoringSession) -> dict[tuple[HoldKind, PersonId], TimeSlot]:
    """Return the time a mentor who wishes it has to read their notes again before a session."""
    mentor = walk.state.mentor.id
    if OptIn.REREAD not in walk.state.mentorship.opt_ins or not is_going(session, mentor):
        return {}
    # It lies where the air before the session would, and is the longer of the two.
    undisturbed = walk.rule(Undisturbed)
    air = undisturbed.buffer if undisturbed is not None and walk.acts(undisturbed) else timedelta()
    return {(HoldKind.REREAD, mentor): TimeSlot(start=session.starts_at - max(rule.reread, air), end=session.starts_at)}


def _notes(walk: Walk, rule: Prepare, session: MentoringSession, person: Person) -> None:
    reply = walk.state.reply(about_session(session))
    if reply is not None and reply.choice is Choice.NOT_MET:
        walk.note(rule, NO_NOTES, f"session {session.number} did not take place")
        return
    about = f"notes/{session.mentorship}/{session.number}"
    rung = walk.said(about, person) + 1
    reason = f"session {session.number} is over, and what was said is fresh"
    if rung == 1:
        walk.nudge(rule, ASKS_FOR_NOTES, person, Matter.NOTES, about, reason=reason, session=session.number)
    elif rung == 2 and rule.notes_again:
        said_at = max(nudge.sent_at for nudge in walk.state.nudges if (nudge.about, nudge.person) == (about, person.id))
        again_at = _next_working_day(max(session.ends_at, said_at), person)  # the first may have waited for its turn
        if walk.now < again_at:
            text = f"notes on session {session.number} are prompted once more"
            walk.wait(rule, NOTES_AGAIN_LATER, again_at, text, person)
        else:
            walk.nudge(
                rule,
                ASKS_FOR_NOTES_AGAIN,
                person,
                Matter.NOTES,
                about,
                reason=reason,
                session=session.number,
                rung=2,
            )


def _next_working_day(ended_at: datetime, person: Person) -> datetime:
    """Return the beginning of the first day after `ended_at` on which somebody works; a week on where none is known."""
    local_day = ended_at.astimezone(zone(person.time_zone)).date()
    midnight = start_of_day(local_day + timedelta(days=1), person.time_zone)
    due_at = after_working_days(midnight, 0, person.hours, absences=person.absences)
    return due_at or iso_week(ended_at, person.time_zone).end


PRACTICE = Practice(
    rule_type=Prepare,
    run=prepare,
    steps=(
        NO_SESSION,
        AGENDA_LATER,
        ASKS_FOR_AGENDA,
        AGENDA_TOO_LATE,
        ASKS_FOR_NOTES,
        NOTES_AGAIN_LATER,
        ASKS_FOR_NOTES_AGAIN,
        NO_NOTES,
        *HOLDS.all,
    ),
)
