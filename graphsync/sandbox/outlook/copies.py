"""Changes of single copies: the one place where a copy is stored, touched or taken away, and all hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from graphsync.sandbox.core import Core
from graphsync.sandbox.outlook.events import Event, snapshot
from graphsync.sandbox.outlook.series import set_apart, take_out
from graphsync.sandbox.tenant.directory import User

ChangeType = Literal["created", "updated", "deleted"]

# What the journal compares and tells of an update.
_COMPARED = (
    "subject",
    "body_html",
    "start",
    "end",
    "is_online_meeting",
    "join_url",
    "location",
    "attendees",
    "extended_properties",
    "categories",
    "show_as",
    "is_cancelled",
    "response",
    "recurrence",
    "excluded_on",
    "deviations",
    "sensitivity",
    "is_all_day",
)


class EventListener(Protocol):
    """Hears of each change of a copy; the subscriptions are one."""

    def event_changed(self, event: Event, change_type: ChangeType) -> None:
        """Take note that a copy was created, updated or deleted."""
        ...


@dataclass(slots=True)
class Copies:
    """Stores copies with a new `changeKey`, writes the journal and tells the listener."""

    core: Core
    listener: EventListener

    def add(self, event: Event, *, actor: str) -> None:
        """Store a new copy."""
        self._stamp(event)
        self.core.mailbox(event.user_id).put(event)
        self._record("event_created", event, actor, {})
        self.listener.event_changed(event, "created")

    def touch(
        self,
        event: Event,
        before: Mapping[str, Any],
        *,
        actor: str,
        verb: str = "event_updated",
        more: dict[str, Any] | None = None,
    ) -> None:
        """Note that a stored copy was changed; `before` is its snapshot from before the change.

        An occurrence becomes an exception; what is stored, told and written down then is a change of its series.
        """
        if event.series_master_id is not None:
            self._touch_occurrence(event, actor)
            return
        self._stamp(event)
        self.core.mailbox(event.user_id).put(event)
        after = snapshot(event)
        changed = [name for name in _COMPARED if before[name] != after[name]]
        details = {
            "changed": changed,
            "old": {name: before[name] for name in changed},
            "new": {name: after[name] for name in changed},
        }
        self._record(verb, event, actor, details | (more or {}))
        self.listener.event_changed(event, "updated")

    def _touch_occurrence(self, occurrence: Event, actor: str) -> None:
        master = self._master(occurrence)
        before = snapshot(master)
        self._stamp(occurrence)
        set_apart(master, occurrence)
        self.touch(master, before, actor=actor, more={"occurrence": occurrence.id})

    def _master(self, occurrence: Event) -> Event:
        return self.core.mailbox(occurrence.user_id).copies[str(occurrence.series_master_id)]

    def take_away(self, event: Event, *, actor: str, verb: str, reason: str) -> None:
        """Take a copy out of its mailbox's calendar; of an occurrence its series hears."""
        if event.series_master_id is not None:
            master = self._master(event)
            before = snapshot(master)
            take_out(master, event)
            self.touch(master, before, actor=actor, more={"occurrence": event.id, "reason": reason})
            return
        event.modified_at = self.core.clock.now()
        self.core.mailbox(event.user_id).remove(event)
        self._record(verb, event, actor, {"reason": reason})
        self.listener.event_changed(event, "deleted")

    def new_id(self, user: User, ical_uid: str) -> str:
        """Return the id of the next copy of a meeting in a mailbox: one that comes back has another id."""
        box = self.core.mailbox(user)
        generation = box.generations.get(ical_uid, 0)
        box.generations[ical_uid] = generation + 1
        return self.core.draws.item_id("event", user.id, ical_uid, generation)

    def _stamp(self, event: Event) -> None:
        event.revision += 1
        event.modified_at = self.core.clock.now()
        event.change_key = self.core.draws.change_key(event.id, event.revision)

    def _record(self, verb: str, event: Event, actor: str, details: dict[str, Any]) -> None:
        self.core.journal.add(
            verb,
            actor=actor,
            user_id=event.user_id,
            subject_id=event.id,
            details={
                "ical_uid": event.ical_uid,
                "organizer_address": event.organizer_address,
                "is_organizer": event.is_organizer,
                **details,
                "snapshot": snapshot(event),
            },
        )
