"""Which stored file belongs to which project: asked before a file is given out, and before one is removed."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, select

from workflow.errors import NotFound, reason
from workflow.events import DECODER, EntryRecorded, Event
from workflow.models import EventRow, PaperRow
from workflow.queries.reading import read_project
from workflow.sql import table
from workflow.state import PaperSigned

EVENT, PAPER = table(EventRow), table(PaperRow)


class StoredName(Struct, frozen=True):
    """Under what name and type a file of a project goes out; both empty for a signed sheet, known by its hash."""

    sha256: str
    name: str = ""
    media: str = ""


def stored_file(connection: Connection, *, ref: str, digest: str, person: int, day: date) -> StoredName:
    """The file of that hash, if it belongs to a project that the person may see; NotFound otherwise."""
    project = read_project(connection, ref=ref, person=person, day=day)
    paper = select(PAPER.c.name, PAPER.c.media).where(
        PAPER.c.project_id == project.id, PAPER.c.sha256 == digest
    )
    row = connection.execute(paper.limit(1)).first()
    if row is not None:
        return StoredName(digest, row.name, row.media)
    named = select(EVENT.c.data).where(EVENT.c.project_id == project.id, _names(digest))
    data = connection.execute(named.order_by(EVENT.c.seq).limit(1)).scalar()
    if data is None:
        raise NotFound(reason("document-not-found"))
    return _scan(DECODER.decode(data), digest)


def _scan(event: Event, digest: str) -> StoredName:
    scans = event.entry.scans if isinstance(event, EntryRecorded) else ()
    found = next(
        (each for each in scans if each.sha256 == digest and not isinstance(each, PaperSigned)), None
    )
    return StoredName(digest, found.name, found.media) if found else StoredName(digest)


def is_known(connection: Connection, *, digest: str) -> bool:
    """Whether any row names the file: a version of a paper, or an entry whose scan it is."""
    paper = select(PAPER.c.sha256).where(PAPER.c.sha256 == digest).limit(1)
    if connection.execute(paper).first() is not None:
        return True
    return connection.execute(select(EVENT.c.id).where(_names(digest)).limit(1)).first() is not None


def _names(digest: str) -> ColumnElement[bool]:
    return EVENT.c.data.contains(f'"sha256":"{digest}"', autoescape=True)
