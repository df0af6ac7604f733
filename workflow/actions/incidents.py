"""Settling incidents: whatever got stuck stays visible until somebody says how it was put right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from workflow import rules
from workflow.actions.casework import Casework, check_administrator, refuse
from workflow.administration import IncidentResolved
from workflow.errors import NotFound, reason
from workflow.record import stamp
from workflow.sql import Statement
from workflow.transaction import Transaction

_RESOLVE = Statement(
    text(
        "UPDATE incident SET resolved_at = :at, resolved_by = :by WHERE id = :id AND resolved_at IS NULL"
        " RETURNING project_id, stage"
    )
)


def resolve_incident(tx: Transaction, *, incident: int, how: str, actor: int, now: datetime) -> None:
    """Close an incident, saying how. What nobody held is offered to whoever holds its post now; what still stands still
    is an incident again.
    """
    check_administrator(tx, actor)
    refuse(rules.check_text(how, "how", "处理说明", required=True))
    row = tx.execute(_RESOLVE, id=incident, at=stamp(now), by=actor).fetchone()
    if row is None:
        raise NotFound(reason("incident-not-found"))

    tx.administer(IncidentResolved(incident, how.strip()), actor=actor, at=now)
    project, stage = row
    if project:
        Casework(tx, tx.project_by_id(project), actor=actor, now=now).call_again(stage)
