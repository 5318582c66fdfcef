"""Mail and Teams chats at the level of the world."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sandbox_builders import let_pass, person

from graphsync.sandbox import GraphRefusal


def a_mail(*addresses, **more):
    return {
        "subject": "Agenda",
        "body": {"contentType": "HTML", "content": "<p>Hello</p>"},
        "toRecipients": [person(address) for address in addresses],
        **more,
    }


def test_a_draft_keeps_its_ids_when_it_is_sent(world, ana, bo):
    draft = world.mailroom.create_draft(ana, a_mail(bo.address), actor="app:x")
    assert [item.id for item in world.messages(ana, "drafts")] == [draft.id]
    internet_id = draft.internet_message_id
    world.mailroom.send_draft(ana, draft.id, actor="app:x")
    assert world.messages(ana, "drafts") == []
    [sent] = world.messages(ana, "sentitems")
    [received] = world.messages(bo, "inbox")
    assert sent.id == draft.id
    assert sent.internet_message_id == received.internet_message_id == internet_id
    assert received.id != sent.id
    with pytest.raises(GraphRefusal, match="sent already"):
        world.mailroom.send_draft(ana, draft.id, actor="app:x")


def test_the_journal_has_each_mail_with_its_headers(world, ana, bo):
    header = {"name": "x-mentorship", "value": "42"}
    world.send_mail(ana, a_mail(bo.address, internetMessageHeaders=[header]), actor="app:x")
    [entry] = world.journal.entries("mail_sent")
    assert (entry.actor, entry.details["to"]) == ("app:x", [bo.address])
    assert entry.details["headers"] == {"x-mentorship": "42"}
    assert entry.details["message_id"] == world.messages(bo, "inbox")[0].internet_message_id


def test_mail_to_nobody_in_the_tenant_bounces_and_external_mail_does_not(world, ana):
    world.send_mail(ana, a_mail("ghost@fabrikam.test", "guest@elsewhere.test"), actor="app:x")
    [report] = world.messages(ana, "inbox")
    assert report.kind == "nonDeliveryReport"
    assert report.headers == {"X-Failed-Recipients": "ghost@fabrikam.test"}


def test_the_excess_over_thirty_a_minute_is_delayed_and_none_is_lost(world, ana, bo):
    for number in range(65):
        world.send_mail(ana, a_mail(bo.address, subject=str(number)), actor="app:x")
    arrived = [len(world.messages(bo, "inbox"))]
    for _ in range(2):
        let_pass(world, timedelta(minutes=1))
        arrived.append(len(world.messages(bo, "inbox")))
    assert arrived == [30, 60, 65]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"internetMessageHeaders": [{"name": "Subject", "value": "x"}]}, "InvalidInternetMessageHeader"),
        (
            {"internetMessageHeaders": [{"name": f"x-{n}", "value": "x"} for n in range(6)]},
            "InvalidInternetMessageHeaderCollection",
        ),
        ({"toRecipients": []}, "ErrorInvalidRecipients"),
        ({"toRecipients": [person("nobody")]}, "ErrorInvalidRecipients"),
        ({"toRecipient": []}, "RequestBodyRead"),
        ({"from": person("else@fabrikam.test")}, "ErrorSendAsDenied"),
    ],
)
def test_mail_graph_does_not_take_is_refused(world, ana, bo, more, code):
    with pytest.raises(GraphRefusal) as refused:
        world.send_mail(ana, a_mail(bo.address) | more, actor="app:x")
    assert refused.value.code == code


def test_two_people_have_one_chat(world, ana, bo):
    assert world.create_chat(ana, bo) is world.create_chat(bo, ana)
    with pytest.raises(GraphRefusal):
        world.create_chat(ana, ana)


def test_messages_have_ids_of_their_own_and_a_reaction_counts_once(world, ana, bo):
    chat = world.create_chat(ana, bo)
    first = world.post_message(chat.id, ana, "<p>Hi</p>")
    second = world.post_message(chat.id, ana, "<p>There?</p>")
    assert int(second.id) == int(first.id) + 1
    world.react(chat.id, first.id, bo)
    world.react(chat.id, first.id, bo)
    assert first.reactions == [(bo.id, world.clock.now())]
    assert [entry.verb for entry in world.journal] == ["chat_created", "chat_message", "chat_message", "reaction"]


def test_only_members_write(world, ana, bo):
    chat = world.create_chat(ana, bo)
    cai = world.add_user(address="cai@fabrikam.test", display_name="Cai", windows_time_zone="UTC")
    with pytest.raises(GraphRefusal) as refused:
        world.post_message(chat.id, cai, "x")
    assert refused.value.status == 403


def test_a_scheduled_absence_has_a_beginning_and_an_end(world, ana):
    now = world.clock.now()
    world.set_automatic_replies(ana, "scheduled", now + timedelta(days=1), now + timedelta(days=2))
    assert not ana.is_away(now)
    assert ana.is_away(now + timedelta(days=1))
    assert not ana.is_away(now + timedelta(days=2))
