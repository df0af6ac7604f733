"""我的待办: what waits for a person, with all that is needed to clear it without opening anything else.

Invariant: an item says what the rules say now: who may not, or not together with others, reads why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, and_, case, func, not_, or_, select

from workflow import rules
from workflow.definition import Stage
from workflow.errors import Reason
from workflow.machine import ACCEPTED, CORRECTING, FILED, FILING
from workflow.models import StageRow
from workflow.projection import CHECK, REJECTED, RETURNED
from workflow.queries.offers import due_offer
from workflow.queries.orders import order_view
from workflow.queries.papers import paper_view
from workflow.queries.reading import Reading, reading_of, readings
from workflow.queries.scope import PROJECT, TASK, columns, people
from workflow.queries.stages import entry_views, what_follows
from workflow.queries.views import EntryView, Offer, OrderView, PaperView
from workflow.queries.words import Due, due_of, since_words
from workflow.record import instant
from workflow.rules import state_words
from workflow.snapshot import Snapshot, snapshot
from workflow.sql import table
from workflow.state import ISSUED, LAPSED, ORDER, PREPARING, REFUSED, RUNNING_STATES, WAITING, Act, StageState

STAGE = table(StageRow)

MOST_TASKS = 200
"""More open tasks than one person can read: the rest shows as soon as some are done."""

MOST_STILL = 50
"""Of so many projects without a running clock it is looked at whether they are being taken over, or to be moved."""

FEW_CHECKS = 5
"""Up to how many replies taken over are listed one by one to whoever checks them; more have their own page."""

SAME_STAGE = and_(STAGE.c.project_id == TASK.c.project_id, STAGE.c.key == TASK.c.stage)

DECIDE, COMPARE, PREPARE, AMEND, UNSTICK, FOLLOW = "decide", "check", "prepare", "amend", "unstick", "follow"
ANSWER, SHOW = "answer", "show"
GROUPS = {
    ANSWER: "督办，请答复",
    DECIDE: "待审批",
    COMPARE: "待核对",
    AMEND: "退回修改",
    PREPARE: "待报送",
    SHOW: "公示公告，期满办结",
    UNSTICK: "停住的事项，待处理",
    FOLLOW: "外部门办理中，请跟进",
}
"""What one can do with an item now, in the order in which they are shown."""

AGAIN = "更正后重新登记"
"""What is to be done with an entry that was not confirmed."""

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

    `not_yet` is why a publicity cannot be concluded; `comparing` is the entry to check, `order` the 督办单 to answer;
    `entered` an entry that others have to check before this item goes on.
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
    not_yet: tuple[Reason, ...] = ()
    fixes: tuple[str, ...] = ()
    for_whom: str = ""
    entry: str = ""
    deciding: Deciding | None = None
    comparing: EntryView | None = None
    order: OrderView | None = None
    entered: EntryView | None = None

    @property
    def late(self) -> bool:
        """Whether it is past its day; of an entry to check, whether its step is."""
        return self.due is not None and self.due.light.colour == "red"


class TakenUp(Struct, frozen=True):
    """One project of a clerk's whose taking-over is not ended: what waits for its check, and what was sent back."""

    ref: str
    title: str
    waiting: int
    refused: int


class DueMove(Struct, frozen=True):
    """A project whose stages call for a move of it as a whole."""

    ref: str
    title: str
    offer: Offer


class Worklist(Struct, frozen=True):
    """What waits for a person: theirs to do, and theirs to follow while an outside office has it.

    `checks` are replies taken over that wait for their check on a page of their own, in how many `projects`.
    `taken_up` are the projects that they are taking over: no stage of these waits for anybody yet. Those of
    `moves` are to be moved as a whole, by them or by whoever they remind of it. `more` and `more_still` say that
    there are more tasks, and more projects without a clock, than were looked at.
    """

    mine: tuple[WorkItem, ...]
    elsewhere: tuple[WorkItem, ...]
    checks: int = 0
    projects: int = 0
    taken_up: tuple[TakenUp, ...] = ()
    moves: tuple[DueMove, ...] = ()
    more: bool = False
    more_still: bool = False

    @property
    def late(self) -> int:
        """How many of the person's own are past their day."""
        return sum(item.late and not item.entry for item in self.mine)


def worklist(connection: Connection, *, person: int, day: date) -> Worklist:
    """What waits for the person, or for whom they act for, most urgent first."""
    snap = snapshot(connection)
    who = people(snap.directory, person, day)
    statement = (
        select(*(TASK.c[name] for name in ("project_id", "stage", "what", "person_id", "since")))
        .where(TASK.c.person_id.in_(who))
        .order_by(_urgency(day), case((TASK.c.due_on.is_(None), 1), else_=0), TASK.c.due_on, TASK.c.since)
        .limit(MOST_TASKS + 1)
    )
    count, in_projects = _count_checks(connection, who)
    if count > FEW_CHECKS:
        statement = statement.join(STAGE, SAME_STAGE, isouter=True).where(not_(taken_over_checks()))
    else:
        count = in_projects = 0
    tasks = connection.execute(statement).fetchall()
    rows = _once(tasks[:MOST_TASKS], person)
    opened = readings(connection, snap, (row.project_id for row in rows), person, day)
    found = [_work_item(opened[row.project_id], row) for row in rows]
    found.sort(key=lambda item: not item.late)
    still = _without_clock(connection, snap, person, day)
    return Worklist(
        tuple(item for item in found if item.group != FOLLOW),
        tuple(item for item in found if item.group == FOLLOW),
        count,
        in_projects,
        tuple(
            _taken_up(reading)
            for reading in still[:MOST_STILL]
            if reading.state.taking_over and reading.state.clerk == person
        ),
        _due_moves(still[:MOST_STILL], opened.values()),
        more=len(tasks) > MOST_TASKS,
        more_still=len(still) > MOST_STILL,
    )


class Barred(Struct, frozen=True):
    """One thing that waits for a person and that a delegate could not do for them, in words."""

    ref: str
    stage: str
    words: str


def barred(connection: Connection, *, person: int, agent: int, day: date) -> list[Barred]:
    """Of what waits for the person, what `agent` had a hand in: by 回避 they neither decide nor check it for them."""
    snap = snapshot(connection)
    mine = select(*(TASK.c[name] for name in ("project_id", "stage", "what"))).where(
        TASK.c.person_id == person
    )
    rows = connection.execute(
        mine.order_by(TASK.c.project_id, TASK.c.stage, TASK.c.what).limit(MOST_TASKS)
    ).all()
    opened = readings(connection, snap, (row.project_id for row in rows), person, day)
    found = []
    for row in rows:
        reading = opened[row.project_id]
        delegate = replace(reading.case, actor=agent, lent=(person,))
        if _may_not_stand_in(delegate, row.stage, row.what):
            spec = reading.stage(row.stage)
            words = f"{reading.state.title}·{spec.title}（{task_words(spec, row.what)}）"
            found.append(Barred(reading.ref, row.stage, words))
    return found


def _may_not_stand_in(delegate: rules.Case, stage: str, what: str) -> bool:
    group, _ = _group(what)
    if group == COMPARE:
        return bool(rules.may_confirm(delegate, what.removeprefix(CHECK)))
    return group == DECIDE and bool(rules.is_decider(delegate, stage, delegate.actor))


def _without_clock(connection: Connection, snap: Snapshot, person: int, day: date) -> list[Reading]:
    """The projects in which no clock runs, of the clerk and of the chief who is asked there, the latest first; one
    more than are shown.

    Whose work projects are not, an overseer's of a whole province, is spared the search.
    """
    directory = snap.directory
    if not rules.registers(directory, person, day):
        return []
    scope, who = directory.scope(person, day), people(directory, person, day)
    led = [each for each in sorted(scope) if not set(who).isdisjoint(rules.chiefs(directory, each))]
    mine = (
        select(*columns("id", "ref", "seq", "head", "body"))
        .where(
            PROJECT.c.organisation_id.in_(sorted(scope)),
            or_(PROJECT.c.clerk_id == person, PROJECT.c.organisation_id.in_(led)),
            PROJECT.c.state.in_(sorted(RUNNING_STATES)),
            PROJECT.c.own_due_on.is_(None),
            PROJECT.c.outside_due_on.is_(None),
        )
        .order_by(PROJECT.c.id.desc())
        .limit(MOST_STILL + 1)
    )
    return [reading_of(connection, snap, row, person, day) for row in connection.execute(mine)]


def _due_moves(still: Iterable[Reading], at_work: Iterable[Reading]) -> tuple[DueMove, ...]:
    """Whoever may move a project finds it also beside what they have to do in it; where no clock runs, the clerk too."""
    asked = {reading.ref: (reading, False) for reading in still}
    for reading in at_work:
        asked.setdefault(reading.ref, (reading, True))
    return tuple(
        DueMove(reading.ref, reading.state.title, offer)
        for reading, busy in asked.values()
        if (offer := due_offer(reading)) and (offer.allowed or not busy)
    )


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
    """What is late comes first, then what came back, what others wait for and what is chased, then by due date."""
    waits_for_a_word = or_(TASK.c.what.in_((RETURNED, REJECTED, ORDER)), TASK.c.what.startswith(CHECK))
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
        group, action = SHOW, "组织公示"
    if "." in row.what and group != COMPARE and stage.not_confirmed:
        group, action = AMEND, AGAIN
    rejected = stage.rejected if row.what == REJECTED else None
    entries = entry_views(reading, row.stage)
    comparing = next((each for each in entries if str(each.number) == entry), None)
    order = order_view(reading, row.stage) if group == ANSWER else None
    asked = comparing or order
    return WorkItem(
        ref=reading.ref,
        project=reading.state.title,
        stage=row.stage,
        stage_title=spec.title,
        what=row.what,
        group=group,
        words=_words(reading, spec, row.what),
        action=action,
        since=since_words(instant(row.since) if asked or rejected else stage.held_from, reading.day),
        sent_by=asked.by if asked else _sender(reading, rejected or stage.mover),
        due=order.due if order else None if rejected else due_of(stage.clock, reading.calendar, reading.day),
        outside=bool(stage.clock and stage.clock.outside),
        missing=tuple(rules.missing(reading.case, spec)) if stage.state == PREPARING else (),
        not_yet=tuple(rules.publicity_unfinished(reading.case, row.stage, reading.calendar))
        if group == SHOW
        else (),
        fixes=_to_amend(stage) if group == AMEND else (),
        for_whom=reading.directory.name(row.person_id) if row.person_id != reading.case.actor else "",
        entry=entry,
        deciding=_deciding(reading, spec, stage) if group == DECIDE else None,
        comparing=comparing,
        order=order,
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
    if what == ORDER:
        return ANSWER, "答复督办"
    if what == RETURNED:
        return AMEND, "修改后重报"
    if what == REJECTED:
        return AMEND, AGAIN
    if what == PREPARING:
        return PREPARE, "备齐材料并报送"
    if what in _AT_REST:
        return UNSTICK, _AT_REST[what]
    return _PARTS.get(what.partition(".")[2], (DECIDE, "审批"))


def task_words(spec: Stage, what: str) -> str:
    """What a task asks for: 科室审核, 核对原件, 已退回，请按意见修改."""
    if what.startswith(CHECK):
        return "核对原件"
    if what == ORDER:
        return "督办答复"
    if what == REJECTED:
        return "登记未通过核对"
    return "已退回，请按意见修改" if what == RETURNED else state_words(spec, what)


def _sender(reading: Reading, act: Act | None) -> str:
    """Who made the move that brought it; empty if the stage opened by itself."""
    return reading.directory.acting(act.by, act.on_behalf) if act and act.by else ""


def _deciding(reading: Reading, spec: Stage, stage: StageState) -> Deciding:
    documents = reading.state.documents
    reasons = rules.may_decide(reading.case, spec.key, stage.step, "approve")
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
