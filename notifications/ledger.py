"""Every change to a mail's row: leased, about to start, sent, put off, failed, held, sent again.

Each function is an action for the store. Invariant: whoever leased a mail may change it only under the
number of that lease; a mail that cannot be sent becomes an incident that people see.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import text

from notifications.mailer import Failure, Fault
from notifications.message import Message
from notifications.settings import MailSettings
from workflow.actions.casework import check_administrator
from workflow.administration import IncidentResolved, MailsSentAgain
from workflow.people import SYSTEM
from workflow.record import instant, stamp
from workflow.sql import Statement
from workflow.transaction import Transaction

RETRIES = (
    *(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30)),
    *(timedelta(hours=hours) for hours in range(1, 13)),
    *(timedelta(hours=hours) for hours in range(15, 121, 3)),
)
"""When a mail that its server put off is tried again, counted from the first try (RFC 5321 §4.5.4.1)."""

GIVE_UP = RETRIES[-1]
SERVER_AGAIN = timedelta(minutes=1)
CONFIGURATION_AGAIN = timedelta(minutes=15)
"""After a refused password or certificate: asking more often would lock the account out."""

_TAKE_DUE = """
UPDATE mail SET state = 'sending', lease_no = lease_no + 1, attempts = attempts + 1, next_at = :until
WHERE id = (SELECT id FROM mail WHERE next_at IS NOT NULL AND next_at <= :now ORDER BY id LIMIT 1{lock})
AND next_at <= :now
RETURNING id, lease_no, person_id, project_id, name, address, subject, text, html, message_id, created_at,
queued_at, first_tried_at, data_may_start_at"""
_LEASE = {
    "sqlite": Statement(text(_TAKE_DUE.format(lock=""))),
    "postgresql": Statement(text(_TAKE_DUE.format(lock=" FOR UPDATE SKIP LOCKED"))),
}
_MAY_START = Statement(
    text(
        "UPDATE mail SET data_may_start_at = :now, next_at = :until"
        " WHERE id = :id AND lease_no = :lease AND state = 'sending'"
    )
)
_SENT = Statement(
    text(
        "UPDATE mail SET state = 'sent', phase = '', next_at = NULL, sent_at = :now, reply = :reply"
        " WHERE id = :id AND lease_no = :lease AND state = 'sending'"
    )
)
_FAILED = Statement(
    text(
        "UPDATE mail SET state = :state, phase = :phase, reply = :reply, next_at = :next_at,"
        " data_may_start_at = :data_may_start_at, first_tried_at = :first_tried_at"
        " WHERE id = :id AND lease_no = :lease AND state = 'sending'"
    )
)
_PUT_OFF_ALL = Statement(
    text(
        "UPDATE mail SET next_at = :until WHERE next_at IS NOT NULL AND next_at < :until AND state = 'waiting'"
    )
)
_AT_ONCE = Statement(
    text("UPDATE mail SET next_at = :now WHERE next_at IS NOT NULL AND state IN ('waiting', 'sending')")
)
_AGAIN = Statement(
    text(
        "UPDATE mail SET state = 'waiting', next_at = :now, first_tried_at = NULL, queued_at = :now,"
        " data_may_start_at = NULL WHERE id = :id AND state IN ('failed', 'held')"
    )
)
_ALL_FAILED = Statement(text("SELECT id FROM mail WHERE state IN ('failed', 'held') ORDER BY id LIMIT 1000"))
_FAILED_MAIL = Statement(
    text(
        "SELECT mail.name, mail.address, mail.subject, person.email FROM mail"
        " JOIN person ON person.id = mail.person_id WHERE mail.id = :id AND mail.state IN ('failed', 'held')"
    )
)
_READDRESS = Statement(text("UPDATE mail SET address = :address WHERE id = :id"))
_RETRIED = Statement(
    text(
        "UPDATE incident SET resolved_at = :at, resolved_by = :by WHERE resolved_at IS NULL"
        " AND code IN ('mail-failed', 'mail-ambiguous') AND substr(text, 1, :length) = :begins RETURNING id"
    )
)
_SERVER_WELL = Statement(
    text(
        "UPDATE incident SET resolved_at = :now WHERE resolved_at IS NULL"
        " AND code IN ('mail-server', 'mail-configuration') RETURNING id"
    )
)


class Leased(Struct, frozen=True):
    """A mail in the hands of one mailer, under the number of its lease."""

    id: int
    lease: int
    person: int
    project: int
    message: Message
    queued_at: datetime
    first_tried_at: str | None
    data_may_start_at: str | None

    @property
    def is_ambiguous(self) -> bool:
        """Whether an earlier attempt may have delivered it."""
        return self.data_may_start_at is not None


def lease(tx: Transaction, *, until: datetime, now: datetime) -> Leased | None:
    """Take the oldest mail that is due and in nobody's hands; None if there is none. A lease that ran out is due again.

    Mails may overtake each other all the same, as several are written and sent at once: each carries the
    Date of its notice, by which an inbox sorts them, and says if its matter has moved on since.
    """
    row = tx.execute(_LEASE[tx.dialect], now=stamp(now), until=stamp(until)).fetchone()
    if row is None:
        return None
    (
        id_,
        number,
        person,
        project,
        name,
        address,
        subject,
        text_,
        html,
        message_id,
        created,
        queued,
        first,
        data,
    ) = row
    message = Message(address, name, subject, text_, html, message_id, instant(created))
    return Leased(id_, number, person, project, message, instant(queued), first, data)


def may_start(tx: Transaction, *, mail: Leased, until: datetime, now: datetime) -> bool:
    """Commit that DATA may start; False if the lease is no longer ours."""
    changed = tx.execute(_MAY_START, id=mail.id, lease=mail.lease, until=stamp(until), now=stamp(now))
    return changed.rowcount == 1


def sent(tx: Transaction, *, mail: Leased, reply: str, now: datetime) -> bool:
    """Record the server's acceptance; False if somebody else has taken the mail over."""
    return tx.execute(_SENT, id=mail.id, lease=mail.lease, reply=reply, now=stamp(now)).rowcount == 1


def failed(tx: Transaction, *, mail: Leased, failure: Failure, settings: MailSettings, now: datetime) -> str:
    """Record a failed attempt and what follows from it; the state the mail is in now.

    A fault of the server puts off every waiting mail and counts against none of them.
    """
    first = mail.first_tried_at or (None if failure.is_the_servers else stamp(now))
    state, again = _what_follows(mail, failure, first, settings, now)
    if failure.is_ambiguous:
        data_may_start_at: str | None = stamp(now)
    else:
        data_may_start_at = mail.data_may_start_at
    changed = tx.execute(
        _FAILED,
        id=mail.id,
        lease=mail.lease,
        state=state,
        phase=failure.phase.value,
        reply=failure.text,
        next_at=stamp(again) if again else None,
        data_may_start_at=data_may_start_at,
        first_tried_at=first,
    )
    if changed.rowcount != 1:
        return "taken"
    if failure.is_the_servers and again:
        tx.execute(_PUT_OFF_ALL, until=stamp(again))
    _report(tx, mail, failure, state, now)
    return state


def _what_follows(
    mail: Leased, failure: Failure, first: str | None, settings: MailSettings, now: datetime
) -> tuple[str, datetime | None]:
    if failure.is_ambiguous and settings.ambiguous == "hold":
        return "held", None
    if failure.fault is Fault.PERMANENT:
        return "failed", None
    if failure.is_the_servers:
        again = now + (CONFIGURATION_AGAIN if failure.fault is Fault.CONFIGURATION else SERVER_AGAIN)
        return ("waiting", again) if now - mail.queued_at < GIVE_UP else ("failed", None)
    following = next_try(instant(first) if first else now, now)
    return ("waiting", following) if following else ("failed", None)


def next_try(first: datetime, now: datetime) -> datetime | None:
    """When a mail first tried at `first` is tried again; None when it has been tried for five days."""
    return next((first + offset for offset in RETRIES if first + offset > now), None)


def hold(tx: Transaction, *, mail: Leased, now: datetime) -> None:
    """Set a mail aside of which a crash has left nobody knowing whether it arrived."""
    text_ = "上次发送中断，不能确定对方是否已收到"
    tx.execute(
        _FAILED,
        id=mail.id,
        lease=mail.lease,
        state="held",
        phase="data",
        reply=text_,
        next_at=None,
        data_may_start_at=mail.data_may_start_at,
        first_tried_at=mail.first_tried_at,
    )
    tx.raise_incident(code="mail-ambiguous", text_=_about(mail, text_), project=mail.project, at=now)


def _report(tx: Transaction, mail: Leased, failure: Failure, state: str, now: datetime) -> None:
    if state == "failed":
        tx.raise_incident(code="mail-failed", text_=_about(mail, failure.text), project=mail.project, at=now)
    elif state == "held":
        tx.raise_incident(
            code="mail-ambiguous", text_=_about(mail, failure.text), project=mail.project, at=now
        )
    elif failure.fault is Fault.CONFIGURATION:
        text_ = f"邮件服务器拒绝本系统：{failure.text}。邮件已保留，请核对邮件设置。"
        tx.raise_incident(code="mail-configuration", text_=text_, at=now)
    elif failure.fault is Fault.UNREACHABLE:
        text_ = "邮件服务器连接不上。邮件已保留，恢复后自动发出；请检查网络和邮件服务器。"
        tx.raise_incident(code="mail-server", text_=text_, at=now)


def _about(mail: Leased, why: str) -> str:
    return f"{_subject_of(mail.message.name, mail.message.address, mail.message.subject)}：{why}"


def _subject_of(name: str, address: str, subject: str) -> str:
    return f"给{name}（{address}）的邮件“{subject}”未能送达"


def server_well(tx: Transaction, *, now: datetime) -> None:
    """A mail went through: what was reported of the server is over, and the record says so."""
    for (incident,) in tx.execute(_SERVER_WELL, now=stamp(now)).fetchall():
        tx.administer(IncidentResolved(incident, "邮件已恢复发送"), actor=SYSTEM, at=now)


def try_at_once(tx: Transaction, *, now: datetime) -> int:
    """Make every mail on its way due now, and say how many there are.

    For when the settings have changed, and at the start of a store that only one process may open: there
    every lease is an orphan.
    """
    return tx.execute(_AT_ONCE, now=stamp(now)).rowcount


def send_again(tx: Transaction, *, mail: int, now: datetime) -> bool:
    """Put a failed or held mail back into the queue, under its old Message-ID; False if it is neither."""
    return tx.execute(_AGAIN, id=mail, now=stamp(now)).rowcount == 1


def deliver_again(tx: Transaction, *, mails: Sequence[int], actor: int, now: datetime) -> int:
    """Put failed mails back into the queue, each to the address its person has today; how many there were.

    By an administrator. Without `mails`: all that failed. Their incidents are closed with that.
    """
    check_administrator(tx, actor)
    chosen = tuple(mails) or tuple(row[0] for row in tx.execute(_ALL_FAILED).fetchall())
    again = []
    for mail in chosen:
        row = tx.execute(_FAILED_MAIL, id=mail).fetchone()
        if row is None or not row[3]:
            continue
        tx.execute(_READDRESS, id=mail, address=row[3])
        send_again(tx, mail=mail, now=now)
        again.append(mail)
        about = _subject_of(row[0], row[1], row[2])
        said = {"begins": about, "length": len(about), "at": stamp(now), "by": actor}
        for (incident,) in tx.execute(_RETRIED, **said).fetchall():
            tx.administer(IncidentResolved(incident, "已重新投递"), actor=actor, at=now)
    if again:
        tx.administer(MailsSentAgain(tuple(again)), actor=actor, at=now)
    return len(again)
