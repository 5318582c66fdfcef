from datetime import date

from builders import NOW, a_mentorship, a_person, a_reply, a_session, a_state, at

from graphsync.mentoring import Loss, Reach, Status
from graphsync.rules.held import Held, held
from graphsync.rules.standing import about_mentorship, pauses, standing_of


def test_a_mentorship_is_active_where_nothing_says_otherwise():
    assert standing_of(a_state(), NOW).status is Status.ACTIVE
    assert about_mentorship(a_state()) == "mentorship/m1"


def test_a_pause_without_a_day_does_nothing():
    assert standing_of(a_state(replies=(a_reply("mentorship/m1", "pause"),)), NOW).status is Status.ACTIVE


def test_a_pause_with_a_day_is_over_by_itself_and_one_without_is_not():
    timed = a_state(mentorship=a_mentorship(paused_until=date(2026, 9, 20)))
    assert standing_of(timed, at("09-19 12:00")).status is Status.PAUSED
    assert standing_of(timed, at("09-20 12:00")).status is Status.ACTIVE
    lasting = a_state(mentorship=a_mentorship(status=Status.PAUSED))
    assert standing_of(lasting, at("12-01 12:00")).status is Status.PAUSED


def test_the_times_of_pauses_are_known_as_far_as_somebody_said_them():
    def said(when, until):
        return a_reply("mentorship/m1", "pause", at=at(when), until=until)

    def found(*replies, **mentorship):
        spans = pauses(a_state(replies=replies, mentorship=a_mentorship(**mentorship)))
        return sorted((span.starts_at, span.ends_at) for span in spans)

    assert found() == []
    first = said("09-15 10:00", date(2026, 9, 21))
    assert found(first) == [(at("09-15 10:00"), at("09-21 00:00"))]
    # Taken up sooner, and paused again after it was over.
    sooner, again = said("09-16 10:00", date(2026, 9, 16)), said("09-22 10:00", date(2026, 9, 24))
    assert found(first, sooner, again) == [
        (at("09-15 10:00"), at("09-16 10:00")),
        (at("09-22 10:00"), at("09-24 00:00")),
    ]
    assert found(paused_until=date(2026, 9, 20)) == [(at("09-14 00:00"), at("09-20 00:00"))]


def test_days_are_those_of_the_mentees_zone():
    sydney = a_person("em", "Australia/Sydney")
    state = a_state(mentee=sydney, mentorship=a_mentorship(ends_on=date(2026, 9, 14)))
    assert standing_of(state, at("09-14 15:59", "Europe/Berlin")).status is Status.ACTIVE
    assert standing_of(state, at("09-14 16:00", "Europe/Berlin")).status is Status.ENDED


def test_an_end_comes_before_a_pause():
    state = a_state(
        replies=(a_reply("mentorship/m1", "pause", until=date(2026, 12, 1)), a_reply("mentorship/m1", "end", "mo"))
    )
    assert standing_of(state, NOW).status is Status.ENDED
    assert standing_of(a_state(mentee=a_person("em", reach=Reach.GONE)), NOW).status is Status.ENDED


def test_what_became_of_a_session():
    session = a_session(1, "09-14 08:00")
    assert held(a_state(session), session, at("09-14 08:30")) is Held.PLANNED
    assert held(a_state(session), session, NOW) is Held.UNCONFIRMED
    assert held(a_state(session, replies=(a_reply("met/m1/1", "met"),)), session, NOW) is Held.HELD
    lost = a_session(1, "09-14 08:00", loss=Loss.DROPPED, lost_at=NOW)
    assert held(a_state(lost), lost, NOW) is Held.LOST
