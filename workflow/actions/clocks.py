"""The clock that never sleeps: the sweep that lets rungs take effect, and what people may do to a clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from msgspec.structs import replace
from sqlalchemy import text

from workflow import rules
from workflow.actions.casework import Casework, refuse
from workflow.clock import Limit, Unit, local_day
from workflow.definition import POSTS, Rung
from workflow.errors import Reason, reason
from workflow.events import (
    DECODER,
    ClockChanged,
    ExplanationFiled,
    IncidentRaised,
    ProjectMoved,
    RungFired,
    StopReviewed,
)
from workflow.failpoints import reach
from workflow.record import instant, stamp
from workflow.sql import Statement
from workflow.state import ENDED_STATES, Clock, Order
from workflow.timing import (
    ORDER_RUNG,
    VALIDITY_LADDER,
    at_rung,
    at_validity_rung,
    extend,
    ladder_of,
    recount_order,
    recount_validity,
    resume,
    retime,
    stop,
)
from workflow.transaction import Tell, Transaction

_DUE = Statement(
    text(
        "SELECT project_id, key, '' AS document, next_at FROM stage WHERE next_at <= :now"
        " UNION ALL"
        " SELECT project_id, '', document, next_at FROM paper WHERE next_at <= :now"
        " ORDER BY next_at, project_id, key, document LIMIT :most"
    )
)


_WORKED_ON = Statement(
    text("SELECT id FROM project WHERE state NOT IN ('archived', 'terminated') ORDER BY id")
)
_LAST = Statement(
    text(
        "SELECT at, data FROM event WHERE project_id = :project AND data LIKE :begins ORDER BY seq DESC LIMIT 1"
    )
)

REVIEW = 20
"""After so many working days whoever can end a stop is asked again whether it should last: our own rule."""


def sweep(tx: Transaction, *, actor: int, now: datetime, limit: int = 100) -> int:
    """Let the rungs, openings and lapses that are due take effect, oldest first. Returns how many places.

    Each place (a stage, or a reply) is brought up to `now` in order, so an outage of days is the same
    case as a second; call again until it returns 0.
    """
    rows = due_places(tx, actor=actor, now=now, limit=limit)
    for project, stage, document in rows:
        sweep_place(tx, project=project, stage=stage, document=document, actor=actor, now=now)
        reach("sweep.place")
    return len(rows)


def due_places(
    tx: Transaction,
    *,
    actor: int,  # noqa: ARG001 - every use case names its actor
    now: datetime,
    limit: int = 100,
) -> list[tuple[int, str, str]]:
    """Every place that is due, oldest first, as (project, stage, document)."""
    rows = tx.execute(_DUE, now=stamp(now), most=limit).fetchall()
    return [(project, stage, document) for project, stage, document, _ in rows]


def sweep_place(
    tx: Transaction, *, project: int, stage: str, document: str, actor: int, now: datetime
) -> None:
    """Bring one place up to `now`: a stage with its clock, or a reply with its validity."""
    work = Casework(tx, tx.project_by_id(project), actor=actor, now=now)
    if document:
        _sweep_validity(work, document)
    else:
        _sweep_stage(work, stage)


def running_projects(
    tx: Transaction,
    *,
    actor: int,  # noqa: ARG001 - every use case names its actor
    now: datetime,  # noqa: ARG001 - as above
) -> list[int]:
    """Every project that is not over; one that is suspended is not forgotten."""
    return [project for (project,) in tx.execute(_WORKED_ON).fetchall()]


def settle_project(tx: Transaction, *, project: int, actor: int, now: datetime) -> None:
    """Let whatever of that project should have moved, or should have been asked of its clerk, do so: an older program
    may have left it, and nothing else would happen to it by itself. What waits in vain becomes an incident, and what
    somebody stopped is reviewed from time to time.
    """
    work = Casework(tx, tx.project_by_id(project), actor=actor, now=now)
    work.settle()
    if work.project.state.is_running:
        for key in work.project.state.stages:
            _time_publicity(work, key)
    work.mind_standstill()
    for stage, since, why in list(_stops(work)):
        _review_stop(work, stage, since, why)


def report_broken_place(
    tx: Transaction,
    *,
    project: int,
    stage: str,
    why: str,
    actor: int,  # noqa: ARG001 - every use case names its actor
    now: datetime,
) -> None:
    """An incident for a place whose clock cannot be moved: it must not stop everybody else's."""
    words = f"项目编号{project}的时钟无法推进（{why}），请联系技术人员；其他项目不受影响"
    tx.raise_incident(project=project, stage=stage, code="sweep-broken", text_=words, at=now)


def _time_publicity(work: Casework, key: str) -> None:
    """A publicity that was hung out before publicities had limits: its clock runs from when it came there."""
    stage = work.stage(key)
    if stage.clock is None and stage.since is not None and rules.is_publicity(work.case, key):
        clock = work.entered(key, stage.state, started_on=local_day(stage.since)).clock
        if clock is not None:
            work.record(ClockChanged(key, "recomputed", "公示现有办结时限", clock))


def _stops(work: Casework) -> Iterator[tuple[str, date, str]]:
    """What somebody stopped and nobody has let go on: (stage, since, why), or without a stage the whole project."""
    state = work.project.state
    if state.is_suspended:
        at, data = work.tx.rows(
            _LAST, project=work.project.id, begins='{"type":"project.moved","trigger":"suspend"%'
        )[0]
        moved = DECODER.decode(data)
        yield "", local_day(instant(at)), moved.reason if isinstance(moved, ProjectMoved) else ""
        return
    for key, stage in state.stages.items():
        clock = stage.clock
        if stage.is_open and clock is not None and clock.stopped:
            yield key, clock.spans[-1].start, clock.spans[-1].why


def _review_stop(work: Casework, stage: str, since: date, why: str) -> None:
    """Ask again, if nobody was asked for long, whether that should go on standing still."""
    begins = f'{{"type":"stop.reviewed","stage":"{stage}",%'
    asked = [local_day(instant(at)) for at, _ in work.tx.rows(_LAST, project=work.project.id, begins=begins)]
    if work.tx.calendar.workdays_between(max([since, *asked]), work.day) < REVIEW:
        return
    holders = work.stage(stage).holders if stage else ()
    chiefs = (*work.holders_of("deputy_director"), *work.holders_of("section_chief"))
    told = tuple(
        dict.fromkeys((work.project.state.clerk, *holders, *(chiefs or work.holders_of("administrator"))))
    )
    days = work.tx.calendar.workdays_between(since, work.day)
    work.record(StopReviewed(stage, since, days, why), Tell("standing", told))


def _sweep_stage(work: Casework, key: str) -> None:
    stage = work.stage(key)
    if stage.opens_on is not None and stage.opens_on <= work.day:
        work.settle([key])
    while True:
        stage = work.stage(key)
        clock, order = stage.clock, stage.order
        at = clock.next_at if clock is not None else None
        missed = order.clock.next_at if order is not None else None
        if order is not None and missed is not None and missed <= work.now and (at is None or missed < at):
            _miss_answer(work, key, order, missed)
            continue
        if clock is None or at is None or at > work.now:
            return
        ladder = ladder_of(work.project.definition, work.spec(key), stage.state)
        _fire(work, key, clock, ladder[clock.rung], at_rung(clock, clock.rung + 1, ladder, work.tx.calendar))


def _miss_answer(work: Casework, key: str, order: Order, due_at: datetime) -> None:
    """The day of an order has passed without an answer: whoever issued it is told, once."""
    then = replace(order.clock, rung=1, next_at=None)
    work.record(RungFired(key, then, ORDER_RUNG, order.issuers, due_at), Tell("order_late", order.issuers))


def _fire(work: Casework, key: str, clock: Clock, rung: Rung, then: Clock) -> None:
    stage = work.stage(key)
    told: dict[int, str] = {}
    for listener in rung.tell:
        people = stage.holders if listener == "holder" else work.holders_of(listener)
        if not people and listener != "holder":
            _nobody(work, key, listener)
        for person in people:
            told.setdefault(person, _kind(clock, rung, is_holder=person in stage.holders))
    tells = [
        Tell(kind, tuple(who for who, what in told.items() if what == kind))
        for kind in dict.fromkeys(told.values())
    ]
    due_at = clock.next_at or work.now
    work.record(RungFired(key, then, rung.offset, tuple(told), due_at), *tells)


def _kind(clock: Clock, rung: Rung, *, is_holder: bool) -> str:
    if rung.offset < 0:
        return "approaching"
    if rung.offset == 0:
        return "due_today"
    if clock.outside:
        return "outside_late"
    return "overdue" if is_holder else "escalated"


def _nobody(work: Casework, key: str, post: str) -> None:
    title = work.spec(key).title
    told = work.tx.directory.holders("administrator", work.project.state.organisation)
    words = f"“{title}”的预警应告知{POSTS[post]}，但该岗位无人"
    work.record(IncidentRaised("ladder-reaches-nobody", words, key), Tell("incident", told))


def _sweep_validity(work: Casework, document: str) -> None:
    while True:
        paper = work.project.state.documents[document]
        clock = paper.clock
        if clock is None or clock.next_at is None or clock.next_at > work.now:
            return
        if work.project.state.state in ENDED_STATES or work.is_consumed(document):
            work.stop_validity(document)
            return
        if clock.rung >= len(VALIDITY_LADDER):
            work.lapse(document)
            return
        stage = work.project.definition.issuers.get(document, "")
        told = work.readers_of_validity()
        then = at_validity_rung(clock, clock.rung + 1, work.tx.calendar)
        offset = VALIDITY_LADDER[clock.rung].offset
        work.record(
            RungFired(stage, then, offset, told, clock.next_at, document),
            Tell("validity", told),
        )


# What people may do to a clock


def extend_clock(
    tx: Transaction,
    *,
    ref: str,
    stage: str,
    by: Limit,
    reason_given: str,
    actor: int,
    now: datetime,
    turn: int | None = None,
) -> int:
    """Extend the limit of our own running step; by a chief, never by whoever holds it. Opens a new epoch.

    `turn` is what the actor's page showed, here and below: Conflict if the stage has moved since.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    work.check_turn(stage, turn)
    reasons = _clock_reasons(work, stage, "extend", reason_given)
    if by.unit not in {Unit.WORKDAYS, Unit.DAYS} or not 1 <= by.amount <= 60:
        reasons.append(reason("extension-too-long", "by", longest="60个工作日"))
    refuse(reasons)

    clock = _running_clock(work, stage)
    ladder = ladder_of(work.project.definition, work.spec(stage), work.stage(stage).state)
    _change(work, ClockChanged(stage, "extended", reason_given, extend(clock, by, ladder, tx.calendar, now)))
    return work.project.seq


def pause_clock(
    tx: Transaction,
    *,
    ref: str,
    stage: str,
    reason_given: str,
    actor: int,
    now: datetime,
    turn: int | None = None,
) -> int:
    """Stop the clock of our own running step from today; by a chief, never by whoever holds it.

    Refused once the limit has passed: stopping a late clock would only silence it.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    work.check_turn(stage, turn)
    refuse(_clock_reasons(work, stage, "pause", reason_given))

    clock = _running_clock(work, stage)
    _change(work, ClockChanged(stage, "stopped", reason_given, stop(clock, work.day, reason_given)))
    return work.project.seq


def resume_clock(
    tx: Transaction,
    *,
    ref: str,
    stage: str,
    reason_given: str,
    actor: int,
    now: datetime,
    turn: int | None = None,
) -> int:
    """Let a stopped clock of ours run again from today, which counts."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    work.check_turn(stage, turn)
    refuse(_clock_reasons(work, stage, "resume", reason_given))

    clock = _running_clock(work, stage)
    ladder = ladder_of(work.project.definition, work.spec(stage), work.stage(stage).state)
    _change(
        work, ClockChanged(stage, "resumed", reason_given, resume(clock, work.day, ladder, tx.calendar, now))
    )
    return work.project.seq


def file_explanation(tx: Transaction, *, ref: str, stage: str, text: str, actor: int, now: datetime) -> int:
    """Put the holder's own words about a late clock on the record, before the next rung (情况说明); they end an order."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    current = work.stage(stage)
    refuse([*work.may(rules.may_explain, stage), *rules.check_text(text, "text", "情况说明", required=True)])

    key = current.clock.key if current.clock else ""
    work.record(ExplanationFiled(stage, key, text.strip(), rules.answers(work.case, stage)))
    return work.project.seq


def _clock_reasons(work: Casework, stage: str, effect: str, reason_given: str) -> list[Reason]:
    text_reasons = rules.check_text(reason_given, "reason", "理由", required=True)
    return [*work.may(rules.may_change_clock, stage, effect), *text_reasons]


def _change(work: Casework, event: ClockChanged) -> None:
    """Record it, and tell whoever holds the stage and its clerk: their day is another now."""
    told = (*work.stage(event.stage).holders, work.project.state.clerk)
    work.record(event, Tell("retimed", told))


def _running_clock(work: Casework, stage: str) -> Clock:
    clock = work.stage(stage).clock
    if clock is None:
        raise TypeError("the rules have seen a clock here")
    return clock


def recompute(work: Casework, why: str) -> int:
    """Work out anew what rests on the calendar, after that changed; returns how many due dates moved.

    A validity ends on its day whatever the calendar says, but is told of on working days; and the day before which a
    stage must not open may be counted in them.
    """
    stages = list(work.project.state.stages.items())
    moved = sum(
        _recompute_clock(work, key, stage.clock, why) for key, stage in stages if stage.clock is not None
    )
    for key, stage in stages:
        if stage.order is not None:
            _recount(work, key, stage.order.clock, recount_order(stage.order.clock, work.tx.calendar), why)
    for key, paper in list(work.project.state.documents.items()):
        if paper.clock is not None and paper.clock.next_at is not None:
            kind = work.project.definition.documents[key]
            _recount(work, "", paper.clock, recount_validity(kind, paper.clock, work.tx.calendar), why, key)
    work.settle([key for key, stage in work.project.state.stages.items() if stage.opens_on])
    return moved


def _recompute_clock(work: Casework, key: str, clock: Clock, why: str) -> bool:
    """Whether the due date of that stage has moved."""
    if clock.due_on is None:
        return False
    ladder = ladder_of(work.project.definition, work.spec(key), work.stage(key).state)
    fresh = retime(clock, ladder, work.tx.calendar, work.now)
    if _days_of(fresh) == _days_of(clock):
        return False
    if fresh.due_on == clock.due_on:
        fresh = replace(fresh, rung=clock.rung, next_at=clock.next_at)
    work.record(ClockChanged(key, "recomputed", why, fresh))
    return fresh.due_on != clock.due_on


def _days_of(clock: Clock) -> tuple[object, ...]:
    """What of a clock rests on the calendar and is shown."""
    return clock.due_on, clock.statutory_on, clock.provisional, clock.statutory_provisional, clock.warn_on


def _recount(work: Casework, stage: str, clock: Clock, fresh: Clock, why: str, document: str = "") -> None:
    if fresh != clock:
        work.record(ClockChanged(stage, "recomputed", why, fresh, document=document))
