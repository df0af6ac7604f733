"""The mailbox of the demo, which delivers by keeping; and what pages may ask about mails.

Invariant: the demo's mails go through the very same outbox; only the last few metres are missing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, text

from notifications.mailer import MayStart
from notifications.message import Message

KEPT = "演示邮箱"
"""What stands in the place of a server's reply."""

_COLUMNS = (
    "id, person_id, project_id, name, address, subject, text, html, message_id, created_at, state, phase,"
    " attempts, next_at, sent_at, reply"
)
_MAILS = text(f"SELECT {_COLUMNS} FROM mail WHERE id < :before ORDER BY id DESC LIMIT :limit")  # noqa: S608 - our own text
_MAILS_OF = text(
    f"SELECT {_COLUMNS} FROM mail WHERE person_id = :person AND id < :before ORDER BY id DESC LIMIT :limit"  # noqa: S608
)
_MAIL = text(f"SELECT {_COLUMNS} FROM mail WHERE id = :id")  # noqa: S608


class LocalMailbox:
    """A mailer that keeps every mail where it is."""

    @asynccontextmanager
    async def line(self) -> AsyncIterator[LocalMailbox]:
        """Itself: there is nothing to connect to."""
        yield self

    async def send(self, message: Message, may_start: MayStart) -> str:
        """Count the mail as delivered."""
        del message
        await may_start()
        return KEPT


class MailView(Struct, frozen=True):
    """A mail as pages show it."""

    id: int
    person_id: int
    project_id: int
    name: str
    address: str
    subject: str
    text: str
    html: str
    message_id: str
    created_at: str
    state: str
    phase: str
    attempts: int
    next_at: str | None
    sent_at: str | None
    reply: str


def mails(
    connection: Connection, *, person: int | None = None, before: int | None = None, limit: int = 50
) -> list[MailView]:
    """The latest mails, newest first: of one person or of everybody; `before` is the last id already seen."""
    position = {"before": before or 2**62, "limit": limit}
    if person is None:
        return [_view(row) for row in connection.execute(_MAILS, position)]
    return [_view(row) for row in connection.execute(_MAILS_OF, {**position, "person": person})]


def mail(connection: Connection, *, id: int) -> MailView | None:  # noqa: A002 - the column's name
    """That mail, or None."""
    row = connection.execute(_MAIL, {"id": id}).one_or_none()
    return _view(row) if row else None


def _view(row: Row[Any]) -> MailView:
    return MailView(**dict(row._mapping))  # noqa: SLF001 - the public name of a row's columns
