"""Column types: how values of ours lie in a database, so that they compare and come back the same everywhere.

Nothing here knows a table. What a type cannot hold it refuses on the way in, before the database sees it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import TIMESTAMP, BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_POSTGRESQL: Final = "postgresql"

TEXT: Final = Text().with_variant(Text(collation="C"), _POSTGRESQL)
"""Text that sorts by code point, as SQLite does by itself and PostgreSQL does not: what is claimed or decided first
must not depend on a server's language."""


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError(f"an instant in the store is an aware datetime, not {instant!r}; give it a time zone")
    return instant.astimezone(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out, to the microsecond.

    PostgreSQL keeps a `timestamptz`. SQLite has no type for time, and text of uneven length sorts wrong ("10:00:00"
    against "10:00:00.5"), so there it is whole microseconds since 1970 (https://www.sqlite.org/datatype3.html).
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that the database itself has for it."""
        native = TIMESTAMP(timezone=True) if dialect.name == _POSTGRESQL else BigInteger()
        return dialect.type_descriptor(native)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return what is written for `value`.

        Raises:
            ValueError: `value` is naive.
        """
        if value is None:
            return None
        instant = _in_utc(value)
        return instant if dialect.name == _POSTGRESQL else (instant - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the instant that was read, in UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return _EPOCH + int(value) * _MICROSECOND


class Length(TypeDecorator[timedelta]):
    """A length of time, as whole microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Return the number of microseconds."""
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """Return the length that was read."""
        return None if value is None else value * _MICROSECOND


class Word(TypeDecorator[StrEnum]):
    """A member of an enumeration, as its value in plain text, so that a member can be added without a migration."""

    impl = TEXT
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """Return the text of the member; a text that names none is refused with `ValueError`."""
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Return the member that was read."""
        return None if value is None else self.members(value)


class Document(TypeDecorator[Any]):
    """A part of a value that is only ever read whole, as JSON text; instants in it are UTC.

    Equal values give equal text. It is text and not the database's own JSON type because nothing searches in it.
    """

    impl = Text
    cache_ok = True

    def __init__(self, shape: Any) -> None:
        super().__init__()
        self.shape = shape

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Return the JSON text of `value`.

        Raises:
            ValueError: an instant in it is naive.
        """
        if value is None:
            return None
        return msgspec.json.encode(_plain(value)).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the value that was read."""
        return None if value is None else msgspec.json.decode(value, type=self.shape)


def _plain(value: Any) -> Any:
    """Return `value` as JSON has it, with every instant as UTC text."""
    built_in = msgspec.to_builtins(value, builtin_types=(datetime, time), order="deterministic")
    return _instants_as_text(built_in)


def _instants_as_text(value: Any) -> Any:
    match value:
        case datetime():
            return _in_utc(value).isoformat()
        case time():
            return value.isoformat()
        case dict():
            return {key: _instants_as_text(item) for key, item in value.items()}
        case list() | tuple():
            return [_instants_as_text(item) for item in value]
        case _:
            return value
