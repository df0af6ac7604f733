"""What a person was told, and what waits for an administrator: notices and incidents."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, func, or_, select

from workflow.events import DECODER
from workflow.models import EventRow, Incident, Notice
from workflow.notices import NOTICES
from workflow.queries.record import stage_of
from workflow.queries.scope import PROJECT, visible
from workflow.queries.words import clock_time
from workflow.record import instant
from workflow.sentences import Teller, sentence
from workflow.snapshot import Snapshot, snapshot
from workflow.sql import table

EVENT, NOTICE, INCIDENT = table(EventRow), table(Notice), table(Incident)

PAGE = 50


class NoticeItem(Struct, frozen=True):
    """One message that an event caused for this person."""

    position: int
    kind: str
    words: str
    text: str
    at: str
    ref: str
    project: str
    stage: str


class NoticePage(Struct, frozen=True):
    """One page of notices, newest first; `after` is the position to go on from, 0 at the end."""

    items: tuple[NoticeItem, ...]
    after: int


def notices(connection: Connection, *, person: int, day: date, before: int = 0) -> NoticePage:
    """What the person was told, newest first, of projects that they may still see."""
    snap = snapshot(connection)
    statement = (
        select(NOTICE.c.id, NOTICE.c.kind, NOTICE.c.at, EVENT.c.data, EVENT.c.actor_id)
        .add_columns(PROJECT.c.ref, PROJECT.c.title, PROJECT.c.digest)
        .join_from(NOTICE, EVENT, EVENT.c.id == NOTICE.c.event_id)
        .join(PROJECT, PROJECT.c.id == NOTICE.c.project_id)
        .where(NOTICE.c.person_id == person, visible(connection, snap.directory, person, day))
        .order_by(NOTICE.c.id.desc())
        .limit(PAGE + 1)
    )
    if before:
        statement = statement.where(NOTICE.c.id < before)
    rows = list(connection.execute(statement))
    items = []
    for row in rows[:PAGE]:
        event = DECODER.decode(row.data)
        definition = snap.compiled(connection, row.digest).definition
        text = sentence(event, Teller(definition, snap.directory, row.actor_id))
        at = clock_time(instant(row.at))
        words = NOTICES.get(row.kind, row.kind)
        items.append(NoticeItem(row.id, row.kind, words, text, at, row.ref, row.title, stage_of(event)))
    return NoticePage(tuple(items), items[-1].position if len(rows) > PAGE else 0)


class IncidentItem(Struct, frozen=True):
    """Something stuck that needs a person."""

    id: int
    code: str
    text: str
    at: str
    ref: str
    project: str
    stage: str
    resolved_at: str
    resolved_by: str


class IncidentPage(Struct, frozen=True):
    """One page of incidents, newest first; `count` is how many there are in all, `after` as of notices."""

    items: tuple[IncidentItem, ...]
    after: int
    count: int


def incidents(
    connection: Connection, *, person: int, day: date, resolved: bool = False, before: int = 0
) -> IncidentPage:
    """Open incidents in the person's scope, or those that were settled, newest first, from before that position on.

    Those of the system itself are for administrators only.
    """
    snap = snapshot(connection)
    visible_ids = select(PROJECT.c.id).where(visible(connection, snap.directory, person, day))
    seen: list[ColumnElement[bool]] = [INCIDENT.c.project_id.in_(visible_ids)]
    if snap.directory.is_administrator(person):
        seen.append(INCIDENT.c.project_id == 0)
    settled = INCIDENT.c.resolved_at.is_not(None) if resolved else INCIDENT.c.resolved_at.is_(None)
    count = connection.execute(select(func.count(INCIDENT.c.id)).where(or_(*seen), settled)).scalar_one()
    statement = (
        select(INCIDENT, PROJECT.c.ref, PROJECT.c.title)
        .join_from(INCIDENT, PROJECT, PROJECT.c.id == INCIDENT.c.project_id, isouter=True)
        .where(or_(*seen), settled)
        .order_by(INCIDENT.c.id.desc())
        .limit(PAGE + 1)
    )
    if before:
        statement = statement.where(INCIDENT.c.id < before)
    rows = list(connection.execute(statement))
    items = tuple(_incident(snap, row) for row in rows[:PAGE])
    return IncidentPage(items, items[-1].id if len(rows) > PAGE else 0, count)


def _incident(snap: Snapshot, row: Any) -> IncidentItem:
    return IncidentItem(
        id=row.id,
        code=row.code,
        text=row.text,
        at=clock_time(instant(row.at)),
        ref=row.ref or "",
        project=row.title or "",
        stage=row.stage,
        resolved_at=clock_time(instant(row.resolved_at)) if row.resolved_at else "",
        resolved_by=snap.directory.name(row.resolved_by) if row.resolved_by else "",
    )
