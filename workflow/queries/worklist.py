"""我的待办: what waits for a person, with all that is needed to clear it without opening anything else.

Invariant: an item says what the rules say now: who may not, or not together with others, reads why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, case, func, not_, or_, select

from workflow import rules
from workflow.definition import Stage
from workflow.errors import Reason
from workflow.machine import ACCEPTED, CORRECTING, FILED, FILING
from workflow.models import StageRow
from workflow.projection import CHECK, RETURNED
from workflow.queries.papers import paper_view
from workflow.queries.reading import Reading, reading_of, readings
from workflow.queries.scope import PROJECT, TASK, columns, people
from workflow.queries.snapshot import Snapshot, snapshot
from workflow.queries.stages import entry_views, what_follows
from workflow.queries.views import EntryView, PaperView
from workflow.queries.words import Due, due_of, since_words
from workflow.record import instant
from workflow.rules import state_words
from workflow.sql import table
from workflow.state import ISSUED, LAPSED, PREPARING, REFUSED, WAITING, StageState

STAGE = table(StageRow)

MOST_TASKS = 200
"""More open tasks than one person can read: the rest shows as soon as some are done."""

MOST_STILL = 50
"""Of so many projects without a running clock it is looked at whether they are being taken over, or through."""

FEW_CHECKS = 5
"""Up to how many replies taken over are listed one by one to whoever checks them; more have their own page."""

SAME_STAGE = and_(STAGE.c.project_id == TASK.c.project_id, STAGE.c.key == TASK.c.stage)

DECIDE, COMPARE, PREPARE, AMEND, UNSTICK, FOLLOW = "decide", "check", "prepare", "amend", "unstick", "follow"
GROUPS = {
    DECIDE: "待审批",
    COMPARE: "待核对",
    AMEND: "退回修改",
    PREPARE: "待报送",
    UNSTICK: "停住的事项，待处理",
    FOLLOW: "外部门办理中，请跟进",
}
"""What one can do with an item now, in the order in which they are shown."""

_PARTS = {
    FILING: (PREPARE, "报送外部门"),
    FILED: (FOLLOW, "跟进受理"),
    ACCEPTED: (FOLLOW, "跟进办理"),
    CORRECTING: (AMEND, "补正"),
}


_AT_REST = {WAITING: "补齐信息", REFUSED: "重新申报", LAPSED: "重新申报"}
"""What gets a stage going again that stands still until the person does it."""


class Deciding(Struct, frozen=True):
    """What a decision on the item would rest on, and why it cannot be approved, or only by itself.

    `alone` is what an approval still lacks of the replies that it issues. `turn` and `content` are what
    the actor reads: a decision that names them is refused once they changed.
    """

    step: str
    turn: int
    content: str
    follows: str
    papers: tuple[PaperView, ...]
    reasons: tuple[Reason, ...]
    alone: tuple[Reason, ...]


class WorkItem(Struct, frozen=True):
    """One thing that waits for a person: what, where, from whom, until when, and for whom they would act.

    `comparing` is the entry to check; `entered` one that others have to check before this item goes on.
    """

    ref: str
    project: str
    stage: str
    stage_title: str
    what: str
    group: str
    words: str
    action: str
    since: str
    sent_by: str
    due: Due | None
    outside: bool
    missing: tuple[Reason, ...] = ()
    fixes: tuple[str, ...] = ()
    for_whom: str = ""
    entry: str = ""
    deciding: Deciding | None = None
    comparing: EntryView | None = None
    entered: EntryView | None = None


class TakenUp(Struct, frozen=True):
    """One project of a clerk's whose taking-over is not ended: what waits for its check, and what was sent back."""

    ref: str
    title: str
    waiting: int
    refused: int


class Worklist(Struct, frozen=True):
    """What waits for a person: theirs to do, and theirs to follow while an outside office has it.

    `checks` are replies taken over that wait for their check on a page of their own, in how many `projects`.
    `taken_up` are the projects that they are taking over: no stage of these waits for anybody yet. Of those
    that are `through`, no stage does any more.
    """

    mine: tuple[WorkItem, ...]
    elsewhere: tuple[WorkItem, ...]
    checks: int = 0
    projects: int = 0
    taken_up: tuple[TakenUp, ...] = ()
    through: tuple[tuple[str, str], ...] = ()

    @property
    def late(self) -> int:
        """How many of the person's own are past their day."""
        return sum(item.due is not None and item.due.light.colour == "red" for item in self.mine)


def worklist(connection: Connection, *, person: int, day: date) -> Worklist:
    """What waits for the person, or for whom they act for, most urgent first."""
    snap = snapshot(connection)
    who = people(snap.directory, person, day)
    statement = (
        select(*(TASK.c[name] for name in ("project_id", "stage", "what", "person_id", "since")))
        .where(TASK.c.person_id.in_(who))
        .order_by(_urgency(day), case((TASK.c.due_on.is_(None), 1), else_=0), TASK.c.due_on, TASK.c.since)
        .limit(MOST_TASKS)
    )
    count, in_projects = _count_checks(connection, who)
    if count > FEW_CHECKS:
        statement = statement.join(STAGE, SAME_STAGE, isouter=True).where(not_(taken_over_checks()))
    else:
        count = in_projects = 0
    rows = _once(connection.execute(statement), person)
    opened = readings(connection, snap, (row.project_id for row in rows), person, day)
    found = [_work_item(opened[row.project_id], row) for row in rows]
    still = _without_clock(connection, snap, person, day)
    return Worklist(
        tuple(item for item in found if item.group != FOLLOW),
        tuple(item for item in found if item.group == FOLLOW),
        count,
        in_projects,
        tuple(_taken_up(reading) for reading in still if reading.state.taking_over),
        tuple((reading.ref, reading.state.title) for reading in still if rules.is_through(reading.case)),
    )


def _without_clock(connection: Connection, snap: Snapshot, person: int, day: date) -> list[Reading]:
    """The clerk's projects in which no clock runs before they are in use, the latest first.

    Whose work projects are not, an overseer's of a whole province, is spared the search.
    """
    if not rules.registers(snap.directory, person, day):
        return []
    mine = (
        select(*columns("id", "ref", "seq", "head", "body"))
        .where(
            PROJECT.c.organisation_id.in_(sorted(snap.directory.scope(person, day))),
            PROJECT.c.clerk_id == person,
            PROJECT.c.state.in_(("planning", "reserve", "active")),
            PROJECT.c.own_due_on.is_(None),
            PROJECT.c.outside_due_on.is_(None),
        )
        .order_by(PROJECT.c.id.desc())
        .limit(MOST_STILL)
    )
    return [reading_of(connection, snap, row, person, day) for row in connection.execute(mine)]


def _taken_up(reading: Reading) -> TakenUp:
    return TakenUp(
        reading.ref,
        reading.state.title,
        len(reading.state.entries),
        sum(bool(stage.not_confirmed) for stage in reading.state.stages.values()),
    )


def taken_over_checks() -> ColumnElement[bool]:
    """The condition on a task joined to its stage: the check of a reply taken over.

    Such an entry is of a stage that nothing runs in: it never began here, or is issued.
    """
    at_rest = func.coalesce(STAGE.c.state, WAITING).in_((WAITING, ISSUED))
    return and_(TASK.c.what.startswith(CHECK), at_rest)


def _count_checks(connection: Connection, who: Sequence[int]) -> tuple[int, int]:
    """How many replies taken over wait for these people's check, and in how many projects."""
    waiting = (
        select(TASK.c.project_id, TASK.c.what)
        .join_from(TASK, STAGE, SAME_STAGE, isouter=True)
        .where(TASK.c.person_id.in_(who), taken_over_checks())
        .distinct()
        .subquery()
    )
    row = connection.execute(
        select(func.count(), func.count(waiting.c.project_id.distinct())).select_from(waiting)
    ).one()
    return int(row[0]), int(row[1])


def _urgency(day: date) -> ColumnElement[int]:
    """What is late comes first, then what came back and what others wait for, then by due date."""
    waits_for_a_word = or_(TASK.c.what == RETURNED, TASK.c.what.startswith(CHECK))
    return case((TASK.c.due_on < day.isoformat(), 0), (waits_for_a_word, 1), else_=2)


def _once(rows: Any, person: int) -> list[Any]:
    """A task that is somebody's own is not shown again on behalf of another."""
    seen: dict[tuple[int, str, str], Any] = {}
    for row in rows:
        key = (row.project_id, row.stage, row.what)
        if key not in seen or row.person_id == person:
            seen[key] = row
    return list(seen.values())


def _work_item(reading: Reading, row: Any) -> WorkItem:
    spec, stage = reading.stage(row.stage), reading.state.stage(row.stage)
    group, action = _group(row.what)
    entry = row.what.removeprefix(CHECK) if group == COMPARE else ""
    if row.what == WAITING:
        action = rules.wanted(reading.case, spec)
    if group == DECIDE and rules.is_publicity(reading.case, row.stage):
        action = "组织公示"
    if "." in row.what and group != COMPARE and stage.not_confirmed:
        group, action = AMEND, "更正后重新登记"
    entries = entry_views(reading, row.stage)
    comparing = next((each for each in entries if str(each.number) == entry), None)
    return WorkItem(
        ref=reading.ref,
        project=reading.state.title,
        stage=row.stage,
        stage_title=spec.title,
        what=row.what,
        group=group,
        words=_words(reading, spec, row.what),
        action=action,
        since=since_words(instant(row.since) if entry else stage.held_from, reading.day),
        sent_by=comparing.by if comparing else _sender(reading, stage),
        due=None if entry else due_of(stage.clock, reading.calendar, reading.day),
        outside=bool(stage.clock and stage.clock.outside),
        missing=tuple(rules.missing(reading.case, spec)) if stage.state == PREPARING else (),
        fixes=_to_amend(stage) if group == AMEND else (),
        for_whom=reading.directory.name(row.person_id) if row.person_id != reading.case.actor else "",
        entry=entry,
        deciding=_deciding(reading, spec, stage) if group == DECIDE else None,
        comparing=comparing,
        entered=next(iter(entries), None) if not entry else None,
    )


def _words(reading: Reading, spec: Stage, what: str) -> str:
    if not reading.state.is_running:
        return "项目中止"
    return "其他条件已具备" if what == WAITING else task_words(spec, what)


def _to_amend(stage: StageState) -> tuple[str, ...]:
    """Why the last record was not confirmed, and what a return or the outside office lists as long as that is open."""
    listed = stage.fixes if stage.state == PREPARING or stage.state.endswith(f".{CORRECTING}") else ()
    refused = (f"登记未通过核对：{stage.not_confirmed}",) if stage.not_confirmed else ()
    return (*refused, *(fix.text for fix in listed))


def _group(what: str) -> tuple[str, str]:
    """Where an item belongs, and what the person is asked to do, as a verb."""
    if what.startswith(CHECK):
        return COMPARE, "核对"
    if what == RETURNED:
        return AMEND, "修改后重报"
    if what == PREPARING:
        return PREPARE, "备齐材料并报送"
    if what in _AT_REST:
        return UNSTICK, _AT_REST[what]
    return _PARTS.get(what.partition(".")[2], (DECIDE, "审批"))


def task_words(spec: Stage, what: str) -> str:
    """What a task asks for: 科室审核, 核对原件, 已退回，请按意见修改."""
    if what.startswith(CHECK):
        return "核对原件"
    return "已退回，请按意见修改" if what == RETURNED else state_words(spec, what)


def _sender(reading: Reading, stage: StageState) -> str:
    """Who made the last move; empty if the stage opened by itself."""
    return reading.directory.name(stage.last.by) if stage.last and stage.last.by else ""


def _deciding(reading: Reading, spec: Stage, stage: StageState) -> Deciding:
    documents = reading.state.documents
    reasons = rules.may_decide(reading.case, spec.key, stage.step, "approve")
    reasons += rules.publicity_unfinished(reading.case, spec.key, reading.calendar)
    last = spec.steps[-1].key == stage.step
    return Deciding(
        step=stage.step,
        turn=stage.turn,
        content=rules.content_token(stage.papers),
        follows=what_follows(reading, spec, stage),
        papers=tuple(paper_view(reading, key, documents[key]) for key in stage.papers if key in documents),
        reasons=tuple(dict.fromkeys(reasons)),
        alone=tuple(rules.check_replies(reading.case, spec, (), as_printed=False)) if last else (),
    )
