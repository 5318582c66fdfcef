"""The Teams app catalogue, and where its apps are installed.

Sources: https://learn.microsoft.com/graph/api/resources/teamsapp,
https://learn.microsoft.com/graph/api/resources/teamsappinstallation
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from graphsync.sandbox.core import Core
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.teams.manifests import Manifest
from graphsync.sandbox.tenant.directory import User

Distribution = Literal["organization", "store", "sideloaded"]
# Granted when anybody installs the app: https://learn.microsoft.com/microsoftteams/platform/graph-api/rsc/
_BASIC_CONSENT = "TeamsActivity.Send."


def _encoded(*parts: str) -> str:
    return base64.b64encode("##".join(parts).encode()).decode()


@dataclass(slots=True, kw_only=True, eq=False)
class AppDefinition:
    """One version of an app in the catalogue."""

    id: str
    manifest: Manifest
    published_at: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class TeamsApp:
    """An app of the catalogue: `id` is the catalogue's, `external_id` the manifest's; they are one for store apps."""

    id: str
    external_id: str
    distribution: Distribution
    definitions: list[AppDefinition] = field(default_factory=list)

    @property
    def current(self) -> AppDefinition:
        """Return the version published last."""
        return self.definitions[-1]


@dataclass(slots=True, kw_only=True, eq=False)
class Installation:
    """An app in a person's personal scope or in a chat (`place_id`), in the version it was installed or upgraded to."""

    id: str
    app: TeamsApp
    place_id: str
    definition: AppDefinition
    consented: frozenset[str]

    @property
    def manifest(self) -> Manifest:
        """Return the manifest of the installed version."""
        return self.definition.manifest


class InstallListener(Protocol):
    """Hears of personal installations; the bots do."""

    def app_installed(self, user: User, manifest: Manifest) -> None:
        """Take note that a person got an app."""
        ...

    def app_removed(self, user: User, manifest: Manifest) -> None:
        """Take note that a person lost an app."""
        ...


@dataclass(slots=True)
class TeamsApps:
    """Catalogue and installations of the tenant."""

    core: Core
    listener: InstallListener
    _by_id: dict[str, TeamsApp] = field(default_factory=dict)
    _installed: dict[tuple[str, str], Installation] = field(default_factory=dict)

    # Catalogue -----------------------------------------------------------------------------------------------

    def publish(self, manifest: Manifest, *, actor: str, distribution: Distribution = "organization") -> TeamsApp:
        """Put a new app into the catalogue.

        Raises:
            GraphRefusal: 409; an app with this manifest id is there.
        """
        if self._by_external_id(manifest.id) is not None:
            raise GraphRefusal(
                409,
                "Conflict",
                f"App with same id already exists in the tenant. ExternalId: {manifest.id}.",
                inner={"code": "AppDefinitionAlreadyExists"},
            )
        app_id = manifest.id if distribution == "store" else self.core.draws.guid("teams app", manifest.id)
        app = TeamsApp(id=app_id, external_id=manifest.id, distribution=distribution)
        self._by_id[app.id] = app
        self._define(app, manifest, actor)
        return app

    def update(self, app: TeamsApp, manifest: Manifest, *, actor: str) -> AppDefinition:
        """Publish another version of an app; what is installed stays at its version until it is upgraded.

        Raises:
            GraphRefusal: 400 for another manifest id or an app that is not the organization's, 409 for a version
                that is there.
        """
        if app.distribution != "organization":
            raise GraphRefusal(400, "BadRequest", "Only apps distributed by the organization can be updated.")
        if manifest.id != app.external_id:
            raise GraphRefusal(
                400, "BadRequest", f"The manifest id '{manifest.id}' is not that of the app, '{app.external_id}'."
            )
        if any(known.manifest.version == manifest.version for known in app.definitions):
            raise GraphRefusal(409, "Conflict", f"Version '{manifest.version}' of the app exists already.")
        return self._define(app, manifest, actor)

    def _define(self, app: TeamsApp, manifest: Manifest, actor: str) -> AppDefinition:
        definition = AppDefinition(
            id=_encoded(app.id, manifest.version), manifest=manifest, published_at=self.core.clock.now()
        )
        app.definitions.append(definition)
        self.core.journal.add(
            "teams_app_published",
            actor=actor,
            subject_id=app.id,
            details={"external_id": app.external_id, "version": manifest.version},
        )
        return definition

    def catalogue(self) -> list[TeamsApp]:
        """Return the apps that can be installed, by id; sideloaded ones are not in the catalogue."""
        return [self._by_id[key] for key in sorted(self._by_id) if self._by_id[key].distribution != "sideloaded"]

    def every(self) -> list[TeamsApp]:
        """Return all apps, sideloaded ones too, by id."""
        return [self._by_id[key] for key in sorted(self._by_id)]

    def find(self, app_id: str) -> TeamsApp:
        """Return the app of the catalogue with this catalogue id.

        Raises:
            GraphRefusal: 404; there is none. A manifest id is none, unless the app is a store app.
        """
        app = self._by_id.get(app_id.lower())
        if app is None or app.distribution == "sideloaded":
            raise GraphRefusal(404, "NotFound", f"No app with the id '{app_id}' was found in the app catalog.")
        return app

    def named(self, key: str) -> TeamsApp:
        """Return the app with this catalogue id or manifest id, whatever its distribution.

        Raises:
            GraphRefusal: 404; there is none.
        """
        app = self._by_id.get(key.lower()) or self._by_external_id(key.lower())
        if app is None:
            raise GraphRefusal(404, "NotFound", f"No Teams app with the id '{key}' was added.")
        return app

    def _by_external_id(self, external_id: str) -> TeamsApp | None:
        return next((app for app in self._by_id.values() if app.external_id == external_id), None)

    # Installation --------------------------------------------------------------------------------------------

    def install(self, user: User, app: TeamsApp, consented: Iterable[str] = (), *, actor: str) -> Installation:
        """Install an app in a person's personal scope.

        Raises:
            GraphRefusal: 403 by the app permission policy or for want of a licence, 409 if it is installed, 400 for a
                consent to what the app does not ask for.
        """
        self._check_may_have(user, app)
        if (user.id, app.id) in self._installed:
            raise GraphRefusal(
                409, "Conflict", "The app is already installed for the user.", inner={"code": "AppAlreadyInstalled"}
            )
        installation = self._put(user.id, app, consented)
        self._tell("app_installed", user, installation, actor)
        self.listener.app_installed(user, installation.manifest)
        return installation

    def install_in_chat(self, chat_id: str, app: TeamsApp, *, actor: str) -> Installation:
        """Install an app in a chat, with the consent of whoever does it."""
        installation = self._put(chat_id, app, ())
        self.core.journal.add("app_installed", actor=actor, subject_id=app.id, details={"chat_id": chat_id})
        return installation

    def upgrade(self, user: User, installation: Installation, consented: Iterable[str] = (), *, actor: str) -> None:
        """Take an installation to the version of the catalogue."""
        self._check_may_have(user, installation.app)
        before, definition = installation.manifest, installation.app.current
        installation.consented = _consents(definition.manifest, consented)
        installation.definition = definition
        self._tell("app_upgraded", user, installation, actor)
        if before.bot_id != definition.manifest.bot_id:
            self.listener.app_removed(user, before)
            self.listener.app_installed(user, definition.manifest)

    def remove(self, user: User, installation: Installation, *, actor: str) -> None:
        """Take an app away from a person."""
        del self._installed[user.id, installation.app.id]
        self._tell("app_removed", user, installation, actor)
        self.listener.app_removed(user, installation.manifest)

    def at(self, place_id: str) -> list[Installation]:
        """Return what is installed for a person or in a chat, by id."""
        found = [item for (place, _), item in self._installed.items() if place == place_id]
        return sorted(found, key=lambda item: item.id)

    def of(self, user: User, app: TeamsApp) -> Installation:
        """Return a person's installation of an app.

        Raises:
            GraphRefusal: 404; they do not have it.
        """
        found = self._installed.get((user.id, app.id))
        if found is None:
            raise GraphRefusal(404, "NotFound", f"The app '{app.id}' is not installed for the user.")
        return found

    def installation(self, user: User, installation_id: str) -> Installation:
        """Return a person's installation with this id.

        Raises:
            GraphRefusal: 404; there is none.
        """
        for item in self.at(user.id):
            if item.id == installation_id:
                return item
        raise GraphRefusal(404, "NotFound", f"No app installation with the id '{installation_id}' was found.")

    def consented_at(self, place_id: str, client_id: str) -> set[str]:
        """Return the resource-specific permissions that an application has for a person or in a chat."""
        mine = [item for item in self.at(place_id) if item.manifest.client_id == client_id.lower()]
        return {name for item in mine for name in item.consented}

    def _put(self, place_id: str, app: TeamsApp, consented: Iterable[str]) -> Installation:
        definition = app.current
        installation = Installation(
            id=_encoded(place_id, app.id),
            app=app,
            place_id=place_id,
            definition=definition,
            consented=_consents(definition.manifest, consented),
        )
        self._installed[place_id, app.id] = installation
        return installation

    def _check_may_have(self, user: User, app: TeamsApp) -> None:
        if app.id in user.blocked_apps:
            # https://github.com/OfficeDev/microsoft-teams-apps-company-communicator/issues/1537
            message = (
                "App is blocked by app permission policy. "
                f"TenantId: {self.core.tenant_id}, UserObjectId: {user.id}, AppId: {app.id}"
            )
            raise GraphRefusal(403, "Forbidden", message, inner={"code": "AccessDenied", "message": message})
        if not user.teams_licence:
            # What chats and teamwork say: https://github.com/microsoftgraph/msgraph-sdk-powershell/issues/1666
            raise GraphRefusal(
                403,
                "Forbidden",
                "Failed to get license information for the user. "
                "Ensure user has a valid Office365 license assigned to them.",
            )

    def _tell(self, verb: str, user: User, installation: Installation, actor: str) -> None:
        self.core.journal.add(
            verb,
            actor=actor,
            user_id=user.id,
            subject_id=installation.app.id,
            details={"installation_id": installation.id, "version": installation.manifest.version},
        )


def _consents(manifest: Manifest, consented: Iterable[str]) -> frozenset[str]:
    asked = set(consented)
    more = sorted(asked - set(manifest.permissions))
    if more:
        raise GraphRefusal(
            400, "BadRequest", f"Consent to '{more[0]}' was given, which the app's manifest does not ask for."
        )
    return frozenset(asked | {name for name in manifest.permissions if name.startswith(_BASIC_CONSENT)})
