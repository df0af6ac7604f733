"""What the database itself refuses: changing the record, and to the service's own role everything it does not need.

Invariant: whoever holds the service's address of a PostgreSQL database can add to the protected tables and read
them, and nothing else; not even take the guards off.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from workflow.errors import NotFound, Refused, reason

PROTECTED: Final = ("event", "definition", "seal")
"""Tables whose rows are never changed and never removed, by anybody."""

_SET: Final = text(
    "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE tgenabled = 'O' AND nspname = current_schema()"  # another installation may lie beside this one
)
_KNOWN: Final = text("SELECT 1 FROM pg_roles WHERE rolname = :role")
_STILL: Final = text(
    "SELECT pg_has_role(:role, relowner, 'MEMBER')"
    " OR has_table_privilege(:role, oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')"
    " FROM pg_class WHERE oid = CAST(:table AS regclass)"
)
"""Whether a role can still change rows, or as owner could give itself the right to."""

_RIGHTS: Final = (
    "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {role}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    f"REVOKE UPDATE, DELETE ON {', '.join(PROTECTED)} FROM {{role}}",
    "REVOKE INSERT, UPDATE, DELETE ON schema_number FROM {role}",
)
_SQLITE: Final = [
    f"CREATE TRIGGER IF NOT EXISTS {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
    f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
    for name in PROTECTED
    for verb in ("UPDATE", "DELETE")
]
_POSTGRESQL: Final = [
    "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$",
    *(
        f"CREATE OR REPLACE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        for name in PROTECTED
    ),
]


def set_guards(connection: Connection) -> None:
    """Make the protected tables append-only; where they are, nothing is done that only their owner may."""
    if connection.dialect.name == "sqlite":
        statements = _SQLITE
    else:
        present = set(connection.execute(_SET).scalars())
        statements = [] if present >= {f"{name}_append_only" for name in PROTECTED} else _POSTGRESQL
    for statement in statements:
        connection.exec_driver_sql(statement)


def grant(connection: Connection, role: str) -> None:
    """Give that role of the PostgreSQL server what a service needs, and take from it what else it had here.

    NotFound (role-not-found). Refused (roles-of-postgresql) on SQLite, and (role-too-strong) for a role that no
    grant binds: the tables' owner or one of its members, a superuser.
    """
    if connection.dialect.name == "sqlite":
        raise Refused(reason("roles-of-postgresql"))
    if connection.execute(_KNOWN, {"role": role}).first() is None:
        raise NotFound(reason("role-not-found", role=role))
    quote = connection.dialect.identifier_preparer.quote
    named = {"schema": quote(str(inspect(connection).default_schema_name)), "role": quote(role)}
    for statement in _RIGHTS:
        connection.exec_driver_sql(statement.format_map(named))
    if any(connection.execute(_STILL, {"role": role, "table": name}).scalar() for name in PROTECTED):
        raise Refused(reason("role-too-strong", role=role))
