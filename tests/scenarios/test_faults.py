"""Graph fails, notifications go astray, the process dies: the calendars end as if nothing had happened."""

import pytest
from tenant import PROGRAMME, Crash, CrashingGraph, CrashingStore, TamperedGraph, a_pair, berlin

from graphsync.errors import GraphUnavailable
from graphsync.sandbox import Fault
from graphsync.sandbox.notifications.posting import Receipt

CALLS = (
    "createSubscription",
    "listCalendarView",
    "getSchedule",
    "createEvent",
    "updateEvent",
    "createMessage",
    "sendMessage",
)
AFTER = ("unavailable_after", "dropped_after", "timeout_after")


def a_lost_session_is_put_back(tenant):
    """Play it, and return what calendars and mailboxes hold in the end: both have their session, Tom a mail."""
    tenant.run_for(minutes=30)
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(hours=5)
    return what_there_is(tenant)


def what_there_is(tenant):
    return {
        "starts": (tenant.starts("tom"), tenant.starts("mira")),
        "events": [len(tenant.world.events(f"{who}@fabrikam.test")) for who in ("tom", "mira")],
        "invites": len(tenant.invites("mira")),
        "mails": [[mail.subject for mail in tenant.mails(who)] for who in ("tom", "mira")],
        "sessions": [(session.number, session.replaces, session.loss) for session in tenant.sessions()],
        "subscriptions": sorted(subscription.resource for subscription in tenant.world.live_subscriptions()),
        "alerts": tenant.alerts(),
    }


UNDISTURBED = {
    "starts": (["Mon 9 Mar 09:30"], ["Mon 9 Mar 09:30"]),
    "events": [1, 1],
    "invites": 2,
    "sessions": [(1, None, "declined"), (2, 1, None)],
    "alerts": {},
}


def errors_in(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


@pytest.fixture
def a_tenant(open_tenant):
    """A function that opens the tenant of the story: the session is on Tuesday the 10th."""

    def open_one(**options):
        return open_tenant(pairs=[a_pair("mira", "tom", standing="tue 10:00")], **options)

    return open_one


def assert_as_if_nothing_had_happened(seen):
    assert {name: seen[name] for name in UNDISTURBED} == UNDISTURBED
    (toms, miras) = seen["mails"]
    assert (len(toms), len(miras)) == (1, 0)
    assert len(seen["subscriptions"]) == len(set(seen["subscriptions"])) == 3


def test_the_story_without_any_fault(a_tenant):
    assert_as_if_nothing_had_happened(a_lost_session_is_put_back(a_tenant()))


# Graph fails -------------------------------------------------------------------------------------------------


FAILURES = [
    *((kind, 1) for kind in ("throttled", "unavailable", "gateway_timeout", "dropped", *AFTER)),
    *((kind, 6) for kind in ("throttled", "unavailable", "unavailable_after")),  # longer than one call waits
]


@pytest.mark.parametrize(("kind", "times"), FAILURES, ids=str)
def test_every_call_that_fails_is_made_up_for_and_nothing_is_done_twice(a_tenant, kind, times):
    tenant = a_tenant()
    faults = [tenant.world.faults.add(Fault(operation=call, kind=kind, times=times, hold_s=0.02)) for call in CALLS]
    assert_as_if_nothing_had_happened(a_lost_session_is_put_back(tenant))
    assert all(fault.struck for fault in faults)


@pytest.mark.parametrize("call", ["createEvent", "sendMessage"])
def test_an_answer_that_never_comes_is_waited_for_no_longer_than_agreed(a_tenant, call):
    tenant = a_tenant(answer_timeout_s=0.5)
    tenant.world.faults.add(Fault(operation=call, kind="timeout_after", hold_s=1.5))
    assert_as_if_nothing_had_happened(a_lost_session_is_put_back(tenant))


@pytest.mark.parametrize("call", [call for call in CALLS if call not in ("updateEvent", "createMessage")])
def test_retry_after_is_kept_to_the_second_by_each_call(a_tenant, call):
    tenant = a_tenant()
    tenant.world.faults.add(Fault(operation=call, kind="throttled", retry_after_s=400))
    tries = []

    def note(operation, phase):
        if operation == call and phase == "received":
            tries.append(tenant.now)

    tenant.world.on_request = note
    seen = a_lost_session_is_put_back(tenant)
    assert {name: seen[name] for name in ("starts", "sessions")} == {
        name: UNDISTURBED[name] for name in ("starts", "sessions")
    }
    refused = tries[0]
    assert any((later - refused).total_seconds() >= 400 for later in tries[1:])


def test_without_retry_after_the_waits_double(a_tenant):
    tenant = a_tenant()
    tenant.world.faults.add(Fault(operation="createEvent", kind="throttled", times=3))
    tenant.run_for(minutes=5)
    assert tenant.only_meeting("tom")
    assert tenant.slept == [1, 2, 4]


def test_graph_being_away_for_hours_only_delays(a_tenant):
    tenant = a_tenant()
    tenant.run_for(minutes=30)
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    outage = tenant.world.faults.add(Fault(operation="*", kind="unavailable", times=10_000))
    tenant.run_for(hours=3)
    assert 0 < outage.struck < 300, "no storm"
    tenant.world.faults.clear()
    tenant.run_for(hours=4)
    assert_as_if_nothing_had_happened(what_there_is(tenant))


def test_graph_being_away_at_the_start_only_delays(a_tenant):
    tenant = a_tenant()
    tenant.world.faults.add(Fault(operation="*", kind="unavailable", times=60))
    tenant.run_for(hours=1)
    assert tenant.starts("mira") == ["Tue 10 Mar 10:00"]
    assert tenant.alerts() == {}


def test_a_mail_found_in_neither_folder_is_not_sent_again(a_tenant):
    """Somebody emptied both folders right after the answer to sendMessage was lost."""
    tenant = a_tenant()

    def lost(real, *args):
        real(*args)
        raise GraphUnavailable("send_mail_draft")

    graph = TamperedGraph(tenant.graph, send_mail_draft=lost, find_mail=lambda *_: None)
    tenant.start_service(graph=graph)
    a_lost_session_is_put_back(tenant)
    assert len(tenant.mails("tom")) == 1
    assert "uncertain: in neither Drafts nor Sent Items" in [entry.detail for entry in tenant.audit()]


# Delta and subscriptions -------------------------------------------------------------------------------------


def test_lost_delta_state_begins_a_new_round_that_misses_nothing(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", cohort="by-programme")], sweep_hours=24)
    tenant.run_for(hours=1)
    before = tenant.only_meeting("tom")
    tenant.world.faults.add(Fault(operation="notify", kind="lost", times=1000))
    tenant.world.expire_delta_tokens(PROGRAMME)
    tenant.cancel("mentoring", before)
    tenant.run_for(days=1, hours=6)
    assert [session.loss for session in tenant.sessions()] == ["cancelled", None]
    assert tenant.only_meeting("tom").start == tenant.only_meeting("mira").start


@pytest.mark.parametrize("how", ["dies", "cannot read on"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_what_a_delta_round_has_shown_is_looked_at_though_the_service_did_not_get_to_it(open_tenant, nth, how):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", cohort="by-programme", standing="thu 10:00")], sweep_hours=24)
    tenant.run_for(minutes=30)
    for person in ("mira", "tom"):
        tenant.answer(person, tenant.only_meeting("tom"), "accepted")
    tenant.run_for(days=1, hours=1)
    tenant.world.faults.add(Fault(operation="notify", kind="lost", times=1000))
    proposed = berlin("2026-03-13 14:00")
    tenant.answer("tom", tenant.only_meeting("tom"), "tentativelyAccepted", proposed)
    transactions = []

    def delta(real, *asked):
        found = real(*asked)
        if found.events:
            transactions.append(0)
        return found

    class Interrupted:
        """A store that comes to nothing once, in the nth transaction after the round that shows the proposal."""

        def transaction(self):
            if transactions:
                transactions[0] += 1
                if transactions[0] == nth:
                    raise Crash("after a delta round") if how == "dies" else GraphUnavailable("get_event")
            return tenant.store.transaction()

    tenant.start_service(graph=TamperedGraph(tenant.graph, calendar_view_delta=delta), store=Interrupted())
    tenant.run_for(days=2, hours=2)
    assert transactions[0] > nth
    assert tenant.only_meeting("tom").start == proposed


@pytest.mark.parametrize("announced", [True, False], ids=["told", "not told"])
def test_a_subscription_that_was_removed_is_made_anew_and_what_was_missed_is_found(a_tenant, announced):
    tenant = a_tenant()
    tenant.run_for(minutes=30)
    if not announced:
        tenant.world.faults.add(Fault(operation="notify", kind="lost", times=1000))
        tenant.world.deliver = lambda *_: Receipt(0)
    for subscription in tenant.world.live_subscriptions():
        tenant.world.remove_subscription(subscription.id)
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(minutes=5)
    assert len(tenant.world.live_subscriptions()) == (3 if announced else 0)
    if announced:
        tenant.run_for(hours=5)
    else:
        tenant.run_until(berlin("2026-03-07 12:00"))
        assert len(tenant.world.live_subscriptions()) == 3, "found gone when it was to be renewed"
    assert [session.loss for session in tenant.sessions()] == ["declined", None]


def test_a_subscription_that_dies_between_its_making_and_its_noting_is_cleaned_up(a_tenant):
    tenant = a_tenant()
    tenant.start_service(graph=CrashingGraph(tenant.graph, 2, "after"))
    tenant.run_for(minutes=30)
    assert tenant.crashes == 1
    assert len(tenant.world.live_subscriptions()) == 3
    assert tenant.alerts() == {}


@pytest.mark.parametrize("kind", ["unavailable_after", "dropped_after"])
def test_a_subscription_whose_making_was_never_answered_is_made_anew_and_known(a_tenant, kind):
    tenant = a_tenant()
    tenant.world.faults.add(Fault(operation="createSubscription", kind=kind))
    tenant.run_for(minutes=30)
    with tenant.store.transaction() as ledger:
        known = {subscription.id for subscription in ledger.subscriptions.all()}
    assert known == {subscription.id for subscription in tenant.world.live_subscriptions()}
    assert len(known) == 3
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(hours=5)
    assert [session.loss for session in tenant.sessions()] == ["declined", None]


def test_a_subscription_whose_making_fails_though_it_was_done_again_and_again_is_no_error(a_tenant, caplog):
    tenant = a_tenant()
    # Each try is answered 429 although it was stored; what the client then repeats is 409.
    fault = tenant.world.faults.add(Fault(operation="createSubscription", kind="throttled_after", times=5))
    tenant.run_for(minutes=30)
    assert fault.struck == 5
    assert errors_in(caplog) == []
    with tenant.store.transaction() as ledger:
        known = {subscription.id for subscription in ledger.subscriptions.all()}
    assert known == {subscription.id for subscription in tenant.world.live_subscriptions()}
    assert len(known) == 3


# Notifications -----------------------------------------------------------------------------------------------


ASTRAY = ("duplicate", "lost", "reordered", "delayed", "wrong_client_state", "unknown_subscription")
# Forms that Graph may send, or that a receiver has to refuse before Graph sends them as they should be.
ODD = ("huge_batch", "malformed_json", "extra_properties", "other_case", "offset_expiry")


@pytest.mark.parametrize("kind", [*ASTRAY, *ODD])
def test_notifications_that_go_astray_end_after_the_sweep_in_the_same_calendar(a_tenant, kind):
    tenant = a_tenant(sweep_hours=24)
    tenant.world.faults.add(Fault(operation="notify", kind=kind, times=10_000))
    a_lost_session_is_put_back(tenant)
    tenant.run_for(days=1)
    assert_as_if_nothing_had_happened(what_there_is(tenant))


@pytest.mark.parametrize("kind", ODD)
def test_odd_notifications_lose_nothing_and_are_no_error(a_tenant, caplog, kind):
    tenant = a_tenant()
    fault = tenant.world.faults.add(Fault(operation="notify", kind=kind, times="always"))
    seen = a_lost_session_is_put_back(tenant)
    assert_as_if_nothing_had_happened(seen)
    assert fault.struck > 0
    assert errors_in(caplog) == []


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("createSubscription", "validation_unsent"),
        ("createSubscription", "throttled_after"),
        ("createEvent", "throttled_after"),
        ("createMessage", "throttled_after"),
        ("sendMessage", "throttled_after"),
    ],
)
def test_what_fails_though_it_was_done_or_is_never_validated_is_made_up_for(a_tenant, caplog, operation, kind):
    tenant = a_tenant()
    fault = tenant.world.faults.add(Fault(operation=operation, kind=kind, retry_after_s=2))
    assert_as_if_nothing_had_happened(a_lost_session_is_put_back(tenant))
    assert fault.struck == 1
    assert errors_in(caplog) == []


@pytest.mark.parametrize("kind", ["validation_unsent", "throttled_after"])
def test_a_renewal_that_fails_leaves_everybody_watched(a_tenant, caplog, kind):
    tenant = a_tenant()
    tenant.run_for(minutes=30)
    watched = what_there_is(tenant)["subscriptions"]
    fault = tenant.world.faults.add(Fault(operation="updateSubscription", kind=kind))
    tenant.run_for(days=8)
    assert fault.struck == 1
    assert what_there_is(tenant)["subscriptions"] == watched
    assert tenant.alerts() == {}
    assert tenant.world.journal.entries("subscription_expired") == []
    assert errors_in(caplog) == []


def test_notifications_that_were_missed_are_made_up_for_as_soon_as_graph_says_so(a_tenant):
    tenant = a_tenant()
    tenant.run_for(minutes=30)
    tenant.world.faults.add(Fault(operation="notify", kind="lost", times=3, announce=True))
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(hours=5)
    assert_as_if_nothing_had_happened(what_there_is(tenant))


def test_a_receiver_that_is_down_for_an_hour_is_sent_everything_again(a_tenant):
    tenant = a_tenant()
    tenant.run_for(minutes=30)
    up = tenant.world.deliver
    tenant.world.deliver = lambda *_: Receipt(0)
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(hours=1)
    assert [session.loss for session in tenant.sessions()] == [None]
    tenant.world.deliver = up
    tenant.run_for(hours=5)
    assert_as_if_nothing_had_happened(what_there_is(tenant))


# The process dies --------------------------------------------------------------------------------------------


# Three subscriptions, the session, its move, a mail that is drafted and then sent.
@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("nth", range(1, 8))
def test_a_death_at_any_change_doubles_nothing_and_loses_nothing(a_tenant, nth, phase):
    tenant = a_tenant()
    tenant.start_service(graph=CrashingGraph(tenant.graph, nth, phase))
    assert_as_if_nothing_had_happened(a_lost_session_is_put_back(tenant))
    assert tenant.crashes == 1


@pytest.mark.parametrize("first", range(1, 60, 13))
def test_deaths_between_and_within_transactions_double_nothing_and_lose_nothing(a_tenant, first):
    tenant = a_tenant()
    tenant.start_service(store=CrashingStore(tenant.store, first, 61))
    assert_as_if_nothing_had_happened(a_lost_session_is_put_back(tenant))
    assert tenant.crashes >= 3
