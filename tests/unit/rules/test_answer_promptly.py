from datetime import date, timedelta

import pytest
from builders import (
    DAY,
    HOUR,
    MENTEE,
    MENTOR,
    NOW,
    a_mentorship,
    a_person,
    a_reply,
    a_session,
    a_state,
    answers,
    at,
    rules,
    unanswered,
    weekly_hours,
)

from graphsync.mentoring import (
    Absence,
    Answer,
    Choice,
    FlagKind,
    Loss,
    Nudge,
    OpenRequest,
    OptIn,
    RequestSource,
    Response,
)
from graphsync.rules.answer_promptly import open_invites
from graphsync.rules.decide import decide
from graphsync.rules.intents import Matter, SendNudge
from graphsync.rules.nudging import away_for_good

INVITE = "m1/invite/1"
# Invited on Monday at ten: two working days later it is Wednesday at ten.
ASKED_AT, DUE_AT = at("09-14 10:00"), at("09-16 10:00")
AGAIN_AT = at("09-21 10:00")
BOTH_CHATS = {"sources": (RequestSource.INVITE, RequestSource.CHAT)}


def an_invite(number=1, starts_at="10-20 10:00", **changes):
    return unanswered(number, starts_at, **{"invited_at": ASKED_AT} | changes)


def a_question(owed_by=MENTOR, asked_at=ASKED_AT, key="m1/chat/7"):
    return OpenRequest(key=key, mentorship="m1", source=RequestSource.CHAT, owed_by=owed_by, asked_at=asked_at)


def a_nudge(rung=1, sent_at=DUE_AT, person=MENTOR, about=INVITE):
    return Nudge(mentorship="m1", person=person, practice="answer_promptly", about=about, rung=rung, sent_at=sent_at)


def away(start, end=None, person=MENTOR, **changes):
    absence = Absence(starts_at=at(start), ends_at=at(end) if end else None)
    return a_person(person, absences=(absence,), **changes)


def decided(state, now=DUE_AT, policy=None, **changes):
    return decide(state, rules(answers(**changes), **policy or {}), now)


def nudged(state, now=DUE_AT, policy=None, **changes):
    """Return whom `state` has nudged at `now`, and with which rung."""
    return [(intent.person, intent.rung) for intent in decided(state, now, policy, **changes).intents]


# ---------------------------------------------------------------- what is open


def test_an_invite_is_open_for_whoever_has_not_answered_it():
    assert [(request, number) for request, number in open_invites(a_state(an_invite()), NOW)] == [
        (
            OpenRequest(key=INVITE, mentorship="m1", source=RequestSource.INVITE, owed_by=MENTOR, asked_at=ASKED_AT),
            1,
        )
    ]


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(an_invite(answers={MENTOR: Answer(response=Response.ACCEPTED)}), id="accepted"),
        pytest.param(an_invite(answers={MENTOR: Answer(response=Response.TENTATIVE)}), id="tentative"),
        pytest.param(an_invite(answers={MENTOR: Answer(response=Response.DECLINED)}), id="declined"),
        pytest.param(an_invite(agreed=frozenset({MENTOR})), id="proposed by the one who would answer"),
        pytest.param(an_invite(loss=Loss.CANCELLED), id="lost"),
        pytest.param(an_invite(starts_at="09-16 10:00"), id="the session begins"),
    ],
)
def test_other_invites_are_not_open(session):
    assert list(open_invites(a_state(session), DUE_AT)) == []


def test_an_invite_without_any_answer_known_is_open_for_both_where_a_mailbox_organizes():
    state = a_state(an_invite(organizer="box", answers={}), organizer=a_person("box"))
    assert [request.owed_by for request, _number in open_invites(state, NOW)] == [MENTOR, MENTEE]


# ---------------------------------------------------------------- the ladder


def test_whoever_owes_an_answer_to_an_invite_is_nudged_after_two_working_days_alone():
    state = a_state(an_invite())
    early = decided(state, DUE_AT - timedelta(minutes=1))
    assert (early.intents, early.wake_at) == ((), DUE_AT)
    (intent,) = decided(state).intents
    assert isinstance(intent, SendNudge)
    assert (intent.person, intent.rung, intent.session) == (MENTOR, 1, 1)
    assert (intent.key, intent.about) == ("nudge/m1/invite/1/1/mentor", INVITE)
    assert (intent.matter, intent.practice) == (Matter.UNANSWERED_INVITE, "answer_promptly")


def test_once_more_after_three_more_working_days():
    state = a_state(an_invite(), nudges=(a_nudge(),))
    assert decided(state).wake_at == AGAIN_AT
    assert nudged(state, AGAIN_AT) == [(MENTOR, 2)]


def test_then_both_are_offered_help():
    nudges = (a_nudge(), a_nudge(2, AGAIN_AT))
    state = a_state(an_invite(), nudges=nudges)
    assert decided(state, AGAIN_AT).wake_at == at("09-24 10:00")
    intents = decided(state, at("09-24 10:00")).intents
    assert [(intent.person, intent.rung, intent.matter) for intent in intents] == [
        (MENTOR, 3, Matter.OFFER_HELP),
        (MENTEE, 3, Matter.OFFER_HELP),
    ]


def test_then_nothing_more_is_said():
    nudges = (a_nudge(), a_nudge(2), a_nudge(3), a_nudge(3, person=MENTEE))
    decision = decided(a_state(an_invite(), nudges=nudges), at("10-12 10:00"))
    assert (decision.intents, decision.wake_at) == ((), at("10-20 10:00"))


def test_help_reaches_each_of_the_two_in_their_own_working_time():
    """Berlin and Sydney share no working hour: a message that waited for both would never be sent."""
    sydney = a_person(MENTEE, "Australia/Sydney")
    nudges = (a_nudge(), a_nudge(2, AGAIN_AT))
    due_at = at("09-24 10:00")
    assert nudged(a_state(an_invite(), mentee=sydney, nudges=nudges), due_at) == [(MENTOR, 3)]
    rest = a_state(an_invite(), mentee=sydney, nudges=(*nudges, a_nudge(3, due_at)))
    decision = decided(rest, due_at)
    assert (decision.intents, decision.wake_at) == ((), at("09-25 09:00", "Australia/Sydney"))
    assert nudged(rest, decision.wake_at) == [(MENTEE, 3)]


@pytest.mark.parametrize(
    ("nudges", "changes", "policy"),
    [
        pytest.param(2, {"offer_help": False}, {}, id="no help is offered"),
        pytest.param(2, {}, {"per_open_matter": 2}, id="two per open matter"),
        pytest.param(1, {}, {"per_open_matter": 1}, id="one per open matter"),
        pytest.param(0, {}, {"per_open_matter": 0}, id="none at all"),
    ],
)
def test_the_ladder_ends_where_the_rules_end_it(nudges, changes, policy):
    state = a_state(an_invite(), nudges=tuple(a_nudge(rung) for rung in range(1, nudges + 1)))
    assert decided(state, at("10-12 10:00"), policy, **changes).intents == ()


def test_both_ladders_of_one_invite_end_in_one_offer_of_help():
    """A programme mailbox organizes, and neither has answered: the offer that one ladder made counts for the other."""
    state = a_state(
        an_invite(organizer="box", answers={}),
        organizer=a_person("box"),
        nudges=(
            *(a_nudge(rung, person=person) for person in (MENTOR, MENTEE) for rung in (1, 2)),
            a_nudge(3, person=MENTOR),
        ),
    )
    assert nudged(state, at("10-12 10:00")) == [(MENTEE, 3)]


def test_an_offer_of_help_does_not_count_as_a_nudge_to_the_other_who_owes_an_answer_too():
    state = a_state(
        an_invite(organizer="box", answers={}),
        organizer=a_person("box"),
        nudges=(a_nudge(1), a_nudge(2), a_nudge(3), a_nudge(3, person=MENTEE), a_nudge(1, person=MENTEE)),
    )
    assert nudged(state, at("10-12 10:00")) == [(MENTEE, 2)]


def test_times_that_are_asked_for_anew_have_two_working_days_again():
    state = a_state(an_invite(asked_at=at("09-28 10:00")), nudges=(a_nudge(),))
    assert decided(state, at("09-28 10:00")).wake_at == at("09-30 10:00")
    assert nudged(state, at("09-30 10:00")) == [(MENTOR, 2)]


# ---------------------------------------------------------------- the clock


@pytest.mark.parametrize(
    ("mentor", "due_at"),
    [
        pytest.param(a_person(MENTOR, "America/New_York"), ("09-16 09:00", "America/New_York"), id="in their zone"),
        pytest.param(
            a_person(MENTOR, hours=weekly_hours(weekdays=[0, 4])), ("09-21 10:00", "Europe/Berlin"), id="part time"
        ),
        pytest.param(away("09-15 00:00", "09-19 00:00"), ("09-22 10:00", "Europe/Berlin"), id="on leave"),
    ],
)
def test_the_clock_runs_in_the_working_time_of_whoever_owes_the_answer(mentor, due_at):
    state = a_state(an_invite(), mentor=mentor)
    assert decided(state, ASKED_AT).wake_at == at(*due_at)
    assert nudged(state, at(*due_at)) == [(MENTOR, 1)]


@pytest.mark.parametrize(
    ("asked_at", "starts_at", "due_at"),
    [
        pytest.param("10-23 10:00", "11-20 10:00", "10-27 10:00", id="over the end of summer time"),
        pytest.param("2027-03-26 10:00", "2027-04-20 10:00", "2027-03-30 10:00", id="over its beginning"),
    ],
)
def test_the_clock_runs_by_the_wall_on_both_sides_of_a_change(asked_at, starts_at, due_at):
    state = a_state(an_invite(starts_at=starts_at, invited_at=at(asked_at)))
    assert decided(state, at(asked_at)).wake_at == at(due_at)


@pytest.mark.parametrize(
    "pause",
    [
        pytest.param(
            {"replies": (a_reply("mentorship/m1", "pause", at=at("09-15 10:00"), until=date(2026, 9, 21)),)},
            id="of the two",
        ),
        pytest.param({"mentorship": a_mentorship(paused_until=date(2026, 9, 21))}, id="of the file"),
    ],
)
def test_a_pause_stops_the_clock(pause):
    state = a_state(an_invite(), **pause)
    due_at = decided(state, at("09-21 09:00")).wake_at
    assert due_at > at("09-21 09:00")
    assert nudged(state, at("09-21 09:00")) == []
    assert nudged(state, at("09-23 10:00")) == [(MENTOR, 1)]


@pytest.mark.parametrize("person", [MENTOR, MENTEE])
def test_who_is_away_until_further_notice_gets_no_message(person):
    role = "mentor" if person == MENTOR else "mentee"
    nudges = (a_nudge(), a_nudge(2, AGAIN_AT))
    state = a_state(an_invite(), nudges=nudges, **{role: away("09-01 00:00", person=person)})
    told = [] if person == MENTOR else [(MENTOR, 3)]
    assert nudged(state, at("09-24 10:00")) == told


def test_the_clock_of_who_is_away_for_over_a_year_stands_still_until_a_year_is_left():
    back = "2027-10-01 00:00"
    state = a_state(an_invite(), mentor=away("09-14 00:00", back))
    assert away_for_good(state.mentor, NOW)
    decision = decided(state)
    assert (decision.intents, decision.wake_at) == ((), at(back) - 366 * DAY)


def test_the_clock_stands_still_where_it_would_take_over_a_year():
    state = a_state(
        unanswered(1, "12-01 10:00", invited_at=at("09-14 10:00")), mentor=away("09-15 00:00", "2027-11-20 00:00")
    )
    assert not away_for_good(state.mentor, at("11-25 10:00"))
    assert decided(state, at("11-25 10:00")).intents == ()


def test_the_clock_stands_still_where_the_next_message_would_take_over_a_year():
    state = a_state(
        unanswered(1, "12-01 10:00", invited_at=ASKED_AT),
        mentor=away("09-17 00:00", "2027-11-20 00:00"),
        nudges=(a_nudge(),),
    )
    assert decided(state, at("11-25 10:00")).intents == ()


# ---------------------------------------------------------------- budget, quiet hours


@pytest.mark.parametrize(
    ("now", "ready_at"),
    [
        pytest.param("09-16 17:00", "09-17 09:00", id="in the evening"),
        pytest.param("09-19 12:00", "09-21 09:00", id="on Saturday"),
        pytest.param("09-17 06:00", "09-17 09:00", id="in the night"),
    ],
)
def test_nobody_is_nudged_outside_their_working_time(now, ready_at):
    decision = decided(a_state(an_invite()), at(now))
    assert (decision.intents, decision.wake_at) == ((), at(ready_at))


def test_nobody_is_nudged_on_leave():
    state = a_state(an_invite(), mentor=away("09-17 00:00", "09-24 00:00"))
    assert nudged(state) == [(MENTOR, 1)]
    assert decided(state, at("09-17 10:00")).wake_at == at("09-24 09:00")


@pytest.mark.parametrize(
    ("sent", "budget", "ready_at"),
    [
        pytest.param(["09-15 10:00"], 1, "09-22 10:00", id="one a week"),
        pytest.param(["09-09 10:00"], 1, "09-16 10:00", id="a week ago"),
        pytest.param(["09-15 12:00"], 2, "09-16 12:00", id="two a week, not both on one day"),
        pytest.param(["09-11 11:00", "09-14 10:00"], 2, "09-18 11:00", id="two a week, both spent"),
        pytest.param([], 1, "09-16 10:00", id="none yet"),
    ],
)
def test_a_person_is_nudged_within_their_budget(sent, budget, ready_at):
    state = a_state(an_invite(), nudges_lately={MENTOR: tuple(at(text) for text in sent)})
    policy = {"per_person_and_week": budget}
    decision = decided(state, DUE_AT, policy)
    assert (decision.wake_at == at(ready_at)) == (at(ready_at) > DUE_AT)
    assert nudged(state, at(ready_at), policy) == [(MENTOR, 1)]


def test_a_budget_of_nothing_holds_all_nudges():
    assert decided(a_state(an_invite()), DUE_AT, {"per_person_and_week": 0}).intents == ()


def test_several_matters_go_out_together_the_one_that_has_waited_longest_first():
    state = a_state(an_invite(2, "10-21 10:00", invited_at=ASKED_AT - HOUR), an_invite(1))
    assert [intent.session for intent in decided(state).intents] == [2, 1]


def test_people_are_nudged_independently_of_each_other():
    state = a_state(an_invite(1), an_invite(2, "10-21 10:00", organizer=MENTOR, answers={}))
    assert nudged(state) == [(MENTOR, 1), (MENTEE, 1)]


# ---------------------------------------------------------------- questions in a chat


def test_a_question_is_due_after_one_working_day():
    state = a_state(open_requests=(a_question(),), mentorship=a_mentorship(opt_ins=frozenset({OptIn.CHAT})))
    assert decided(state, ASKED_AT, **BOTH_CHATS).wake_at == at("09-15 10:00")
    (intent,) = decided(state, at("09-15 10:00"), **BOTH_CHATS).intents
    assert (intent.person, intent.matter, intent.session) == (MENTOR, Matter.UNANSWERED_QUESTION, None)


@pytest.mark.parametrize(
    ("opt_ins", "changes"),
    [
        pytest.param(frozenset(), BOTH_CHATS, id="without the consent of both"),
        pytest.param(frozenset({OptIn.CHAT}), {}, id="where chats are not looked at"),
    ],
)
def test_questions_are_not_looked_at(opt_ins, changes):
    state = a_state(open_requests=(a_question(),), mentorship=a_mentorship(opt_ins=opt_ins))
    assert decided(state, **changes).intents == ()


def test_invites_are_not_looked_at_where_the_rule_leaves_them_out():
    assert decided(a_state(an_invite()), sources=(RequestSource.CHAT,)).intents == ()


def test_what_is_only_observed_is_not_sent():
    decision = decided(a_state(an_invite()), mode="observe")
    assert (decision.intents, [intent.person for intent in decision.observed]) == ((), [MENTOR])


def test_an_answered_invite_ends_the_ladder():
    assert decided(a_state(a_session(1, "10-20 10:00"), nudges=(a_nudge(),)), AGAIN_AT).intents == ()


# ---------------------------------------------------------------- replies


def test_help_that_was_asked_for_reaches_the_coordinator_for_thirty_days():
    state = a_state(replies=(a_reply(INVITE, "help", at=ASKED_AT),))
    decision = decided(state, DUE_AT)
    assert [intent.flag for intent in decision.intents] == [FlagKind.HELP_ASKED]
    assert decision.wake_at == at("10-14 10:00")
    assert decided(state, at("10-14 10:00")).intents == ()


@pytest.mark.parametrize(("choice", "is_open"), [("answered", False), ("help", True)])
def test_a_question_that_was_answered_is_closed(choice, is_open):
    question = OpenRequest(
        key="m1/question/1", mentorship="m1", source=RequestSource.QUESTION, owed_by=MENTOR, asked_at=ASKED_AT
    )
    state = a_state(open_requests=(question,), replies=(a_reply("m1/question/1", choice, MENTOR),))
    asked = [intent for intent in decided(state, DUE_AT).intents if isinstance(intent, SendNudge)]
    assert bool(asked) is is_open
    if is_open:
        assert asked[0].choices == (Choice.ANSWERED,)


@pytest.mark.parametrize(("opt_ins", "count"), [((), 0), ((OptIn.MAIL,), 1)])
def test_mail_is_looked_at_with_the_consent_of_both(opt_ins, count):
    mail = OpenRequest(key="m1/mail/1", mentorship="m1", source=RequestSource.MAIL, owed_by=MENTOR, asked_at=ASKED_AT)
    state = a_state(open_requests=(mail,), mentorship=a_mentorship(opt_ins=frozenset(opt_ins)))
    assert len(nudged(state, DUE_AT, sources=(RequestSource.MAIL,))) == count
