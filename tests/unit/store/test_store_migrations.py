from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from graphsync.clock import SteppedClock
from graphsync.errors import StoreUnavailable
from graphsync.store import open_store, schema, upgrade
from graphsync.store.dialect import create_engine_for
from graphsync.store.tables import metadata

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    made = create_engine_for(f"sqlite:///{tmp_path}/graphsync.db", timedelta(seconds=1))
    yield made
    made.dispose()


def everything_in(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")).all()


def test_the_migrated_schema_is_the_one_of_the_tables(engine):
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_constraints_have_the_names_the_tables_give_them(engine):
    upgrade(engine)
    found = inspect(engine)
    for table in metadata.tables.values():
        assert found.get_pk_constraint(table.name)["name"] == table.primary_key.name
        assert {key["name"] for key in found.get_foreign_keys(table.name)} == {
            key.name for key in table.foreign_key_constraints
        }


def test_upgrading_what_is_up_to_date_changes_nothing(engine):
    upgrade(engine)
    before = everything_in(engine)
    upgrade(engine)
    assert everything_in(engine) == before


def test_a_migration_that_fails_leaves_nothing_behind(engine, monkeypatch, tmp_path):
    for part in ("env.py", "versions/0001_initial.py"):
        copy = tmp_path / "migrations" / part
        copy.parent.mkdir(exist_ok=True, parents=True)
        copy.write_text((schema.MIGRATIONS / part).read_text())
    with copy.open("a") as migration:
        migration.write("\n\ndef _records():\n    raise RuntimeError('the machine stops here')\n")
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path / "migrations")
    with pytest.raises(RuntimeError, match="the machine stops here"):
        upgrade(engine)
    assert everything_in(engine) == []


def test_a_database_of_a_newer_graphsync_is_not_touched(engine):
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="the database has schema '9999' and this graphsync knows '0005'"):
        open_store(str(engine.url), SteppedClock(NOW))


def test_the_way_back_removes_everything(engine):
    from alembic import command
    from alembic.config import Config

    upgrade(engine)
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert [name for kind, name, _ in everything_in(engine) if kind in {"table", "trigger"}] == ["alembic_version"]


def test_a_reservation_cannot_be_moved_into_another_by_hand(engine):
    upgrade(engine)
    add = text("INSERT INTO reservations (person, starts_at, ends_at, holder) VALUES ('anna', :start, :end, 'x')")
    with engine.begin() as connection:
        connection.execute(add, [{"start": 0, "end": 10}, {"start": 10, "end": 20}])
        connection.execute(text("UPDATE reservations SET ends_at = 9 WHERE starts_at = 0"))
    with engine.connect() as connection, pytest.raises(Exception, match="overlaps another of the same person"):
        connection.execute(text("UPDATE reservations SET ends_at = 11 WHERE starts_at = 0"))


def test_a_percent_sign_in_the_path_is_only_a_percent_sign(monkeypatch, tmp_path, engine):
    copy = tmp_path / "50%(x)s"
    (copy / "versions").mkdir(parents=True)
    for part in ("env.py", "versions/0001_initial.py"):
        (copy / part).write_text((schema.MIGRATIONS / part).read_text())
    monkeypatch.setattr(schema, "MIGRATIONS", copy)
    upgrade(engine)
    assert len(everything_in(engine)) > 20


def test_a_pause_with_an_end_that_is_kept_already_is_over_by_itself(engine):
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    add = text(
        "INSERT INTO mentorships (id, mentor, mentee, cohort, started_on, status, medium, phone, opt_ins, "
        "mentor_offers, mentee_offers, paused_until) VALUES (:id, 'a', 'b', 'c', '2026-01-05', :status, 'video', '', "
        "'[]', '[]', '[]', :until)"
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(add, [{"id": "m1", "status": "paused", "until": "2026-04-01"}])
        connection.execute(add, [{"id": "m2", "status": "paused", "until": None}])
        command.upgrade(config, "0003")
        assert connection.execute(text("SELECT id, status FROM mentorships ORDER BY id")).all() == [
            ("m1", "active"),
            ("m2", "paused"),
        ]
