from __future__ import annotations

from datetime import timedelta

import pytest
from demo_builders import APP, INES, OMAR, PRIYA, Play, days
from rich.console import Console

from graphsync.sandbox.demo.story import print_story, sentences, summary
from graphsync.sandbox.demo.ticker import Ticker


def told(play, mentee=OMAR):
    outcome = play.end()
    return [text for _, text in sentences(play.record(), outcome, play.pair(mentee))]


def printed(play, width=100):
    outcome = play.end()
    console = Console(width=width, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        print_story(console, play.record(), outcome)
    return capture.get()


def declined_once(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.answer(INES, event, "declined")
    return event


def test_a_session_put_back_is_told_in_one_breath():
    play = Play()
    play.move(declined_once(play), days(10), number=2, replaces=1)
    assert told(play) == [
        "Invite for Wed 14 Oct 10:00, on video, 9 days ahead. "
        "Declined on Tue 6 Oct; put back into the same week: Thu 15 Oct 10:00. They met."
    ]


def test_a_reason_is_told_where_it_came_later_or_not_at_all():
    play = Play()
    play.move(declined_once(play), days(15), number=2, replaces=1)
    play.mail(INES, practice="rebook_same_week", about="session/1", reason="no time in that week suits both.")
    assert told(play)[0].endswith(
        "Declined on Tue 6 Oct; put back for Tue 20 Oct 10:00, because no time in that week suits both. They met."
    )
    play = Play()
    declined_once(play)
    play.mail(INES, practice="rebook_same_week", about="session/1", reason="Ines is away.")
    assert told(play)[0].endswith("Declined on Tue 6 Oct; not put back: Ines is away.")


def test_what_people_did_themselves_is_told():
    play = Play()
    event = play.invite(days(9))
    play.at(days(1))
    play.move(event, days(10), actor=OMAR)
    assert told(play)[0].endswith("Moved by hand to Thu 15 Oct 10:00, and left there. They met.")


def test_dates_are_the_mentees():
    play = Play()
    play.invite(days(9, hours=1), mentee=PRIYA)
    assert told(play, PRIYA)[0].startswith("Invite for Wed 14 Oct 14:30")


def test_dates_follow_the_clock_change():
    play = Play(weeks=5)
    play.invite(days(21, hours=1))  # the Monday after the clocks went back: 09:00 UTC is 10:00 in Berlin
    assert told(play)[0].startswith("Invite for Mon 26 Oct 10:00")


def test_a_leave_and_a_reminder_are_told_without_a_name():
    play = Play()
    play.invite(days(9))
    play.at(days(3))
    play.mail(INES)
    play.at(days(4))
    play.world.set_automatic_replies(INES, "scheduled", days(8), days(12))
    text = " ".join(told(play))
    assert "A reminder went out; no answer came." in text
    assert "A leave told on Fri 9 Oct came in between; not put back, and no reason was given." in text
    assert "Ines" not in text


def test_a_pair_that_has_nothing_is_not_left_out():
    assert told(Play()) == ["Nothing was booked."]


def test_chat_questions_are_counted():
    play = Play()
    play.invite(days(9))
    chat = play.world.create_chat(OMAR, INES)
    message = play.world.post_message(chat.id, OMAR, "?")
    play.at(days(2))
    play.mail(INES, about=f"chat/{message.id}")
    play.at(days(2, hours=1))
    play.world.react(chat.id, message.id, INES)
    assert told(play)[-1] == "1 question in the chat, answered after a reminder."


def test_the_page_holds_stories_and_table_within_its_width():
    play = Play()
    play.move(declined_once(play), days(15), number=2, replaces=1)
    text = printed(play)
    assert max(len(line) for line in text.splitlines()) <= 100
    for phrase in (
        "Omar Haddad with Ines Vogel",
        "Priya Nair with Ines Vogel  new hire · Kolkata/Berlin · Priya's calendar · Kolkata time",
        "booked at least 7 days ahead",
        "0 of 1",
        "1 violation:",
        "lost_without_reason",
    ):
        assert phrase in text


def test_a_time_that_was_proposed_and_taken_is_no_move_by_hand():
    play = Play()
    event = play.invite(days(9))
    play.at(days(1))
    play.answer(INES, event, "tentativelyAccepted", proposed=(days(10), days(10) + timedelta(minutes=50)))
    play.move(event, days(10))
    text = printed(play)
    assert "The time proposed instead was taken: Thu 15 Oct 10:00." in " ".join(text.split())
    row = next(line for line in text.splitlines() if "moved by hand" in line)
    assert "0 of 0" in row
    assert "1 time that somebody proposed instead was taken" in row


def test_the_page_says_that_nothing_was_wrong():
    play = Play()
    play.invite(days(9))
    assert "Nothing that must not happen was seen" in printed(play)


def test_the_summary_is_one_line():
    play = Play()
    play.move(declined_once(play), days(10), number=2, replaces=1)
    assert summary(play.end()) == (
        "4 weeks, seed 1: 3 mentorships, 1 session held, 0 to come, 1 lost, 1 put back (1 in the same week), "
        "0 messages, 0 Graph requests, no violations, 1 s"
    )


def test_the_ticker_counts_and_tells_what_is_new():
    play = Play()
    ticker = Ticker(play.world, play.programme)
    event = declined_once(play)
    play.move(event, days(10), number=2, replaces=1)
    play.move(event, days(11), actor=OMAR)
    play.mail(INES)
    ticker.look()
    ticker.look()
    assert (ticker.booked, ticker.lost, ticker.put_back, ticker.messages) == (1, 1, 1, 1)
    assert [words for _, words in ticker.lines] == [
        "Omar and Ines: invite for Wed 14 Oct 10:00",
        "Omar and Ines: Wed 14 Oct 10:00 was declined",
        "Omar and Ines: put back for Thu 15 Oct 10:00",
        "Omar and Ines: moved by hand to Fri 16 Oct 10:00",
        "A reminder went to Ines",
    ]


@pytest.mark.parametrize("deed", ["cancel", "delete", "leave", "fix"])
def test_the_ticker_has_words_for_what_people_do(deed):
    play = Play()
    event = play.invite(days(9))
    ticker = Ticker(play.world, play.programme)
    ticker.look()
    words = {
        "cancel": "Omar and Ines: Wed 14 Oct 10:00 was called off",
        "delete": "Omar and Ines: Wed 14 Oct 10:00 was deleted from a calendar without a word",
        "leave": "Ines goes on leave on Tue 13 Oct",
        "fix": "Priya and Ines fixed Thu 8 Oct 13:30 between themselves",
    }
    if deed == "cancel":
        play.world.cancel_event(OMAR, event.id, actor=OMAR)
    elif deed == "delete":
        play.world.delete_event(INES, play.world.event_by_ical_uid(INES, event.ical_uid).id, actor=INES)
    elif deed == "leave":
        play.world.set_automatic_replies(INES, "scheduled", days(8), days(12))
    else:
        body = play.times(days(3)) | {"subject": "x", "attendees": [{"emailAddress": {"address": INES}}]}
        play.world.create_event(PRIYA, body, actor=PRIYA)
    play.at(play.world.clock.now() + timedelta(minutes=5))
    ticker.look()
    assert ticker.lines[-1][1] == words[deed]
    assert APP not in words[deed]
