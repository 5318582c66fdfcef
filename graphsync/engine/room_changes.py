"""Carries out that another room, or none, takes the place of one that turned a session down."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphsync.engine.context import Context
from graphsync.engine.outcomes import Outcomes
from graphsync.engine.payloads import ChangeRoomPayload, from_json
from graphsync.engine.ports import Action, EventChange, Subject, SubjectKind
from graphsync.engine.rooms import change_on, if_on
from graphsync.engine.state import holder
from graphsync.errors import ActionRefused


@dataclass(frozen=True, slots=True)
class RoomChanges:
    """Changes the rooms of sessions that stand."""

    context: Context
    outcomes: Outcomes

    def change(self, action: Action) -> str:
        """Take the room that turned a session down off its event, and ask the other one, if there is one.

        What an earlier try has done is seen on the event: the former room is off it, and the other one on it.
        """
        payload = from_json(action.payload, ChangeRoomPayload)
        graph, now, wanted = self.context.graph, self.context.now(), payload.change
        with self.context.store.transaction() as ledger:
            session = next((s for s in ledger.sessions.of(action.mentorship) if s.number == payload.number), None)
        if session is None or not session.stands or session.starts_at <= now:
            raise ActionRefused(f"session {payload.number} does not stand any more")
        if (session.starts_at, session.room) != (payload.starts_at, wanted.instead_of):
            raise ActionRefused("the session was changed meanwhile")
        found = graph.get_event(session.organizer, session.event_id)
        if found.is_cancelled or found.starts_at != payload.starts_at:
            raise ActionRefused("the session was changed by hand meanwhile")
        change = change_on(found, wanted)
        if change is not None:
            graph.update_event(session.organizer, session.event_id, EventChange(room=change))
        asked = wanted.asked if change is not None else if_on(found, wanted.asked)
        detail = f"session {payload.number}: {'another room is asked' if asked else 'it has no room'}"
        with self.context.store.transaction() as ledger:
            ledger.sessions.save(replace(session, room=asked))
            if asked:
                ledger.reservations.rename(action.key, holder(action.mentorship, payload.number))
            else:
                ledger.reservations.release(action.key)
            ledger.work.mark(Subject(kind=SubjectKind.EVENT, owner=session.organizer, item=session.event_id), now)
            self.outcomes.done(ledger, action, detail, now)
        return detail
