"""The calendars of a mailbox: the default one, and those made beside it.

Sources: https://learn.microsoft.com/graph/api/resources/calendar, https://learn.microsoft.com/graph/api/user-post-calendars,
https://learn.microsoft.com/graph/api/calendar-update, https://learn.microsoft.com/graph/api/calendar-delete
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.bodies import flag_of, is_annotation, one_of, text_of, unknown_property
from graphsync.sandbox.outlook.copies import Copies
from graphsync.sandbox.outlook.mailboxes import DEFAULT_CALENDAR, UserCalendar
from graphsync.sandbox.refusals import (
    GraphRefusal,
    invalid_property,
    item_not_found,
    not_served,
    refuse_unknown,
)
from graphsync.sandbox.tenant.directory import User

COLORS = (
    "auto",
    "lightBlue",
    "lightGreen",
    "lightOrange",
    "lightGray",
    "lightYellow",
    "lightTeal",
    "lightPink",
    "lightBrown",
    "lightRed",
    "maxColor",
)
WRITABLE = ("name", "color", "isDefaultCalendar")
READ_ONLY = (
    "id",
    "hexColor",
    "changeKey",
    "canShare",
    "canViewPrivateItems",
    "canEdit",
    "allowedOnlineMeetingProviders",
    "defaultOnlineMeetingProvider",
    "isTallyingResponses",
    "isRemovable",
    "owner",
)


@dataclass(slots=True)
class CalendarFolders:
    """Makes, changes and deletes calendars; events name theirs by `Event.calendar_id`."""

    core: Core
    copies: Copies

    def all(self, user: User) -> list[UserCalendar]:
        """Return the calendars of a user, the default one first, then the oldest first."""
        made = self.core.mailbox(user).calendars
        return [self.default(user), *(calendar for calendar in made.values() if not calendar.is_default)]

    def default(self, user: User) -> UserCalendar:
        """Return the calendar that every mailbox has."""
        made = self.core.mailbox(user).calendars
        if DEFAULT_CALENDAR not in made:
            calendar_id = self.core.draws.item_id("calendar", user.id)
            made[DEFAULT_CALENDAR] = UserCalendar(
                id=calendar_id, name="Calendar", change_key=self._change_key(calendar_id, 0), is_default=True
            )
        return made[DEFAULT_CALENDAR]

    def find(self, user: User, calendar_id: str) -> UserCalendar:
        """Return the calendar with this id.

        Raises:
            GraphRefusal: 404; it is not in this mailbox.
        """
        found = next((calendar for calendar in self.all(user) if calendar.id == calendar_id), None)
        if found is None:
            raise item_not_found()
        return found

    def create(self, user: User, body: Mapping[str, Any], *, actor: str) -> UserCalendar:
        """Make a calendar.

        Raises:
            GraphRefusal: 400 without a name or for a value Graph does not take; 409 for a name that is taken.
        """
        changes = self._changes(user, body, present=None)
        name = changes.get("name")
        if name is None:
            raise invalid_property("A calendar needs a name.")
        key = (user.id, name, self.core.draws.ordinal("calendar", user.id, name))
        calendar_id = self.core.draws.item_id("calendar", *key)
        calendar = UserCalendar(
            id=calendar_id,
            name=name,
            color=changes.get("color", "auto"),
            change_key=self._change_key(calendar_id, 0),
        )
        self.core.mailbox(user).calendars[calendar.id] = calendar
        self._record("calendar_created", user, calendar, actor)
        return calendar

    def patch(self, user: User, calendar_id: str, body: Mapping[str, Any], *, actor: str) -> UserCalendar:
        """Change name or color of a calendar.

        Raises:
            GraphRefusal: 404, 400 for a value Graph does not take, 409 for a name that is taken.
        """
        calendar = self.find(user, calendar_id)
        for name, value in self._changes(user, body, present=calendar).items():
            setattr(calendar, name, value)
        calendar.revision += 1
        calendar.change_key = self._change_key(calendar.id, calendar.revision)
        self._record("calendar_updated", user, calendar, actor)
        return calendar

    def delete(self, user: User, calendar_id: str, *, actor: str) -> None:
        """Delete a calendar with the events in it; nobody is told, as the page says of no message.

        Raises:
            GraphRefusal: 404; 400 for the default calendar.
        """
        calendar = self.find(user, calendar_id)
        if calendar.is_default:
            # The page excludes it; the code is that of Exchange for any folder every mailbox has:
            # https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
            raise GraphRefusal(400, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
        box = self.core.mailbox(user)
        for event in [copy for copy in box.copies.values() if copy.calendar_id == calendar.id]:
            self.copies.take_away(event, actor=actor, verb="event_removed", reason="calendar deleted")
        del box.calendars[calendar.id]
        self._record("calendar_deleted", user, calendar, actor)

    def _changes(self, user: User, body: Mapping[str, Any], *, present: UserCalendar | None) -> dict[str, str]:
        changes: dict[str, str] = {}
        for key, value in body.items():
            if is_annotation(key):
                continue
            if key in READ_ONLY:
                raise GraphRefusal(400, "ErrorInvalidPropertySet", f"Set action is invalid for property '{key}'.")
            match key:
                case "name":
                    changes["name"] = self._free_name(user, text_of(value, key), present)
                case "color":
                    changes["color"] = one_of(value, COLORS, key)
                case "isDefaultCalendar":
                    is_default = present is not None and present.is_default
                    if flag_of(value, key) != is_default:
                        raise not_served("another default calendar")
                case _:
                    refuse_unknown(unknown_property(key, "calendar", WRITABLE))
        return changes

    def _free_name(self, user: User, name: str, present: UserCalendar | None) -> str:
        if not name.strip():
            raise invalid_property("A calendar's name must not be empty.")
        if any(other.name.lower() == name.lower() for other in self.all(user) if other is not present):
            # https://github.com/alcionai/corso/pull/3318
            raise GraphRefusal(409, "ErrorFolderExists", "A folder with the specified name already exists.")
        return name

    def _change_key(self, calendar_id: str, revision: int) -> str:
        return self.core.draws.change_key("calendar", calendar_id, revision)

    def _record(self, verb: str, user: User, calendar: UserCalendar, actor: str) -> None:
        self.core.journal.add(verb, actor=actor, user_id=user.id, subject_id=calendar.id, details={})
