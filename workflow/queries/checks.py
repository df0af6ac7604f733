"""The replies taken over that wait for a person's check, those of one project together, to be ticked in bulk.

Invariant: an entry is listed only for whom the rules let confirm it.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, select

from workflow import rules
from workflow.clock import local_day
from workflow.definition import Definition
from workflow.queries.papers import value_words
from workflow.queries.portfolio import organisation_name
from workflow.queries.scope import PROJECT, TASK, columns, people, visible
from workflow.queries.words import caution_of, clock_time
from workflow.queries.worklist import SAME_STAGE, STAGE, taken_over_checks
from workflow.snapshot import Snapshot, snapshot
from workflow.state import Completed, Entry, ReplyData, TakenOver, from_json

MOST_CHECKS = 100
"""After how many entries a page of checks ends, with the project that they belong to."""


class CheckReply(Struct, frozen=True):
    """What was typed of one reply, to be held against the original."""

    title: str
    number: str
    issued_on: date
    issuer: str
    valid_until: date | None
    fields: tuple[tuple[str, str], ...]
    kept_at: str
    sha256: str
    name: str
    caution: str


class CheckItem(Struct, frozen=True):
    """One entry: the replies of one stage, which are confirmed together; of a reply that was there already, only what
    was `filled_in` now is to be checked.
    """

    number: int
    stage: str
    stage_title: str
    by: str
    at: str
    replies: tuple[CheckReply, ...]
    filled_in: bool


class CheckProject(Struct, frozen=True):
    """A project with the entries that wait for this person's check."""

    ref: str
    title: str
    code: str
    unit: str
    items: tuple[CheckItem, ...]


class Checks(Struct, frozen=True):
    """One page of entries to check, by project; `after` is the position to go on from, 0 at the end."""

    projects: tuple[CheckProject, ...]
    after: int

    @property
    def count(self) -> int:
        """How many entries it shows."""
        return sum(len(each.items) for each in self.projects)


def checks(connection: Connection, *, person: int, day: date, ref: str = "", after: int = 0) -> Checks:
    """The replies taken over that wait for this person's check, those of one project together."""
    snap = snapshot(connection)
    who = people(snap.directory, person, day)
    waiting = (
        select(TASK.c.project_id)
        .join_from(TASK, STAGE, SAME_STAGE, isouter=True)
        .where(TASK.c.person_id.in_(who), taken_over_checks(), TASK.c.project_id > after)
        .distinct()
    )
    statement = (
        select(*columns("id", "ref", "digest", "title", "code", "organisation_id", "body"))
        .where(PROJECT.c.id.in_(waiting), visible(connection, snap.directory, person, day))
        .order_by(PROJECT.c.id)
        .limit(MOST_CHECKS + 1)
    )
    if ref:
        statement = statement.where(PROJECT.c.ref == ref)
    found: list[CheckProject] = []
    shown = last = 0
    for row in connection.execute(statement):
        if shown >= MOST_CHECKS:
            return Checks(tuple(found), last)
        last = row.id
        compiled = snap.compiled(connection, row.digest)
        state = from_json(row.body)
        case = rules.Case(state, compiled, snap.directory, person, day)
        items = tuple(
            _item(case, snap, entry, entry.what)
            for entry in state.entries.values()
            if isinstance(entry.what, TakenOver | Completed)
            and not rules.may_confirm(case, str(entry.number))
        )
        if items:
            unit = organisation_name(snap, row.organisation_id)
            found.append(CheckProject(row.ref, row.title, row.code, unit, items))
            shown += len(items)
    return Checks(tuple(found), 0)


def _item(case: rules.Case, snap: Snapshot, entry: Entry, what: TakenOver | Completed) -> CheckItem:
    if isinstance(what, TakenOver):
        replies = tuple(_reply(case.definition, each) for each in what.replies)
    else:
        replies = (_filled_in(case, what),)
    return CheckItem(
        number=entry.number,
        stage=entry.stage,
        stage_title=case.definition.stages[entry.stage].title,
        by=snap.directory.acting(entry.by, entry.on_behalf),
        at=clock_time(entry.at),
        replies=replies,
        filled_in=isinstance(what, Completed),
    )


def _filled_in(case: rules.Case, what: Completed) -> CheckReply:
    """The reply as it is on record, of its fields only those that are filled in now, and where they are from."""
    paper = case.state.documents[what.document]
    reply = ReplyData(
        document=what.document,
        issued_on=paper.issued_on or local_day(paper.at),
        number=paper.number,
        issuer=paper.issuer,
        valid_until=paper.valid_until,
        fields=what.fields,
        sha256=paper.sha256,
        name=paper.name,
        kept_at=paper.kept_at,
        marks=paper.marks,
    )
    found = _reply(case.definition, reply)
    return replace(found, fields=(*found.fields, ("依据", what.basis))) if what.basis else found


def _reply(definition: Definition, reply: ReplyData) -> CheckReply:
    kind = definition.documents[reply.document]
    values, _ = rules.read_facts(kind.fields, reply.fields)
    return CheckReply(
        title=kind.title,
        number=reply.number,
        issued_on=reply.issued_on,
        issuer=reply.issuer,
        valid_until=rules.valid_until(kind, reply),
        fields=tuple(
            (kind.fields[key].title, value_words(kind.fields[key], value))
            for key, value in values.items()
            if value is not None
        ),
        kept_at=reply.kept_at,
        sha256=reply.sha256,
        name=reply.name or "扫描件",
        caution=caution_of(reply.marks),
    )
