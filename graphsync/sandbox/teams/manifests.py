"""App packages of Teams: what the sandbox reads from a `manifest.json`, by itself or in its zip.

Only what matters to catalogue, installation, feed and bot is read and checked; the whole schema is Microsoft's.
Source: https://learn.microsoft.com/microsoftteams/platform/resources/schema/manifest-schema
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple
from zipfile import BadZipFile, ZipFile

import msgspec

MANIFEST_FILE = "manifest.json"
SYSTEM_DEFAULT = "systemDefault"
LARGEST_MANIFEST = 1_000_000
MOST_ACTIVITY_TYPES = 128
# Versions that brought a key: https://learn.microsoft.com/microsoftteams/platform/resources/schema/manifest-schema
_SINCE = {"activities": (1, 7), "authorization": (1, 12)}
_REQUIRED = ("manifestVersion", "version", "id", "developer", "name", "description", "icons", "accentColor")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")


class ManifestProblem(NamedTuple):
    """What is wrong with one key of a manifest; `code` is one of those the catalogue answers with."""

    target: str
    code: str
    message: str


class UnfitManifest(ValueError):
    """A package the catalogue does not take."""

    def __init__(self, problems: Iterable[ManifestProblem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{problem.target} | {problem.message}" for problem in self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityType:
    """A kind of activity feed notification; `{name}` in the template is filled in when one is sent."""

    type: str
    description: str
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One version of an app.

    `client_id` is `webApplicationInfo.id`; `permissions` are the resource-specific ones of kind Application; the bot is
    one for personal chats.
    """

    id: str
    version: str
    name: str
    short_description: str = ""
    description: str = ""
    client_id: str | None = None
    bot_id: str | None = None
    activity_types: tuple[ActivityType, ...] = ()
    permissions: tuple[str, ...] = ()
    icon_ids: tuple[str, ...] = ()

    def activity_type(self, name: str) -> ActivityType | None:
        """Return the declared activity type of this name, or None."""
        return next((kind for kind in self.activity_types if kind.type == name), None)


def manifest_in(content: bytes) -> Manifest:
    """Return the manifest in a file: JSON, or an app package with it at the root.

    Raises:
        UnfitManifest: neither of the two, or something in it is wrong; every problem is listed.
    """
    if content[:2] == b"PK":
        content = _unpacked(content)
    try:
        decoded = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.DecodeError as error:
        raise _unfit(MANIFEST_FILE, "SchemaError_Json", f"No JSON: {error}.") from error
    if not isinstance(decoded, dict):
        raise _unfit(MANIFEST_FILE, "SchemaError_Type", "Invalid type. Expected Object.")
    return manifest_of(decoded)


def _unpacked(content: bytes) -> bytes:
    try:
        with ZipFile(BytesIO(content)) as package:
            names = package.namelist()
            if MANIFEST_FILE not in names:
                deeper = next((name for name in names if name.endswith(f"/{MANIFEST_FILE}")), None)
                hint = f", only '{deeper}'" if deeper else ""
                raise _unfit(MANIFEST_FILE, "ManifestNotFound", f"The package has no manifest.json at its root{hint}.")
            if package.getinfo(MANIFEST_FILE).file_size > LARGEST_MANIFEST:
                raise _unfit(MANIFEST_FILE, "ManifestTooLarge", f"Over {LARGEST_MANIFEST} bytes.")
            return package.read(MANIFEST_FILE)
    except (BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _unfit("package", "InvalidPackage", f"The package cannot be opened: {error}.") from error


def manifest_of(value: Mapping[str, Any]) -> Manifest:
    """Return what a manifest says.

    Raises:
        UnfitManifest: something in it is wrong; every problem is listed.
    """
    reader = _Reader(value)
    manifest = reader.manifest()
    if reader.problems:
        raise UnfitManifest(reader.problems)
    return manifest


def _unfit(target: str, code: str, message: str) -> UnfitManifest:
    return UnfitManifest([ManifestProblem(target, code, message)])


@dataclass(slots=True)
class _Reader:
    value: Mapping[str, Any]
    problems: list[ManifestProblem] = field(default_factory=list)

    def tell(self, target: str, code: str, message: str) -> None:
        self.problems.append(ManifestProblem(target, f"SchemaError_{code}", message))

    def manifest(self) -> Manifest:
        for key in _REQUIRED:
            if key not in self.value:
                self.tell(key, "Required", "Required properties are missing from object.")
        version = self.text(self.value, "version", 256, "version")
        if version and not _VERSION.fullmatch(version):
            self.tell("version", "Pattern", f"String '{version}' does not match regex pattern.")
        self._check_versions()
        name = self.object(self.value, "name", "name")
        description = self.object(self.value, "description", "description")
        web = self.object(self.value, "webApplicationInfo", "webApplicationInfo")
        return Manifest(
            id=self.guid(self.value, "id", "id") or "",
            version=version,
            name=self.text(name, "short", 30, "name.short"),
            short_description=self.text(description, "short", 80, "description.short"),
            description=self.text(description, "full", 4000, "description.full"),
            client_id=self.guid(web, "id", "webApplicationInfo.id") if web else None,
            bot_id=self._bot(),
            activity_types=self._activity_types(),
            permissions=self._permissions(),
            icon_ids=tuple(
                self.text(icon, "id", 64, "activities.activityIcons.id")
                for icon in self.list(self.object(self.value, "activities", "activities"), "activityIcons")
            ),
        )

    def _check_versions(self) -> None:
        written = str(self.value.get("manifestVersion", ""))
        match = re.fullmatch(r"(\d+)\.(\d+)", written)
        if match is None:
            return
        for key, since in _SINCE.items():
            if key in self.value and (int(match[1]), int(match[2])) < since:
                self.tell(key, "AdditionalProperties", f"Property '{key}' is not defined in manifest {written}.")

    def _bot(self) -> str | None:
        bots = self.list(self.value, "bots")
        if len(bots) > 1:
            self.tell("bots", "MaximumItems", "Array item count exceeds maximum count of 1.")
        for bot in bots[:1]:
            bot_id = self.guid(bot, "botId", "bots[0].botId")
            if "personal" in (bot.get("scopes") or []):
                return bot_id
        return None

    def _activity_types(self) -> tuple[ActivityType, ...]:
        found = []
        written = self.list(self.object(self.value, "activities", "activities"), "activityTypes")
        if len(written) > MOST_ACTIVITY_TYPES:
            self.tell("activities.activityTypes", "MaximumItems", f"Over {MOST_ACTIVITY_TYPES} items.")
        for index, kind in enumerate(written):
            place = f"activities.activityTypes[{index}]"
            name = self.text(kind, "type", 64, f"{place}.type")
            if name == SYSTEM_DEFAULT:
                self.tell(f"{place}.type", "Reserved", f"'{SYSTEM_DEFAULT}' is reserved and cannot be declared.")
            found.append(
                ActivityType(
                    type=name,
                    description=self.text(kind, "description", 128, f"{place}.description"),
                    template=self.text(kind, "templateText", 128, f"{place}.templateText"),
                )
            )
        return tuple(found)

    def _permissions(self) -> tuple[str, ...]:
        permissions = self.object(self.object(self.value, "authorization", "authorization"), "permissions", "")
        found = []
        for index, item in enumerate(self.list(permissions, "resourceSpecific")):
            name = self.text(item, "name", 128, f"authorization.permissions.resourceSpecific[{index}].name")
            if str(item.get("type", "")).lower() == "application":
                found.append(name)
        return tuple(found)

    def object(self, holder: Mapping[str, Any], key: str, target: str) -> Mapping[str, Any]:
        value = holder.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.tell(target or key, "Type", "Invalid type. Expected Object.")
            return {}
        return value

    def list(self, holder: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        value = holder.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.tell(key, "Type", "Invalid type. Expected Array of Object.")
            return []
        return value

    def text(self, holder: Mapping[str, Any], key: str, longest: int, target: str) -> str:
        value = holder.get(key)
        if value is None:
            if holder is not self.value:
                self.tell(target, "Required", "Required properties are missing from object.")
            return ""
        if not isinstance(value, str) or not value:
            self.tell(target, "Type", "Invalid type. Expected String.")
            return ""
        if len(value) > longest:
            self.tell(target, "MaximumLength", f"String exceeds maximum length of {longest}.")
        return value

    def guid(self, holder: Mapping[str, Any], key: str, target: str) -> str | None:
        value = self.text(holder, key, 64, target)
        if value and not _GUID.fullmatch(value):
            self.tell(target, "Pattern", f"String '{value}' does not match regex pattern of a GUID.")
        return value.lower() or None
