"""Who has left the programme, or taken consent back, is looked at no more: no look, no sweep, no subscription."""

import pytest
from tenant import RULES, a_pair, a_person, berlin

from graphsync.engine.context import mark_mentorship
from graphsync.mentoring import Choice, Reply, mentorship_id
from graphsync.rules.config import FileNames, parse_config

ENDS_WELL = RULES + "- {name: close, practice: close_well, mode: enforce}\n"
WITHOUT_CHATS = RULES.replace("[invite, chat]", "[invite]")
PAIR = mentorship_id("mira@fabrikam.test", "tom@fabrikam.test")
BACK = mentorship_id("tom@fabrikam.test", "mira@fabrikam.test")


class Noted:
    """The Graph client, which notes each call with its arguments."""

    def __init__(self, graph):
        self._graph, self.calls = graph, []

    def __getattr__(self, name):
        def call(*arguments, **more):
            self.calls.append((name, str(arguments)))
            return getattr(self._graph, name)(*arguments, **more)

        return call

    def about(self, tenant, *names):
        """Return the calls since it was asked last that name one of these people, by id or address."""
        made, self.calls = self.calls, []
        people = {tenant.world.user(f"{name}@fabrikam.test").id for name in names}
        people |= {f"{name}@fabrikam.test" for name in names}
        return [(call, arguments) for call, arguments in made if any(person in arguments for person in people)]


def reads(tenant, rules=None, *pairs):
    """Have the service begin anew on other lines, or other rules."""
    tenant.pairs = list(pairs) or tenant.pairs
    tenant.files |= {"mentorships.csv": tenant._rows(), "rules.yaml": rules or tenant.files["rules.yaml"]}
    tenant.config = parse_config(*tenant.files.values(), names=FileNames())
    tenant.start_service()
    tenant.run_for(minutes=1)


def subscribed(tenant):
    return {subscription.resource for subscription in tenant.world.live_subscriptions()}


def events_of(tenant, name):
    return f"users/{tenant.world.user(f'{name}@fabrikam.test').id}/events"


def open_requests(tenant, mentorship=PAIR):
    with tenant.store.transaction() as ledger:
        return [request.source for request in ledger.requests.of(mentorship) if request.source == "chat"]


def ends_it(tenant, who):
    with tenant.store.transaction() as ledger:
        person = ledger.people.by_address(f"{who}@fabrikam.test").id
        reply = Reply(mentorship=PAIR, person=person, about=f"mentorship/{PAIR}", choice=Choice.END, at=tenant.now)
        ledger.replies.save(reply)
        mark_mentorship(ledger, PAIR, tenant.now)
    tenant.next_at = tenant.now
    tenant.run_for(minutes=1)


# ---------------------------------------------------------------- calendars and settings


@pytest.fixture
def two_pairs(open_tenant):
    """A tenant with two pairs, and the calls to Graph noted."""
    people = [a_person(name) for name in ("mira", "tom", "ana", "noor")]
    tenant = open_tenant(
        people=people, pairs=[a_pair("mira", "tom"), a_pair("ana", "noor")], rules=ENDS_WELL, sweep_hours=24
    )
    tenant.graph = Noted(tenant.graph)
    tenant.start_service(graph=tenant.graph)
    tenant.run_until(berlin("2026-03-02 12:00"))
    assert {events_of(tenant, name) for name in ("mira", "tom", "ana", "noor")} <= subscribed(tenant)
    return tenant


def test_who_has_no_mentorship_any_more_is_read_no_more_and_not_notified_of(two_pairs):
    tenant = two_pairs
    reads(tenant, None, a_pair("ana", "noor"))
    assert not {events_of(tenant, name) for name in ("mira", "tom")} & subscribed(tenant)
    tenant.graph.about(tenant, "mira", "tom")
    tenant.busy("tom", berlin("2026-03-10 10:00"), berlin("2026-03-10 11:00"))
    tenant.run_for(days=5)
    assert tenant.graph.about(tenant, "mira", "tom") == []
    assert {events_of(tenant, name) for name in ("ana", "noor")} <= subscribed(tenant)


def test_after_an_end_by_link_both_are_thanked_and_let_go_of_within_a_day(two_pairs):
    tenant = two_pairs
    ends_it(tenant, "tom")
    tenant.run_for(days=1)
    assert len(tenant.mails("mira", "close_well")) == 1
    assert not {events_of(tenant, name) for name in ("mira", "tom")} & subscribed(tenant)
    tenant.graph.about(tenant, "mira", "tom")
    tenant.run_for(days=5)
    assert tenant.graph.about(tenant, "mira", "tom") == []


def test_who_mentors_somebody_else_is_still_looked_at(two_pairs):
    tenant = two_pairs
    reads(tenant, None, a_pair("mira", "tom", status="ended"), a_pair("mira", "noor"))
    tenant.run_for(days=2)
    assert {events_of(tenant, name) for name in ("mira", "noor")} <= subscribed(tenant)
    assert not {events_of(tenant, name) for name in ("tom", "ana")} & subscribed(tenant)


def test_a_line_that_comes_back_has_both_looked_at_again(two_pairs):
    tenant = two_pairs
    reads(tenant, None, a_pair("ana", "noor"))
    tenant.run_for(days=2)
    reads(tenant, None, a_pair("mira", "tom"), a_pair("ana", "noor"))
    assert {events_of(tenant, name) for name in ("mira", "tom")} <= subscribed(tenant)
    tenant.graph.about(tenant, "tom")
    tenant.run_for(days=1)
    assert "list_calendar_view" in {call for call, _ in tenant.graph.about(tenant, "tom")}


# ---------------------------------------------------------------- chats


@pytest.fixture
def chatting(open_tenant):
    """A tenant whose pair has agreed that its chat is looked at, and something waits in it."""
    tenant = open_tenant(pairs=[a_pair("mira", "tom", opt_ins="chat")], sweep_hours=24)
    tenant.chat = tenant.world.create_chat("mira@fabrikam.test", "tom@fabrikam.test")
    tenant.world.post_message(tenant.chat.id, "mira@fabrikam.test", "<p>Hello</p>")
    tenant.run_until(berlin("2026-03-03 10:00"))
    assert open_requests(tenant) == ["chat"]
    assert f"chats/{tenant.chat.id}/messages" in subscribed(tenant)
    return tenant


@pytest.mark.parametrize("how", ["consent", "line", "gone", "link", "rules"])
def test_no_chat_is_read_after_consent_or_the_mentorship_has_ended(chatting, how):
    tenant = chatting
    match how:
        case "consent":
            reads(tenant, None, a_pair("mira", "tom", opt_ins=""))
        case "line":
            reads(tenant, None, a_pair("mira", "tom", opt_ins="chat", status="ended"))
        case "gone":
            reads(tenant, None, a_pair("mira", "ana"))
        case "link":
            ends_it(tenant, "tom")
            tenant.run_for(days=1)
        case "rules":
            reads(tenant, WITHOUT_CHATS)
    assert open_requests(tenant) == [], "what waited is forgotten"
    assert not [resource for resource in subscribed(tenant) if resource.startswith("chats/")]
    before = tenant.requests("listChatMessages")
    tenant.world.post_message(tenant.chat.id, "tom@fabrikam.test", "<p>Again</p>")
    tenant.run_for(days=3)
    assert (tenant.requests("listChatMessages"), open_requests(tenant)) == (before, [])
    assert before > 0


def test_consent_that_is_given_again_has_the_chat_looked_at_again(chatting):
    tenant = chatting
    reads(tenant, None, a_pair("mira", "tom", opt_ins=""))
    reads(tenant, None, a_pair("mira", "tom", opt_ins="chat"))
    tenant.world.post_message(tenant.chat.id, "tom@fabrikam.test", "<p>And now?</p>")
    tenant.run_for(minutes=5)
    assert open_requests(tenant) == ["chat"]


def test_of_two_who_mentor_each_other_the_mentorship_that_still_wants_their_chat_keeps_it(open_tenant):
    both = [a_pair("mira", "tom", opt_ins="chat"), a_pair("tom", "mira", opt_ins="chat")]
    tenant = open_tenant(pairs=both, sweep_hours=24)
    chat = tenant.world.create_chat("mira@fabrikam.test", "tom@fabrikam.test")
    tenant.run_until(berlin("2026-03-03 10:00"))
    reads(tenant, None, a_pair("mira", "tom"), a_pair("tom", "mira", opt_ins="chat"))
    tenant.world.post_message(chat.id, "tom@fabrikam.test", "<p>Hello</p>")
    tenant.run_for(minutes=5)
    assert (open_requests(tenant, PAIR), open_requests(tenant, BACK)) == ([], ["chat"])
    assert f"chats/{chat.id}/messages" in subscribed(tenant)
