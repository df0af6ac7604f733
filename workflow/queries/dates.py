"""The days that a person should know of: when what waits for them is due, and when replies run out.

Invariant: nothing here is relative to today, so that the same facts read the same on any day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct
from sqlalchemy import Connection, select

from workflow.queries.scope import PROJECT, columns, people, visible
from workflow.queries.worklist import WorkItem, worklist
from workflow.snapshot import Snapshot, snapshot
from workflow.state import RUNNING_STATES, from_json

MOST_PROJECTS = 200
"""Whose replies are looked at: those that run out first."""


class Dated(Struct, frozen=True):
    """One day to know of. `key` names the thing, whatever its day becomes; `stage` is empty for a reply."""

    key: str
    day: date
    words: str
    ref: str
    stage: str
    provisional: bool
    outside: bool
    for_whom: str


def dates(connection: Connection, *, person: int, day: date) -> tuple[Dated, ...]:
    """Due dates of what waits for the person and for whom they act for, and of their projects' replies."""
    work = worklist(connection, person=person, day=day)
    found = [*_due(work.mine), *_due(work.elsewhere), *_validity(connection, person, day)]
    return tuple(sorted(found, key=lambda each: (each.day, each.key)))


def _due(items: tuple[WorkItem, ...]) -> Iterator[Dated]:
    for item in items:
        if item.due is not None and item.due.day is not None:
            yield Dated(
                key=f"{item.ref}.{item.stage}.{item.what}",
                day=item.due.day,
                words=f"{item.project}·{item.stage_title}：{item.words}到期",
                ref=item.ref,
                stage=item.stage,
                provisional=item.due.provisional,
                outside=item.outside,
                for_whom=item.for_whom,
            )


def _validity(connection: Connection, person: int, day: date) -> Iterator[Dated]:
    """Replies of projects whose clerk the person is, or acts for, unless they have run out already."""
    snap = snapshot(connection)
    statement = (
        select(*columns("ref", "body"))
        .where(
            visible(connection, snap.directory, person, day),
            PROJECT.c.clerk_id.in_(people(snap.directory, person, day)),
            PROJECT.c.state.in_(sorted(RUNNING_STATES)),
            PROJECT.c.valid_due_on.is_not(None),
        )
        .order_by(PROJECT.c.valid_due_on, PROJECT.c.id)
        .limit(MOST_PROJECTS)
    )
    for row in connection.execute(statement):
        yield from _replies(connection, snap, row.ref, row.body, person)


def _replies(connection: Connection, snap: Snapshot, ref: str, body: str, person: int) -> Iterator[Dated]:
    state = from_json(body)
    definition = snap.compiled(connection, state.digest).definition
    for key, paper in state.documents.items():
        kind = definition.documents.get(key)
        if kind is None or paper.clock is None or paper.clock.due_on is None or paper.lapsed:
            continue
        yield Dated(
            key=f"{ref}.valid.{key}",
            day=paper.clock.due_on,
            words=f"{state.title}·{kind.title}：有效期届满",
            ref=ref,
            stage="",
            provisional=paper.clock.provisional,
            outside=False,
            for_whom=snap.directory.name(state.clerk) if state.clerk != person else "",
        )
