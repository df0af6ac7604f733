"""Doing a command once: a repeated request gets the first answer, and nothing happens a second time.

Invariant: the answer is written in the transaction of what it answers; a refusal leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec
from sqlalchemy import text

from workflow.errors import Invalid, reason, says
from workflow.record import stamp
from workflow.sql import Statement
from workflow.transaction import Transaction

says(
    {
        "command-id-reused": (
            "同一次操作已经办过，这次的内容与上次不同，没有再办。",
            "请先看现在的情况；仍要办理的，再提交一次。",
        ),
        "command-id-malformed": ("操作编号须为1至100个字符。", "请使用随机编号，如UUID。"),
    }
)

LONGEST: Final = 100
PLACE: Final = "Idempotency-Key"

_FIND = Statement(text("SELECT digest, answer FROM command WHERE id = :id"))
_INSERT = Statement(
    text(
        "INSERT INTO command (id, actor_id, digest, answer, at) VALUES (:id, :actor_id, :digest, :answer, :at)"
    )
)
_FORGET = Statement(text("DELETE FROM command WHERE at < :before"))
_ENCODER = msgspec.json.Encoder(order="deterministic", enc_hook=str)


def run_once(
    tx: Transaction,
    *,
    command: str,
    action: Callable[..., Any],
    arguments: Mapping[str, Any],
    actor: int,
    now: datetime,
    drawn: Mapping[str, Any] | None = None,
) -> Any:
    """Run `action(tx, **arguments, **drawn, actor, now)`, or answer what it answered to this command before.

    `drawn` are values that the edge drew for this attempt (a new reference): they do not make it another
    command. Invalid (command-id-reused) if the same actor used the id for something else.
    """
    if not 0 < len(command) <= LONGEST:
        raise Invalid(reason("command-id-malformed", PLACE))
    key = f"{actor}:{command}"
    digest = sha256(
        f"{action.__module__}.{action.__qualname__}\n".encode() + _ENCODER.encode(arguments)
    ).hexdigest()
    row = tx.execute(_FIND, id=key).fetchone()
    if row is not None and row[0] != digest:
        raise Invalid(reason("command-id-reused", PLACE))
    if row is not None:
        return msgspec.json.decode(row[1])

    answer = action(tx, **arguments, **(drawn or {}), actor=actor, now=now)
    tx.execute(
        _INSERT, id=key, actor_id=actor, digest=digest, answer=_ENCODER.encode(answer).decode(), at=stamp(now)
    )
    return answer


def forget_commands(tx: Transaction, *, older_than: timedelta, actor: int, now: datetime) -> None:
    """Remove the answers that nobody will ask for again."""
    del actor
    tx.execute(_FORGET, before=stamp(now - older_than))
