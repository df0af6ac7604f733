"""The address of a person's calendar: one at a time, long and random, made anew or revoked by its owner.

Invariant: the database holds no address that could be used; an inactive person has none.
"""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import Connection, text

from workflow.record import stamp
from workflow.sql import Statement
from workflow.transaction import Transaction

_OWNER = text(
    "SELECT calendar_feed.person_id FROM calendar_feed JOIN person ON person.id = calendar_feed.person_id"
    " WHERE calendar_feed.token = :token AND person.active"
)
_SINCE = text("SELECT created_at FROM calendar_feed WHERE person_id = :person")
_PUT = Statement(
    text(
        "INSERT INTO calendar_feed (person_id, token, created_at) VALUES (:person_id, :token, :now)"
        " ON CONFLICT (person_id) DO UPDATE SET token = excluded.token, created_at = excluded.created_at"
    )
)
_DELETE = Statement(text("DELETE FROM calendar_feed WHERE person_id = :person_id"))


def digest_of(token: str) -> str:
    """Under what an address with that token is kept."""
    return sha256(f"calendar:{token}".encode(errors="replace")).hexdigest()


def owner(connection: Connection, *, token: str) -> int:
    """Whose calendar is kept under that hash; 0 if nobody's, or of somebody who is not active any more."""
    found = connection.execute(_OWNER, {"token": token}).scalar()
    return int(found or 0)


def given_at(connection: Connection, *, person: int, day: date) -> str:
    """Since when the person has an address, as a stored instant; empty without one."""
    del day
    return str(connection.execute(_SINCE, {"person": person}).scalar() or "")


def give_address(tx: Transaction, *, token: str, actor: int, now: datetime) -> str:
    """Let the actor's calendar be read under that hash, and under no earlier one; answers the hash."""
    tx.execute(_PUT, person_id=actor, token=token, now=stamp(now))
    return token


def revoke_address(tx: Transaction, *, actor: int, now: datetime) -> None:
    """Let nobody read the actor's calendar any more."""
    del now
    tx.execute(_DELETE, person_id=actor)
