"""An older database is brought to today's shape, on both databases, and a newer one is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect

import api.models  # noqa: F401 - the tables of all layers
import notifications.models  # noqa: F401 - as above
from tests import shapes
from tests.databases import Databases
from tests.world import World, found, refused
from workflow import doctor
from workflow.migrations import require_today
from workflow.models import SCHEMA
from workflow.store import Store

SHAPES = pytest.mark.parametrize("pair", shapes.OLD, indirect=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Two databases without anything, on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shenpi.db'}", f"sqlite:///{tmp_path / 'new.db'}"
    copies: Databases = request.getfixturevalue("postgres_copies")
    return copies.empty(tmp_path), copies.empty(tmp_path)


@pytest.fixture
def pair(empty: tuple[str, str], request: pytest.FixtureRequest) -> tuple[str, str]:
    """An old database, of the first shape unless a story names another, and an empty one."""
    shapes.make(empty[0], getattr(request, "param", 0))
    return empty


def shape(store: Store) -> dict[str, Any]:
    """Tables, columns, keys and indexes."""
    with store.engine.connect() as connection:
        seen = inspect(connection)
        return {
            table: (
                [(each["name"], str(each["type"]), each["nullable"]) for each in seen.get_columns(table)],
                seen.get_pk_constraint(table)["constrained_columns"],
                sorted(str((each["name"], each["column_names"], each["unique"])) for each in seen.get_indexes(table)),
                sorted(str(each["column_names"]) for each in seen.get_unique_constraints(table)),
            )
            for table in seen.get_table_names()
        }  # fmt: skip


def opened(url: str) -> Store:
    store = Store(url)
    store.start()
    return store


@SHAPES
def test_an_old_database_has_the_shape_of_a_new_one_after_its_first_start(pair: tuple[str, str]) -> None:
    old, new = opened(pair[0]), opened(pair[1])

    assert shape(old) == shape(new)
    assert "event_actor" not in str(shape(old))
    found(old)
    world = World(old)
    world.register("hall").submitted("approval", "proposal", "minutes")
    world.prove()
    old.close()
    new.close()


@SHAPES
def test_what_ran_before_runs_on(pair: tuple[str, str]) -> None:
    lived = opened(pair[1])
    found(lived)
    World(lived).register("hall").submitted("approval", "proposal", "minutes")
    shapes.fill(pair[0], lived)

    old = opened(pair[0])

    assert old.read(doctor.heads) == lived.read(doctor.heads)
    World(old).prove()
    old.close()
    lived.close()


def test_what_was_recorded_before_is_there_after(pair: tuple[str, str]) -> None:
    engine = create_engine(pair[0].replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO person (staff_number, name, email, password_hash, active) VALUES ('S1', '谭丽', '', '', true)")  # fmt: skip
    engine.dispose()

    store = opened(pair[0])

    assert store.read(lambda it: it.exec_driver_sql("SELECT name FROM person").scalar_one()) == "谭丽"
    assert store.read(doctor.audit).broken is None
    store.close()


def test_an_old_file_is_kept_as_it_was(tmp_path: Path) -> None:
    shapes.make(f"sqlite:///{tmp_path / 'shenpi.db'}", 0)

    opened(f"sqlite:///{tmp_path / 'shenpi.db'}").close()
    opened(f"sqlite:///{tmp_path / 'shenpi.db'}").close()

    kept = [each.name for each in tmp_path.glob("*schema*")]
    assert kept == ["shenpi.schema-0.db"]
    copy = Store(f"sqlite:///{tmp_path / 'shenpi.schema-0.db'}")
    assert "event_actor" in str(shape(copy))
    copy.engine.dispose()


def test_a_database_of_a_newer_program_is_left_alone(pair: tuple[str, str]) -> None:
    store = opened(pair[1])
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE schema_number SET number = {SCHEMA + 1}")
    store.close()

    again = Store(pair[1])
    with refused("schema-newer", says=f"数据格式 {SCHEMA + 1}"):
        again.start()
    with refused("schema-newer"):
        again.read(require_today)
    again.engine.dispose()


def test_whoever_only_reads_does_not_change_an_old_database(pair: tuple[str, str]) -> None:
    store = Store(pair[0])

    with refused("schema-older"):
        store.read(require_today)
    store.engine.dispose()
