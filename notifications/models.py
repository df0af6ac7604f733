"""The tables of the outbox. The engine has never heard of them.

Invariant: a delivery is unique on (event, person, channel); it has a mail, or says why there is none.
A mail with `next_at` is on its way; one without is settled.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Text, text
from sqlmodel import Field, SQLModel

_ID = BigInteger().with_variant(Integer, "sqlite")


class Delivery(SQLModel, table=True):
    """One notice on one channel: several may share a mail; `skipped` says why there is none."""

    __table_args__ = (
        Index("delivery_once", "event_id", "person_id", "channel", unique=True),
        Index("delivery_mail", "mail_id"),
    )

    id: int | None = Field(default=None, sa_column=Column(_ID, primary_key=True))
    event_id: int = Field(sa_type=_ID)
    person_id: int = Field(sa_type=_ID)
    channel: str
    mail_id: int | None = Field(default=None, sa_type=_ID)
    skipped: str = ""
    at: str


class Mail(SQLModel, table=True):
    """One mail to one person, as it was written once and for all, and how far it has got.

    `state` is waiting, sending, sent, failed or held. `lease_no` grows with every attempt: whoever comes
    back with an old number changes nothing. `data_may_start_at` was committed before DATA: from then on, and
    until `sent`, nobody on this side knows whether a copy arrived. `phase` and `reply` are the last
    server's word, or what went wrong instead of one.
    """

    __table_args__ = (
        Index(
            "mail_due",
            "id",
            postgresql_where=text("next_at IS NOT NULL"),
            sqlite_where=text("next_at IS NOT NULL"),
        ),
        Index("mail_person", "person_id", "id"),
        Index("mail_queued", "queued_at", "person_id"),
        Index("mail_sent", "sent_at"),
        Index(
            "mail_failed",
            "id",
            postgresql_where=text("state IN ('failed', 'held')"),
            sqlite_where=text("state IN ('failed', 'held')"),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(_ID, primary_key=True))
    person_id: int = Field(sa_type=_ID)
    project_id: int = Field(default=0, sa_type=_ID)
    name: str
    address: str
    subject: str
    text: str = Field(sa_type=Text)
    html: str = Field(sa_type=Text)
    message_id: str = Field(unique=True)
    created_at: str
    queued_at: str
    state: str = "waiting"
    phase: str = ""
    attempts: int = 0
    first_tried_at: str | None = None
    next_at: str | None = None
    lease_no: int = 0
    data_may_start_at: str | None = None
    sent_at: str | None = None
    reply: str = Field(default="", sa_type=Text)
