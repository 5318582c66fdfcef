import pytest
from builders import (
    MENTEE,
    MENTOR,
    NOW,
    a_mentorship,
    a_person,
    a_proposal,
    a_session,
    a_state,
    ahead,
    an_attempt,
    at,
    rebook,
    rules,
    video,
)

from graphsync.mentoring import Loss, Medium
from graphsync.rules.decide import decide
from graphsync.rules.intents import AddOnlineMeeting, AlertAdmin, ChangeRoom, Verdict
from graphsync.rules.video_first import medium_of_next

OFFICE = {"office_location": "Berlin 3"}


def without_link(number=1, starts_at="09-22 10:00", **changes):
    return a_session(number, starts_at, online=False, **changes)


def decided(state, now=NOW, **changes):
    return decide(state, rules(video(**changes)), now)


# ---------------------------------------------------------------- the medium of a session that is booked


@pytest.mark.parametrize(
    ("mentor", "mentee", "medium"),
    [
        pytest.param(OFFICE, OFFICE, Medium.IN_PERSON, id="one office"),
        pytest.param(OFFICE, {"office_location": "Paris 1"}, Medium.VIDEO, id="two offices"),
        pytest.param({}, {}, Medium.VIDEO, id="no office known"),
        pytest.param({"office_location": ""}, {"office_location": ""}, Medium.VIDEO, id="an empty office"),
        pytest.param(OFFICE, {}, Medium.VIDEO, id="one of them unknown"),
    ],
)
def test_the_first_session_is_offered_in_person_where_both_work_at_one_office(mentor, mentee, medium):
    state = a_state(mentor=a_person(MENTOR, **mentor), mentee=a_person(MENTEE, **mentee))
    assert medium_of_next(state, video(), None) is medium


@pytest.mark.parametrize(
    ("rule", "sessions", "medium"),
    [
        pytest.param(video(first_in_person=False), (), Medium.VIDEO, id="not wanted"),
        pytest.param(None, (), Medium.VIDEO, id="no rule"),
        pytest.param(video(), (a_session(),), Medium.VIDEO, id="not the first"),
        pytest.param(video(), (a_session(loss=Loss.CANCELLED),), Medium.IN_PERSON, id="the first was lost"),
    ],
)
def test_only_the_first_session_is_offered_in_person(rule, sessions, medium):
    state = a_state(*sessions, mentor=a_person(MENTOR, **OFFICE), mentee=a_person(MENTEE, **OFFICE))
    assert medium_of_next(state, rule, None) is medium


def test_the_phone_is_used_where_somebody_chose_it():
    state = a_state(mentorship=a_mentorship(medium=Medium.PHONE, phone="Mo calls +49 30 1"))
    assert medium_of_next(state, video(), None) is Medium.PHONE
    intent = decide(state, rules(ahead(), video()), NOW).intents[0]
    assert (intent.medium, intent.online) == (Medium.PHONE, False)
    assert decided(state).trace[-1].verdict is Verdict.DOES_NOT_APPLY


def test_a_pair_by_phone_gets_no_link_for_what_it_books_itself():
    state = a_state(without_link(self_booked=True), mentorship=a_mentorship(medium=Medium.PHONE, phone="Mo calls"))
    decision = decided(state)
    assert (decision.intents, [line.step for line in decision.trace]) == ((), ["video_first.by_phone"])


def test_a_replacement_is_held_as_what_it_replaces():
    assert medium_of_next(a_state(), video(), a_session(medium=Medium.IN_PERSON)) is Medium.IN_PERSON


# ---------------------------------------------------------------- sessions without a link


@pytest.mark.parametrize("self_booked", [False, True])
def test_a_coming_session_gets_its_link_also_one_that_people_booked_themselves(self_booked):
    (intent,) = decided(a_state(without_link(self_booked=self_booked))).intents
    assert isinstance(intent, AddOnlineMeeting)
    assert (intent.key, intent.number, intent.rule) == ("online/m1/1", 1, "video")


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(a_session(1, "09-22 10:00"), id="has one"),
        pytest.param(without_link(loss=Loss.CANCELLED), id="lost"),
        pytest.param(without_link(starts_at="09-14 09:00"), id="begins now"),
        pytest.param(without_link(medium=Medium.IN_PERSON), id="in person"),
        pytest.param(without_link(medium=Medium.PHONE), id="by phone"),
    ],
)
def test_other_sessions_get_no_link(session):
    assert decided(a_state(session)).intents == ()


@pytest.mark.parametrize("key", ["online/m1/1/20260914T070000Z", "move/m1/1/2026-10-01T12:00+00:00/x"])
def test_no_link_is_added_while_the_event_is_being_changed(key):
    assert decided(a_state(without_link(), pending=frozenset({key}))).intents == ()


@pytest.mark.parametrize("key", ["online/m1/12/x", "move/m1/12/2026-10-01T12:00+00:00/x"])
def test_a_change_to_session_12_does_not_hold_up_session_1(key):
    assert len(decided(a_state(without_link(), pending=frozenset({key}))).intents) == 1


def test_a_link_that_could_not_be_added_is_tried_again_when_that_is_due():
    state = a_state(without_link(), attempts=(an_attempt("online/m1/1", retry_at=at("09-15 09:00")),))
    assert (decided(state).intents, decided(state).wake_at) == ((), at("09-15 09:00"))
    assert len(decided(state, at("09-15 09:00")).intents) == 1


def test_what_is_only_observed_is_not_done():
    decision = decided(a_state(without_link()), mode="observe")
    assert (decision.intents, [intent.number for intent in decision.observed]) == ((), [1])


def test_a_session_that_is_moved_to_a_proposed_time_gets_its_link_in_the_same_round():
    session = without_link(proposal=a_proposal("10-01 14:00"))
    intents = decide(a_state(session), rules(rebook(), video()), NOW).intents
    assert [intent.rule for intent in intents] == ["rebook", "video"]


# ---------------------------------------------------------------- mailboxes without Teams


@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_an_organizer_without_teams_is_one_alert_however_many_sessions_wait(mode):
    state = a_state(without_link(1), without_link(2, "10-06 10:00"), mentee=a_person(MENTEE, has_teams=False))
    decision = decided(state, mode=mode)
    (alert,) = decision.intents or decision.observed
    assert isinstance(alert, AlertAdmin)
    assert alert.key == "no-teams/em"
    assert "Teams licence" in alert.text


def test_an_alert_that_stands_is_not_raised_again():
    state = a_state(without_link(), mentee=a_person(MENTEE, has_teams=False), alerts=frozenset({"no-teams/em"}))
    decision = decided(state)
    assert decision.intents == ()
    assert decision.trace[-1].text == "session 1 waits for a Teams licence"


@pytest.mark.parametrize("has_teams", [True, None])
def test_a_mailbox_nobody_has_looked_at_is_tried(has_teams):
    state = a_state(without_link(), mentee=a_person(MENTEE, has_teams=has_teams))
    assert isinstance(decided(state).intents[0], AddOnlineMeeting)


@pytest.mark.parametrize(
    ("organizer", "alerts"),
    [pytest.param("box", ["no-teams/box"], id="the mailbox"), pytest.param(MENTOR, [], id="the mentor, who has Teams")],
)
def test_the_licence_of_whoever_organizes_the_session_counts(organizer, alerts):
    state = a_state(
        without_link(organizer=organizer),
        mentee=a_person(MENTEE, has_teams=False),
        organizer=a_person("box", has_teams=False),
    )
    assert [intent.key for intent in decided(state).intents if isinstance(intent, AlertAdmin)] == alerts


# ---------------------------------------------------------------- rooms

LINDEN, AHORN = "linden@fabrikam.test", "ahorn@fabrikam.test"
COLLEAGUES = {"mentor": a_person(MENTOR, **OFFICE), "mentee": a_person(MENTEE, **OFFICE)}


def in_person(room=LINDEN, declined=(LINDEN,), **changes):
    values = {"medium": Medium.IN_PERSON, "online": False, "room": room, "rooms_declined": frozenset(declined)}
    return a_session(1, changes.pop("starts_at", "09-22 10:00"), **values | changes)


@pytest.mark.parametrize(
    ("rule", "people", "sought"),
    [
        pytest.param(video(), COLLEAGUES, True, id="in person"),
        pytest.param(video(), {}, False, id="by video"),
        pytest.param(video(room=False), COLLEAGUES, False, id="not wanted"),
        pytest.param(video(mode="observe"), COLLEAGUES, False, id="only observed"),
    ],
)
def test_a_room_is_sought_for_a_session_in_person(rule, people, sought):
    (intent,) = decide(a_state(**people), rules(ahead(), rule), NOW).intents
    assert intent.room is sought


def test_no_room_is_sought_where_no_rule_speaks_of_it():
    (intent,) = decide(a_state(**COLLEAGUES), rules(ahead()), NOW).intents
    assert not intent.room


def test_what_replaces_a_session_in_person_has_a_room_as_well():
    lost = in_person(declined=(), loss=Loss.CANCELLED, lost_at=NOW)
    (intent,) = decide(a_state(lost, **COLLEAGUES), rules(rebook(), video()), at("09-14 16:00")).intents
    assert (intent.medium, intent.room) == (Medium.IN_PERSON, True)


@pytest.mark.parametrize(
    ("declined", "another"),
    [pytest.param((LINDEN,), True, id="one declined"), pytest.param((LINDEN, AHORN), False, id="two declined")],
)
def test_another_room_is_asked_once_and_then_none(declined, another):
    (intent,) = decided(a_state(in_person(declined[-1], declined))).intents
    assert isinstance(intent, ChangeRoom)
    assert (intent.key, intent.number, intent.rule) == (f"room/m1/1/{len(declined)}", 1, "video")
    assert (intent.room, intent.declined, intent.another) == (declined[-1], frozenset(declined), another)
    assert (intent.slot.start, intent.slot.end) == (at("09-22 10:00"), at("09-22 10:50"))


@pytest.mark.parametrize(
    ("session", "rule"),
    [
        pytest.param(in_person(declined=()), video(), id="the room has not declined"),
        pytest.param(in_person(AHORN), video(), id="another one is asked already"),
        pytest.param(in_person(""), video(), id="it has none any more"),
        pytest.param(in_person(loss=Loss.CANCELLED), video(), id="lost"),
        pytest.param(in_person(starts_at=NOW, ends_at=at("09-14 09:50")), video(), id="begins now"),
        pytest.param(in_person(), video(room=False), id="no rooms wanted"),
        pytest.param(in_person(), video(mode="observe"), id="only observed"),
    ],
)
def test_otherwise_the_room_stays(session, rule):
    assert decide(a_state(session), rules(rule), NOW).intents == ()


@pytest.mark.parametrize("key", ["room/m1/1/1/20260914T070000Z", "move/m1/1/2026-10-01T12:00+00:00/x"])
def test_no_other_room_is_asked_while_the_event_is_being_changed(key):
    decision = decided(a_state(in_person(), pending=frozenset({key})))
    assert (decision.intents, decision.trace[-1].verdict) == ((), Verdict.WAITS)


def test_a_change_of_room_that_came_to_nothing_is_tried_again_when_that_is_due():
    state = a_state(in_person(), attempts=(an_attempt("room/m1/1/1", retry_at=at("09-15 09:00")),))
    assert (decided(state).intents, decided(state).wake_at) == ((), at("09-15 09:00"))
    assert len(decided(state, at("09-15 09:00")).intents) == 1
