"""The practices as the two meet them: on their calendars, in their mail, and on the pages that mail opens."""

import re
from datetime import timedelta

import pytest
from tenant import SESSION, TamperedGraph, a_pair, a_person, berlin, wall

from graphsync.engine.context import mark_mentorship
from graphsync.errors import GraphNotFound, GraphTransient
from graphsync.mentoring import FlagKind, Loss
from graphsync.rules.config import FileNames, parse_config

BOOK = "- {name: book, practice: book_ahead, mode: MODE}\n"
ENFORCE = BOOK.replace("MODE", "enforce")
REBOOK = "- {name: back, practice: rebook_same_week, mode: enforce}\n"
START = "- {name: start, practice: start_well, mode: enforce}\n"
QUIET = "- {name: quiet, practice: undisturbed, mode: enforce}\n"
CLOSE = "- {name: close, practice: close_well, mode: enforce}\n"
PREPARE = "- {name: prepare, practice: prepare, mode: enforce}\n"
TOUCH = "- {name: touch, practice: stay_in_touch, mode: enforce}\n"
TEN = timedelta(minutes=10)


def subjects(tenant, who):
    return [mail.subject for mail in tenant.mails(who)]


@pytest.fixture
def opened(open_tenant):
    """Open a tenant in which Mira mentors Tom, under rules of the test's own."""

    def open_one(rules, **options):
        pairs = options.pop("pairs", [a_pair("mira", "tom")])
        people = options.pop("people", [a_person("mira"), a_person("tom")])
        return open_tenant(people=people, pairs=pairs, rules=rules, **options)

    return open_one


def test_under_suggest_one_person_is_asked_and_on_yes_it_is_booked(opened):
    tenant = opened(BOOK.replace("MODE", "suggest"))
    tenant.run_until(berlin("2026-03-02 12:00"))
    assert tenant.meetings("tom") == []
    assert subjects(tenant, "tom") == ["A mentoring session with Mira?"]
    assert subjects(tenant, "mira") == []
    shown, done = tenant.click("tom", "Yes, do that")
    assert shown.status_code == done.status_code == 200
    assert "Yes, do that" in shown.text
    assert "It is being done" in done.text
    tenant.run_for(minutes=10)
    meeting = tenant.only_meeting("tom", "mira")
    asked = tenant.mails("tom")[0].body
    assert wall(meeting.start).split()[-1] in asked


def test_opening_a_link_answers_nothing(opened):
    tenant = opened(BOOK.replace("MODE", "suggest"))
    tenant.run_until(berlin("2026-03-02 12:00"))
    body = tenant.mails("tom")[0].body
    link = body.partition('<a href="')[2].partition('"')[0].removeprefix(tenant.receiver.url)
    for _ in range(3):
        assert tenant.web.get(link).status_code == 200
    tenant.run_for(hours=5)
    assert tenant.meetings("tom") == []


def test_a_no_is_heeded(opened):
    tenant = opened(BOOK.replace("MODE", "suggest"))
    tenant.run_until(berlin("2026-03-02 12:00"))
    tenant.click("tom", "No, leave it as it is")
    tenant.run_until(berlin("2026-03-08 12:00"))
    assert (tenant.meetings("tom"), len(subjects(tenant, "tom"))) == ([], 1)
    tenant.run_until(berlin("2026-03-10 12:00"))
    assert len(subjects(tenant, "tom")) == 2


def test_a_no_to_a_new_time_for_a_lost_session_lets_the_next_one_be_booked(opened):
    tenant = opened(ENFORCE + REBOOK.replace("enforce", "suggest"))
    tenant.run_until(berlin("2026-03-02 12:00"))
    tenant.cancel("tom", tenant.only_meeting("tom"))
    tenant.run_for(hours=5)
    assert tenant.meetings("tom") == []
    tenant.click("tom", "No, leave it as it is")
    tenant.run_until(berlin("2026-03-04 12:00"))
    (told,) = tenant.mails("mira", "rebook_same_week")
    assert "no new time was agreed on" in told.body
    assert len(tenant.meetings("tom", "mira")) == 1
    assert [session.replaces for session in tenant.sessions()] == [None, None]


def test_a_mentorship_begins_with_a_word_to_both_and_books_when_both_have_said_yes(opened):
    tenant = opened(START + ENFORCE)
    tenant.run_until(berlin("2026-03-02 10:00"))
    # What is suggested to the mentee meanwhile is the first session.
    assert subjects(tenant, "mira") == ["Your mentoring with Tom begins"]
    assert "Your mentoring with Mira begins" in subjects(tenant, "tom")
    assert tenant.meetings("tom") == []
    tenant.click("mira", "That suits me")
    tenant.run_for(hours=1)
    assert tenant.meetings("tom") == []
    tenant.click("tom", "That suits me")
    tenant.run_for(hours=1)
    assert len(tenant.meetings("tom", "mira")) == 1


def test_without_answers_the_coordinator_sees_not_started_and_nothing_more(opened):
    tenant = opened(START)
    tenant.run_until(berlin("2026-03-08 12:00"))
    assert tenant.flags() == set()
    tenant.run_until(berlin("2026-03-10 12:00"))
    assert tenant.flags() == {FlagKind.NOT_STARTED}


def accepted(tenant):
    """Let Mira accept the session that was booked, and return it."""
    tenant.run_until(berlin("2026-03-02 12:00"))
    meeting = tenant.only_meeting("tom", "mira")
    tenant.answer("mira", meeting, "accepted")
    tenant.run_for(minutes=10)
    return tenant.only_meeting("tom", "mira")


def test_air_around_a_session_is_kept_free_follows_its_moves_and_goes_with_it(opened):
    tenant = opened(ENFORCE + QUIET)
    meeting = accepted(tenant)
    around = [(meeting.start - TEN, meeting.start), (meeting.end, meeting.end + TEN)]
    assert tenant.holds("tom") == around
    assert tenant.holds("mira") == around
    moved = meeting.start + timedelta(days=1)
    tenant.move("tom", meeting, moved)
    tenant.run_for(minutes=10)
    assert tenant.holds("tom") == [(moved - TEN, moved), (moved + SESSION, moved + SESSION + TEN)]
    tenant.cancel("tom", tenant.only_meeting("tom", "mira"))
    tenant.run_for(minutes=10)
    assert not [hold for hold in tenant.holds("tom") if moved - TEN <= hold[0] <= moved + SESSION]
    assert tenant.holds("mira") == []


def test_a_rule_set_to_observe_gives_back_the_time_it_kept_around_a_session_that_is_lost(opened):
    tenant = opened(ENFORCE + QUIET)
    tenant.run_until(berlin("2026-03-02 10:00"))
    assert tenant.holds("tom")
    rules = ENFORCE + QUIET.replace("enforce", "observe")
    tenant.config = parse_config(
        tenant.files["graphsync.yaml"], rules, tenant.files["mentorships.csv"], names=FileNames()
    )
    tenant.start_service()
    tenant.cancel("tom", tenant.only_meeting("tom"))
    tenant.run_for(hours=1)
    assert (tenant.holds("tom"), tenant.holds("mira")) == ([], [])


def test_the_time_to_read_again_that_a_mentor_wishes_needs_no_other_rule(opened):
    tenant = opened(ENFORCE + PREPARE, pairs=[a_pair("mira", "tom", opt_ins="reread")])
    tenant.run_until(berlin("2026-03-02 10:00"))
    meeting = tenant.only_meeting("mira")
    tenant.answer("mira", meeting, "accepted")
    tenant.run_for(hours=1)
    assert tenant.holds("mira") == [(meeting.start - timedelta(minutes=15), meeting.start)]
    assert tenant.holds("tom") == []


def test_sessions_are_not_put_over_lunch_and_have_air_to_other_meetings(opened):
    tenant = opened(ENFORCE + QUIET)
    for day in range(9, 24):
        tenant.busy("tom", berlin(f"2026-03-{day:02} 09:00"), berlin(f"2026-03-{day:02} 12:00"))
    tenant.run_until(berlin("2026-03-02 12:00"))
    meeting = tenant.only_meeting("tom", "mira")
    assert not meeting.start < berlin(f"{meeting.start:%Y-%m-%d} 13:00") < meeting.end
    assert wall(meeting.start).split()[-1] >= "13:00"


def test_who_is_booked_over_is_told_at_once_and_can_have_the_session_moved(opened):
    tenant = opened(ENFORCE + QUIET)
    meeting = accepted(tenant)
    was_at = meeting.start
    tenant.busy("mira", meeting.start, meeting.end)
    tenant.run_for(hours=1)
    (subject,) = [s for s in subjects(tenant, "mira") if s.startswith("Two meetings")]
    assert wall(meeting.start).split()[-1] in subject
    assert [s for s in subjects(tenant, "tom") if s.startswith("Two meetings")] == []
    tenant.click("mira", "move the session")
    tenant.run_for(minutes=10)
    assert tenant.only_meeting("tom", "mira").start != was_at


def test_after_a_session_both_are_asked_and_we_did_not_puts_it_back(opened):
    tenant = opened(ENFORCE + REBOOK + CLOSE, nudges={"per_person_and_week": 7})
    meeting = accepted(tenant)
    tenant.run_until(meeting.end + timedelta(minutes=10))
    assert any(s.startswith("Did you and Mira meet") for s in subjects(tenant, "tom"))
    assert any(s.startswith("Did you and Tom meet") for s in subjects(tenant, "mira"))
    tenant.click("tom", "We did not meet")
    tenant.run_for(hours=30)
    first = tenant.sessions()[0]
    assert first.loss is Loss.NOT_HELD
    assert any(session.replaces == first.number for session in tenant.sessions())


def test_a_pause_stops_everything_and_ends_by_itself(opened):
    tenant = opened(ENFORCE + CLOSE + START)
    tenant.run_until(berlin("2026-03-02 10:00"))
    shown, done = tenant.click("tom", "Pause the programme, or have one mail a week", until="2026-04-01")
    assert 'type="date"' in shown.text
    assert done.status_code == 200
    tenant.run_for(hours=1)
    assert "Your mentoring with Tom pauses" in subjects(tenant, "mira")
    tenant.run_until(berlin("2026-03-31 12:00"))
    assert tenant.meetings("tom") == []
    tenant.run_until(berlin("2026-04-01 12:00"))
    assert "Your mentoring with Tom goes on" in subjects(tenant, "mira")


@pytest.mark.parametrize("until", ["", "2026-03-02", "2028-01-01", "soon"])
def test_a_pause_needs_a_day_to_come(opened, until):
    tenant = opened(START)
    tenant.run_until(berlin("2026-03-02 10:00"))
    _, done = tenant.click("tom", "Pause the programme, or have one mail a week", until=until)
    assert done.status_code == 400
    tenant.run_for(hours=1)
    with tenant.store.transaction() as ledger:
        assert [r for m in ledger.mentorships.all() for r in ledger.replies.of(m.id)] == []


def test_an_end_cancels_what_is_to_come_and_thanks_both(opened):
    tenant = opened(ENFORCE + CLOSE + QUIET, pairs=[a_pair("mira", "tom", ends="2026-03-09")])
    assert tenant.config.mentorships[0].ends_on is not None
    tenant.run_until(berlin("2026-03-02 12:00"))
    tenant.book("tom", "mira", berlin("2026-03-12 10:00"))
    tenant.run_until(berlin("2026-03-10 12:00"))
    assert "Thank you for your mentoring with Tom" in subjects(tenant, "mira")
    # What the two booked themselves is theirs, and stays.
    assert tenant.coming("tom", "mira").start == berlin("2026-03-12 10:00")


def test_ending_it_oneself_cancels_the_session_that_was_booked(opened):
    tenant = opened(ENFORCE + CLOSE + QUIET + TOUCH)
    meeting = accepted(tenant)
    link = tenant.links.answer(
        tenant.sessions()[0].mentorship, tenant.sessions()[0].organizer, "mentorship/x", "end", None
    )
    assert tenant.web.post(link.removeprefix(tenant.receiver.url)).status_code == 200
    tenant.run_for(hours=1)
    assert tenant.meetings("tom", "mira") == []
    assert (tenant.holds("tom"), tenant.holds("mira")) == ([], [])
    assert any(s.startswith("Thank you") for s in subjects(tenant, "mira"))
    tenant.run_until(meeting.end + timedelta(days=10))
    assert tenant.meetings("tom", "mira") == []
    after = tenant.web.get(link.removeprefix(tenant.receiver.url))
    assert after.status_code == 200


def test_where_one_has_left_the_other_is_told_just_that(opened):
    tenant = opened(ENFORCE + CLOSE, sweep_hours=24)
    tenant.run_until(berlin("2026-03-02 10:00"))
    tenant.world.disable_user("tom@fabrikam.test")
    tenant.run_for(days=3)
    (mail,) = tenant.mails("mira", "close_well")
    assert mail.subject == "Your mentoring with Tom has ended"
    assert "Tom has left the organization" in mail.body
    assert "note" not in mail.body
    assert tenant.mails("tom", "close_well") == []


def test_what_is_due_to_one_person_at_once_is_one_mail(opened):
    mentees = ("tom", "noor")
    tenant = opened(
        ENFORCE + PREPARE,
        people=[a_person(name) for name in ("mira", *mentees)],
        pairs=[a_pair("mira", mentee) for mentee in mentees],
        nudges={"per_person_and_week": 1},
    )
    tenant.run_until(berlin("2026-03-20 17:00"))
    mails = tenant.mails("mira", "prepare")
    assert all(mail.body.count("Hello Mira") == 1 for mail in mails)
    weeks = [mail.received_at.isocalendar()[:2] for mail in mails]
    assert len(weeks) == len(set(weeks)) == 3


def test_a_cap_refuses_the_whole_round_and_says_so(opened):
    mentees = ("tom", "noor", "ana")
    tenant = opened(
        "- {name: book, practice: book_ahead, mode: enforce, cap: 2}\n",
        people=[a_person(name) for name in ("mira", *mentees)],
        pairs=[a_pair("mira", mentee) for mentee in mentees],
    )
    tenant.run_until(berlin("2026-03-02 12:00"))
    assert all(tenant.meetings(mentee) == [] for mentee in mentees)
    assert "wants 3 actions in one round and may take 2" in tenant.alerts()["cap/book"]


def test_two_cadences_without_a_session_are_a_question_to_both_and_a_flag(opened):
    tenant = opened(TOUCH)
    tenant.run_until(berlin("2026-03-31 12:00"))
    assert subjects(tenant, "tom") == ["Time for a session with Mira?"]
    assert tenant.flags() == {FlagKind.NOT_MEETING}
    tenant.click("mira", "Say so")
    tenant.run_for(hours=1)
    assert tenant.flags() == set()


def test_public_holidays_are_days_away(opened):
    people = [a_person("mira", usage_location="DE"), a_person("tom", usage_location="US")]
    tenant = opened(
        ENFORCE,
        people=people,
        pairs=[a_pair("mira", "tom", standing="fri 10:00")],
        starts_at=berlin("2026-03-20 08:00"),
    )
    tenant.run_until(berlin("2026-03-24 12:00"))
    assert wall(tenant.only_meeting("tom", "mira").start) != "Fri 3 Apr 10:00"  # Good Friday


def test_people_read_their_own_language(opened):
    people = [a_person("mira", preferred_language="fr-FR"), a_person("tom")]
    tenant = opened(START, people=people)
    tenant.run_until(berlin("2026-03-02 10:00"))
    assert subjects(tenant, "mira") == ["Votre mentorat avec Tom commence"]
    assert subjects(tenant, "tom") == ["Your mentoring with Mira begins"]
    shown, done = tenant.click("mira", "Cela me convient")
    assert 'lang="fr"' in shown.text
    assert "C’est noté." in done.text


def end_it(tenant, person):
    """Answer the link by which one ends a mentorship."""
    with tenant.store.transaction() as ledger:
        (mentorship,) = ledger.mentorships.all()
        known = ledger.people.by_address(f"{person}@fabrikam.test")
    link = tenant.links.answer(mentorship.id, known.id, f"mentorship/{mentorship.id}", "end", None)
    assert tenant.web.post(link.removeprefix(tenant.receiver.url)).status_code == 200


def test_a_booking_that_waits_at_an_end_is_not_carried_out(opened):
    tenant = opened(ENFORCE + CLOSE)

    def busy(_real, *_arguments):
        raise GraphTransient("too many requests", retry_after=timedelta(hours=2))

    tenant.start_service(graph=TamperedGraph(tenant.graph, create_event=busy))
    tenant.run_until(berlin("2026-03-02 10:00"))
    end_it(tenant, "tom")
    tenant.run_for(minutes=10)
    tenant.start_service(graph=tenant.graph)
    tenant.run_for(days=3)
    assert tenant.meetings("tom", "mira") == []
    assert [s for s in subjects(tenant, "mira") if s.startswith("Thank you")]


def test_a_booking_that_got_through_unheard_is_cancelled_after_an_end(opened):
    tenant = opened(ENFORCE + CLOSE)

    def lost_answer(real, *arguments):
        real(*arguments)
        raise GraphTransient("no answer", retry_after=timedelta(hours=2))

    tenant.start_service(graph=TamperedGraph(tenant.graph, create_event=lost_answer))
    tenant.run_until(berlin("2026-03-02 10:00"))
    assert len(tenant.meetings("tom", "mira")) == 1
    end_it(tenant, "tom")
    tenant.run_for(minutes=10)
    tenant.start_service(graph=tenant.graph)
    tenant.run_for(days=3)
    assert tenant.meetings("tom", "mira") == []


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_session_is_not_taken_as_cancelled_while_its_organizer_has_no_mailbox(opened, comes_back):
    tenant = opened(ENFORCE + CLOSE)
    tenant.run_until(berlin("2026-03-02 10:00"))

    def no_mailbox(_real, *_arguments):
        raise GraphNotFound("cancel_event", status=404, code="MailboxNotEnabledForRESTAPI")

    tenant.start_service(graph=TamperedGraph(tenant.graph, cancel_event=no_mailbox))
    end_it(tenant, "mira")
    tenant.run_for(minutes=20)
    (key,) = tenant.alerts()
    assert "stays on the calendar" in tenant.alerts()[key]
    assert tenant.sessions()[0].stands
    if comes_back:
        tenant.start_service(graph=tenant.graph)
    tenant.run_for(days=10)
    assert tenant.alerts() == {}
    assert tenant.meetings("mira") == [] if comes_back else len(tenant.meetings("mira")) == 1
    assert tenant.sessions()[0].stands is not comes_back


@pytest.mark.parametrize("by_then", ["", QUIET.replace("enforce", "observe")], ids=["no rule", "observing"])
def test_time_kept_for_a_session_goes_with_it_though_the_rule_does_not_act_any_more(opened, by_then):
    tenant = opened(ENFORCE + QUIET)
    tenant.run_until(berlin("2026-03-02 10:00"))
    meeting = tenant.only_meeting("tom")
    tenant.answer("mira", meeting, "accepted")
    tenant.run_for(hours=1)
    assert [len(tenant.holds(name)) for name in ("mira", "tom")] == [2, 2]
    tenant.rewrite(rules=ENFORCE + by_then)
    tenant.start_service()
    tenant.run_for(hours=1)
    assert [len(tenant.holds(name)) for name in ("mira", "tom")] == [2, 2]
    tenant.cancel("tom", meeting)
    tenant.run_for(hours=1)
    assert [tenant.holds(name) for name in ("mira", "tom")] == [[], []]


def test_time_kept_for_a_session_that_was_lost_meanwhile_is_given_back(opened):
    tenant = opened(ENFORCE + QUIET)
    tenant.run_until(berlin("2026-03-02 10:00"))
    meeting = tenant.only_meeting("tom", "mira")
    held = []

    def lost_answer(real, who, body):
        found = real(who, body)
        if '"private"' in body:
            held.append(found.id)
            raise GraphTransient("no answer", retry_after=timedelta(hours=2))
        return found

    tenant.start_service(graph=TamperedGraph(tenant.graph, create_event=lost_answer))
    tenant.answer("mira", meeting, "accepted")
    tenant.run_for(minutes=10)
    assert held
    assert tenant.holds("mira") or tenant.holds("tom")
    tenant.cancel("tom", meeting)
    tenant.run_for(minutes=10)
    tenant.start_service(graph=tenant.graph)
    tenant.run_for(days=1)
    coming = [session for session in tenant.sessions() if session.stands]
    around = [hold for session in coming for hold in session.holds]
    assert len(tenant.holds("mira")) + len(tenant.holds("tom")) == len(around)


def test_who_wished_a_move_hears_that_no_other_time_was_found_and_gets_one_once_there_is(opened):
    tenant = opened(ENFORCE + QUIET)
    meeting = accepted(tenant)
    was_at = meeting.start
    for day in range(3, 32):
        tenant.busy("tom", berlin(f"2026-03-{day:02} 00:00"), berlin(f"2026-03-{day:02} 23:45"), "oof")
    blocker = tenant.busy("mira", meeting.start, meeting.end)
    tenant.run_for(hours=1)
    tenant.click("mira", "move the session")
    tenant.run_for(hours=2)
    told = [s for s in subjects(tenant, "mira") if s.startswith("No other time yet")]
    assert len(told) == 1
    assert [s for s in subjects(tenant, "tom") if s.startswith("No other time yet")] == []
    assert tenant.only_meeting("tom", "mira").start == was_at
    assert blocker
    for event in tenant.world.events("tom@fabrikam.test"):
        if event.subject == "Own":
            tenant.world.delete_event("tom@fabrikam.test", event.id, actor="tom@fabrikam.test")
    tenant.run_for(days=1, hours=2)
    assert tenant.only_meeting("tom", "mira").start != was_at
    assert len([s for s in subjects(tenant, "mira") if s.startswith("No other time yet")]) == 1


def test_the_time_a_lost_session_was_put_to_can_be_skipped_by_the_link(opened):
    tenant = opened(ENFORCE + REBOOK)
    tenant.run_until(berlin("2026-03-02 12:00"))
    tenant.cancel("tom", tenant.only_meeting("tom", "mira"))
    tenant.run_for(hours=8)
    again = tenant.only_meeting("tom", "mira")
    assert [s for s in subjects(tenant, "tom") if "has a new time" in s]
    tenant.click("tom", "Skip this one")
    tenant.run_for(hours=1)
    replacement = next(s for s in tenant.sessions() if s.replaces == 1)
    assert replacement.loss is Loss.CANCELLED
    tenant.run_until(again.end + timedelta(days=1))
    assert all(session.replaces != replacement.number for session in tenant.sessions())


def test_the_alert_of_a_cap_stands_while_the_refused_round_waits(opened):
    mentees = ("tom", "noor", "ana")
    tenant = opened(
        "- {name: book, practice: book_ahead, mode: enforce, cap: 2}\n" + TOUCH,
        people=[a_person(name) for name in ("mira", *mentees)],
        pairs=[a_pair("mira", mentee) for mentee in mentees],
    )
    tenant.run_until(berlin("2026-03-02 12:00"))
    with tenant.store.transaction() as ledger:
        mark_mentorship(ledger, ledger.mentorships.all()[0].id, tenant.now)
    tenant.next_at = tenant.now
    tenant.run_for(minutes=1)
    assert "cap/book" in tenant.alerts()


def test_once_a_week_the_coordinator_reads_who_needs_a_hand_and_not_since_when(opened):
    tenant = opened(START)
    tenant.run_until(berlin("2026-03-15 12:00"))
    assert tenant.mails("coordinator") == []
    tenant.run_until(berlin("2026-03-16 09:00"))
    (mail,) = tenant.mails("coordinator", "coordinators")
    assert mail.received_at == berlin("2026-03-16 08:00")
    assert "Tom and Mira" in mail.body
    assert "not started" in mail.body
    words = re.sub("<[^>]*>|m?[0-9a-f]{8,}", "", mail.body)
    assert not re.search(r"\b(day|days|since|late|Monday|March)\b|\b\d+\b", words)
    tenant.run_until(berlin("2026-03-23 09:00"))
    assert len(tenant.mails("coordinator")) == 2


def test_a_monday_on_which_the_service_was_down_is_made_up_for(opened):
    tenant = opened(START)
    tenant.run_until(berlin("2026-03-14 12:00"))
    tenant.next_at = None
    tenant.world.clock.set(berlin("2026-03-17 10:00"))
    tenant.clock.set(berlin("2026-03-17 10:00"))
    tenant.start_service()
    tenant.run_for(minutes=10)
    assert len(tenant.mails("coordinator")) == 1
    tenant.run_until(berlin("2026-03-22 12:00"))
    assert len(tenant.mails("coordinator")) == 1


def test_where_nothing_calls_for_them_coordinators_get_no_mail(opened):
    tenant = opened(ENFORCE)
    tenant.run_until(berlin("2026-03-10 09:00"))
    assert tenant.mails("coordinator") == []


QUESTIONS = "- {name: answers, practice: answer_promptly, mode: enforce, sources: [invite, question]}\n"


def asks(tenant, text, number="1"):
    """Let Tom open the page by the link in his welcome, and send a question."""
    label = "ask Mira"
    bodies = [mail.body for mail in tenant.mails("tom")]
    link = next(link for body in bodies for link in re.findall(rf'<a href="([^"]+)">{label}</a>', body))
    path = link.removeprefix(tenant.receiver.url)
    return tenant.web.get(path), tenant.web.post(path, data={"question": text, "number": number})


def questions(tenant):
    return [mail for mail in tenant.mails("mira") if mail.subject == "A question from Tom"]


def test_a_question_is_relayed_by_mail_and_its_text_is_nowhere_else(opened):
    tenant = opened(START + QUESTIONS)
    tenant.run_until(berlin("2026-03-02 10:00"))
    shown, done = asks(tenant, "How did <you> begin?\nI wonder.")
    assert "<textarea" in shown.text
    assert done.status_code == 200
    tenant.run_for(minutes=1)
    (mail,) = questions(tenant)
    assert "How did &lt;you&gt; begin?<br>I wonder." in mail.body
    assert list(mail.reply_to) == ["tom@fabrikam.test"]
    stored = (tenant.directory / "graphsync.db").read_bytes() + (tenant.directory / "graphsync.db-wal").read_bytes()
    assert b"I wonder" not in stored


def test_a_question_that_waits_is_told_of_once_and_closed_by_a_click(opened):
    tenant = opened(START + QUESTIONS, nudges={"per_person_and_week": 7})
    tenant.run_until(berlin("2026-03-02 10:00"))
    asks(tenant, "How did you begin?")
    tenant.run_until(berlin("2026-03-03 12:00"))
    assert len([m for m in tenant.mails("mira") if "sent through the mentoring programme" in m.body]) == 1
    assert [m for m in tenant.mails("tom") if "sent through" in m.body] == []
    tenant.click("mira", "I have answered")
    tenant.run_until(berlin("2026-03-16 12:00"))
    assert len([m for m in tenant.mails("mira") if "sent through the mentoring programme" in m.body]) == 1
    with tenant.store.transaction() as ledger:
        assert [r for m in ledger.mentorships.all() for r in ledger.requests.of(m.id)] == []


def test_a_page_sent_twice_asks_once_and_another_question_is_another(opened):
    tenant = opened(START + QUESTIONS)
    tenant.run_until(berlin("2026-03-02 10:00"))
    for number in ("1", "1", "2"):
        assert asks(tenant, "How did you begin?", number)[1].status_code == 200
    tenant.run_for(minutes=1)
    assert len(questions(tenant)) == 2


@pytest.mark.parametrize(("text", "said"), [("  \n", "no text yet"), ("x" * 4001, "too long")])
def test_what_cannot_be_relayed_is_said_with_the_text_still_there(opened, text, said):
    tenant = opened(START + QUESTIONS)
    tenant.run_until(berlin("2026-03-02 10:00"))
    _, done = asks(tenant, text)
    assert done.status_code == 400
    assert said in done.text
    assert text.strip() in done.text
    assert questions(tenant) == []


def test_where_graph_does_not_take_it_the_text_comes_back_and_nothing_waits(opened):
    tenant = opened(START + QUESTIONS)
    tenant.run_until(berlin("2026-03-02 10:00"))

    def down(_real, *_arguments):
        raise GraphTransient("down")

    tenant.start_service(graph=TamperedGraph(tenant.graph, create_mail_draft=down))
    _, done = asks(tenant, "How did you begin?")
    assert done.status_code == 503
    assert "How did you begin?" in done.text
    tenant.start_service(graph=tenant.graph)
    assert asks(tenant, "How did you begin?")[1].status_code == 200
    tenant.run_for(minutes=1)
    assert len(questions(tenant)) == 1


def test_not_more_than_some_questions_can_wait(opened):
    tenant = opened(START + QUESTIONS)
    tenant.run_until(berlin("2026-03-02 10:00"))
    codes = [asks(tenant, "And?", str(number))[1].status_code for number in range(6)]
    assert codes == [200] * 5 + [503]


REPORTS = (
    ENFORCE
    + "- {name: video, practice: video_first, mode: enforce}\n"
    + "- {name: close, practice: close_well, mode: enforce, attendance: true}\n"
)
MAY_READ = {"OnlineMeetings.Read.All": None, "OnlineMeetingArtifact.Read.All": None}


def meet(tenant, *who):
    """Let the session that was booked come, with some of the two in it; return its end."""
    meeting = accepted(tenant)
    tenant.run_until(meeting.start)
    for name in who:
        tenant.world.attend(meeting, f"{name}@fabrikam.test", meeting.start, meeting.end)
    return meeting.end


def asked_if_met(tenant):
    return [s for s in subjects(tenant, "tom") if s.startswith("Did you and Mira meet")]


def test_a_session_that_a_report_shows_was_held_and_nobody_is_asked(opened):
    tenant = opened(REPORTS, permissions=MAY_READ)
    tenant.world.grant_meeting_policy()
    end = meet(tenant, "mira", "tom")
    tenant.run_until(end + timedelta(days=2))
    session = tenant.sessions()[0]
    assert session.attended == {*session.answers}
    assert asked_if_met(tenant) == []


def test_where_only_one_was_there_both_are_asked(opened):
    tenant = opened(REPORTS, permissions=MAY_READ)
    tenant.world.grant_meeting_policy()
    end = meet(tenant, "mira")
    tenant.run_until(end + timedelta(days=2))
    assert len(tenant.sessions()[0].attended) == 1
    assert len(asked_if_met(tenant)) == 1


def test_where_nobody_was_there_is_no_report_and_looking_for_it_ends(opened):
    tenant = opened(REPORTS, permissions=MAY_READ)
    tenant.world.grant_meeting_policy()
    end = meet(tenant)
    tenant.run_until(end + timedelta(days=2))
    assert (tenant.sessions()[0].attended, len(asked_if_met(tenant))) == (frozenset(), 1)
    looked = tenant.requests("listOnlineMeetings")
    assert looked > 2
    tenant.run_until(end + timedelta(days=4))
    assert tenant.requests("listOnlineMeetings") == looked


def test_without_the_permission_the_admin_is_told_and_the_two_are_asked(opened):
    tenant = opened(REPORTS)
    end = meet(tenant, "mira", "tom")
    tenant.run_until(end + timedelta(days=1))
    assert "application access policy" in tenant.alerts()["refused/attendance"]
    assert len(asked_if_met(tenant)) == 1


def test_reports_are_not_read_unless_a_rule_says_so(opened):
    tenant = opened(REPORTS.replace(", attendance: true", ""), permissions=MAY_READ)
    tenant.world.grant_meeting_policy()
    end = meet(tenant, "mira", "tom")
    tenant.run_until(end + timedelta(days=1))
    assert tenant.sessions()[0].attended == frozenset()
    assert len(asked_if_met(tenant)) == 1
