"""Time zone names as Graph takes and gives them: Windows names and a fixed list of IANA names.

Sources: https://learn.microsoft.com/graph/api/resources/datetimetimezone (the list),
https://github.com/unicode-org/cldr windowsZones by way of tzlocal (which zone a Windows name means).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

from graphsync.sandbox.names import names
from graphsync.sandbox.refusals import GraphRefusal

LISTED_IANA_NAMES = names(
    """
    Etc/GMT+12 Etc/GMT+11 Pacific/Honolulu America/Anchorage America/Santa_Isabel America/Los_Angeles America/Phoenix
    America/Chihuahua America/Denver America/Guatemala America/Chicago America/Mexico_City America/Regina
    America/Bogota America/New_York America/Indiana/Indianapolis America/Caracas America/Asuncion America/Halifax
    America/Cuiaba America/La_Paz America/Santiago America/St_Johns America/Sao_Paulo America/Argentina/Buenos_Aires
    America/Cayenne America/Godthab America/Montevideo America/Bahia Etc/GMT+2 Atlantic/Azores Atlantic/Cape_Verde
    Africa/Casablanca Etc/GMT Europe/London Atlantic/Reykjavik Europe/Berlin Europe/Budapest Europe/Paris
    Europe/Warsaw Africa/Lagos Africa/Windhoek Europe/Bucharest Asia/Beirut Africa/Cairo Asia/Damascus
    Africa/Johannesburg Europe/Kyiv Europe/Kiev Europe/Istanbul Asia/Jerusalem Asia/Amman Asia/Baghdad
    Europe/Kaliningrad Asia/Riyadh Africa/Nairobi Asia/Tehran Asia/Dubai Asia/Baku Europe/Moscow Indian/Mauritius
    Asia/Tbilisi Asia/Yerevan Asia/Kabul Asia/Karachi Asia/Tashkent Asia/Kolkata Asia/Colombo Asia/Kathmandu
    Asia/Almaty Asia/Dhaka Asia/Yekaterinburg Asia/Yangon Asia/Rangoon Asia/Bangkok Asia/Novosibirsk Asia/Shanghai
    Asia/Krasnoyarsk Asia/Singapore Australia/Perth Asia/Taipei Asia/Ulaanbaatar Asia/Irkutsk Asia/Tokyo Asia/Seoul
    Australia/Adelaide Australia/Darwin Australia/Brisbane Australia/Sydney Pacific/Port_Moresby Australia/Hobart
    Asia/Yakutsk Pacific/Guadalcanal Asia/Vladivostok Pacific/Auckland Etc/GMT-12 Pacific/Fiji Asia/Magadan
    Pacific/Tongatapu Pacific/Apia Pacific/Kiritimati
    """
)

_WINDOWS_BY_LOWER: dict[str, str] = {name.lower(): name for name in win_tz}
_IANA_BY_LOWER: dict[str, str] = {name.lower(): name for name in LISTED_IANA_NAMES}


def unsupported_zone(name: str) -> GraphRefusal:
    """Return the refusal for a zone name Graph does not know.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/4758
    """
    return GraphRefusal(
        400,
        "TimeZoneNotSupportedException",
        f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'.",
    )


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return the zone meant by a Windows or listed IANA name, in any case of letters.

    Raises:
        GraphRefusal: 400 `TimeZoneNotSupportedException`; display names and unlisted IANA names too.
    """
    lowered = name.lower()
    if lowered in {"utc", "etc/utc"}:
        return ZoneInfo("UTC")
    if lowered in _WINDOWS_BY_LOWER:
        return ZoneInfo(win_tz[_WINDOWS_BY_LOWER[lowered]])
    if lowered in _IANA_BY_LOWER:
        return ZoneInfo(_IANA_BY_LOWER[lowered])
    raise unsupported_zone(name)


@lru_cache(maxsize=1024)
def stored_name(name: str) -> str:
    """Return the Windows form of `name`, as Exchange stores and echoes it; the name itself where it has none.

    Raises:
        GraphRefusal: the zone is not supported.
    """
    zone = zone_of(name)
    lowered = name.lower()
    if lowered in _WINDOWS_BY_LOWER:
        return _WINDOWS_BY_LOWER[lowered]
    windows: str | None = tz_win.get(zone.key)
    return windows or name


@lru_cache(maxsize=8192)
def wall_time(instant: datetime, zone_name: str) -> str:
    """Return `instant` on the clocks of a zone, as `dateTimeTimeZone.dateTime` has it: seven digits, no offset."""
    local = instant if zone_name == "UTC" else instant.astimezone(zone_of(zone_name))
    # The first 26 characters are date and time with microseconds; an offset may follow.
    return local.isoformat(timespec="microseconds")[:26] + "0"


def instant_of(text: str, zone_name: str, where: str) -> datetime:
    """Return the UTC instant of a wall-clock time in `zone_name`; an offset in `text` is honoured instead.

    Raises:
        GraphRefusal: `text` is not ISO 8601, or the zone is not supported; `where` names the property.
    """
    zone = zone_of(zone_name)
    try:
        parsed = datetime.fromisoformat(text)
        local = parsed.replace(tzinfo=zone) if parsed.tzinfo is None else parsed
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphRefusal(
            400,
            "RequestBodyRead",
            f"Cannot convert the literal '{text}' of '{where}' to the expected type 'Edm.DateTimeOffset'.",
        ) from error


def utc_text(instant: datetime | None) -> str | None:
    """Return `instant` as a `DateTimeOffset`: UTC with `Z`."""
    if instant is None:
        return None
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat().removesuffix("+00:00") + "Z"


def local_time(instant: datetime, zone_name: str) -> datetime:
    """Return `instant` on the clocks of `zone_name`, without a zone."""
    return instant.astimezone(zone_of(zone_name)).replace(tzinfo=None)
