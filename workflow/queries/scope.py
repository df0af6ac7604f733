"""Who may see which project: one condition, put into every query that names a project.

Invariant: nothing is filtered after it was read; a project out of sight is the same as none (404).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, or_, select, true

from workflow.models import Project, Task
from workflow.people import Directory
from workflow.sql import table

PROJECT, TASK = table(Project), table(Task)


def people(directory: Directory, person: int, day: date) -> tuple[int, ...]:
    """The person, and everybody whom they act for on that day."""
    return (person, *directory.principals(person, day))


def visible(
    connection: Connection,
    directory: Directory,
    person: int,
    day: date,
    *,
    organisation: ColumnElement[int] = PROJECT.c.organisation_id,
    project: ColumnElement[int] = PROJECT.c.id,
) -> ColumnElement[bool]:
    """The condition on a project, or on what names it: in the person's scope, or something in it waits for them.

    Whoever may see every organisation needs none, which spares the database a list of all of them. What waits
    outside the scope is asked for first: there is seldom any, and a condition of one part leaves the database
    its indexes.
    """
    scope = directory.scope(person, day)
    if len(scope) == len(directory.organisations):
        return true()
    waits = select(TASK.c.project_id).where(
        TASK.c.person_id.in_(people(directory, person, day)), TASK.c.organisation_id.not_in(scope)
    )
    outside = connection.execute(waits.distinct()).scalars().all()
    within = organisation.in_(sorted(scope))
    return or_(within, project.in_(outside)) if outside else within


def namesake(organisation: int | BindParameter[int], title: str | BindParameter[str]) -> ColumnElement[bool]:
    """When a project bears just that name in just that unit: what the same name is, on pages and in actions."""
    same = and_(PROJECT.c.organisation_id == organisation, PROJECT.c.title == title)
    return and_(same, PROJECT.c.state != "terminated")


def columns(*names: str) -> list[Any]:
    """These columns of `project`."""
    return [PROJECT.c[name] for name in names]
