"""Presence: what Teams shows of a person, from their own client, what applications say, and what they prefer.

A person's client is signed in during working hours and while something in the calendar is on; it shows them in a
meeting. Applications add sessions of their own, which fade and end.

Sources: https://learn.microsoft.com/graph/cloud-communications-manage-presence-state,
https://learn.microsoft.com/graph/api/presence-setpresence, presence-setuserpreferredpresence
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.bodies import body_refusal, parameters_of, text_of
from graphsync.sandbox.refusals import GraphRefusal, bad_request
from graphsync.sandbox.tenant.directory import Application, User

State = tuple[str, str]
"""Availability and activity."""

OFFLINE: State = ("Offline", "Offline")
OUT_OF_OFFICE: State = ("Offline", "OutOfOffice")
UNKNOWN: State = ("PresenceUnknown", "PresenceUnknown")
AVAILABLE: State = ("Available", "Available")
INACTIVE: State = ("Available", "AvailableInactive")
AWAY: State = ("Away", "Away")
IN_A_MEETING: State = ("Busy", "InAMeeting")

# https://learn.microsoft.com/graph/api/presence-setpresence
SESSION_STATES: tuple[State, ...] = (
    AVAILABLE,
    ("Busy", "InACall"),
    ("Busy", "InAConferenceCall"),
    AWAY,
    ("DoNotDisturb", "Presenting"),
)
SHORTEST, LONGEST, DEFAULT = timedelta(minutes=5), timedelta(hours=4), timedelta(minutes=5)
# An available session that is not renewed fades twice, after as long each.
FADES_AFTER = timedelta(minutes=5)
# https://learn.microsoft.com/graph/api/presence-setuserpreferredpresence
PREFERRED_STATES: tuple[State, ...] = (
    AVAILABLE,
    ("Busy", "Busy"),
    ("DoNotDisturb", "DoNotDisturb"),
    ("BeRightBack", "BeRightBack"),
    AWAY,
    ("Offline", "OffWork"),
)
PREFERRED_BUSY, PREFERRED_OTHERWISE = timedelta(days=1), timedelta(days=7)
_RANK = {"DoNotDisturb": 0, "Busy": 1, "Available": 2, "Away": 4}

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an application says of a person, or a person prefers, until it ends."""

    state: State
    set_at: datetime
    expires_at: datetime

    def at(self, now: datetime) -> State | None:
        """Return the state as it has faded by `now`, or None when it has ended."""
        if self.expires_at <= now:
            return None
        if self.state != AVAILABLE or now - self.set_at < FADES_AFTER:
            return self.state
        return INACTIVE if now - self.set_at < 2 * FADES_AFTER else AWAY


@dataclass(slots=True)
class Presences:
    """The presence of everybody, by user id; sessions also by the id of their application."""

    core: Core
    sessions: dict[str, dict[str, Said]] = field(default_factory=dict)
    preferred: dict[str, Said] = field(default_factory=dict)

    def state(self, user: User) -> State:
        """Return what is shown of a person now.

        Preferences go before sessions and count only beside one; among sessions DoNotDisturb goes before Busy,
        Available and Away.
        """
        if not user.teams_licence or user.is_guest:
            return UNKNOWN
        now = self.core.clock.now()
        said = [said.at(now) for said in self.sessions.get(user.id, {}).values()]
        live = [state for state in (self._client(user, now), *said) if state is not None]
        if not live:
            return OUT_OF_OFFICE if self.is_out_of_office(user) else OFFLINE
        preferred = self.preferred.get(user.id)
        if preferred is not None and preferred.expires_at > now:
            return preferred.state
        return min(live, key=lambda state: (_RANK[state[0]], state == INACTIVE, state))

    def is_out_of_office(self, user: User) -> bool:
        """Return whether automatic replies are on or the calendar says so."""
        return user.is_away(self.core.clock.now()) or "oof" in self._now_in_calendar(user)

    def _now_in_calendar(self, user: User) -> set[str]:
        box = self.core.mailboxes.get(user.id)
        now = self.core.clock.now()
        running = box.view(now, now + timedelta(microseconds=1)) if box else []
        return {event.show_as for event in running if not event.is_cancelled}

    def _client(self, user: User, now: datetime) -> State | None:
        """Return what the person's own client shows, or None while they are not signed in."""
        if user.purpose != "user" or not user.account_enabled or self.is_out_of_office(user):
            return None
        if "busy" in self._now_in_calendar(user):
            return IN_A_MEETING
        return AVAILABLE if user.is_working(now) else None

    def set_session(self, user: User, body: Mapping[str, Any], application: Application, *, actor: str) -> None:
        """Begin or renew an application's session.

        Raises:
            GraphRefusal: 400; another session than the application's own, states that do not go together, a span out
                of 5 minutes to 4 hours.
        """
        found = parameters_of(body, ("sessionId", "availability", "activity", "expirationDuration"), "setPresence")
        session_id = _own_session(found, application)
        state = _state(found, SESSION_STATES)
        span = _span(found) or DEFAULT
        if not SHORTEST <= span <= LONGEST:
            raise bad_request(f"expirationDuration must be from PT5M to PT4H, not '{found['expirationDuration']}'.")
        self.sessions.setdefault(user.id, {})[session_id] = self._said(state, span)
        self._record("presence_set", user, actor, state)

    def clear_session(self, user: User, body: Mapping[str, Any], application: Application, *, actor: str) -> None:
        """End an application's session.

        Raises:
            GraphRefusal: 400 for another session than the application's own, 404 if it has none.
        """
        found = parameters_of(body, ("sessionId",), "clearPresence")
        session_id = _own_session(found, application)
        session = self.sessions.get(user.id, {}).pop(session_id, None)
        if session is None or session.expires_at <= self.core.clock.now():
            raise GraphRefusal(404, "NotFound", f"The presence session '{session_id}' was not found.")
        self._record("presence_cleared", user, actor, session.state)

    def prefer(self, user: User, body: Mapping[str, Any], *, actor: str) -> None:
        """Set what a person prefers to show; it lasts a day for busy and do not disturb, else a week.

        Raises:
            GraphRefusal: 400; states that do not go together, a span of nothing.
        """
        known = ("availability", "activity", "expirationDuration")
        found = parameters_of(body, known, "setUserPreferredPresence")
        state = _state(found, PREFERRED_STATES)
        is_busy = state[0] in {"Busy", "DoNotDisturb"}
        span = _span(found) or (PREFERRED_BUSY if is_busy else PREFERRED_OTHERWISE)
        self.preferred[user.id] = self._said(state, span)
        self._record("preferred_presence_set", user, actor, state)

    def forget_preference(self, user: User, body: Mapping[str, Any], *, actor: str) -> None:
        """Clear what a person prefers to show, if anything."""
        parameters_of(body, (), "clearUserPreferredPresence")
        said = self.preferred.pop(user.id, None)
        if said is not None:
            self._record("preferred_presence_cleared", user, actor, said.state)

    def _said(self, state: State, span: timedelta) -> Said:
        now = self.core.clock.now()
        return Said(state=state, set_at=now, expires_at=now + span)

    def _record(self, verb: str, user: User, actor: str, state: State) -> None:
        self.core.journal.add(
            verb, actor=actor, user_id=user.id, details={"availability": state[0], "activity": state[1]}
        )


def _own_session(found: Mapping[str, Any], application: Application) -> str:
    session_id = text_of(found.get("sessionId"), "sessionId")
    if session_id.lower() != application.client_id.lower():
        raise bad_request(f"sessionId must be the application's own id, '{application.client_id}', not '{session_id}'.")
    return application.client_id


def _state(found: Mapping[str, Any], allowed: tuple[State, ...]) -> State:
    asked = (text_of(found.get("availability"), "availability"), text_of(found.get("activity"), "activity"))
    for state in allowed:
        if (state[0].lower(), state[1].lower()) == (asked[0].lower(), asked[1].lower()):
            return state
    known = ", ".join("/".join(state) for state in allowed)
    raise bad_request(f"Availability and activity {'/'.join(asked)} do not go together (known here: {known}).")


def _span(found: Mapping[str, Any]) -> timedelta | None:
    """Return the `expirationDuration`, in ISO 8601, or None if none was sent."""
    value = found.get("expirationDuration")
    if value is None:
        return None
    match = _DURATION.fullmatch(text_of(value, "expirationDuration"))
    if match is None or len(value) > 20:
        raise body_refusal(f"Cannot convert the literal '{value}' to the expected type 'Edm.Duration'.")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    span = timedelta(days=min(days, 3660), hours=hours, minutes=minutes, seconds=seconds)
    if not span:
        raise bad_request("expirationDuration must be over zero.")
    return span
