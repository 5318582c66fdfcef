import inspect
import re
from datetime import UTC, timezone
from zoneinfo import ZoneInfo

import pytest
from builders import HOUR, at

from graphsync.mentoring import Medium
from graphsync.teams import wording

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
CONTACT = "mentoring@fabrikam.test"
SCRIPT = "<script>alert('Mo')</script> & Söhne"
LOST = at("10-20 10:00")


def text_of(message):
    """Return a mail as its reader sees it: without tags, blanks folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", message.body_html)).strip()


def put_back(**changes):
    values = {
        "name": "Em",
        "other": "Mo",
        "clock": BERLIN,
        "lost": LOST,
        "slot": None,
        "reason": "",
        "suggestion": None,
        "alternatives": (),
        "ask_standing_time": False,
        "contact": CONTACT,
    }
    return wording.put_back(**values | changes)


MESSAGES = {
    "unanswered_invite": lambda **changes: wording.unanswered_invite(
        **{"name": "Em", "other": "Mo", "starts_at": LOST, "clock": BERLIN, "contact": CONTACT} | changes
    ),
    "unanswered_question": lambda **changes: wording.unanswered_question(
        **{"name": "Em", "other": "Mo", "contact": CONTACT} | changes
    ),
    "offer_help": lambda **changes: wording.offer_help(**{"name": "Em", "other": "Mo", "contact": CONTACT} | changes),
    "put_back": put_back,
    "no_session": lambda **changes: wording.no_session(
        **{"name": "Em", "other": "Mo", "reason": "your working hours do not overlap", "contact": CONTACT} | changes
    ),
}


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("instant", "clock", "said"),
    [
        pytest.param(at("10-22 10:00"), BERLIN, "Thursday 22 October at 10:00 (Berlin time)", id="Berlin, summer time"),
        pytest.param(at("10-29 10:00"), BERLIN, "Thursday 29 October at 10:00 (Berlin time)", id="Berlin, after it"),
        pytest.param(
            at("10-29 10:00"), NEW_YORK, "Thursday 29 October at 05:00 (New York time)", id="the week between"
        ),
        pytest.param(at("11-02 10:00"), NEW_YORK, "Monday 2 November at 04:00 (New York time)", id="both changed"),
        pytest.param(at("2027-03-29 10:00"), NEW_YORK, "Monday 29 March at 04:00 (New York time)", id="in spring"),
        pytest.param(
            at("10-22 10:00"),
            ZoneInfo("Australia/Sydney"),
            "Thursday 22 October at 19:00 (Sydney time)",
            id="Sydney",
        ),
        pytest.param(
            at("10-22 20:00"), ZoneInfo("Asia/Kolkata"), "Thursday 22 October at 23:30 (Kolkata time)", id="Kolkata"
        ),
        pytest.param(
            at("10-22 10:00"), timezone(2 * HOUR), "Thursday 22 October at 10:00 (your time)", id="a zone of their own"
        ),
        pytest.param(at("10-22 10:00"), UTC, "Thursday 22 October at 08:00 (your time)", id="a clock without a place"),
    ],
)
def test_a_time_is_said_by_the_clock_of_its_reader(instant, clock, said):
    assert wording.day_and_time(instant, clock) == said


def test_every_time_in_a_message_is_in_the_readers_zone():
    message = put_back(
        clock=NEW_YORK, slot=at("10-23 15:00"), suggestion=at("10-29 15:00"), alternatives=[at("11-02 15:00")]
    )
    times = re.findall(r"\w+ \d+ \w+ at [0-9:]+ \([^)]+\)", text_of(message))
    assert times == [
        "Tuesday 20 October at 04:00 (New York time)",
        "Friday 23 October at 09:00 (New York time)",
        "Thursday 29 October at 10:00 (New York time)",
        "Monday 2 November at 09:00 (New York time)",
    ]


# ---------------------------------------------------------------- all messages


@pytest.mark.parametrize("kind", MESSAGES)
def test_each_message_greets_says_why_it_was_sent_and_how_to_pause(kind):
    text = text_of(MESSAGES[kind]())
    assert text.startswith("Hello Em,")
    assert "You get this" in text or "You both get this" in text
    assert text.endswith(f"To pause the programme for a while, write to {CONTACT}.")


@pytest.mark.parametrize("kind", MESSAGES)
def test_no_message_says_anything_of_somebody_elses_delay(kind):
    text = text_of(MESSAGES[kind]())
    for said in ("Mo has not", "Mo did not", "waiting", "too late", "overdue", "days ago", "reminder", "ignored"):
        assert said not in text


@pytest.mark.parametrize("kind", MESSAGES)
@pytest.mark.parametrize("field", ["name", "other", "contact"])
def test_names_are_shown_and_never_run(kind, field):
    body = MESSAGES[kind](**{field: SCRIPT}).body_html
    assert "<script" not in body
    assert "&lt;script&gt;alert(&#39;Mo&#39;)&lt;/script&gt; &amp; Söhne" in body


@pytest.mark.parametrize("kind", MESSAGES)
def test_names_are_escaped_once(kind):
    assert "&amp;lt;" not in MESSAGES[kind](name=SCRIPT, other=SCRIPT, contact=SCRIPT).body_html


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_name_that_looks_like_a_template_stays_a_name(kind):
    assert "{{ 7 * 7 }}" in MESSAGES[kind](name="{{ 7 * 7 }}").body_html


def test_nudges_take_nothing_that_could_tell_how_long_somebody_waited():
    for nudge in (wording.unanswered_invite, wording.unanswered_question, wording.offer_help):
        assert set(inspect.signature(nudge).parameters) <= {"name", "other", "starts_at", "clock", "contact"}


def test_subjects():
    assert wording.session_subject("Mo", "Em") == "Mentoring: Em and Mo"
    assert MESSAGES["unanswered_invite"]().subject == "Does Tuesday 20 October at 10:00 (Berlin time) suit you?"
    assert MESSAGES["unanswered_question"]().subject == "A message from Mo"
    assert MESSAGES["offer_help"]().subject == "Can we help with your mentoring?"
    assert put_back().subject == "Your mentoring session does not take place"
    assert put_back(slot=at("10-23 15:00")).subject == "Your mentoring session has a new time"


def test_a_pair_without_common_hours_is_told_the_reason_in_words_that_never_run():
    message = MESSAGES["no_session"](reason=SCRIPT)
    assert message.subject == "Your mentoring sessions need an hour"
    assert "<script" not in message.body_html
    assert "do not overlap" in text_of(MESSAGES["no_session"]())


def test_an_offer_of_help_promises_that_nobody_is_told():
    assert "nobody else is told unless you do" in text_of(MESSAGES["offer_help"]())


# ---------------------------------------------------------------- lost sessions


def test_a_session_that_was_put_back_is_told_with_its_new_time():
    text = text_of(put_back(slot=at("10-23 15:00")))
    assert "your session with Mo on Tuesday 20 October at 10:00 (Berlin time) does not take place" in text
    assert "It is put back: Friday 23 October at 15:00 (Berlin time) ;" in text
    assert "Also free" not in text
    assert "short notice" not in text


def test_the_reason_says_why_the_week_had_no_slot_and_its_names_are_escaped():
    message = put_back(slot=at("10-30 15:00"), reason=f"the calendar of {SCRIPT} had no hour left")
    assert "<p>Why not in the same week: the calendar of &lt;script&gt;" in message.body_html


def test_alternatives_are_listed():
    message = put_back(slot=at("10-23 15:00"), alternatives=[at("10-22 09:00"), at("10-24 11:00")])
    assert re.findall(r"<li>([^<]+)</li>", message.body_html) == [
        "Thursday 22 October at 09:00 (Berlin time)",
        "Saturday 24 October at 11:00 (Berlin time)",
    ]


def test_a_slot_at_short_notice_is_only_suggested():
    text = text_of(put_back(slot=at("10-30 15:00"), suggestion=at("10-21 09:00")))
    assert "At short notice you would both be free on Wednesday 21 October at 09:00 (Berlin time)" in text


def test_a_session_that_has_no_new_time_yet_is_told_so():
    assert "No new time was found for it yet; your next session will be booked as usual." in text_of(put_back())


def test_after_several_replacements_the_pair_is_asked_for_a_new_standing_time():
    text = text_of(put_back(ask_standing_time=True, reason="it has been moved several times in a row"))
    assert "which weekday and hour would suit you both better?" in text
    assert "It has been moved a few times in a row now" in text
    assert "same week" not in text
    assert "No new time" not in text


# ---------------------------------------------------------------- invites


@pytest.mark.parametrize(
    ("medium", "office", "said"),
    [
        (Medium.VIDEO, None, "on video in Teams, cameras on: show each other the room you sit in."),
        (Medium.PHONE, None, "by phone: Mo calls +49 30 1."),
        (Medium.IN_PERSON, "Berlin 3", "in person, at Berlin 3: take an hour away from the screens."),
        (Medium.IN_PERSON, None, "in person, at the office you share: take an hour away from the screens."),
    ],
)
def test_how_the_two_meet(medium, office, said):
    assert wording.how_to_meet(medium, phone="Mo calls +49 30 1", office=office) == said


def test_an_invite_has_an_agenda_says_how_and_why_and_what_to_do_if_it_does_not_suit():
    body = wording.invite_body(mentor="Mo", mentee="Em", how="on video.", why="you both are free", contact=CONTACT)
    for said in ("Em and Mo", "Agenda", "Subjects", "Tools", "Documents", "on video.", "you both are free", CONTACT):
        assert said in body
    assert "Decline, or propose a new time" in body


@pytest.mark.parametrize("field", ["mentor", "mentee", "how", "why", "contact"])
def test_all_that_comes_from_outside_is_escaped_in_an_invite(field):
    values = {"mentor": "Mo", "mentee": "Em", "how": "on video.", "why": "so", "contact": CONTACT}
    body = wording.invite_body(**values | {field: SCRIPT})
    assert "<script" not in body
    assert body.count("&lt;script&gt;") == 1
