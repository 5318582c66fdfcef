"""The Teams apps of a scenario file: each from a manifest beside the file, or written out in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from graphsync.sandbox.scenarios.fields import Field, Reading, Unfit, address, described, list_of, one_of, text
from graphsync.sandbox.scenarios.fields import Path as Place
from graphsync.sandbox.teams.manifests import ActivityType, Manifest, UnfitManifest, manifest_in
from graphsync.sandbox.teams.teams_apps import Distribution
from graphsync.sandbox.world import World

# What is written out where there is no manifest.
_INLINE = ("id", "name", "version", "client_id", "bot_id", "activity_types", "consents")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTeamsApp:
    """An app of the catalogue, the endpoint of its bot, and who has it when the run begins."""

    manifest: Manifest
    distribution: Distribution = "organization"
    endpoint: str | None = None
    installed_for: tuple[str, ...] = ()


def app_fields(directory: Path) -> dict[str, Field]:
    """Return the keys of an app; a manifest is looked for in `directory`."""
    return {
        "manifest": Field(lambda value: _manifest_in(directory, value)),
        "id": Field(text),
        "name": Field(text),
        "version": Field(text),
        "client_id": Field(text),
        "bot_id": Field(text),
        "activity_types": Field(_activity_types),
        "consents": Field(list_of(text, "resource-specific permissions")),
        "distribution": Field(one_of(get_args(Distribution))),
        "endpoint": Field(_endpoint),
        "installed_for": Field(list_of(address, "addresses")),
    }


def read_apps(
    reading: Reading, value: object, directory: Path, has_teams: Callable[[object, Place, str], bool]
) -> tuple[ScenarioTeamsApp, ...]:
    """Return the apps in `value`; `has_teams` tells an address of nobody with Teams."""
    apps: list[ScenarioTeamsApp] = []
    for path, item in reading.items(value, ("teams_apps",), "Teams apps"):
        before = len(reading.misfits)
        found = reading.record(item, path, app_fields(directory))
        for index, who in enumerate(found.get("installed_for", [])):
            has_teams(who, (*path, "installed_for", index), "somebody under 'people'")
        written = item if isinstance(item, Mapping) else {}
        inline = [key for key in _INLINE if key in written]
        if "manifest" in written and inline:
            reading.tell((*path, inline[0]), f"key {inline[0]!r} beside 'manifest'", "one of the two", of_key=True)
        if "manifest" not in written and not {"id", "name"} <= set(inline):
            reading.tell(path, "neither 'manifest' nor both 'id' and 'name'", "one of the two")
        if len(reading.misfits) > before:
            continue
        app = _app(found)
        if any(app.manifest.id == other.manifest.id for other in apps):
            reading.tell(path, f"the app {app.manifest.id!r} a second time", "each app once")
            continue
        apps.append(app)
    return tuple(apps)


def _app(found: dict[str, Any]) -> ScenarioTeamsApp:
    manifest = found.pop("manifest", None)
    inline = {key: found.pop(key) for key in _INLINE if key in found}
    for key in ("id", "client_id", "bot_id"):
        if key in inline:
            inline[key] = inline[key].lower()
    if manifest is None:
        manifest = Manifest(
            id=inline["id"],
            name=inline["name"],
            version=inline.get("version", "1.0.0"),
            client_id=inline.get("client_id"),
            bot_id=inline.get("bot_id"),
            activity_types=inline.get("activity_types", ()),
            permissions=tuple(inline.get("consents", ())),
        )
    if "installed_for" in found:
        found["installed_for"] = tuple(found["installed_for"])
    return ScenarioTeamsApp(manifest=manifest, **found)


def put_apps(world: World, apps: tuple[ScenarioTeamsApp, ...]) -> None:
    """Put the apps of a scenario into a world, and install them."""
    for app in apps:
        added = world.add_teams_app(app.manifest, distribution=app.distribution)
        if app.manifest.bot_id is not None:
            world.add_bot(app.manifest.bot_id, app.endpoint, name=app.manifest.name)
        for who in app.installed_for:
            world.install_app(who, added.id)


def _manifest_in(directory: Path, value: object) -> Manifest:
    expected = "a manifest.json or an app package beside the scenario"
    try:
        return manifest_in((directory / text(value)).read_bytes())
    except OSError as error:
        raise Unfit(f"unreadable file {value!r}", expected) from error
    except UnfitManifest as error:
        raise Unfit(f"{value!r}, in which {error}", expected) from error


def _activity_types(value: object) -> tuple[ActivityType, ...]:
    if not isinstance(value, Mapping):
        raise Unfit(described(value), "activity types, each with the text of its template")
    return tuple(ActivityType(type=str(name), description="", template=text(item)) for name, item in value.items())


def _endpoint(value: object) -> str:
    url = text(value)
    if not url.startswith("https://"):
        raise Unfit(described(value), "an https:// URL")
    return url
