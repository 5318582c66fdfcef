"""The store: graphsync's state in SQLite or PostgreSQL, behind the Protocols of `engine.ports`."""

from graphsync.store.database import SqlLedger, SqlStore, open_copy, open_store
from graphsync.store.schema import upgrade

__all__ = ["SqlLedger", "SqlStore", "open_copy", "open_store", "upgrade"]
