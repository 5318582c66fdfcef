"""Runs the migrations on the connection `schema.upgrade` hands over; there is no other way to run them."""

from alembic import context
from sqlalchemy import Connection

from graphsync.store.tables import metadata


def _run(connection: Connection) -> None:
    # The caller's transaction holds all of it, DDL too: a migration that fails leaves nothing behind.
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    context.run_migrations()


_run(context.config.attributes["connection"])
