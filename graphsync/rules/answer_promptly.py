"""`answer_promptly`: what one of the two has waiting for the other is answered in good time.

The clock runs in the recipient's working time and stands still while they are away. Whoever owes the answer is told,
alone; after two nudges both are offered to ask for help, and only that reaches a coordinator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from graphsync.calendar import next_working_instant
from graphsync.mentoring import Nudge, OpenRequest, OptIn, Person, PersonId, RequestSource, Response
from graphsync.rules.deadlines import after_working_days
from graphsync.rules.intents import Matter, SendNudge, Verdict
from graphsync.rules.schema import AnswerPromptly, NudgePolicy
from graphsync.rules.state import MentorshipState
from graphsync.rules.walk import Walk

BUDGET_DAY = timedelta(days=1)
BUDGET_WEEK = timedelta(days=7)
FOR_GOOD = timedelta(days=366)
HELP_RUNG = 3
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
    # A person gets one message at a time: the longest waiting matter has the first claim on it.
    spent: set[PersonId] = set()
    for request, number in sorted(waiting, key=lambda entry: (entry[0].asked_at, entry[0].key, entry[0].owed_by)):
        _climb(walk, rule, policy, request, number, spent)


def _climb(
    walk: Walk,
    rule: AnswerPromptly,
    policy: NudgePolicy,
    request: OpenRequest,
    number: int | None,
    spent: set[PersonId],
) -> None:
    """Take the next rung of one matter's ladder if it is due; who is nudged is added to `spent`."""
    state = walk.state
    owing = state.person(request.owed_by)
    said = [nudge for nudge in state.nudges if nudge.about == request.key]
    climbed = [nudge for nudge in said if nudge.person == owing.id and nudge.rung < HELP_RUNG]
    rung = len(climbed) + 1
    if rung > (HELP_RUNG if rule.offer_help else HELP_RUNG - 1) or rung > policy.per_open_matter:
        return
    helping = rung == HELP_RUNG
    offered = {nudge.person for nudge in said if nudge.rung == HELP_RUNG}
    people = [p for p in (state.mentor, state.mentee) if p.id not in offered] if helping else [owing]
    if not people:
        return
    due_at = _due_at(walk, rule, request, owing, climbed)
    if due_at is None:
        walk.note(rule.name, Verdict.HOLDS, f"the clock of {request.key} stands still while somebody is away")
        return
    if walk.now < due_at:
        walk.wait(rule.name, due_at, f"an answer to {request.key} is not due yet")
        return
    matter = Matter.UNANSWERED_INVITE if number is not None else Matter.UNANSWERED_QUESTION
    for person in people:
        # Each of the two gets it in their own working time: between Berlin and Sydney there is none in common.
        ready_at = _ready_at(walk, policy, person, spent)
        if ready_at is None:
            walk.note(rule.name, Verdict.HOLDS, f"a message about {request.key} is due and may not be sent")
            continue
        if walk.now < ready_at:
            walk.wait(rule.name, ready_at, f"a message about {request.key} waits for working time and its turn")
            continue
        spent.add(person.id)
        walk.act(
            rule,
            SendNudge(
                key=f"nudge/{request.key}/{rung}/{state.role(person.id)}",
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


def _stands_still(walk: Walk, person: Person) -> bool:
    """Tell whether somebody is away for so long that no clock of theirs runs; looks again when that is over."""
    if not away_for_good(person, walk.now):
        return False
    ends = [absence.ends_at for absence in person.absences if absence.ends_at is not None]
    if len(ends) == len(person.absences):
        walk.look_again(max(ends) - FOR_GOOD)
    return True


def _due_at(
    walk: Walk, rule: AnswerPromptly, request: OpenRequest, owing: Person, climbed: Sequence[Nudge]
) -> datetime | None:
    """Return when the next message about a matter is due, or None while the clock of whoever owes it stands still."""
    if _stands_still(walk, owing):
        return None
    days = rule.invites if request.source is RequestSource.INVITE else rule.questions
    due_at = after_working_days(request.asked_at, days.count, owing.hours, absences=owing.absences)
    if due_at is None or not climbed:
        return due_at
    # A session may have been moved since the last message, so that its times are asked for anew.
    last = max(nudge.sent_at for nudge in climbed)
    again = after_working_days(last, rule.again_after.count, owing.hours, absences=owing.absences)
    return None if again is None else max(due_at, again)


def _ready_at(walk: Walk, policy: NudgePolicy, person: Person, spent: Collection[PersonId]) -> datetime | None:
    """Return when somebody may be nudged: in their working time, one message a day, and within their week's budget."""
    if policy.per_person_and_week == 0 or _stands_still(walk, person):
        return None
    lately = walk.state.nudges_lately.get(person.id, ())
    sent = sorted(at for at in lately if at > walk.now - BUDGET_WEEK)
    if person.id in spent:
        sent.append(walk.now)
    free_at = walk.now
    if sent:
        free_at = max(free_at, sent[-1] + BUDGET_DAY)
    if len(sent) >= policy.per_person_and_week:
        free_at = max(free_at, sent[-policy.per_person_and_week] + BUDGET_WEEK)
    return next_working_instant(free_at, person.hours, absences=person.absences)
