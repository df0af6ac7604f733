"""常用语: what a person often writes as an opinion. Kept at the edge, because it is no part of any record.

Invariant: at most MOST lines, none empty, none twice; a person who keeps none has those to begin with.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, text

from workflow.errors import Invalid, reason, says
from workflow.rules import check_text
from workflow.sql import Statement
from workflow.transaction import Transaction

says(
    {
        "too-many-phrases": ("常用语超过{most}条。", "请删去不用的。"),
    }
)

MOST: Final = 30
LONGEST: Final = 60

STARTERS: Final = ("同意。", "资料齐全，拟同意。", "同意报送。", "请补正后再报。", "请按审核意见修改。")

_FIND = text("SELECT texts FROM phrases WHERE person_id = :person")
_PUT = Statement(
    text(
        "INSERT INTO phrases (person_id, texts) VALUES (:person, :texts)"
        " ON CONFLICT (person_id) DO UPDATE SET texts = excluded.texts"
    )
)


def phrases(connection: Connection, *, person: int, day: date) -> tuple[str, ...]:
    """The person's phrases in their order."""
    del day
    row = connection.execute(_FIND, {"person": person}).first()
    return tuple(row.texts.splitlines()) if row and row.texts else STARTERS


def keep_phrases(tx: Transaction, *, texts: str, actor: int, now: datetime) -> None:
    """Keep these lines as the actor's phrases, in this order; Invalid with everything that is wrong."""
    del now
    lines = tuple(dict.fromkeys(line.strip() for line in texts.splitlines() if line.strip()))
    reasons = [
        each for line in lines for each in check_text(line, "texts", f"“{line[:8]}…”", longest=LONGEST)
    ]
    if len(lines) > MOST:
        reasons.append(reason("too-many-phrases", "texts", most=MOST))
    if reasons:
        raise Invalid(*reasons)

    tx.execute(_PUT, person=actor, texts="\n".join(lines))
