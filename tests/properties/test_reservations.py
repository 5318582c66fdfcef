"""Whatever is reserved, released and handed over in whatever order, the store and a plain list agree."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from graphsync.calendar.slots import TimeSlot
from graphsync.clock import SteppedClock
from graphsync.engine.ports import Reservation
from graphsync.errors import ReservationConflict
from graphsync.mentoring import PersonId
from graphsync.store import open_store

START = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=15)
STEPS = 12
PEOPLE = (PersonId("anna"), PersonId("ben"))
HOLDERS = st.sampled_from(["book:m1:1", "book:m2:1", "session:m1:1"])


@st.composite
def slots(draw):
    start = draw(st.integers(0, STEPS - 1))
    end = draw(st.integers(start + 1, STEPS))
    return TimeSlot(start=START + start * STEP, end=START + end * STEP)


def clashes(reservation, others):
    return any(other.person == reservation.person and other.slot.overlaps(reservation.slot) for other in others)


class ReservationsAgree(RuleBasedStateMachine):
    """The model is a list, and an overlap is looked for pair by pair."""

    def __init__(self):
        super().__init__()
        self.kept = []

    @initialize()
    def open_the_store(self):
        self.store = open_store("sqlite://", SteppedClock(START))

    @rule(wanted=st.lists(st.tuples(st.sampled_from(PEOPLE), slots()), min_size=1, max_size=3), holder=HOLDERS)
    def reserve(self, wanted, holder):
        new = [Reservation(person=person, slot=slot, holder=holder) for person, slot in wanted]
        allowed = not any(clashes(reservation, self.kept + new[:position]) for position, reservation in enumerate(new))
        with self.store.transaction() as ledger:
            try:
                ledger.reservations.reserve(new)
            except ReservationConflict:
                assert not allowed
            else:
                assert allowed
                self.kept += new

    @rule(holder=HOLDERS)
    def release(self, holder):
        with self.store.transaction() as ledger:
            ledger.reservations.release(holder)
        self.kept = [reservation for reservation in self.kept if reservation.holder != holder]

    @rule(holder=HOLDERS, new_holder=HOLDERS)
    def rename(self, holder, new_holder):
        with self.store.transaction() as ledger:
            ledger.reservations.rename(holder, new_holder)
        self.kept = [
            Reservation(person=kept.person, slot=kept.slot, holder=new_holder if kept.holder == holder else kept.holder)
            for kept in self.kept
        ]

    @rule(window=slots(), people=st.sets(st.sampled_from(PEOPLE)))
    def ask(self, window, people):
        expected = [kept for kept in self.kept if kept.person in people and kept.slot.overlaps(window)]
        with self.store.transaction() as ledger:
            found = ledger.reservations.of(people, window)
        assert found == sorted(expected, key=lambda kept: (kept.person, kept.slot))

    @invariant()
    def nobody_is_booked_twice(self):
        with self.store.transaction() as ledger:
            found = ledger.reservations.of(PEOPLE, TimeSlot(start=START, end=START + STEPS * STEP))
        assert len(found) == len(self.kept)
        assert not any(clashes(one, found[position + 1 :]) for position, one in enumerate(found))

    def teardown(self):
        self.store.close()


TestReservationsAgree = ReservationsAgree.TestCase
TestReservationsAgree.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
