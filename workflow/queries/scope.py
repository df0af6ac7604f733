"""Who may see which project: one condition, put into every query that names a project.

Invariant: nothing is filtered after it was read; a project out of sight is the same as none (404).
"""

from __future__ import annotations

from collections.abc import Callable
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


Sees = Callable[[ColumnElement[int], ColumnElement[int]], ColumnElement[bool]]
"""From what names a project's organisation and the project, in any table, to the condition that it may be seen."""


def sight(connection: Connection, directory: Directory, person: int, day: date) -> Sees:
    """What the person sees: what lies in their scope, and in what something waits for them. Asks once.

    Whoever may see every organisation needs no condition, which spares the database a list of all of them. What
    waits outside the scope is asked for first: there is seldom any, and a condition of one part leaves the
    database its indexes.
    """
    scope = sorted(directory.scope(person, day))
    if len(scope) == len(directory.organisations):
        return lambda _organisation, _project: true()
    waits = select(TASK.c.project_id).where(
        TASK.c.person_id.in_(people(directory, person, day)), TASK.c.organisation_id.not_in(scope)
    )
    outside = connection.execute(waits.distinct()).scalars().all()

    def sees(organisation: ColumnElement[int], project: ColumnElement[int]) -> ColumnElement[bool]:
        within = organisation.in_(scope)
        return or_(within, project.in_(outside)) if outside else within

    return sees


def visible(connection: Connection, directory: Directory, person: int, day: date) -> ColumnElement[bool]:
    """The condition on a project that this person sees it."""
    return sight(connection, directory, person, day)(PROJECT.c.organisation_id, PROJECT.c.id)


def namesake(organisation: int | BindParameter[int], title: str | BindParameter[str]) -> ColumnElement[bool]:
    """When a project bears just that name in just that unit: what the same name is, on pages and in actions."""
    same = and_(PROJECT.c.organisation_id == organisation, PROJECT.c.title == title)
    return and_(same, PROJECT.c.state != "terminated")


def is_called(text: str) -> ColumnElement[bool]:
    """When the text stands in a project's name, or begins its code; capital or small letters."""
    title, code = PROJECT.c.title, PROJECT.c.code
    if (
        text.lower() == text.upper()
    ):  # 汉字 and digits are one case only: folding every name would take as long as the rest
        return or_(title.contains(text, autoescape=True), code.startswith(text, autoescape=True))
    return or_(title.icontains(text, autoescape=True), code.istartswith(text, autoescape=True))


def columns(*names: str) -> list[Any]:
    """These columns of `project`."""
    return [PROJECT.c[name] for name in names]
