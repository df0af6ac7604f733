"""The whole house as lines: the same on both databases, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import shapes
from tests.databases import Databases
from tests.world import BEGIN, World, at, refused
from workflow import archive, doctor
from workflow.actions import people
from workflow.actions.seals import seal
from workflow.people import SYSTEM
from workflow.store import Store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new installation on each database."""
    if request.param == "sqlite":
        (tmp_path / "new").mkdir()
        store = Store(f"sqlite:///{tmp_path / 'new' / 'shenpi.db'}")
    else:
        copies: Databases = request.getfixturevalue("postgres_copies")
        store = Store(copies.empty(tmp_path))
    store.start()
    yield store
    store.close()


def written(store: Store) -> list[bytes]:
    return store.read(lambda connection: list(archive.lines(connection)))


def test_a_house_moves_between_databases_and_stays_the_same(world: World, empty: Store) -> None:
    world.register("hall").submitted("approval", "proposal", "minutes")
    world.store.act(seal, actor=SYSTEM, now=world.now)
    lines = written(world.store)

    empty.act(archive.load, stored=lines)

    assert written(empty) == lines
    assert empty.read(doctor.heads) == world.store.read(doctor.heads)
    assert empty.read(doctor.audit).broken is None
    World(empty).prove()


@pytest.mark.parametrize("shape", shapes.OLD)
def test_a_house_of_an_older_program_moves_into_todays_shape(world: World, empty: Store, shape: int) -> None:
    world.register("hall").submitted("approval", "proposal", "minutes")

    empty.act(archive.load, stored=shapes.as_written(shape, written(world.store)), schema=shape)

    assert empty.read(doctor.heads) == world.store.read(doctor.heads)
    World(empty).prove()


def test_a_house_that_has_moved_goes_on(world: World, empty: Store) -> None:
    world.register("hall")
    empty.act(archive.load, stored=written(world.store))

    added = empty.act(
        people.add_person, name="夏冬", staff_number="S99", password_hash="", actor=SYSTEM, now=at(BEGIN)
    )

    assert added > max(world.people.values())
    assert empty.read(doctor.audit).broken is None


def test_nothing_is_loaded_over_what_is_there(world: World) -> None:
    before = written(world.store)

    with refused("not-empty"):
        world.store.act(archive.load, stored=before)

    assert written(world.store) == before


def test_a_file_that_breaks_off_leaves_nothing_behind(world: World, empty: Store) -> None:
    world.register("hall")
    lines, before = written(world.store), written(empty)

    with pytest.raises(ValueError):
        empty.act(archive.load, stored=[*lines[:-20], lines[-20][:-9]])

    assert written(empty) == before


def test_the_heads_are_derived_from_the_events_alone(world: World) -> None:
    world.register("hall")
    rows = list(archive.rows(written(world.store)))
    place = next(number for number, (name, _) in enumerate(rows) if name == "event")
    rows[place][1]["actor_id"] = 99

    with pytest.raises(ValueError, match="校验码"):
        archive.heads(rows)
