"""`answer_promptly`: what one of the two has waiting for the other is answered in good time.

The clock runs in the recipient's working time and stands still while they are away. Whoever owes the answer is told,
alone; after two nudges both are offered to ask for help, and only that reaches a coordinator.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from graphsync.calendar import add_working_days, next_working_instant
from graphsync.mentoring import Nudge, OpenRequest, OptIn, Person, RequestSource, Response
from graphsync.rules.intents import Matter, SendNudge, Verdict
from graphsync.rules.schema import AnswerPromptly, NudgePolicy
from graphsync.rules.state import MentorshipState
from graphsync.rules.walk import Walk

BUDGET_WEEK = timedelta(days=7)
FOR_GOOD = timedelta(days=366)
PRACTICE = "answer_promptly"


def away_for_good(person: Person, now: datetime) -> bool:
    """Tell whether somebody is away with no end in sight, so that no clock of theirs runs."""
    return any(absence.ends_at is None or absence.ends_at > now + FOR_GOOD for absence in person.absences)


def open_invites(state: MentorshipState, now: datetime) -> Iterator[tuple[OpenRequest, int]]:
    """Yield each invite to a coming session that somebody has not answered, with the session's number."""
    for session in state.sessions:
        if not session.stands or session.starts_at <= now:
            continue
        for person in (state.mentor.id, state.mentee.id):
            answer = session.answers.get(person)
            answered = answer is not None and answer.response is not Response.NONE
            if person == session.organizer or answered or person in session.agreed:
                continue
            request = OpenRequest(
                key=f"{state.mentorship.id}/invite/{session.number}",
                mentorship=state.mentorship.id,
                source=RequestSource.INVITE,
                owed_by=person,
                asked_at=session.asked_at or session.invited_at,
            )
            yield request, session.number


def answer_promptly(walk: Walk, rule: AnswerPromptly, policy: NudgePolicy) -> None:
    """Nudge whoever owes an answer when it is due, once more later, then offer help to both."""
    state = walk.state
    waiting: list[tuple[OpenRequest, int | None]] = []
    if RequestSource.INVITE in rule.sources:
        waiting.extend(open_invites(state, walk.now))
    if RequestSource.CHAT in rule.sources and OptIn.CHAT in state.mentorship.opt_ins:
        waiting.extend((request, None) for request in state.open_requests)
    # A person's budget allows one message a week: the longest waiting matter has the first claim on it.
    spent: set[str] = set()
    for request, number in sorted(waiting, key=lambda entry: (entry[0].asked_at, entry[0].key, entry[0].owed_by)):
        spent |= _climb(walk, rule, policy, request, number, spent)


def _climb(
    walk: Walk, rule: AnswerPromptly, policy: NudgePolicy, request: OpenRequest, number: int | None, spent: set[str]
) -> set[str]:
    """Take the next rung of one matter's ladder if it is due; return who is nudged."""
    state = walk.state
    owing = state.person(request.owed_by)
    said = sorted(
        (nudge for nudge in state.nudges if nudge.about == request.key and nudge.person == owing.id),
        key=lambda nudge: nudge.rung,
    )
    rung = len(said) + 1
    if rung > (3 if rule.offer_help else 2) or rung > policy.per_open_matter:
        return set()
    if away_for_good(owing, walk.now):
        walk.note(rule.name, Verdict.HOLDS, f"the clock of {request.key} stands still while somebody is away")
        return set()
    due_at = _due_at(rule, request, owing, said)
    if walk.now < due_at:
        walk.wait(rule.name, due_at, f"an answer to {request.key} is not due yet")
        return set()
    helping = rung == 3
    people = [state.mentor, state.mentee] if helping else [owing]
    if policy.per_person_and_week == 0 or any(away_for_good(person, walk.now) for person in people):
        walk.note(rule.name, Verdict.HOLDS, f"a message about {request.key} is due and may not be sent")
        return set()
    ready_at = max(_ready_at(walk, policy, person) for person in people)
    if ready_at > walk.now:
        walk.wait(rule.name, ready_at, f"a message about {request.key} is due, outside quiet hours and within budget")
        return set()
    if any(person.id in spent for person in people):
        walk.wait(rule.name, walk.now + BUDGET_WEEK, f"a message about {request.key} waits for its turn")
        return set()
    matter = Matter.UNANSWERED_INVITE if number is not None else Matter.UNANSWERED_QUESTION
    for person in people:
        walk.act(
            rule,
            SendNudge(
                key=f"nudge/{request.key}/{rung}/{person.id}",
                mentorship=state.mentorship.id,
                rule=rule.name,
                reason=f"{request.key} waits for an answer: message {rung}",
                person=person.id,
                practice=PRACTICE,
                matter=Matter.OFFER_HELP if helping else matter,
                about=request.key,
                rung=rung,
                session=number,
            ),
        )
    return {person.id for person in people}


def _due_at(rule: AnswerPromptly, request: OpenRequest, owing: Person, said: list[Nudge]) -> datetime:
    if said:
        return add_working_days(said[-1].sent_at, rule.again_after.count, owing.hours, absences=owing.absences)
    days = rule.invites if request.source is RequestSource.INVITE else rule.questions
    return add_working_days(request.asked_at, days.count, owing.hours, absences=owing.absences)


def _ready_at(walk: Walk, policy: NudgePolicy, person: Person) -> datetime:
    """Return when somebody may be nudged: in their working time, and within their budget of the week."""
    sent = sorted(at for at in walk.state.nudges_lately.get(person.id, ()) if at > walk.now - BUDGET_WEEK)
    free_at = walk.now if len(sent) < policy.per_person_and_week else sent[-policy.per_person_and_week] + BUDGET_WEEK
    return next_working_instant(free_at, person.hours, absences=person.absences)
