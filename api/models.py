"""The tables of the edge: who is signed in, who has tried in vain, what people keep, what was examined or backed up.

The engine does not know them. Invariant: nothing in them lets anybody in: sessions, browsers and addresses
are kept under the hashes of their tokens.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Text
from sqlmodel import Field, SQLModel

_ID = BigInteger().with_variant(Integer, "sqlite")


class Session(SQLModel, table=True):
    """One sign-in. `credential` is what the person was then: another password or post ends it.

    `address` and `browser` tell its owner where it began; nobody else is shown them.
    """

    id: str = Field(primary_key=True)
    person_id: int = Field(sa_type=_ID, index=True)
    credential: str
    created_at: str
    seen_at: str
    address: str
    browser: str


class LoginFailure(SQLModel, table=True):
    """Failed attempts under one name or from one address, both kept as hashes."""

    __tablename__ = "login_failure"

    key: str = Field(primary_key=True)
    failures: int
    last_at: str
    until: str | None = None


class KnownBrowser(SQLModel, table=True):
    """A browser from which somebody has signed in before: others' wrong passwords do not make it wait."""

    __tablename__ = "known_browser"

    id: str = Field(primary_key=True)
    last_at: str


class SavedView(SQLModel, table=True):
    """A person's own name for a filtered project list; `first` is the one that their list opens with."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("saved_view_name", "person_id", "name", unique=True),)

    id: int | None = Field(default=None, sa_column=Column(_ID, primary_key=True))
    person_id: int = Field(sa_type=_ID)
    name: str
    filter: str
    first: bool = False
    at: str


class CalendarFeed(SQLModel, table=True):
    """The one address under which a person's calendar may be read, kept under the hash of its token."""

    __tablename__ = "calendar_feed"

    person_id: int = Field(sa_column=Column(_ID, primary_key=True, autoincrement=False))
    token: str = Field(unique=True)
    created_at: str


class Phrases(SQLModel, table=True):
    """A person's common phrases, one a line, in their order. Not part of any record."""

    person_id: int = Field(sa_column=Column(_ID, primary_key=True, autoincrement=False))
    texts: str = Field(sa_type=Text)


class Examination(SQLModel, table=True):
    """One examination that somebody asked for: the record's verification, or the doctor. `words` is its result."""

    __table_args__ = (Index("examination_latest", "kind", "subject", "id"),)

    id: int | None = Field(default=None, sa_column=Column(_ID, primary_key=True))
    kind: str
    subject: int = Field(default=0, sa_type=_ID)
    by_id: int = Field(sa_type=_ID)
    began_at: str
    ended_at: str | None = None
    outcome: str = ""
    words: str = Field(default="[]", sa_type=Text)


class Backup(SQLModel, table=True):
    """A backup that was written and read again: when, where, how much. `missing` papers were damaged at the source."""

    id: int | None = Field(default=None, sa_column=Column(_ID, primary_key=True))
    at: str
    place: str
    events: int
    documents: int
    missing: int
    seal: str
