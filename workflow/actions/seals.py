"""Sealing: all heads of all chains hashed into one, from time to time, and the seals chained in turn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from workflow.record import START, root_of, seal_hash, stamp
from workflow.sql import Statement
from workflow.transaction import Transaction

_LAST_EVENT = Statement(text("SELECT max(id) FROM event"))
_LAST_SEAL = Statement(text("SELECT upto, hash FROM seal ORDER BY id DESC LIMIT 1"))
_HEADS = Statement(
    text(
        "SELECT id, head FROM project UNION ALL SELECT 0, head FROM administration WHERE head <> '' ORDER BY 1"
    )
)
_INSERT = Statement(
    text("INSERT INTO seal (at, upto, chains, root, hash) VALUES (:at, :upto, :chains, :root, :hash)")
)
_NO_WRITERS = Statement(text("LOCK TABLE administration, project IN SHARE MODE"))
"""Nobody is between an event and its commit: its head is written first, in one of these. To lock `event` itself takes
a right to change it."""


def seal(tx: Transaction, *, actor: int, now: datetime) -> str | None:  # noqa: ARG001 - as every use case
    """Hash all heads into one and chain it to the seal before. Returns its hash; None if nothing happened since.

    Whoever keeps that hash outside can later prove that nothing recorded before it was rewritten.
    """
    if tx.dialect == "postgresql":
        tx.execute(_NO_WRITERS)
    upto = tx.execute(_LAST_EVENT).fetchone()[0]
    before = tx.execute(_LAST_SEAL).fetchone()
    if upto is None or (before is not None and before[0] == upto):
        return None
    heads = tx.execute(_HEADS).fetchall()
    at, root = stamp(now), root_of(heads)
    hashed = seal_hash(before[1] if before else START, at, upto, len(heads), root)
    tx.execute(_INSERT, at=at, upto=upto, chains=len(heads), root=root, hash=hashed)
    return hashed
