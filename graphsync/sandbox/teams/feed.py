"""The activity feed of Teams: which app may tell a person something, and what they then see.

Sources: https://learn.microsoft.com/graph/teams-send-activityfeednotifications,
https://learn.microsoft.com/graph/api/userteamwork-sendactivitynotification
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from graphsync.sandbox.core import Core
from graphsync.sandbox.refusals import GraphRefusal, bad_request, close_to
from graphsync.sandbox.teams.manifests import SYSTEM_DEFAULT, Manifest
from graphsync.sandbox.teams.teams_apps import Installation, TeamsApps
from graphsync.sandbox.tenant.directory import User

PREVIEW_SHOWN = 150  # https://learn.microsoft.com/graph/api/userteamwork-sendactivitynotification
SYSTEM_DEFAULT_TEMPLATE = "{systemDefaultText}"
# App-only, the app itself is the actor: https://learn.microsoft.com/graph/teams-send-activityfeednotifications
ACTOR = "actor"
DEEP_LINK = "https://teams.microsoft.com/l/"

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What an app wants a person to see, as it was sent."""

    activity_type: str
    source: Literal["entityUrl", "text"]
    topic: str
    web_url: str | None = None
    preview: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    chain_id: int | None = None
    icon_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One entry of a person's feed: `text` is the template filled in, `preview` what is shown of the preview."""

    id: str
    user_id: str
    app_id: str
    app_name: str
    activity_type: str
    text: str
    preview: str | None
    topic: str
    web_url: str | None
    chain_id: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Feed:
    """The feeds of all people."""

    core: Core
    apps: TeamsApps
    _entries: dict[str, list[FeedEntry]] = field(default_factory=dict)

    def of(self, user: User) -> list[FeedEntry]:
        """Return a person's entries, newest first; one that was replaced stays in its place."""
        return list(reversed(self._entries.get(user.id, [])))

    def sender(self, client_id: str, place_id: str, teams_app_id: str | None, path: str) -> Installation:
        """Return the installed app that `client_id` speaks for in a person's scope or a chat.

        Args:
            client_id: the calling app, which must be the one in `webApplicationInfo`.
            place_id: the id of the person or chat.
            teams_app_id: the Teams app that is meant, by its catalogue id or manifest id.
            path: named in the refusal.

        Raises:
            GraphRefusal: 403 if there is none, 409 if there are several and `teams_app_id` does not say which.
        """
        mine = [item for item in self.apps.at(place_id) if item.manifest.client_id == client_id.lower()]
        if teams_app_id is not None:
            mine = [item for item in mine if teams_app_id.lower() in {item.app.id, item.app.external_id}]
        if not mine:
            # https://github.com/OfficeDev/microsoft-365-agents-toolkit/issues/6067
            raise GraphRefusal(
                403,
                "Forbidden",
                f"Application with AAD App Id '{client_id}' is not authorized to generate custom text notifications "
                f"about '{path}' to the recipient. Ensure that the expected Teams app is installed in the target "
                "scope (user, team, or chat).",
            )
        if len(mine) > 1:
            # https://github.com/microsoftgraph/microsoft-graph-docs/issues/11104
            raise GraphRefusal(
                409,
                "Conflict",
                f"Found multiple applications with the same AAD App ID '{client_id}' - a Teams Application ID is "
                "required to resolve which application is correct.",
            )
        return mine[0]

    def check(self, notice: Notice, manifest: Manifest) -> None:
        """Refuse what the manifest of the app does not declare, or what lacks a value.

        Raises:
            GraphRefusal: 400.
        """
        missing = [name for name in _placeholders(_template(notice, manifest)) if name not in notice.parameters]
        if missing:
            raise bad_request(
                f"The template parameter '{missing[0]}' of the activity type '{notice.activity_type}' is missing"
                f"{close_to(missing[0], notice.parameters)}."
            )
        if notice.icon_id is not None and notice.icon_id not in manifest.icon_ids:
            raise bad_request(f"The icon '{notice.icon_id}' is not declared in the app manifest.")
        if notice.source == "text":
            self._check_link(notice.web_url)

    def _check_link(self, web_url: str | None) -> None:
        if not web_url:
            raise bad_request("'topic.webUrl' is required when 'topic.source' is 'text'.")
        if self.core.behavior.topic_web_url == "teams_deep_link" and not web_url.startswith(DEEP_LINK):
            raise bad_request(f"'topic.webUrl' must be a Teams deep link, which starts with '{DEEP_LINK}'.")

    def deliver(self, user: User, installation: Installation, notice: Notice, *, actor: str) -> None:
        """Put a notice into a person's feed; one of the same app with the same `chainId` is replaced in its place."""
        manifest, now = installation.manifest, self.core.clock.now()
        told = {"app_id": installation.app.id, "activity_type": notice.activity_type, "chain_id": notice.chain_id}
        if installation.app.id in user.muted_apps:
            self._tell("activity_notification_muted", user, "", actor, told)
            return
        entries = self._entries.setdefault(user.id, [])
        place = _place_of(entries, installation.app.id, notice.chain_id)
        earlier = entries[place] if place is not None else None
        key = ("feed", user.id, installation.app.id, now.isoformat())
        entry = FeedEntry(
            id=earlier.id if earlier else self.core.draws.guid(*key, self.core.draws.ordinal(*key)),
            user_id=user.id,
            app_id=installation.app.id,
            app_name=manifest.name,
            activity_type=notice.activity_type,
            text=_filled(_template(notice, manifest), {**notice.parameters, ACTOR: manifest.name}),
            preview=None if notice.preview is None else notice.preview[:PREVIEW_SHOWN],
            topic=notice.topic,
            web_url=notice.web_url,
            chain_id=notice.chain_id,
            created_at=earlier.created_at if earlier else now,
            updated_at=now,
        )
        if place is None:
            entries.append(entry)
        else:
            entries[place] = entry
        self._tell("activity_notification", user, entry.id, actor, {**told, "replaced": earlier is not None})

    def _tell(self, verb: str, user: User, entry_id: str, actor: str, details: Mapping[str, object]) -> None:
        self.core.journal.add(verb, actor=actor, user_id=user.id, subject_id=entry_id, details=dict(details))


def _place_of(entries: list[FeedEntry], app_id: str, chain_id: int | None) -> int | None:
    if chain_id is None:
        return None
    places = [at for at, entry in enumerate(entries) if entry.app_id == app_id and entry.chain_id == chain_id]
    return places[0] if places else None


def _template(notice: Notice, manifest: Manifest) -> str:
    if notice.activity_type == SYSTEM_DEFAULT:
        return SYSTEM_DEFAULT_TEMPLATE
    declared = manifest.activity_type(notice.activity_type)
    if declared is None:
        known = [kind.type for kind in manifest.activity_types]
        raise bad_request(
            f"The activity type '{notice.activity_type}' is not declared in the app manifest"
            f"{close_to(notice.activity_type, [*known, SYSTEM_DEFAULT])}."
        )
    return declared.template


def _placeholders(template: str) -> list[str]:
    return [name for name in _PLACEHOLDER.findall(template) if name != ACTOR]


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)
