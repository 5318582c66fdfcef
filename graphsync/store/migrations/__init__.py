"""The schema's history, run by Alembic; `schema.upgrade` is the way in."""
