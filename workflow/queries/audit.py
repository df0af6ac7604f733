"""The record across all projects, for those who audit it: filtered, newest first, each entry as its sentence.

Auditors are overseers and administrators, in person, over the units below their post; the administration's
own chain is for administrators and for overseers of the whole house. Invariant: the scope is in the query,
pages go by position, and no filter reads more than SCANNED entries at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, false, or_, select, tuple_

from workflow import administration
from workflow.clock import SHANGHAI
from workflow.errors import Forbidden, NotFound, Reason, Refused, reason
from workflow.events import DECODER
from workflow.models import DefinitionText, Delegation, EventRow
from workflow.people import Directory
from workflow.queries.numbers import number_of
from workflow.queries.scope import PROJECT, is_called
from workflow.record import START, chain, instant, stamp
from workflow.sentences import Teller, acted, administered, sentence
from workflow.snapshot import Snapshot, snapshot
from workflow.sql import table

EVENT, DEFINITION, DELEGATION = table(EventRow), table(DefinitionText), table(Delegation)

AUDITORS = ("overseer", "administrator")
PAGE = 50
SCANNED = 10_000
"""How many entries a filter without an index looks through before the page says how far it got."""

LARGEST_EXPORT = 50_000
PRINTED = 16
"""How many characters of a hash are shown: as many as mails print."""

KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "projects": ("项目登记与变更", ("project.", "facts.", "wait.")),
    "moves": ("报送、退回与办结", ("stage.",)),
    "decisions": ("签批与转办", ("step.", "stage.returned", "stage.refused")),
    "papers": ("材料与批文", ("document.", "reply.", "gate.")),
    "entries": ("外部门与登记核对", ("entry.", "outside.", "letter.", "stage.taken_over")),
    "clocks": ("时限、预警与督办", ("clock.", "rung.", "explanation.", "order.")),
    "incidents": ("异常", ("incident.",)),
    "people": ("人员、岗位与委托", ("person.", "post.", "delegation.", "organisation.")),
    "settings": ("定义、日历、邮件与导出", ("definition.", "calendar.", "mail.", "record.", "older.")),
}
"""Kind in a filter -> its words, and how the kinds of its events begin."""


class AuditFilter(Struct, frozen=True):
    """How the record is narrowed; empty means all. Days are Shanghai days, both included."""

    person: int = 0
    project: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""

    def words(self, directory: Directory) -> str:
        """The filter as one phrase, for the record of an export: 人员谭丽，期间2026-11-01起."""
        parts = [f"人员{directory.name(self.person)}"] if self.person else []
        parts += [f"项目“{self.project}”"] if self.project else []
        parts += [KINDS[self.kind][0]] if self.kind in KINDS else []
        parts += [f"{self.since}起"] if self.since else []
        parts += [f"至{self.until}"] if self.until else []
        parts += [f"含“{self.text}”"] if self.text else []
        return "，".join(parts) or "全部"


class Entry(Struct, frozen=True):
    """One entry of the record. `at` is exact to the second in Shanghai, `stamped` is what was hashed."""

    id: int
    project: int
    ref: str
    title: str
    seq: int
    kind: str
    at: str
    stamped: str
    actor: int
    who: str
    text: str
    data: str
    hash: str

    @property
    def position(self) -> str:
        """Where the next page goes on."""
        return f"{self.stamped}~{self.id}"

    @property
    def short(self) -> str:
        """The beginning of its hash."""
        return self.hash[:PRINTED]


class AuditPage(Struct, frozen=True):
    """One page; `after` is where to go on, `looked_to` how far a filter looked if it found few."""

    items: tuple[Entry, ...]
    after: str
    looked_to: str = ""


class EntryPage(Struct, frozen=True):
    """One entry with the two beside it in its chain, and whether its hash is what it must be."""

    it: Entry
    before: str
    previous: int
    following: int
    derived: str

    @property
    def holds(self) -> bool:
        """Whether the entry is what was recorded."""
        return self.derived == self.it.hash


def audited(directory: Directory, person: int) -> frozenset[int]:
    """The organisations whose record that person may audit: below each of their posts as overseer or administrator."""
    roots = {held.organisation for held in directory.posts_of(person) if held.key in AUDITORS}
    return frozenset(
        node for node in directory.organisations if any(directory.is_within(node, root) for root in roots)
    )


def audits_administration(directory: Directory, person: int) -> bool:
    """Whether the person may see the administration's own chain."""
    return directory.is_administrator(person) or audited(directory, person) == set(directory.organisations)


def not_an_auditor() -> Reason:
    """Why the record is closed to most."""
    return reason("not-an-auditor")


def audit_entries(
    connection: Connection, *, person: int, day: date, filters: AuditFilter, before: str = ""
) -> AuditPage:
    """One page of the record in the person's scope, newest first; Forbidden for who does not audit."""
    del day
    snap = snapshot(connection)
    narrow = _narrow(connection, snap, person, filters)
    if before:
        narrow.append(_earlier(before))
    wide = _wide(connection, snap, filters)
    rows = list(connection.execute(_select(narrow, wide, PAGE + 1)))
    items = tuple(_entry(connection, snap, row) for row in rows[:PAGE])
    if len(rows) > PAGE:
        return AuditPage(items, items[-1].position)
    if wide is None:
        return AuditPage(items, "")
    end = connection.execute(_window(narrow).offset(SCANNED - 1).limit(1)).first()
    if end is None:
        return AuditPage(items, "")
    return AuditPage(items, f"{end.at}~{end.id}", _exact(end.at))


def audit_export(
    connection: Connection, *, person: int, day: date, filters: AuditFilter
) -> tuple[Entry, ...]:
    """Every entry of the filter, oldest first; Refused if there are more than one file should hold."""
    del day
    snap = snapshot(connection)
    narrow = _narrow(connection, snap, person, filters)
    wide = _wide(connection, snap, filters)
    rows = list(connection.execute(_select(narrow, wide, LARGEST_EXPORT + 1, scanned=None)))
    if len(rows) > LARGEST_EXPORT:
        raise Refused(reason("export-too-large", "since", most=LARGEST_EXPORT))
    return tuple(_entry(connection, snap, row) for row in reversed(rows))


def chain_entries(connection: Connection, *, project: int) -> list[Entry]:
    """Every entry of one chain in its order, for whoever operates the installation: without scope."""
    snap = snapshot(connection)
    rows = connection.execute(
        _select([EVENT.c.project_id == project], None, None).order_by(None).order_by(EVENT.c.seq)
    )
    return [_entry(connection, snap, row) for row in rows.all()]


def audit_entry(connection: Connection, *, person: int, day: date, entry: int) -> EntryPage:
    """One entry with its neighbours; NotFound outside the person's scope."""
    del day
    snap = snapshot(connection)
    scope = _scope(snap, person)
    row = connection.execute(_select([EVENT.c.id == entry, *scope], None, 1)).first()
    if row is None:
        raise NotFound(reason("audit-entry-not-found"))
    it = _entry(connection, snap, row)
    beside = {
        each.seq: each
        for each in connection.execute(
            select(EVENT.c.id, EVENT.c.seq, EVENT.c.hash).where(
                EVENT.c.project_id == it.project, EVENT.c.seq.in_([it.seq - 1, it.seq + 1])
            )
        )
    }
    previous, following = beside.get(it.seq - 1), beside.get(it.seq + 1)
    before = previous.hash if previous else START
    derived = chain(before, it.project, it.seq, it.stamped, it.actor, it.data)
    return EntryPage(it, before, previous.id if previous else 0, following.id if following else 0, derived)


def audited_project(connection: Connection, *, person: int, day: date, ref: str) -> tuple[int, str]:
    """The id and title of a project whose record the person may audit; NotFound otherwise."""
    del day
    directory = snapshot(connection).directory
    row = connection.execute(
        select(PROJECT.c.id, PROJECT.c.title).where(
            PROJECT.c.ref == ref, PROJECT.c.organisation_id.in_(sorted(audited(directory, person)))
        )
    ).first()
    if row is None:
        raise NotFound(reason("project-not-found"))
    return row.id, row.title


# The query


def _scope(snap: Snapshot, person: int) -> list[ColumnElement[bool]]:
    """The condition on `event`; nothing for who may see everything."""
    directory = snap.directory
    units = audited(directory, person)
    if not units:
        raise Forbidden(not_an_auditor())
    if units == set(directory.organisations):
        return []
    seen = EVENT.c.project_id.in_(select(PROJECT.c.id).where(PROJECT.c.organisation_id.in_(sorted(units))))
    if audits_administration(directory, person):
        return [or_(seen, EVENT.c.project_id == 0)]
    return [seen]


def _narrow(
    connection: Connection, snap: Snapshot, person: int, filters: AuditFilter
) -> list[ColumnElement[bool]]:
    """The conditions that an index answers: scope, project, person, period."""
    found = _scope(snap, person)
    if filters.project:
        named = or_(PROJECT.c.ref == filters.project, is_called(filters.project))
        found.append(EVENT.c.project_id.in_(select(PROJECT.c.id).where(named)))
    if filters.person:
        found.append(EVENT.c.actor_id.in_([filters.person, *_agents(connection, filters.person)]))
    if filters.since:
        found.append(EVENT.c.at >= _midnight(filters.since))
    if filters.until:
        found.append(EVENT.c.at < _midnight(date.fromordinal(filters.until.toordinal() + 1)))
    return found


def _agents(connection: Connection, person: int) -> list[int]:
    """Whoever could ever act for that person (代)."""
    found = select(DELEGATION.c.to_id).distinct().where(DELEGATION.c.from_id == person)
    return list(connection.execute(found).scalars())


def _wide(connection: Connection, snap: Snapshot, filters: AuditFilter) -> ColumnElement[bool] | None:
    """The conditions that no index answers: in whose name, kind, and words that somebody wrote or that name a stage
    or a paper.
    """
    found: list[ColumnElement[bool]] = []
    if filters.person and _agents(connection, filters.person):
        for_them = (EVENT.c.data.contains(f'"on_behalf":{filters.person}{end}') for end in ",}")
        found.append(or_(EVENT.c.actor_id == filters.person, *for_them))
    if filters.kind in KINDS:
        begins = (
            EVENT.c.data.startswith(f'{{"type":"{each}', autoescape=True) for each in KINDS[filters.kind][1]
        )
        found.append(or_(*begins))
    if filters.text:
        named = (
            EVENT.c.data.contains(each, autoescape=True) for each in _named(connection, snap, filters.text)
        )
        found.append(or_(EVENT.c.data.icontains(_quoted(filters.text), autoescape=True), *named))
    return and_(*found) if found else None


def _named(connection: Connection, snap: Snapshot, text: str) -> set[str]:
    """How the record spells the stages and papers whose titles contain the words."""
    found: set[str] = set()
    for (digest,) in connection.execute(select(DEFINITION.c.digest)):
        definition = snap.compiled(connection, digest).definition
        found |= {f'"stage":"{key}"' for key, it in definition.stages.items() if text in it.title}
        found |= {f'"document":"{key}"' for key, it in definition.documents.items() if text in it.title}
    return found


def _window(narrow: list[ColumnElement[bool]]) -> Any:
    """The entries to look through, newest first."""
    return select(EVENT.c.id, EVENT.c.at).where(*narrow).order_by(EVENT.c.at.desc(), EVENT.c.id.desc())


def _select(
    narrow: list[ColumnElement[bool]],
    wide: ColumnElement[bool] | None,
    limit: int | None,
    scanned: int | None = SCANNED,
) -> Any:
    statement = (
        select(EVENT, PROJECT.c.ref, PROJECT.c.title, PROJECT.c.digest)
        .join_from(EVENT, PROJECT, PROJECT.c.id == EVENT.c.project_id, isouter=True)
        .order_by(EVENT.c.at.desc(), EVENT.c.id.desc())
        .limit(limit)
    )
    if wide is None:
        return statement.where(*narrow)
    if scanned is None:
        return statement.where(*narrow, wide)
    window = _window(narrow).limit(scanned).subquery()
    return statement.where(EVENT.c.id.in_(select(window.c.id)), wide)


def _earlier(position: str) -> ColumnElement[bool]:
    """Entries behind a position; none for one that we did not give out."""
    at, _, number = position.partition("~")
    try:
        instant(at)
    except ValueError:
        return false()
    entry = number_of(number)
    if entry is None:
        return false()
    return and_(EVENT.c.at <= at, tuple_(EVENT.c.at, EVENT.c.id) < tuple_(at, entry))


def _midnight(day: date) -> str:
    return stamp(datetime.combine(day, time(), SHANGHAI))


def _quoted(text: str) -> str:
    """The words as they stand inside the JSON of an entry."""
    return msgspec.json.encode(text).decode()[1:-1]


def _exact(stamped: str) -> str:
    return instant(stamped).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _entry(connection: Connection, snap: Snapshot, row: Any) -> Entry:
    kind, who, text = _told(connection, snap, row)
    return Entry(
        id=row.id,
        project=row.project_id,
        ref=row.ref or "",
        title=row.title or "",
        seq=row.seq,
        kind=kind,
        at=_exact(row.at),
        stamped=row.at,
        actor=row.actor_id,
        who=who,
        text=text,
        data=row.data,
        hash=row.hash,
    )


def _told(connection: Connection, snap: Snapshot, row: Any) -> tuple[str, str, str]:
    """The kind in words, who acted, and the sentence; an entry that was tampered with is shown as such."""
    who = snap.directory.name(row.actor_id)
    try:
        if row.project_id == 0:
            told = administered(_titled(connection, snap, row.data), snap.directory, row.actor_id)
            return kind_words(row.data), who, told
        event = DECODER.decode(row.data)
    except (msgspec.DecodeError, KeyError):
        return "无法读取", who, "本条内容无法读取，可能已被改动，请核验。"
    teller = Teller(snap.compiled(connection, row.digest).definition, snap.directory, row.actor_id)
    return kind_words(row.data), acted(event, snap.directory, row.actor_id), sentence(event, teller)


def _titled(connection: Connection, snap: Snapshot, data: str) -> administration.AdministrationEvent:
    """An event of the administration; a project type goes by the title that its people know."""
    event = administration.DECODER.decode(data)
    if not isinstance(event, administration.DefinitionPublished):
        return event
    try:
        title = snap.compiled(connection, event.digest).definition.title
    except NotFound:  # tampered with: it is shown as it stands
        return event
    return msgspec.structs.replace(event, definition=f"“{title}”")


def kind_words(data: str) -> str:
    """Which kind of entry it is, in the words of the filter."""
    return next(_kinds(data), "其他")


def _kinds(data: str) -> Iterator[str]:
    begins = data.removeprefix('{"type":"')
    specific = ((words, each) for words, prefixes in KINDS.values() for each in prefixes if "." in each[:-1])
    for words, each in specific:
        if begins.startswith(each):
            yield words
    for words, prefixes in KINDS.values():
        if begins.startswith(prefixes):
            yield words
