"""A message that waited is asked about again before it goes out: its hour, how the mentorship stands, its matter."""

from datetime import date, timedelta

import pytest
from tenant import TamperedGraph, a_pair, berlin, wall
from test_mail_that_waits import reload
from test_mentorship_orders import PAIR, orders

from graphsync.errors import GraphTransient

CLOSE = "- {name: close, practice: close_well, mode: enforce}\n"
SUGGEST = "- {name: book, practice: book_ahead, mode: suggest}\n" + CLOSE
EVENING = berlin("2026-03-06 20:00")
"""A Friday."""
MONDAY = berlin("2026-03-09 12:00")


@pytest.fixture
def asked(open_tenant):
    """A function that opens a tenant in which a question to Tom, found due on a Friday evening, waits for Monday."""

    def open_one():
        pair = a_pair("mira", "tom", opt_ins="self_booked")
        tenant = open_tenant(pairs=[pair], rules=SUGGEST, starts_at=EVENING)
        tenant.run_for(hours=2)
        assert tenant.mails("tom") == []
        return tenant

    return open_one


def test_a_question_that_waited_is_put_in_working_time(asked):
    tenant = asked()
    tenant.run_until(MONDAY)
    (mail,) = tenant.mails("tom")
    assert wall(mail.received_at) == "Mon 9 Mar 09:00"


def test_quiet_hours_hold_for_questions_too(asked):
    tenant = asked()
    text = tenant.files["graphsync.yaml"]
    reload(tenant, graphsync_yaml=text.replace("per_person_and_week: 1", 'quiet_hours: "08:00-10:30"'))
    tenant.run_until(MONDAY)
    (mail,) = tenant.mails("tom")
    assert wall(mail.received_at) == "Mon 9 Mar 10:30"


def test_in_a_pause_that_began_meanwhile_nothing_is_asked(asked):
    tenant = asked()
    orders(tenant).pause(PAIR, date(2026, 4, 1))
    tenant.next_at = tenant.now
    tenant.run_until(MONDAY)
    assert tenant.mails("tom") == []


def test_what_the_pair_has_done_itself_meanwhile_is_not_asked(asked):
    tenant = asked()
    tenant.book("tom", "mira", berlin("2026-03-19 10:00"))
    tenant.run_until(MONDAY)
    assert tenant.mails("tom") == []


def test_what_a_rule_does_not_ask_any_more_is_not_asked(asked):
    tenant = asked()
    reload(tenant, rules_yaml=SUGGEST.replace("mode: suggest", "mode: observe"))
    tenant.run_until(MONDAY)
    assert tenant.mails("tom") == []


@pytest.mark.parametrize("call", ["create_mail_draft", "send_mail_draft"])
def test_a_reminder_that_graph_did_not_take_waits_for_the_next_morning(open_tenant, call):
    tenant = open_tenant()

    def down(real, *arguments):
        if tenant.now < berlin("2026-03-05 02:30"):
            raise GraphTransient(call, retry_after=timedelta(hours=6))
        return real(*arguments)

    tenant.start_service(graph=TamperedGraph(tenant.graph, **{call: down}))
    tenant.run_until(berlin("2026-03-05 12:00"))
    (mail,) = tenant.mails("mira", "answer_promptly")
    assert wall(mail.received_at) == "Thu 5 Mar 09:00"


def test_a_draft_whose_matter_is_past_is_not_sent(open_tenant):
    tenant = open_tenant()

    def down(_real, *_arguments):
        raise GraphTransient("send_mail_draft", retry_after=timedelta(hours=1))

    tenant.start_service(graph=TamperedGraph(tenant.graph, send_mail_draft=down))
    tenant.run_until(berlin("2026-03-04 12:00"))
    tenant.answer("mira", tenant.only_meeting("tom"), "accepted")
    tenant.start_service(graph=tenant.graph)
    tenant.run_until(berlin("2026-03-05 12:00"))
    assert tenant.mails("mira", "answer_promptly") == []


def test_of_two_who_owe_an_answer_the_one_who_gave_it_meanwhile_is_not_reminded(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", cohort="by-programme")])

    def down(_real, *_arguments):
        raise GraphTransient("create_mail_draft", retry_after=timedelta(hours=1))

    tenant.start_service(graph=TamperedGraph(tenant.graph, create_mail_draft=down))
    tenant.run_until(berlin("2026-03-04 12:00"))
    tenant.answer("tom", tenant.only_meeting("tom"), "accepted")
    tenant.start_service(graph=tenant.graph)
    tenant.run_until(berlin("2026-03-04 16:00"))
    assert len(tenant.mails("mira", "answer_promptly")) == 1
    assert tenant.mails("tom", "answer_promptly") == []
