"""What a table of running projects would do, asked beforehand: nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Connection, and_, or_, select

from workflow.queries.scope import PROJECT, columns
from workflow.rules import intake
from workflow.snapshot import Snapshot, snapshot
from workflow.state import from_json


def intake_plan(
    connection: Connection, *, person: int, day: date, digest: str, projects: Sequence[intake.GivenProject]
) -> intake.Plan:
    """What taking these rows in would do now, and everything that is wrong with them; nothing is changed."""
    snap = snapshot(connection)
    return intake.plan_intake(
        snap.directory,
        snap.compiled(connection, digest),
        projects,
        _candidates(connection, snap, projects),
        actor=person,
        day=day,
    )


def _candidates(
    connection: Connection, snap: Snapshot, projects: Sequence[intake.GivenProject]
) -> Iterator[intake.Found]:
    """Every project that a row may be about; whether it may be seen is for the plan to say."""
    codes = {each.code for each in projects if each.code}
    names: dict[int, set[str]] = {}
    for each in projects:
        names.setdefault(each.organisation, set()).add(each.title)
    named = [
        and_(PROJECT.c.organisation_id == organisation, PROJECT.c.title.in_(titles))
        for organisation, titles in names.items()
    ]
    statement = (
        select(*columns("ref", "digest", "body"))
        .where(PROJECT.c.state != "terminated", or_(PROJECT.c.code.in_(codes), *named))
        .order_by(PROJECT.c.id)
    )
    for row in connection.execute(statement):
        yield intake.Found(row.ref, from_json(row.body), snap.compiled(connection, row.digest))
