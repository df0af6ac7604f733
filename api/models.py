"""The tables of the edge: who is signed in, who has tried in vain, what was examined. The engine does not know them.

Invariant: nothing in them lets anybody in: a session is kept under the hash of its token.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Text
from sqlmodel import Field, SQLModel

_ID = BigInteger().with_variant(Integer, "sqlite")


class Session(SQLModel, table=True):
    """One sign-in. `credential` is what the person was then: another password or post ends it."""

    id: str = Field(primary_key=True)
    person_id: int = Field(sa_type=_ID, index=True)
    credential: str
    created_at: str
    seen_at: str


class LoginFailure(SQLModel, table=True):
    """Failed attempts under one name or from one address, both kept as hashes."""

    __tablename__ = "login_failure"

    key: str = Field(primary_key=True)
    failures: int
    last_at: str
    until: str | None = None


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
