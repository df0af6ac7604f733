"""What leaves the house as a file leaves a trace, and so does a return to an older copy."""

from __future__ import annotations

from datetime import datetime

from workflow.administration import OlderRestored, RecordExported
from workflow.errors import Forbidden
from workflow.people import SYSTEM
from workflow.queries.audit import audited, not_an_auditor
from workflow.transaction import Transaction


def record_export(
    tx: Transaction, *, filter_words: str, entries: int, actor: int, now: datetime, what: str = "record"
) -> None:
    """Note that part of the record, a `ledger` or the whole `house` was exported, and how much of it.

    The record is Forbidden to whoever does not audit; the system itself stands for who operates the machine.
    """
    tx.lock_administration()
    if what == "record" and actor != SYSTEM and not audited(tx.directory, actor):
        raise Forbidden(not_an_auditor())
    tx.administer(RecordExported(filter_words, entries, what), actor=actor, at=now)


def record_restoration(tx: Transaction, *, backup_at: datetime, lost: int, actor: int, now: datetime) -> None:
    """Note that a backup took the place of newer data, and how many entries were given up by it."""
    tx.lock_administration()
    tx.administer(OlderRestored(backup_at, lost), actor=actor, at=now)
