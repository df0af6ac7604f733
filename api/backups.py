"""The backups that were written: noted by the command line, shown on the health page.

Invariant: only a backup that was read again after it was written is noted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, text

from workflow.record import instant, stamp
from workflow.sql import Statement
from workflow.transaction import Transaction

_NOTE = Statement(
    text(
        "INSERT INTO backup (at, place, events, documents, missing, seal)"
        " VALUES (:at, :place, :events, :documents, :missing, :seal)"
    )
)
_LATEST = text("SELECT at, place, missing FROM backup ORDER BY id DESC LIMIT 1")


class LastBackup(Struct, frozen=True):
    """The last backup: when, where, and how many papers were missing at the source."""

    at: datetime
    place: str
    missing: int


def note(tx: Transaction, *, given: Mapping[str, Any], now: datetime) -> None:
    """Keep what the command line says of a backup that it has just written and read again."""
    tx.execute(
        _NOTE,
        at=stamp(now),
        place=str(given["place"]),
        events=int(given["events"]),
        documents=int(given["documents"]),
        missing=int(given["missing"]),
        seal=str(given["seal"]),
    )


def last_backup(connection: Connection) -> LastBackup | None:
    """The last backup that was noted."""
    row = connection.execute(_LATEST).first()
    return None if row is None else LastBackup(instant(row.at), row.place, row.missing)
