"""Taking in a table of running projects (批量补录): all of it in one transaction, or nothing.

Invariant: what is carried out is the plan that was shown; each project gets its own events, and whoever
checks is told once, not once for each reply.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import text

from workflow import rules
from workflow.actions.casework import Casework, refuse
from workflow.actions.projects import change_facts, register_project
from workflow.clock import local_day
from workflow.errors import Conflict, Reason, reason
from workflow.events import Batch, EntryRecorded
from workflow.rules import intake
from workflow.sql import Statement
from workflow.state import Completed, TakenOver
from workflow.transaction import Tell, Transaction

WHY = "批量补录"
"""The reason that a changed fact has on the record."""

_CODED = Statement(text("SELECT id FROM project WHERE code = :code AND state <> 'terminated'"))
_NAMED = Statement(
    text("SELECT id, title FROM project WHERE organisation_id = :organisation AND state <> 'terminated'")
)


class Waiting(Struct, frozen=True):
    """Replies of one stage that will be entered, and who will check them."""

    work: Casework
    stage: str
    what: TakenOver | Completed
    checkers: tuple[int, ...]


def take_in_projects(
    tx: Transaction,
    *,
    digest: str,
    projects: Sequence[intake.GivenProject],
    plan: str,
    refs: Sequence[str],
    actor: int,
    now: datetime,
    recoded: Collection[int] = (),
) -> dict[str, int]:
    """Register, change and enter what the table says. Returns how many of each: new, changed, entries.

    `refs` are new random texts from the edge, one a row. `plan` is the token of the plan that was shown:
    Conflict (intake-changed) if by now something else would happen. `recoded` are the rows that are meant to give
    their project another code. Refused with every fault of every row.
    """
    compiled = tx.compiled(digest)
    candidates = _candidates(tx, projects)
    planned = intake.plan_intake(
        tx.directory, compiled, projects, candidates, actor=actor, day=local_day(now)
    )
    refuse(replace(each.reason, place=f"{each.table}:{each.row}:{each.field}") for each in planned.faults)
    if planned.token != plan:
        raise Conflict(reason("intake-changed"))
    refuse(
        _not_meant(each, code)
        for each in planned.projects
        if each.row not in recoded and (code := each.recoded)
    )

    waiting: list[Waiting] = []
    rows = {row.row: row for row in projects}
    for each, ref in zip(planned.projects, refs, strict=True):
        work = _settle_project(tx, digest, rows[each.row], each, ref, actor=actor, now=now)
        waiting += (_waiting(work, stage) for stage in each.entries)
    _enter(waiting)
    standings = [each.standing for each in planned.projects]
    return {
        "new": standings.count(intake.NEW),
        "changed": standings.count(intake.CHANGED),
        "same": standings.count(intake.SAME),
        "entries": len(waiting),
    }


def _not_meant(planned: intake.Planned, code: intake.Changed) -> Reason:
    place = f"{intake.PROJECTS}:{planned.row}:code"
    return reason("intake-code-differs", place, title=planned.title, before=code.before, after=code.after)


def _candidates(tx: Transaction, projects: Sequence[intake.GivenProject]) -> list[intake.Found]:
    """Every project that a row may be about, locked."""
    found: dict[int, None] = {}
    titles = {(each.organisation, each.title) for each in projects}
    for each in projects:
        if each.code:
            found |= {row[0]: None for row in tx.execute(_CODED, code=each.code).fetchall()}
    for organisation in dict.fromkeys(each.organisation for each in projects):
        rows = tx.execute(_NAMED, organisation=organisation).fetchall()
        found |= {id_: None for id_, title in rows if (organisation, title) in titles}
    opened = [tx.project_by_id(each) for each in sorted(found)]
    return [intake.Found(each.ref, each.state, each.compiled) for each in opened]


def _settle_project(
    tx: Transaction,
    digest: str,
    row: intake.GivenProject,
    planned: intake.Planned,
    ref: str,
    *,
    actor: int,
    now: datetime,
) -> Casework:
    """Begin the project, or change what differs, by the actions that people use one by one."""
    if planned.standing == intake.NEW:
        register_project(
            tx,
            ref=ref,
            digest=digest,
            title=row.title,
            organisation=row.organisation,
            clerk=row.clerk,
            code=row.code,
            facts=row.facts,
            taking_over=True,
            same_name=True,  # the plan has told them apart by their codes
            actor=actor,
            now=now,
        )
    elif planned.changes:
        facts = {each.key: each.after for each in planned.changes if each.key != intake.CODE}
        code = next((each.after for each in planned.changes if each.key == intake.CODE), None)
        change_facts(tx, ref=planned.ref, facts=facts, code=code, reason_given=WHY, actor=actor, now=now)
    return Casework.load(tx, planned.ref or ref, actor=actor, now=now)


def _waiting(work: Casework, planned: intake.PlannedStage) -> Waiting:
    involved = {work.actor, work.project.state.clerk}
    may = rules.may_complete if planned.filled else rules.may_take_over
    refuse(work.may(may, planned.stage))
    what = planned.filled or TakenOver(planned.replies)
    return Waiting(work, planned.stage, what, work.checkers(intake.CHECKED_BY, involved))


def _enter(waiting: Sequence[Waiting]) -> None:
    """Record every entry; a checker hears of all of them with the last that is theirs."""
    batch = Batch(projects=len({each.work.project.id for each in waiting}), entries=len(waiting))
    last = {person: each for each in waiting for person in each.checkers}
    for each in waiting:
        told = tuple(person for person in each.checkers if last[person] is each)
        work = each.work
        entry = work.entry(each.stage, each.what, each.checkers)
        work.record(EntryRecorded(entry, batch), Tell("check_batch", told))
