"""The tables. Columns, keys and indexes only; nothing clever, and nothing here moves a project.

Instants are ISO-8601 UTC text and days ISO text on every database: the very bytes that are hashed.
`project.body` is the fold of the project's events; every other row of a project is its projection,
there so that lists and the clock need not open bodies.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Text, text
from sqlmodel import Field, SQLModel

_ID = BigInteger().with_variant(Integer, "sqlite")


_BY_KEY = {"sqlite_with_rowid": False}
"""Rows that are found by their key alone lie in its order on SQLite: one tree to write instead of two."""


def _key(**options: object) -> "Column[int]":
    return Column(_ID, primary_key=True, **options)  # type: ignore[arg-type]


class Organisation(SQLModel, table=True):
    """A node of the tree: a bureau, a section, a subordinate unit. `path` is /1/4/9/."""

    id: int | None = Field(default=None, sa_column=_key())
    parent_id: int | None = Field(default=None, sa_type=_ID)
    name: str
    region: str = ""
    path: str = Field(default="", index=True)
    active: bool = True


class Person(SQLModel, table=True):
    """A person, once: separation of duties is by person, never by account or post."""

    id: int | None = Field(default=None, sa_column=_key())
    staff_number: str = Field(unique=True)
    name: str
    email: str = ""
    password_hash: str = ""
    active: bool = True


class GivenPassword(SQLModel, table=True):
    """A person whose password somebody else has set: they choose their own before anything else."""

    __tablename__ = "given_password"

    person_id: int = Field(sa_column=_key(autoincrement=False))


class Post(SQLModel, table=True):
    """What a person is in an organisation; `title` is what the post is called there."""

    __table_args__ = (Index("post_holder", "organisation_id", "key", "person_id", unique=True),)

    id: int | None = Field(default=None, sa_column=_key())
    organisation_id: int = Field(sa_type=_ID)
    person_id: int = Field(sa_type=_ID, index=True)
    key: str
    title: str = ""


class Delegation(SQLModel, table=True):
    """Acting for somebody, from one day to another, both included."""

    id: int | None = Field(default=None, sa_column=_key())
    from_id: int = Field(sa_type=_ID)
    to_id: int = Field(sa_type=_ID, index=True)
    starts_on: str
    ends_on: str
    reason: str = ""
    ended: bool = False


class DefinitionText(SQLModel, table=True):
    """A published definition: its text, for ever."""

    __tablename__ = "definition"
    __table_args__ = (Index("definition_version", "type", "version", unique=True),)

    digest: str = Field(primary_key=True)
    type: str
    version: int
    title: str
    text: str = Field(sa_type=Text)
    published_at: str


class CalendarYear(SQLModel, table=True):
    """A loaded calendar year, as the text it was loaded from."""

    __tablename__ = "calendar_year"

    year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    status: str
    text: str = Field(sa_type=Text)
    loaded_at: str


class Administration(SQLModel, table=True):
    """The head of the administration's own chain (project 0). Its `seq` says whether caches are fresh."""

    id: int = Field(default=1, primary_key=True)
    seq: int = 0
    head: str = ""


class Project(SQLModel, table=True):
    """One project: its head, the fold of its events, and what lists sort and filter by.

    `project_facets` holds all of the latter, so that counting a list never passes over bodies; `project_validity` has
    only those with a reply that runs out.
    """

    __table_args__ = (
        Index("project_list", "organisation_id", "id"),
        Index(
            "project_facets",
            "organisation_id",
            "state",
            "phase",
            "type",
            "clerk_id",
            "own_warn_on",
            "own_due_on",
            "outside_warn_on",
            "outside_due_on",
            "valid_warn_on",
            "valid_due_on",
            "title",
            "code",
        ),
        Index("project_code", "code"),
        Index("project_version", "digest", "organisation_id", "state"),
        Index("project_parent", "parent_id"),
        Index(
            "project_validity",
            "organisation_id",
            "valid_warn_on",
            "valid_due_on",
            postgresql_where=text("valid_warn_on IS NOT NULL"),
            sqlite_where=text("valid_warn_on IS NOT NULL"),
        ),
        Index(
            "project_waiting",
            "waits_for",
            postgresql_where=text("waits_for <> ''"),
            sqlite_where=text("waits_for <> ''"),
        ),
        Index(
            "project_waiting_for_several",
            "waits_for",
            postgresql_where=text("waits_for LIKE '%,,%'"),
            sqlite_where=text("waits_for LIKE '%,,%'"),
        ),
    )

    id: int | None = Field(default=None, sa_column=_key())
    ref: str = Field(unique=True)
    seq: int
    head: str
    digest: str
    type: str
    code: str
    title: str
    organisation_id: int = Field(sa_type=_ID)
    clerk_id: int = Field(sa_type=_ID)
    parent_id: int = Field(default=0, sa_type=_ID)
    state: str
    phase: str = ""
    own_warn_on: str | None = None
    own_due_on: str | None = None
    outside_warn_on: str | None = None
    outside_due_on: str | None = None
    valid_warn_on: str | None = None
    valid_due_on: str | None = None
    waits_for: str = ""
    updated_at: str
    body: str = Field(sa_type=Text)


class StageRow(SQLModel, table=True):
    """Where a stage stands, for lists and for the sweep: `next_at` is its next rung or opening.

    Where a clock runs, `stage_clock` lists and counts what is late by the project's organisation, which never changes.
    """

    __tablename__ = "stage"
    __table_args__ = (
        Index(
            "stage_due",
            "next_at",
            postgresql_where=text("next_at IS NOT NULL"),
            sqlite_where=text("next_at IS NOT NULL"),
        ),
        Index(
            "stage_clock",
            "organisation_id",
            "outside",
            "due_on",
            "project_id",
            "key",
            "warn_on",
            postgresql_where=text("due_on IS NOT NULL"),
            sqlite_where=text("due_on IS NOT NULL"),
        ),
        _BY_KEY,
    )

    project_id: int = Field(sa_column=Column(_ID, primary_key=True, autoincrement=False))
    key: str = Field(primary_key=True)
    state: str
    turn: int
    since: str | None = None
    warn_on: str | None = None
    due_on: str | None = None
    outside: bool = False
    next_at: str | None = None
    organisation_id: int = Field(sa_type=_ID)


class Task(SQLModel, table=True):
    """One thing that waits for one person. A delegate finds it through the delegation.

    `task_person` says of a person's tasks by itself in which organisation's projects they are; `task_ordered`
    lists the few that are to answer an order.
    """

    __table_args__ = (
        Index("task_person", "person_id", "due_on", "project_id", "organisation_id"),
        Index(
            "task_ordered",
            "due_on",
            "project_id",
            "stage",
            "organisation_id",
            "person_id",
            postgresql_where=text("what = 'order.'"),
            sqlite_where=text("what = 'order.'"),
        ),
        _BY_KEY,
    )

    project_id: int = Field(sa_column=Column(_ID, primary_key=True, autoincrement=False))
    stage: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    person_id: int = Field(sa_column=Column(_ID, primary_key=True, autoincrement=False))
    since: str
    due_on: str | None = None
    organisation_id: int = Field(sa_type=_ID)


class PaperRow(SQLModel, table=True):
    """One version of a document; rows are only ever added. `next_at` is the next validity rung."""

    __tablename__ = "paper"
    __table_args__ = (
        Index(
            "paper_due",
            "next_at",
            postgresql_where=text("next_at IS NOT NULL"),
            sqlite_where=text("next_at IS NOT NULL"),
        ),
        Index("paper_file", "sha256"),
        _BY_KEY,
    )

    project_id: int = Field(sa_column=Column(_ID, primary_key=True, autoincrement=False))
    document: str = Field(primary_key=True)
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    sha256: str = ""
    name: str = ""
    size: int = Field(default=0, sa_type=_ID)
    media: str = ""
    number: str = ""
    by_id: int = Field(default=0, sa_type=_ID)
    at: str
    next_at: str | None = None


class EventRow(SQLModel, table=True):
    """An immutable fact. The database itself refuses UPDATE and DELETE; `project_id` 0 is administration."""

    __tablename__ = "event"
    __table_args__ = (
        Index("event_chain", "project_id", "seq", unique=True),
        Index("event_by", "actor_id", "at", "id"),
        Index("event_at", "at", "id"),
    )

    id: int | None = Field(default=None, sa_column=_key())
    project_id: int = Field(sa_type=_ID)
    seq: int
    at: str
    actor_id: int = Field(sa_type=_ID)
    data: str = Field(sa_type=Text)
    hash: str


class Seal(SQLModel, table=True):
    """All heads at one moment, hashed together and chained: what an outsider may keep.

    `upto` is the last event it covers, `chains` how many heads went into `root`.
    """

    id: int | None = Field(default=None, sa_column=_key())
    at: str
    upto: int = Field(sa_type=_ID)
    chains: int
    root: str
    hash: str


class Notice(SQLModel, table=True):
    """A message that an event causes for one person: the in-app inbox, and the outbox of every channel.

    `open` until the channels have taken it over; it is unique on (event, person).
    """

    __table_args__ = (
        Index("notice_once", "event_id", "person_id", unique=True),
        Index("notice_open", "id", postgresql_where=text("open"), sqlite_where=text("open")),
        Index("notice_person", "person_id", "id"),
    )

    id: int | None = Field(default=None, sa_column=_key())
    event_id: int = Field(sa_type=_ID)
    project_id: int = Field(sa_type=_ID)
    person_id: int = Field(sa_type=_ID)
    kind: str
    at: str
    open: bool = True


class Command(SQLModel, table=True):
    """The first answer to a command id, so that a repeat changes nothing."""

    id: str = Field(primary_key=True)
    actor_id: int = Field(sa_type=_ID)
    digest: str
    answer: str = Field(sa_type=Text)
    at: str


class Incident(SQLModel, table=True):
    """Something stuck that needs a person: seen on the health page until it is resolved."""

    __table_args__ = (
        Index(
            "incident_open",
            "id",
            postgresql_where=text("resolved_at IS NULL"),
            sqlite_where=text("resolved_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=_key())
    project_id: int = Field(default=0, sa_type=_ID)
    stage: str = ""
    code: str
    text: str = Field(sa_type=Text)
    at: str
    resolved_at: str | None = None
    resolved_by: int = Field(default=0, sa_type=_ID)


class SchemaNumber(SQLModel, table=True):
    """The number of the shape that this database has: one row."""

    __tablename__ = "schema_number"

    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))


SCHEMA = 4
"""The number of this shape: of all tables, and of the states that `evolve` folds, which are folded anew when it grows.

Whoever changes a table adds the step to `workflow.migrations`.
"""

METADATA = SQLModel.metadata
"""Every table: those above, and those that channels and the edge add to them when they are imported."""
