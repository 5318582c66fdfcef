"""The Graph emulator: a Microsoft 365 tenant on loopback, in virtual time, with faults to switch on."""

from graphsync.sandbox.behavior import Behavior
from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.faults import Fault
from graphsync.sandbox.journal import Journal, JournalEntry
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.world import World

__all__ = ["Behavior", "Fault", "GraphRefusal", "Journal", "JournalEntry", "VirtualClock", "World"]
