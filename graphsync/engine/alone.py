"""Intents that change one event, or one person's presence, and nothing else: each is one action of the outbox."""

from __future__ import annotations

from graphsync.engine.compose import NoSlot
from graphsync.engine.entries import Entries
from graphsync.engine.payloads import (
    CancelPayload,
    HoldPayload,
    OnlinePayload,
    PresencePayload,
    ReleasePayload,
    to_json,
)
from graphsync.engine.ports import ActionKind
from graphsync.rules.intents import AddOnlineMeeting, CancelSession, HoldTime, ReleaseTime, SetPresence
from graphsync.rules.state import MentorshipState


def change_alone(
    entries: Entries,
    state: MentorshipState,
    intent: AddOnlineMeeting | HoldTime | ReleaseTime | CancelSession | SetPresence,
) -> None:
    """Fill the outbox with what changes one event, or one person's presence, and nothing else."""
    key = f"{intent.key}/{entries.stamp()}"
    match intent:
        case AddOnlineMeeting():
            online = OnlinePayload(intent_key=intent.key, number=intent.number)
            entries.add(intent, ActionKind.ADD_ONLINE_MEETING, key, to_json(online))
        case HoldTime():
            tag = f"hold={intent.kind};mentorship={intent.mentorship};number={intent.number}"
            body = entries.context.graph.event_body(entries.composer.hold_draft(state, intent, tag, key))
            hold = HoldPayload(
                intent_key=intent.key,
                number=intent.number,
                kind=intent.kind,
                person=intent.person,
                starts_at=intent.slot.start,
                ends_at=intent.slot.end,
                tag=tag,
                body=body,
            )
            entries.add(intent, ActionKind.HOLD, key, to_json(hold))
        case ReleaseTime():
            release = ReleasePayload(
                intent_key=intent.key, number=intent.number, person=intent.person, event_id=intent.event_id
            )
            entries.add(intent, ActionKind.RELEASE, key, to_json(release))
        case CancelSession():
            cancel = CancelPayload(
                intent_key=intent.key,
                number=intent.number,
                comment=entries.composer.cancelled(state, intent.code),
                reason=entries.composer.reason_kept(state, NoSlot(code=intent.code)),
            )
            entries.add(intent, ActionKind.CANCEL, key, to_json(cancel))
        case SetPresence():
            presence = PresencePayload(intent_key=intent.key, person=intent.person, until=intent.until)
            entries.add(intent, ActionKind.PRESENCE, intent.key, to_json(presence))
