"""Between the values of ours and rows: both name the same things alike, so most of it is copying by name."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, Table, select

from graphsync.engine.ports import Subject


def as_row(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass instance by name, parts that are values themselves as they are."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


@cache
def select_fields(table: Table, of: type[Any]) -> Select[Any]:
    """Return a SELECT of the columns of `table` that hold the fields of the dataclass `of`."""
    return select(*(table.c[field.name] for field in fields(of)))


def fields_of(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Return the columns of `row` as keyword arguments for the value they hold."""
    return dict(row._mapping)


def subject_of(row: Row[*tuple[Any, ...]]) -> Subject:
    """Return the subject in the columns `kind`, `owner` and `item`."""
    return Subject(kind=row.kind, owner=row.owner, item=row.item)
