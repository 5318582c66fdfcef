"""`answer_promptly`: what one of the two has waiting for the other is answered in good time.

The clock runs in the recipient's working time and stands still while they are away or the mentorship is paused. Whoever
owes the answer is told, alone; after two nudges both are offered to ask for help, and only that reaches a coordinator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from graphsync.mentoring import Choice, FlagKind, Nudge, OpenRequest, OptIn, Person, RequestSource, Response
from graphsync.rules.deadlines import after_working_days
from graphsync.rules.intents import Matter, Step, Verdict
from graphsync.rules.nudging import stands_still
from graphsync.rules.practice import Practice
from graphsync.rules.schema import AnswerPromptly
from graphsync.rules.standing import pauses
from graphsync.rules.state import MentorshipState
from graphsync.rules.walk import Walk

HELP_RUNG = 3
HELP_STANDS = timedelta(days=30)
"""How long the coordinator sees that help was asked for; who still needs it by then asks again."""

NOTHING_OPEN = Step("answer_promptly.nothing_open", Verdict.DOES_NOT_APPLY)
CLOCK_STANDS = Step("answer_promptly.clock_stands", Verdict.HOLDS)
NOT_DUE = Step("answer_promptly.not_due", Verdict.WAITS)
REMINDS = Step("answer_promptly.reminds", Verdict.ACTS)
OFFERS_HELP = Step("answer_promptly.offers_help", Verdict.ACTS)
ALL_SAID = Step("answer_promptly.all_said", Verdict.DOES_NOT_APPLY)
HELP_ASKED = Step("answer_promptly.help_asked", Verdict.ACTS)


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


def answer_promptly(walk: Walk, rule: AnswerPromptly) -> None:
    """Nudge whoever owes an answer when it is due, once more later, then offer help to both."""
    waiting = sorted(_waiting(walk, rule), key=lambda entry: (entry[0].asked_at, entry[0].key, entry[0].owed_by))
    if not waiting:
        walk.note(rule, NOTHING_OPEN, "nothing waits for an answer")
    for request, number in waiting:
        _climb(walk, rule, request, number)
    asked_at = max((reply.at for reply in walk.state.replies if reply.choice is Choice.HELP), default=None)
    if asked_at is not None and walk.now < asked_at + HELP_STANDS:
        walk.flag(rule, HELP_ASKED, FlagKind.HELP_ASKED, "help was asked for")
        walk.look_again(asked_at + HELP_STANDS)


def _waiting(walk: Walk, rule: AnswerPromptly) -> Iterator[tuple[OpenRequest, int | None]]:
    """Yield what is open from the sources the rule looks at, and for an invite the session's number."""
    state = walk.state
    if RequestSource.INVITE in rule.sources:
        yield from open_invites(state, walk.now)
    consent = {RequestSource.CHAT: OptIn.CHAT, RequestSource.MAIL: OptIn.MAIL}
    for request in state.open_requests:
        needed = consent.get(request.source)
        if request.source not in rule.sources or (needed is not None and needed not in state.mentorship.opt_ins):
            continue
        reply = state.reply(request.key, request.owed_by)
        if reply is None or reply.choice is not Choice.ANSWERED:
            yield request, None


def _climb(walk: Walk, rule: AnswerPromptly, request: OpenRequest, number: int | None) -> None:
    """Take the next rung of one matter's ladder if it is due."""
    state = walk.state
    owing = state.person(request.owed_by)
    said = [nudge for nudge in state.nudges if nudge.about == request.key]
    climbed = [nudge for nudge in said if nudge.person == owing.id and nudge.rung < HELP_RUNG]
    rung = len(climbed) + 1
    helping = rung == HELP_RUNG
    offered = {nudge.person for nudge in said if nudge.rung == HELP_RUNG}
    people = [person for person in state.pair if person.id not in offered] if helping else [owing]
    if (helping and not rule.offer_help) or not people:
        walk.note(rule, ALL_SAID, f"all has been said about {request.key}")
        return
    due_at = _due_at(walk, rule, request, owing, climbed)
    if due_at is None:
        walk.note(rule, CLOCK_STANDS, f"the clock of {request.key} stands still while somebody is away")
        return
    if not walk.check(
        f"message {rung} about {request.key} is due", due_at.isoformat(timespec="minutes"), walk.now >= due_at
    ):
        walk.wait(rule, NOT_DUE, due_at, f"an answer to {request.key} is not due yet", *people)
        return
    matter = Matter.UNANSWERED_INVITE if number is not None else Matter.UNANSWERED_QUESTION
    for person in people:
        walk.nudge(
            rule,
            OFFERS_HELP if helping else REMINDS,
            person,
            Matter.OFFER_HELP if helping else matter,
            request.key,
            reason=f"{request.key} waits for an answer: message {rung}",
            rung=rung,
            session=number,
            source=request.source,
            choices=_choices(request, helping=helping),
        )


def _choices(request: OpenRequest, *, helping: bool) -> tuple[Choice, ...]:
    if helping:
        return (Choice.HELP,)
    return (Choice.ANSWERED,) if request.source is not RequestSource.INVITE else ()


def _due_at(
    walk: Walk, rule: AnswerPromptly, request: OpenRequest, owing: Person, climbed: Sequence[Nudge]
) -> datetime | None:
    """Return when the next message about a matter is due, or None while the clock of whoever owes it stands still."""
    if stands_still(walk, owing):
        return None
    still = (*owing.absences, *pauses(walk.state))
    days = rule.invites if request.source is RequestSource.INVITE else rule.questions
    due_at = after_working_days(request.asked_at, days.count, owing.hours, absences=still)
    if due_at is None or not climbed:
        return due_at
    # A session may have been moved since the last message, so that its times are asked for anew.
    last = max(nudge.sent_at for nudge in climbed)
    again = after_working_days(last, rule.again_after.count, owing.hours, absences=still)
    return None if again is None else max(due_at, again)


PRACTICE = Practice(
    rule_type=AnswerPromptly,
    run=answer_promptly,
    steps=(NOTHING_OPEN, CLOCK_STANDS, NOT_DUE, REMINDS, OFFERS_HELP, ALL_SAID, HELP_ASKED),
)
