"""The record as people read it: events as sentences, newest first, and the heads of the chains."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, select

from workflow.clock import local_day
from workflow.events import DECODER, EntryOffered, EntryRecorded, Event, kind_of
from workflow.models import Administration, EventRow, Seal
from workflow.queries.reading import Reading, read_project
from workflow.queries.views import Timeline, Told
from workflow.queries.words import caution_of, clock_time
from workflow.record import instant
from workflow.sentences import sentence
from workflow.sql import table
from workflow.state import Entry, PaperSigned, ReplyData, Scan

EVENT = table(EventRow)

PAGE = 50
MOST_OF_A_STAGE = 200


class Row(NamedTuple):
    """What the record says beside the event."""

    seq: int
    at: str
    actor_id: int


def timeline(connection: Connection, *, ref: str, person: int, day: date, before: int = 0) -> Timeline:
    """One page of a project's record, newest first, from before that number on."""
    reading = read_project(connection, ref=ref, person=person, day=day)
    return read_timeline(connection, reading, before)


def read_timeline(connection: Connection, reading: Reading, before: int = 0, page: int = PAGE) -> Timeline:
    """The same for a project that is already open."""
    statement = _events(reading.id).limit(page + 1)
    if before:
        statement = statement.where(EVENT.c.seq < before)
    rows = list(connection.execute(statement))
    items = tuple(told(reading, Row(*row[:3]), DECODER.decode(row.data)) for row in rows[:page])
    return Timeline(items, items[-1].seq if len(rows) > page else 0)


def stage_record(connection: Connection, reading: Reading, stage: str) -> list[tuple[Row, Event]]:
    """What happened in one stage, newest first."""
    named = EVENT.c.data.contains(f'"stage":"{stage}"', autoescape=True)
    rows = connection.execute(_events(reading.id).where(named).limit(MOST_OF_A_STAGE))
    found = [(Row(*row[:3]), DECODER.decode(row.data)) for row in rows]
    return [(row, event) for row, event in found if stage_of(event) == stage]


def told(reading: Reading, row: Row, event: Event) -> Told:
    """One event as a line of the record."""
    at = instant(row.at)
    return Told(
        seq=row.seq,
        kind=kind_of(event),
        at=clock_time(at),
        day=local_day(at),
        who=reading.directory.acting(row.actor_id, event.on_behalf),
        text=sentence(event, reading.teller(row.actor_id)),
        stage=stage_of(event),
        files=scans_of(event.entry) if isinstance(event, EntryRecorded) else (),
    )


def scans_of(entry: Entry) -> tuple[tuple[str, str], ...]:
    """The scans that came with an entry, as (hash, name); a name says what to beware of."""
    return tuple((each.sha256, _beware(_name_of(each), each.marks)) for each in entry.scans)


def _name_of(scan: Scan | ReplyData | PaperSigned) -> str:
    return "签批件扫描件" if isinstance(scan, PaperSigned) else scan.name or "扫描件"


def _beware(name: str, marks: tuple[str, ...]) -> str:
    return f"{name}（{caution_of(marks)}）" if marks else name


def stage_of(event: Event) -> str:
    """The stage that an event is about; empty for one about the project."""
    if isinstance(event, EntryRecorded | EntryOffered):
        return event.entry.stage
    found: str = getattr(event, "stage", "")
    return found


def _events(project: int) -> Any:
    return (
        select(EVENT.c.seq, EVENT.c.at, EVENT.c.actor_id, EVENT.c.data)
        .where(EVENT.c.project_id == project)
        .order_by(EVENT.c.seq.desc())
    )


class Head(Struct, frozen=True):
    """The head of one chain: what an outsider may keep to find any later rewrite."""

    seq: int
    head: str


class AuditHead(Struct, frozen=True):
    """The head of the administration's chain, and the last seal over all chains."""

    administration: Head
    sealed_at: str
    chains: int
    seal: str


def audit_head(connection: Connection) -> AuditHead:
    """Where the record stands."""
    administration, seal = table(Administration).c, table(Seal).c
    row = connection.execute(select(administration.seq, administration.head)).first()
    last = connection.execute(
        select(seal.at, seal.chains, seal.hash).order_by(seal.id.desc()).limit(1)
    ).first()
    head = Head(row.seq, row.head) if row else Head(0, "")
    return AuditHead(head, last.at if last else "", last.chains if last else 0, last.hash if last else "")
