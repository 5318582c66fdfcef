"""What one of the two has waiting for the other is answered: whoever owes it is told, alone, and seldom."""

import pytest
from tenant import SYDNEY, a_pair, a_person, berlin, wall

MIRA_IN_SYDNEY = [a_person("mira", "Australia/Sydney"), a_person("tom")]


def told(tenant, who):
    """Return when somebody was told of something waiting for their answer, and how often that was before."""
    mails = tenant.mails(who, "answer_promptly")
    return [(wall(m.received_at), {k.lower(): v for k, v in m.headers.items()}["x-graphsync-rung"]) for m in mails]


def asked(tenant, author="tom", to="mira"):
    chat = tenant.world.create_chat(f"{author}@fabrikam.test", f"{to}@fabrikam.test")
    return chat, tenant.world.post_message(chat.id, f"{author}@fabrikam.test", "<p>How do I …?</p>")


def settled(tenant, who="mira"):
    """Have the first invite answered, so that nothing is open."""
    tenant.run_for(minutes=5)
    tenant.answer(who, tenant.only_meeting("tom"), "accepted")
    tenant.run_for(minutes=5)


def test_an_unanswered_invite_is_told_to_whoever_owes_the_answer_and_later_once_more(
    open_tenant,
):
    tenant = open_tenant(nudges={"per_person_and_week": 7})
    tenant.run_until(berlin("2026-03-04 07:59"))
    assert told(tenant, "mira") == []
    tenant.run_until(berlin("2026-03-05 17:00"))
    assert told(tenant, "mira") == [("Wed 4 Mar 09:00", "1")]
    assert told(tenant, "tom") == [], "nobody reads of somebody else's delay"
    tenant.run_until(berlin("2026-03-09 09:20"))
    assert told(tenant, "mira")[1:] == [("Mon 9 Mar 09:00", "2")]


def test_help_is_offered_to_both_after_two_messages_and_only_once(open_tenant):
    tenant = open_tenant(
        # With nothing else due meanwhile each message is about one matter.
        pairs=[a_pair("mira", "tom", opt_ins="chat", cadence="28 days")],
        nudges={"per_person_and_week": 7},
        sweep_hours=24,
    )
    settled(tenant)
    asked(tenant)
    tenant.run_until(berlin("2026-03-13 17:00"))
    assert [rung for _, rung in told(tenant, "mira") if rung == "3"] == ["3"]
    assert [rung for _, rung in told(tenant, "tom") if rung == "3"] == ["3"]
    bodies = [" ".join(mail.body.split()) for who in ("mira", "tom") for mail in tenant.mails(who, "answer_promptly")]
    assert sum("ask for help</a> or write to coordinator@fabrikam.test" in body for body in bodies) == 2
    assert tenant.mails("coordinator") == [], "the coordinator hears only from those who ask"


@pytest.mark.parametrize("response", ["accepted", "tentativelyAccepted"])
def test_an_invite_answered_in_time_brings_no_message(open_tenant, response):
    tenant = open_tenant()
    tenant.run_until(berlin("2026-03-03 16:00"))
    tenant.answer("mira", tenant.only_meeting("tom"), response)
    tenant.run_until(berlin("2026-03-08 12:00"))
    assert told(tenant, "mira") == []


def test_an_answer_that_arrives_while_a_message_waits_for_its_hour_keeps_it_back(open_tenant):
    tenant = open_tenant(people=MIRA_IN_SYDNEY, pairs=[a_pair("mira", "tom", mentee_offers="mon-fri 06:00-08:00")])
    tenant.run_until(berlin("2026-03-03 20:00"))
    tenant.answer("mira", tenant.only_meeting("tom"), "accepted")
    tenant.run_until(berlin("2026-03-06 20:00"))
    assert told(tenant, "mira") == []


def test_messages_come_in_the_working_hours_of_whoever_gets_them(open_tenant):
    tenant = open_tenant(people=MIRA_IN_SYDNEY, pairs=[a_pair("mira", "tom", mentee_offers="mon-fri 06:00-08:00")])
    tenant.run_until(berlin("2026-03-06 20:00"))
    (mail,) = tenant.mails("mira", "answer_promptly")
    assert 9 <= mail.received_at.astimezone(SYDNEY).hour < 17
    assert wall(mail.received_at, SYDNEY)[:3] in ("Thu", "Fri")


def test_where_a_programme_mailbox_invites_both_owe_an_answer_and_each_is_told_alone(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", cohort="by-programme")])
    tenant.run_until(berlin("2026-03-02 12:00"))
    tenant.answer("tom", tenant.only_meeting("tom"), "accepted")
    tenant.run_until(berlin("2026-03-05 17:00"))
    assert [rung for _, rung in told(tenant, "mira")] == ["1"]
    assert told(tenant, "tom") == []
    assert tenant.mails("mira", "answer_promptly")[0].to == ["mira@fabrikam.test"]


def test_leave_stops_the_clock(open_tenant):
    tenant = open_tenant(sweep_hours=24)
    tenant.run_until(berlin("2026-03-02 12:00"))
    tenant.world.set_automatic_replies(
        "mira@fabrikam.test", "scheduled", berlin("2026-03-03 00:00"), berlin("2026-03-06 00:00")
    )
    tenant.run_until(berlin("2026-03-06 17:00"))
    assert told(tenant, "mira") == []
    tenant.run_until(berlin("2026-03-09 12:00"))
    assert told(tenant, "mira") == [("Mon 9 Mar 09:00", "1")]


def test_nobody_who_is_away_with_no_end_in_sight_is_told_anything(open_tenant):
    tenant = open_tenant(sweep_hours=24)
    tenant.world.set_automatic_replies("mira@fabrikam.test", "alwaysEnabled")
    tenant.run_until(berlin("2026-03-05 08:00"))
    assert tenant.mails("mira") == []
    assert {entry.detail for entry in tenant.audit()} == {"the mentor is away"}, (
        "nor invited while nobody knows until when"
    )


def test_one_message_a_week_is_all_anybody_gets_over_all_their_mentorships(open_tenant):
    mentees = ("tom", "noor", "ana")
    tenant = open_tenant(
        people=[a_person(name) for name in ("mira", *mentees)], pairs=[a_pair("mira", mentee) for mentee in mentees]
    )
    tenant.run_until(berlin("2026-03-10 17:00"))
    assert len(told(tenant, "mira")) == 1
    tenant.run_until(berlin("2026-03-13 17:00"))
    assert len(told(tenant, "mira")) == 2


def test_a_budget_of_none_is_kept(open_tenant):
    tenant = open_tenant(nudges={"per_person_and_week": 0})
    tenant.run_until(berlin("2026-03-06 17:00"))
    assert told(tenant, "mira") == []


# Chats -------------------------------------------------------------------------------------------------------


def test_with_the_consent_of_both_a_question_that_waits_a_working_day_is_told(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", opt_ins="chat")], sweep_hours=24)
    settled(tenant)
    tenant.run_until(berlin("2026-03-03 11:00"))
    asked(tenant)
    tenant.run_until(berlin("2026-03-04 10:59"))
    assert told(tenant, "mira") == []
    tenant.run_until(berlin("2026-03-05 17:00"))
    assert [rung for _, rung in told(tenant, "mira")] == ["1"]
    assert told(tenant, "tom") == []


@pytest.mark.parametrize("how", ["message", "reaction"])
def test_a_question_is_closed_by_a_message_or_a_reaction(open_tenant, how):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", opt_ins="chat")], sweep_hours=24)
    settled(tenant)
    chat, message = asked(tenant)
    tenant.run_until(berlin("2026-03-03 08:50"))
    with tenant.store.transaction() as ledger:
        assert len(ledger.requests.of(ledger.mentorships.all()[0].id)) == 1
    if how == "message":
        tenant.world.post_message(chat.id, "mira@fabrikam.test", "<p>Like this.</p>")
        tenant.run_for(minutes=5)
        tenant.world.react(chat.id, chat.messages[-1].id, "tom@fabrikam.test")
    else:
        tenant.world.react(chat.id, message.id, "mira@fabrikam.test")
    tenant.run_until(berlin("2026-03-06 17:00"))
    assert (told(tenant, "mira"), told(tenant, "tom")) == ([], [])
    with tenant.store.transaction() as ledger:
        assert ledger.requests.of(ledger.mentorships.all()[0].id) == []


def test_no_text_of_a_chat_is_in_the_store(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", opt_ins="chat")], sweep_hours=24)
    settled(tenant)
    asked(tenant)
    tenant.run_for(days=2)
    held = b"".join(path.read_bytes() for path in tenant.directory.glob("graphsync.db*"))
    assert b"How do I" not in held


def test_without_consent_no_chat_is_read_at_all(open_tenant):
    tenant = open_tenant(sweep_hours=24)
    settled(tenant)
    asked(tenant)
    tenant.run_for(days=3)
    assert [name for name in tenant.world.request_counts if "Chat" in name] == []
    assert not any("chats" in subscription.resource for subscription in tenant.world.live_subscriptions())
    assert told(tenant, "mira") == []


def test_where_the_chat_permission_is_missing_the_admin_hears_once_and_nothing_storms(open_tenant):
    tenant = open_tenant(
        pairs=[a_pair("mira", "tom", opt_ins="chat")], permissions={"Chat.Read.All": "refused"}, sweep_hours=24
    )
    settled(tenant)
    asked(tenant)
    tenant.run_for(days=4)
    assert "grant Chat.Read.All" in tenant.alerts()["no-chat-permission"]
    assert tenant.requests("listChats") <= 6
    assert len(tenant.meetings("tom")) == 1


def test_chats_are_read_once_the_permission_is_there_and_the_alert_goes(open_tenant):
    tenant = open_tenant(
        pairs=[a_pair("mira", "tom", opt_ins="chat")], permissions={"Chat.Read.All": "refused"}, sweep_hours=24
    )
    settled(tenant)
    asked(tenant)
    tenant.run_for(days=1)
    tenant.permissions["Chat.Read.All"] = None
    tenant.grant()
    tenant.run_for(days=3)
    assert tenant.alerts() == {}
    assert [rung for _, rung in told(tenant, "mira")] == ["1"]
