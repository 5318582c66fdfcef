"""Which time zone a TZID of an iCalendar file means: Windows and IANA names, and what the file defines itself.

Sources: https://www.rfc-editor.org/rfc/rfc5545#section-3.2.19 (names), section-3.6.5 (definitions)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from zoneinfo import available_timezones

import icalendar

from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.scenarios.ical_frame import Component, ContentLine
from graphsync.sandbox.zones import zone_of

# Up to the last colon, because names such as `(UTC+01:00) Berlin` are not always quoted; no value here has one.
_ZONED_LINE = re.compile(r"^(?P<name>[^;:]+);(?P<parameters>.*):(?P<value>[^:]*)$")
_TZID = re.compile(r"(?:^|;)TZID=(?P<name>\"[^\"]*\"|[^;]*)", re.IGNORECASE)
_A_SUMMER, _A_WINTER = datetime(2026, 7, 1), datetime(2026, 1, 1)  # noqa: DTZ001 - wall-clock times to try a zone with


@dataclass(slots=True)
class ZoneNames:
    """The zones of a file, VCALENDAR by VCALENDAR: `define` before the events of one are read."""

    _defined: dict[str, Component] = field(default_factory=dict)
    _custom: dict[str, list[str]] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)

    def define(self, definitions: Sequence[Component]) -> None:
        """Take the VTIMEZONEs of the next VCALENDAR in place of those before."""
        self._defined = {_bare(definition.value("TZID")): definition for definition in definitions}

    def definitions(self) -> list[str]:
        """Return the lines of all VTIMEZONEs that lines were rewritten to use so far."""
        return [line for lines in self._custom.values() for line in lines]

    def rewritten(self, line: ContentLine) -> tuple[str, str]:
        """Return `line` with a TZID that means the same everywhere, and its name if nobody knows it.

        A line whose zone is unknown, or that has none, comes back without: it floats. Each unknown name is told once.
        """
        match = _ZONED_LINE.match(line.text)
        tzid = _TZID.search(match["parameters"]) if match else None
        if match is None or tzid is None:
            return line.text, ""
        name = _bare(tzid["name"])
        known = self._known(name)
        others = _TZID.sub("", match["parameters"]).strip(";")
        zone = f"TZID={known}" if known and not match["value"].upper().endswith("Z") else ""
        parameters = "".join(f";{part}" for part in (zone, others) if part)
        told = "" if known or name in self._unknown else name
        if told:
            self._unknown.add(told)
        return f"{match['name']}{parameters}:{match['value']}", told

    def _known(self, name: str) -> str:
        """Return an IANA name, or the new name of a definition in the file; nothing if there is neither."""
        known = _named_zone(name)
        if known:
            return known
        definition = self._defined.get(name)
        if definition is not None:
            known = _named_zone(_bare(definition.value("X-LIC-LOCATION"))) or self._own(definition)
            if known:
                return known
        return _iana_names().get(name.lower(), "")

    def _own(self, definition: Component) -> str:
        """Return the name under which a definition is used, or nothing where it defines no zone.

        The name comes from what is defined, because `icalendar` remembers zones by name beyond one file, and two
        files may both have a `Customized Time Zone`.
        """
        lines = [line.text for line in definition.lines if line.name not in ("TZID", "X-LIC-LOCATION")]
        name = f"defined-{sha256(chr(10).join(lines).encode()).hexdigest()[:24]}"
        if name in self._custom:
            return name
        whole = ["BEGIN:VTIMEZONE", f"TZID:{name}", *lines, "END:VTIMEZONE"]
        try:
            parsed = icalendar.Timezone.from_ical("\r\n".join([*whole, ""]))
            assert isinstance(parsed, icalendar.Timezone)
            zone = parsed.to_tz()
            offsets = [zone.utcoffset(moment) for moment in (_A_SUMMER, _A_WINTER)]
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return ""
        if None in offsets:
            return ""
        self._custom[name] = whole
        return name


def _bare(name: str) -> str:
    return name.strip().strip('"').strip()


@cache
def _iana_names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@cache
def _named_zone(name: str) -> str:
    """Return the IANA name meant by a Windows name, or one of the form `Area/City`, perhaps after a vendor's path.

    Short names such as `EST` are not taken here: files define them with meanings of their own.
    """
    try:
        return zone_of(name).key
    except GraphRefusal:
        return _iana_suffix(name)


def _iana_suffix(name: str) -> str:
    parts = name.strip("/").split("/")
    suffixes = ["/".join(parts[start:]).lower() for start in range(len(parts) - 1)]
    return next((_iana_names()[suffix] for suffix in suffixes if suffix in _iana_names()), "")
