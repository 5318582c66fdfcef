"""What `decide` keeps to whatever the facts are, and that its own outcome leaves nothing to do."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache

from builders import DAY, HOUR, MENTEE, MENTOR, a_mentorship, a_person, a_session, a_state, an_attempt
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsync.calendar import PersonAvailability, Reason, next_working_instant, schedule
from graphsync.mentoring import (
    Absence,
    Answer,
    DayHours,
    Loss,
    Medium,
    Nudge,
    OpenRequest,
    OptIn,
    Proposal,
    RequestSource,
    Response,
    StandingTime,
    WeeklyHours,
)
from graphsync.rules.decide import decide
from graphsync.rules.durations import WorkingDays, WorkingTime
from graphsync.rules.intents import (
    AddOnlineMeeting,
    AlertAdmin,
    BookSession,
    ChangeRoom,
    KeepReason,
    MoveSession,
    SendNudge,
)
from graphsync.rules.schema import (
    AnswerPromptly,
    BookAhead,
    LeadTime,
    NudgePolicy,
    RebookSameWeek,
    RuleSet,
    VideoFirst,
)

EXAMPLES = 100
MINUTE = timedelta(minutes=1)
LENGTH = timedelta(minutes=50)
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata"]

# Each the week in which clocks change somewhere: Sydney, Berlin, New York, New York, Berlin, Sydney.
WEEKS = [
    datetime(2026, 9, 30, tzinfo=UTC),
    datetime(2026, 10, 21, tzinfo=UTC),
    datetime(2026, 10, 28, tzinfo=UTC),
    datetime(2027, 3, 10, tzinfo=UTC),
    datetime(2027, 3, 24, tzinfo=UTC),
    datetime(2027, 3, 31, tzinfo=UTC),
]
BOX = a_person("box", has_teams=None)


def minutes(least, most, step=1):
    return st.integers(least // step, most // step).map(lambda n: n * step * MINUTE)


@cache
def span(past, future, step=1):
    """Draw how far an instant lies from now, between `past` and `future` days."""
    return minutes(past * 1440, future * 1440, step)


def around(now, past, future, step=1):
    """Draw an instant between `past` and `future` days from `now`."""
    return span(past, future, step).map(lambda far: now + far)


def at(now, far):
    """Return the instant that lies `far` from now; none where none was drawn."""
    return None if far is None else now + far


def hours_of(zone, weekdays=range(5), start=time(9), end=time(17)):
    return WeeklyHours(
        time_zone=zone, hours=tuple(DayHours(weekday=day, start=start, end=end) for day in sorted(weekdays))
    )


def rarely(strategy, most):
    """Draw a list that is empty more often than not."""
    return st.one_of(st.just([]), st.just([]), st.lists(strategy, max_size=most))


ODD_HOURS = st.builds(
    hours_of,
    st.sampled_from(ZONES),
    st.one_of(st.sets(st.integers(0, 6), min_size=1, max_size=3), st.sets(st.integers(0, 6), max_size=3)),
    st.sampled_from([time(0), time(9)]),
    st.sampled_from([time(9, 2), time(10), time(23, 59)]),
)
HOURS = st.one_of(st.builds(hours_of, st.sampled_from(ZONES)), st.builds(hours_of, st.sampled_from(ZONES)), ODD_HOURS)

# Strategies are made once, and times in them are counted from now: to make one takes longer than to draw from it.
ONE = st.sampled_from([MENTOR, MENTEE])
AWAY = rarely(st.tuples(span(-30, 40, 60), st.sampled_from([None, *(days * DAY for days in (1, 3, 14, 350, 420))])), 2)
OFFICES = st.sampled_from([None, "Berlin 3"])
HAS_TEAMS = st.sampled_from([None, True, False])
STARTS = st.one_of(span(-30, 40, 15), span(0, 14, 15))
PERHAPS_AGO = st.one_of(st.none(), span(-30, 0))
ANSWERS = st.fixed_dictionaries(
    {"response": st.sampled_from([r for r in Response if r is not Response.ORGANIZER]), "answered_at": PERHAPS_AGO}
)
PROPOSALS = st.one_of(
    st.none(),
    st.tuples(
        ONE,
        st.one_of(span(-2, 60, 15), span(1, 20, 60), span(-2, 60, 5)),
        st.sampled_from([LENGTH, LENGTH, LENGTH, HOUR]),
    ),
)
LOSSES = st.sampled_from([None] * 8 + [*Loss])
LOST = st.one_of(span(-14, 0), span(-14, 0), st.none())
MOVED_BY = st.sampled_from([timedelta(), timedelta(), HOUR])
SESSION = {
    "organizer": st.sampled_from([MENTEE, MENTOR, "box"]),
    "medium": st.sampled_from([Medium.VIDEO, *Medium]),
    "online": st.booleans(),
    "self_booked": st.integers(0, 4).map(lambda n: n == 0),
    "replaces": st.one_of(st.none(), st.none(), st.integers(1, 5)),
    "agreed": st.frozensets(ONE, max_size=1),
    "room": st.sampled_from(["", "", "linden"]),
    "rooms_declined": st.sampled_from([frozenset(), frozenset({"linden"}), frozenset({"linden", "ahorn"})]),
}
REASONS = st.sampled_from(["", "", "Mo is away"])
WHO_ANSWERED = st.sets(ONE)
KEYS = st.sampled_from([f"{kind}/m1/{number}" for kind in ("book", "online") for number in range(1, 7)])
PENDING = rarely(KEYS.map(lambda key: f"{key}/x"), 1)
ATTEMPTS = rarely(st.tuples(KEYS, span(-3, 0), st.one_of(st.none(), span(-2, 2))), 2)
OFFERS = st.sampled_from([(), (DayHours(weekday=2, start=time(6), end=time(23)),)])
MATTERS = [*(f"m1/invite/{number}" for number in range(1, 5)), "m1/chat/1", "m1/chat/2"]
NUDGES = {
    count: st.lists(
        st.tuples(st.sampled_from(MATTERS[:count] + MATTERS[4:]), ONE, st.integers(1, 3), span(-20, 0)),
        max_size=4,
        unique_by=lambda nudge: nudge[:3],
    )
    for count in range(5)
}
REQUESTS = st.lists(
    st.tuples(st.sampled_from(["m1/chat/1", "m1/chat/2"]), ONE, span(-20, 0)), max_size=2, unique_by=lambda one: one[0]
)
LATELY = rarely(span(-7, 0), 2)
HOW_MANY = st.sampled_from([2, 3, 1, 0, 4])
MENTORSHIP = {
    "cadence": st.sampled_from([None, None, DAY, 7 * DAY, 28 * DAY, 92 * DAY]),
    "standing": st.sampled_from([None, StandingTime(weekday=1, at=time(10))]),
    "medium": st.sampled_from([Medium.VIDEO, Medium.VIDEO, Medium.VIDEO, Medium.PHONE]),
    "mentor_offers": OFFERS,
    "mentee_offers": OFFERS,
}
AGES = st.sampled_from([-60, -20, -8, -1, 3])
WHICH = st.integers(0, 2)


def drawn(draw, strategies):
    return {name: draw(strategy) for name, strategy in strategies.items()}


@st.composite
def people(draw, name, now):
    away = [(now + far, length) for far, length in draw(AWAY)]
    return a_person(
        name,
        hours=draw(HOURS),
        absences=tuple(Absence(starts_at=start, ends_at=length and start + length) for start, length in away),
        office_location=draw(OFFICES),
        has_teams=draw(HAS_TEAMS),
    )


@st.composite
def sessions(draw, now, number):
    starts_at = now + draw(STARTS)
    loss = draw(LOSSES)
    proposal = draw(PROPOSALS)
    if proposal is not None:
        by, far, length = proposal
        proposal = Proposal(by=by, starts_at=now + far, ends_at=now + far + length)
    answers = {person: draw(ANSWERS) for person in draw(WHO_ANSWERED)}
    return a_session(
        number,
        starts_at,
        invited_at=now + draw(span(-30, 0)),
        asked_at=at(now, draw(PERHAPS_AGO)),
        written_start=starts_at + draw(MOVED_BY),
        loss=loss,
        lost_at=at(now, draw(LOST)) if loss else None,
        no_slot_reason=draw(REASONS) if loss else "",
        answers={
            person: Answer(response=answer["response"], answered_at=at(now, answer["answered_at"]))
            for person, answer in answers.items()
        },
        proposal=proposal,
        **drawn(draw, SESSION),
    )


@st.composite
def states(draw, now):
    known = tuple(draw(sessions(now, number)) for number in range(1, 1 + draw(HOW_MANY)))
    mentor, mentee = draw(people(MENTOR, now)), draw(people(MENTEE, now))
    nudges = [
        Nudge(
            mentorship="m1",
            person=person,
            practice="answer_promptly",
            about=about,
            rung=rung,
            sent_at=now + far,
        )
        for about, person, rung, far in draw(NUDGES[len(known)])
    ]
    requests = [
        OpenRequest(key=key, mentorship="m1", source=RequestSource.CHAT, owed_by=person, asked_at=now + far)
        for key, person, far in draw(REQUESTS)
    ]
    return a_state(
        *known,
        mentor=mentor,
        mentee=mentee,
        organizer=(mentee, mentor, BOX)[draw(WHICH)],
        mentorship=a_mentorship(
            started_on=(now + draw(AGES) * DAY).date(), opt_ins=frozenset({OptIn.CHAT}), **drawn(draw, MENTORSHIP)
        ),
        open_requests=tuple(requests),
        nudges=tuple(nudges),
        nudges_lately={person: tuple(now + far for far in draw(LATELY)) for person in (MENTOR, MENTEE)},
        pending=frozenset(draw(PENDING)),
        attempts=tuple(an_attempt(key, now + far, at(now, again)) for key, far, again in draw(ATTEMPTS)),
        mentor_sessions=tuple(session.starts_at for session in known if session.stands),
    )


@st.composite
def rule_sets(draw, mode="enforce"):
    least = draw(st.sampled_from([7, 7, 10]))
    both = (RequestSource.INVITE, RequestSource.CHAT)
    return RuleSet(
        (
            BookAhead(
                name="ahead",
                mode=mode,
                cadence=draw(st.sampled_from([7, 14, 28])) * DAY,
                lead_time=LeadTime(at_least=least * DAY, at_most=draw(st.sampled_from([14, 21, 60])) * DAY),
                first_session_within=WorkingDays(draw(st.sampled_from([10, 60]))),
            ),
            RebookSameWeek(
                name="rebook",
                mode=mode,
                wait=WorkingTime(draw(st.sampled_from([0, 2, 16])) * HOUR),
                in_a_row=draw(st.integers(1, 3)),
            ),
            VideoFirst(name="video", mode=mode),
            AnswerPromptly(name="answers", mode=mode, sources=both, offer_help=draw(st.booleans())),
        ),
        NudgePolicy(
            per_person_and_week=draw(st.sampled_from([1, 1, 2, 7, 0])),
            per_open_matter=draw(st.sampled_from([3, 3, 2, 1, 0])),
        ),
    )


@st.composite
def situations(draw):
    days = draw(st.integers(0, 6)) * DAY
    now = draw(st.sampled_from(WEEKS)) + days + draw(st.one_of(minutes(0, 1440, 5), minutes(600, 800, 5)))
    return draw(states(now)), draw(rule_sets()), now


def availability(state):
    """Return when the two can meet, by what graphsync itself has put on their calendars."""
    return {
        person.id: PersonAvailability(
            person=person.id,
            hours=person.hours,
            offered=WeeklyHours(time_zone=person.time_zone, hours=offers) if offers else None,
            absences=person.absences,
        )
        for person, offers in (
            (state.mentor, state.mentorship.mentor_offers),
            (state.mentee, state.mentorship.mentee_offers),
        )
    }


def changed(state, number, **changes):
    return replace(
        state,
        sessions=tuple(
            replace(session, **changes) if session.number == number else session for session in state.sessions
        ),
    )


def tried(state, intent, now, retry_at):
    others = (attempt for attempt in state.attempts if attempt.key != intent.key)
    return replace(state, attempts=(*others, an_attempt(intent.key, now, retry_at)))


def booked(state, intent, placement, now):
    lost = next((session for session in state.sessions if session.number == intent.replaces), None)
    if placement.slot is None:
        if lost is not None and lost.loss is not None and Reason.UNREADABLE not in placement.reasons.values():
            return changed(state, lost.number, no_slot_reason="no hour was free")
        return tried(state, intent, now, now + DAY)
    if lost is not None:
        settled = {} if lost.loss else {"loss": Loss.ABSENT, "lost_at": now}
        state = changed(state, lost.number, proposal=None, **settled)
    taken = lost and lost.proposal and lost.proposal.starts_at == placement.slot.start
    made = a_session(
        intent.number,
        placement.slot.start,
        ends_at=placement.slot.end,
        organizer=lost.organizer if intent.same_event else state.organizer.id,
        invited_at=now,
        asked_at=now,
        medium=intent.medium,
        online=intent.online,
        replaces=intent.replaces,
        answers={},
        agreed=frozenset({intent.proposal_by} if taken else ()),
    )
    return replace(state, sessions=(*state.sessions, made))


def after(state, decision, now):
    """Return `state` once all that was decided has been done."""
    requests = [intent.request for intent in decision.intents if isinstance(intent, BookSession | MoveSession)]
    placements = {placement.key: placement for placement in schedule(requests, availability(state))}
    for intent in decision.intents:
        match intent:
            case BookSession():
                state = booked(state, intent, placements[intent.key], now)
            case MoveSession():
                slot = placements[intent.key].slot
                state = (
                    tried(state, intent, now, None)
                    if slot is None
                    else changed(
                        state,
                        intent.number,
                        starts_at=slot.start,
                        ends_at=slot.end,
                        written_start=slot.start,
                        written_end=slot.end,
                        asked_at=now,
                        agreed=frozenset({intent.proposal_by}),
                        proposal=None,
                        answers={},
                    )
                )
            case AddOnlineMeeting():
                state = changed(state, intent.number, online=True)
            case ChangeRoom():
                state = changed(state, intent.number, room="saal" if intent.another else "")
            case KeepReason():
                state = changed(state, intent.number, no_slot_reason=intent.code)
            case AlertAdmin():
                state = replace(state, alerts=state.alerts | {intent.key})
            case SendNudge():
                nudge = Nudge(
                    mentorship="m1",
                    person=intent.person,
                    practice=intent.practice,
                    about=intent.about,
                    rung=intent.rung,
                    sent_at=now,
                )
                lately = {**state.nudges_lately, nudge.person: (*state.nudges_lately[nudge.person], now)}
                state = replace(state, nudges=(*state.nudges, nudge), nudges_lately=lately)
    return state


def settled(state, rules, now):
    """Return the state in which nothing is left to do at `now`, and the decision that says so."""
    for _ in range(2 * len(state.sessions) + 6):
        decision = decide(state, rules, now)
        if not decision.intents:
            return state, decision
        state = after(state, decision, now)
    raise AssertionError(f"still wants {[intent.key for intent in decision.intents]}")


@given(situations())
@settings(deadline=None, max_examples=EXAMPLES)
def test_equal_facts_give_equal_decisions_and_the_next_look_lies_ahead(situation):
    state, rules, now = situation
    decision = decide(state, rules, now)
    rebuilt = replace(
        state,
        sessions=tuple(replace(session, answers=dict(session.answers)) for session in state.sessions),
        nudges=tuple(replace(nudge) for nudge in state.nudges),
        pending=frozenset(sorted(state.pending, reverse=True)),
        nudges_lately=dict(reversed(state.nudges_lately.items())),
    )
    assert decide(rebuilt, rules, now) == decision
    assert decision.wake_at is None or decision.wake_at > now


@given(situations())
@settings(deadline=None, max_examples=EXAMPLES)
def test_what_is_booked_keeps_its_notice_and_leaves_what_stands_and_is_near(situation):
    state, rules, now = situation
    known = {session.number: session for session in state.sessions}
    decision = decide(state, rules, now)
    assert len({intent.key for intent in decision.intents}) == len(decision.intents)
    for intent in decision.intents:
        match intent:
            case BookSession(replaces=None):
                assert all(window.start >= now + 7 * DAY for window in intent.request.windows)
            case BookSession():
                assert all(window.start >= now + DAY for window in intent.request.windows)
                touched = known[intent.replaces]
                assert not touched.stands or touched.starts_at - now >= 2 * DAY
                assert all(intent.week.contains(window) for window in intent.request.windows[: intent.week_windows])
                short = intent.short_notice
                assert short is None or (short.start >= now and intent.week.contains(short))
            case MoveSession():
                (window,) = intent.request.windows
                assert window.start >= now + DAY
                assert known[intent.number].stands
                assert known[intent.number].starts_at - now >= 2 * DAY


@given(situations())
@settings(deadline=None, max_examples=EXAMPLES)
def test_people_are_nudged_in_their_working_time_and_once(situation):
    state, rules, now = situation
    nudges = [intent for intent in decide(state, rules, now).intents if isinstance(intent, SendNudge)]
    assert len({nudge.person for nudge in nudges}) == len(nudges)
    for nudge in nudges:
        person = state.person(nudge.person)
        assert not any(absence.covers(now) for absence in person.absences)
        assert next_working_instant(now, person.hours, absences=person.absences) == now
        lately = [at for at in state.nudges_lately[nudge.person] if at > now - 7 * DAY]
        assert len(lately) < rules.nudges.per_person_and_week
        assert nudge.rung <= rules.nudges.per_open_matter


@given(situations())
@settings(deadline=None, max_examples=EXAMPLES)
def test_deciding_on_ones_own_outcome_ends(situation):
    state, rules, now = situation
    state, decision = settled(state, rules, now)
    assert decide(state, rules, now) == decision


@given(situations(), st.floats(0, 1))
@settings(deadline=None, max_examples=EXAMPLES)
def test_nothing_is_left_to_do_before_the_next_look(situation, part):
    state, rules, now = situation
    state, decision = settled(state, rules, now)
    until = (decision.wake_at or now + 500 * DAY) - MINUTE
    for instant in (max(now, until), now + part * max(until - now, timedelta())):
        assert decide(state, rules, instant).intents == ()


@given(situations())
@settings(deadline=None, max_examples=EXAMPLES)
def test_on_observe_the_same_is_wanted_and_nothing_is_done(situation):
    state, rules, now = situation
    observing = replace(rules, rules=tuple(rule.model_copy(update={"mode": "observe"}) for rule in rules.rules))
    enforced, observed = decide(state, rules, now), decide(state, observing, now)
    assert observed.intents == enforced.observed == ()
    # Whether a booking brings its Teams meeting, or its room, depends on whether that rule is in force.
    assert [_without_place(intent) for intent in observed.observed] == [_without_place(i) for i in enforced.intents]
    assert observed.wake_at == enforced.wake_at


def _without_place(intent):
    return replace(intent, online=False, room=False) if isinstance(intent, BookSession) else intent
