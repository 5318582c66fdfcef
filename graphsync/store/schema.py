"""Brings a database to the schema this version of graphsync works with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from graphsync.errors import StoreUnavailable
from graphsync.store import dialect

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Run the migrations that `engine`'s database has not had, in one transaction; none on one that is up to date.

    Raises:
        StoreUnavailable: the database was made by a newer graphsync.
    """
    with engine.begin() as connection:
        dialect.lock_schema(connection)
        upgrade_within(connection)


def check_up_to_date(connection: Connection) -> None:
    """See that a database that is only read has the schema of this version of graphsync.

    Raises:
        StoreUnavailable: it was made by an older or a newer one.
    """
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    found = MigrationContext.configure(connection).get_current_revision()
    if found != newest:
        raise StoreUnavailable(
            f"the database has schema {found!r} and this graphsync works with {newest!r}; start the service of this "
            "version, which brings it up to date"
        )


def upgrade_within(connection: Connection) -> None:
    """Do what `upgrade` does within the transaction of `connection`."""
    script = ScriptDirectory(str(MIGRATIONS))
    newest, found = script.get_current_head(), MigrationContext.configure(connection).get_current_revision()
    if found == newest:
        return
    if found is not None and found not in {revision.revision for revision in script.walk_revisions()}:
        raise StoreUnavailable(
            f"the database has schema {found!r} and this graphsync knows {newest!r} and older; "
            "run the graphsync that made it, or a newer one"
        )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
