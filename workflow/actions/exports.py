"""What leaves the house as a file leaves a trace: who took which part of the record."""

from __future__ import annotations

from datetime import datetime

from workflow.administration import RecordExported
from workflow.errors import Forbidden
from workflow.queries.audit import audited, not_an_auditor
from workflow.transaction import Transaction


def record_export(tx: Transaction, *, filter_words: str, entries: int, actor: int, now: datetime) -> None:
    """Note that part of the record was exported, by which filter and how many entries."""
    tx.lock_administration()
    if not audited(tx.directory, actor):
        raise Forbidden(not_an_auditor())
    tx.administer(RecordExported(filter_words, entries), actor=actor, at=now)
