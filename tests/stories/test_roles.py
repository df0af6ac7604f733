"""On PostgreSQL a service runs under a role that adds to the record and cannot change it; every other story does too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

import api.models  # noqa: F401 - the tables of all layers
import notifications.models  # noqa: F401 - as above
from api.cli import main
from tests.databases import SERVICE, PostgresCopies, as_owner
from tests.world import World, found, refused
from workflow.actions.seals import seal
from workflow.errors import NotFound
from workflow.guards import PROTECTED, grant
from workflow.people import SYSTEM
from workflow.store import Store, prepare, started

pytestmark = pytest.mark.postgres

COLUMN = {"event": "data", "definition": "text", "seal": "root"}


@pytest.fixture
def service(postgres_copies: PostgresCopies, tmp_path: Path) -> Iterator[Store]:
    """A founded bureau as its service reaches it."""
    store = Store(postgres_copies.copy(tmp_path))
    store.start()
    yield store
    store.close()


def attempt(store: Store, statement: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("table", PROTECTED)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET {column} = 'x'",
        "DROP TRIGGER {table}_append_only ON {table}",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TABLE {table} ADD COLUMN more text",
        "ALTER TABLE {table} RENAME TO other",
        "DROP TABLE {table}",
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    ],
)
def test_a_stolen_connection_of_the_service_cannot_change_the_record(
    service: Store, table: str, statement: str
) -> None:
    key = "digest" if table == "definition" else "id"
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        attempt(service, statement.format(table=table, column=COLUMN[table], key=key))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id integer)",
        "UPDATE schema_number SET number = 99",
        "ALTER TABLE project DROP COLUMN title",
        "SET session_replication_role = replica",
        "SET ROLE postgres",
    ],
)
def test_nor_anything_else_that_is_not_its_business(service: Store, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        attempt(service, statement)


def test_it_does_all_its_work(service: Store) -> None:
    world = World(service)
    world.register("hall").submitted("approval", "proposal", "minutes")

    assert service.act(seal, actor=SYSTEM, now=world.now) is not None
    world.prove()


def test_a_service_that_finds_an_older_shape_says_who_has_to_bring_it_up(
    postgres_copies: PostgresCopies, tmp_path: Path
) -> None:
    url = postgres_copies.copy(tmp_path)
    with as_owner(url) as connection:
        connection.execute(text("DROP INDEX event_by"))

    with refused("owner-only", says="shenpi grant"), started(url):
        pass

    with as_owner(url) as connection:
        prepare(connection.engine)
    with started(url):
        pass


def test_an_owner_prepares_a_new_database_for_the_service(
    postgres_copies: PostgresCopies,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    new = postgres_copies.empty(tmp_path)
    monkeypatch.setenv("SHENPI_DATABASE_URL", new)

    assert main(["grant", SERVICE, "--data", str(tmp_path)]) == 0
    assert "不能修改、删除记录" in capsys.readouterr().out
    assert main(["grant", SERVICE, "--data", str(tmp_path)]) == 0  # and again after an upgrade

    monkeypatch.setenv("SHENPI_DATABASE_URL", postgres_copies.under_service(new))
    setup = ["setup", "--organisation", "澴阳区民政局", "--name", "江慧", "--staff-number", "S1"]
    assert main([*setup, "--data", str(tmp_path)]) == 0
    assert main(["doctor", "--data", str(tmp_path)]) == 0


def test_who_cannot_be_bound_is_no_role_for_a_service(
    postgres_copies: PostgresCopies, tmp_path: Path
) -> None:
    url = postgres_copies.copy(tmp_path)
    with as_owner(url) as connection:
        owner = connection.execute(text("SELECT current_user")).scalar_one()

    with refused("role-too-strong", says=owner), as_owner(url) as connection:
        grant(connection, owner)
    with refused("role-too-strong", says=SERVICE), as_owner(url) as connection:
        connection.execute(
            text(f"ALTER TABLE seal OWNER TO {SERVICE}")
        )  # nor one that owns, and could take rights back
        grant(connection, SERVICE)
    with refused("role-not-found", kind=NotFound, says="CREATE ROLE"), as_owner(url) as connection:
        grant(connection, "nobody")

    with as_owner(url) as connection:
        connection.execute(text("INSERT INTO seal (at, upto, chains, root, hash) VALUES ('', 0, 0, '', '')"))


def test_an_sqlite_file_has_no_roles(tmp_path: Path) -> None:
    with started(f"sqlite:///{tmp_path / 'shenpi.db'}") as store, refused("roles-of-postgresql"):
        store.grant("shenpi_app")


def test_a_second_installation_in_the_same_database_has_guards_of_its_own(
    postgres_copies: PostgresCopies, tmp_path: Path
) -> None:
    first = postgres_copies.empty(tmp_path)
    with started(first), as_owner(first) as connection:
        connection.execute(text("CREATE SCHEMA second"))
    second = make_url(first).update_query_dict({"options": "-csearch_path=second"})

    with started(second.render_as_string(hide_password=False)) as store:
        found(store)
        with pytest.raises(DBAPIError, match="append-only"):
            attempt(store, "UPDATE event SET data = 'x'")
