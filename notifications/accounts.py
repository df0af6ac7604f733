"""Mails to a person about their own account: that somebody has changed its password or its address.

Invariant: written in the transaction of the change, to the address of before; it names neither of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import text

from notifications import outbox
from notifications.message import Message, check_address
from notifications.render import render
from notifications.settings import MailSettings
from notifications.wording import moment
from workflow.clock import local_day
from workflow.people import PersonView
from workflow.sql import Statement
from workflow.transaction import Transaction

Changed = Literal["password", "address"]

SESSIONS_PATH = "/sessions"

_LATEST = Statement(
    text("SELECT state FROM mail WHERE person_id = :person AND address = :address ORDER BY id DESC LIMIT 1")
)
_CHANGE = Statement(text("SELECT seq, head FROM administration WHERE id = 1"))


def tell(
    tx: Transaction,
    *,
    person: PersonView,
    changed: Changed,
    settings: MailSettings,
    actor: int,
    now: datetime,
) -> None:
    """Tell whose account it is, as they were before, of the change just recorded.

    Nobody without an address, nor at one whose latest mail has failed: often that is why it is changed.
    """
    try:
        address = check_address(person.email)
    except ValueError:
        return
    latest = tx.execute(_LATEST, person=person.id, address=address).fetchone()
    if latest is not None and latest[0] == "failed":
        return
    by_owner = actor == person.id
    by = "您本人" if by_owner else f"管理员{tx.directory.name(actor)}"
    said = {"时间": moment(now, local_day(now)), "更改": by}
    about = {
        "by_owner": by_owner,
        "rows": [{"label": label, "value": value, "light": None} for label, value in said.items()],
        "link": settings.base_url.rstrip("/") + SESSIONS_PATH,
    }
    written = render(f"{changed}_changed", {**outbox.plain(settings), **about})
    seq, head = tx.execute(_CHANGE).fetchone()
    message = Message(
        address=address,
        name=person.name,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=f"<{changed}.{seq}.{head[:16]}@{settings.domain}>",
        at=now,
    )
    outbox.queue(tx, message, person=person.id, now=now)
