"""A session that is to be moved stands where it stood until it has moved: nobody else gets its time before."""

from datetime import UTC, timedelta

import pytest
from tenant import SESSION, TamperedGraph, a_pair, a_person, berlin

from graphsync.calendar import TimeSlot
from graphsync.errors import GraphRejected, GraphTransient
from graphsync.mentoring import PersonId

FIRST, OTHER = berlin("2026-03-17 10:00"), berlin("2026-03-18 10:00")
"""The only times Mira has, if the first is not put off by half an hour."""


@pytest.fixture
def proposed(open_tenant):
    """A function that opens a tenant: Mira has proposed another time to Tom, and Noor is new, both in one round."""

    def open_one(proposal, graph):
        pairs = [a_pair("mira", "tom", standing="tue 10:00"), a_pair("mira", "noor")]
        tenant = open_tenant(people=[a_person(name) for name in ("mira", "tom", "noor")], pairs=pairs[:1])
        tenant.busy("mira", berlin("2026-03-02 00:00"), FIRST)
        tenant.busy("mira", FIRST + timedelta(minutes=80), OTHER)
        tenant.busy("mira", OTHER + SESSION, berlin("2026-04-20 10:00"))
        tenant.run_until(berlin("2026-03-05 10:00"))
        assert tenant.only_meeting("tom").start == FIRST
        tenant.answer("mira", tenant.only_meeting("tom"), "tentativelyAccepted", proposed=proposal)
        arrive(tenant)
        tenant.rewrite(pairs=pairs)
        tenant.start_service(graph=TamperedGraph(tenant.graph, update_event=graph))
        return tenant

    return open_one


def arrive(tenant):
    """Let an answer arrive while the service is down."""
    until = tenant.now + timedelta(minutes=10)
    while (at := tenant.world.next_due_at()) is not None and at <= until:
        tenant.world.clock.set(at)
        tenant.clock.set(at)
        tenant.world.run_due()


def refused(_real, *_arguments):
    raise GraphRejected("update_event", status=400)


def throttled(_real, *_arguments):
    raise GraphTransient("update_event", status=429, retry_after=timedelta(hours=3))


def moved(real, *arguments):
    return real(*arguments)


def reserved(tenant, start):
    """Return what is reserved for Mira and Tom around a time: whose, from when, and how long."""
    people = {tenant.world.user(f"{name}@fabrikam.test").id: name for name in ("mira", "tom")}
    hours = timedelta(hours=3)
    around = TimeSlot(start=(start - hours).astimezone(UTC), end=(start + hours).astimezone(UTC))
    with tenant.store.transaction() as ledger:
        found = ledger.reservations.of([PersonId(person) for person in people], around)
    return sorted((people[one.person], one.slot.start, one.slot.length) for one in found)


@pytest.mark.parametrize("graph", [refused, throttled])
def test_the_time_of_a_session_whose_move_has_not_come_about_goes_to_nobody_else(proposed, graph):
    tenant = proposed(OTHER, graph)
    tenant.run_for(hours=2)
    assert len(tenant.meetings("tom")) == 1
    starts = tenant.starts("mira")
    assert len(starts) == len(set(starts)), starts


def test_once_it_has_moved_its_former_time_is_free_for_others(proposed):
    tenant = proposed(OTHER, moved)
    tenant.run_for(days=3)
    assert tenant.only_meeting("tom").start == OTHER
    assert tenant.only_meeting("noor").start.date() == FIRST.date()
    assert reserved(tenant, OTHER) == [(name, OTHER, SESSION) for name in ("mira", "tom")]


@pytest.mark.parametrize(("graph", "at"), [(moved, timedelta(minutes=30)), (refused, timedelta(0))])
def test_a_session_moved_by_less_than_its_length_has_all_its_time_reserved_moved_or_not(proposed, graph, at):
    tenant = proposed(FIRST + timedelta(minutes=30), graph)
    tenant.run_for(hours=1)
    assert tenant.only_meeting("tom").start == FIRST + at
    assert reserved(tenant, FIRST) == [(name, FIRST + at, SESSION) for name in ("mira", "tom")]
