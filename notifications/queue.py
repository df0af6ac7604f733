"""The queue of mails: how many wait, how many went out, which failed and why; for one person, what never reached them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, text

from workflow.record import stamp

PAGE = 50

_STATE = text(
    "SELECT (SELECT count(*) FROM notice WHERE open) AS notices,"
    " (SELECT count(*) FROM mail WHERE next_at IS NOT NULL) AS waiting,"
    " (SELECT min(queued_at) FROM mail WHERE next_at IS NOT NULL) AS oldest,"
    " (SELECT count(*) FROM mail WHERE sent_at >= :since) AS sent,"
    " (SELECT max(sent_at) FROM mail) AS last_sent,"
    " (SELECT count(*) FROM mail WHERE state IN ('failed', 'held')) AS failed"
)
_TROUBLED = text(
    "SELECT mail.id, mail.person_id, mail.name, mail.address, mail.subject, mail.state, mail.phase, mail.attempts,"
    " mail.created_at, mail.next_at, mail.reply, coalesce(person.email, '') FROM mail"
    " LEFT JOIN person ON person.id = mail.person_id WHERE mail.id < :before AND (mail.state IN ('failed', 'held')"
    " OR (mail.next_at IS NOT NULL AND mail.attempts > 0)) ORDER BY mail.id DESC LIMIT :limit"
)
_UNDELIVERED = text(
    "SELECT count(*) OVER () AS number, address, reply FROM mail"
    " WHERE person_id = :person AND state IN ('failed', 'held') ORDER BY id DESC LIMIT 1"
)


class QueueState(Struct, frozen=True):
    """How the queue stands. `oldest` is since when the oldest mail waits; instants as they are stored."""

    notices: int
    waiting: int
    oldest: str | None
    sent: int
    last_sent: str | None
    failed: int


class Troubled(Struct, frozen=True):
    """A mail that did not go through, with its server's last word and the address its person has today."""

    id: int
    person: int
    name: str
    address: str
    subject: str
    state: str
    phase: str
    attempts: int
    created_at: str
    next_at: str | None
    reply: str
    email: str


class Undelivered(Struct, frozen=True):
    """How many mails to a person failed or may have; where the latest was to go, and its server's last word."""

    number: int
    address: str
    reply: str


def queue_state(connection: Connection, *, since: datetime) -> QueueState:
    """How the queue stands; `since` is when today began."""
    return QueueState(*connection.execute(_STATE, {"since": stamp(since)}).one())


def troubled(connection: Connection, *, before: int = 0) -> tuple[tuple[Troubled, ...], int]:
    """Mails that failed, are held, or are being tried again, newest first; and where the next page begins."""
    position: dict[str, Any] = {"before": before or 2**62, "limit": PAGE + 1}
    rows = connection.execute(_TROUBLED, position).all()
    items = tuple(Troubled(*row) for row in rows[:PAGE])
    return items, items[-1].id if len(rows) > PAGE else 0


def undelivered(connection: Connection, *, person: int) -> Undelivered | None:
    """What is not known to have reached that person and is not tried again; None if there is nothing."""
    row = connection.execute(_UNDELIVERED, {"person": person}).one_or_none()
    return Undelivered(*row) if row else None
