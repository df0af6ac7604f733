"""Events of the administration's own chain: people, posts, delegations, definitions, calendar, incidents, exports,
restorations.

Invariant: whatever decides who may do what, or how time is counted, changes only with such an event.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from msgspec import Struct


class OrganisationAdded(Struct, frozen=True, tag="organisation.added"):
    """A bureau, section or subordinate unit was entered."""

    organisation: int
    name: str
    parent: int
    region: str = ""


class OrganisationChanged(Struct, frozen=True, tag="organisation.changed", omit_defaults=True):
    """A unit was renamed, disabled or enabled, or its region corrected; `name` and `region` are what holds from now on."""

    organisation: int
    what: str
    name: str = ""
    region: str = ""


class PersonAdded(Struct, frozen=True, tag="person.added"):
    """A person was entered. Passwords and addresses are not part of the record."""

    person: int
    name: str
    staff_number: str


class PersonChanged(Struct, frozen=True, tag="person.changed", omit_defaults=True):
    """A person was renamed, disabled or enabled, or given another password or address."""

    person: int
    what: str
    name: str = ""


class PostGranted(Struct, frozen=True, tag="post.granted"):
    """A person took a post."""

    person: int
    organisation: int
    key: str
    title: str


class PostRevoked(Struct, frozen=True, tag="post.revoked"):
    """A person left a post."""

    person: int
    organisation: int
    key: str


class DelegationGiven(Struct, frozen=True, tag="delegation.given"):
    """A person lets another act for them, from one day to another."""

    principal: int
    agent: int
    starts_on: date
    ends_on: date
    reason: str


class DelegationEnded(Struct, frozen=True, tag="delegation.ended"):
    """A delegation was ended before its day."""

    principal: int
    agent: int


class DefinitionPublished(Struct, frozen=True, tag="definition.published"):
    """A version of a project type became available, for ever under this digest."""

    definition: str
    version: int
    digest: str


class CalendarLoaded(Struct, frozen=True, tag="calendar.loaded"):
    """A calendar year was loaded; each due date that it moved has an event in its own project."""

    year: int
    status: str
    digest: str


class IncidentResolved(Struct, frozen=True, tag="incident.resolved"):
    """Somebody settled an incident and said how."""

    incident: int
    how: str


class MailsSentAgain(Struct, frozen=True, tag="mail.sent_again"):
    """Mails that could not be delivered were put back into the queue."""

    mails: tuple[int, ...]


class RecordExported(Struct, frozen=True, tag="record.exported", omit_defaults=True):
    """Something left the house as a file: part of the record, a ledger of projects, or everything (`what`).

    `filter` says which part, `entries` how many entries of the record or projects.
    """

    filter: str
    entries: int
    what: str = "record"


class OlderRestored(Struct, frozen=True, tag="older.restored"):
    """A backup took the place of newer data: what was recorded after it, so many entries, is given up."""

    backup_at: datetime
    lost: int


AdministrationEvent = (
    OrganisationAdded
    | OrganisationChanged
    | PersonAdded
    | PersonChanged
    | PostGranted
    | PostRevoked
    | DelegationGiven
    | DelegationEnded
    | DefinitionPublished
    | CalendarLoaded
    | IncidentResolved
    | MailsSentAgain
    | RecordExported
    | OlderRestored
)

ENCODER = msgspec.json.Encoder(order="deterministic")
DECODER: msgspec.json.Decoder[AdministrationEvent] = msgspec.json.Decoder(AdministrationEvent)
