"""Which stored file belongs to which project: asked before a file is given out, kept, missed or removed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from workflow.errors import NotFound, reason
from workflow.events import DECODER, EntryRecorded, Event
from workflow.models import EventRow, PaperRow
from workflow.queries.reading import read_project
from workflow.record import files_in
from workflow.sql import table
from workflow.state import PaperSigned

EVENT, PAPER = table(EventRow), table(PaperRow)

AT_A_TIME: Final = 2000

_WITH_FILES = select(EVENT.c.data).where(EVENT.c.data.contains('"sha256":"'))


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


def named_files(connection: Connection, *, project: int | None = None) -> dict[str, str]:
    """Every file that rows or events name, of that project or of all: its hash -> the name it came in under.

    The name is empty for one that only events name: the scan of a signed sheet, or of an entry not yet confirmed.
    All events are passed over, which is for a backup or an hour of few, never for a page.
    """
    papers = select(PAPER.c.sha256, PAPER.c.name).where(PAPER.c.sha256 != "")
    events = _WITH_FILES
    if project is not None:
        papers, events = (
            papers.where(PAPER.c.project_id == project),
            events.where(EVENT.c.project_id == project),
        )
    named = {row.sha256: row.name for row in connection.execute(papers)}
    for digest in _in_events(connection, events):
        named.setdefault(digest, "")
    return named


def named_among(connection: Connection, *, digests: Collection[str]) -> set[str]:
    """Those of these files that some row or event names. Events are passed over only for what no paper is."""
    papers = select(PAPER.c.sha256).where(PAPER.c.sha256.in_(bindparam("some", expanding=True)))
    named: set[str] = set()
    asked = list(digests)
    for first in range(0, len(asked), AT_A_TIME):
        named.update(connection.execute(papers, {"some": asked[first : first + AT_A_TIME]}).scalars())
    left = set(asked) - named
    if left:
        named.update(left.intersection(_in_events(connection, _WITH_FILES)))
    return named


def _in_events(connection: Connection, events: Select[Any]) -> Iterator[str]:
    with connection.execute(events.execution_options(yield_per=AT_A_TIME)) as rows:
        for (data,) in rows:
            yield from files_in(data)


def _names(digest: str) -> ColumnElement[bool]:
    return EVENT.c.data.contains(f'"sha256":"{digest}"', autoescape=True)
