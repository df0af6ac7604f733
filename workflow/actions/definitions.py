"""Publishing a definition: proved first, then available for ever under its digest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text as sql

from workflow.actions.casework import check_administrator, refuse
from workflow.administration import DefinitionPublished
from workflow.errors import Invalid, Reason, reason
from workflow.failpoints import reach
from workflow.loader import load
from workflow.machine import Compiled
from workflow.record import stamp
from workflow.sql import Statement
from workflow.transaction import Transaction

_PUBLISHED = Statement(sql("SELECT digest FROM definition WHERE type = :type AND version = :version"))
_INSERT = Statement(
    sql(
        "INSERT INTO definition (digest, type, version, title, text, published_at)"
        " VALUES (:digest, :type, :version, :title, :text, :published_at)"
    )
)


def publish(tx: Transaction, *, text: str, name: str, actor: int, now: datetime) -> str:
    """Make a version of a project type available; running projects keep theirs. Returns its digest.

    The same text again changes nothing. Invalid with every finding of a faulty file; Refused if the
    version exists with another text: a published version never changes.
    """
    check_administrator(tx, actor)
    loaded = load(text, name)
    definition = loaded.definition
    if definition is None:
        raise Invalid(
            *(
                Reason(each.code, each.message, place=f"{each.file}:{each.line}:{each.column}")
                for each in loaded.findings
            )
        )
    Compiled(definition)
    found = tx.execute(_PUBLISHED, type=definition.type, version=definition.version).fetchone()
    if found is not None and found[0] == definition.digest:
        return definition.digest
    if found is not None:
        refuse([reason("version-published", name, type=definition.type, version=definition.version)])

    tx.execute(
        _INSERT,
        digest=definition.digest,
        type=definition.type,
        version=definition.version,
        title=definition.title,
        text=text,
        published_at=stamp(now),
    )
    reach("publish.stored")
    event = DefinitionPublished(definition.type, definition.version, definition.digest)
    tx.administer(event, actor=actor, at=now)
    return definition.digest
