"""One stage with its project and what late holders said: all that the papers about it are made from.

Invariant: both are of one read, so that a printed sheet never mixes two states of a project.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from sqlalchemy import Connection

from workflow.events import ExplanationFiled
from workflow.queries.orders import order_paper
from workflow.queries.reading import read_project
from workflow.queries.record import stage_record
from workflow.queries.stages import stage_file
from workflow.queries.views import OrderPaper, ProjectView, StageFile
from workflow.queries.whole import project_view
from workflow.queries.words import clock_time
from workflow.record import instant


class Explanation(Struct, frozen=True):
    """What a late holder said, in their own words."""

    by: str
    title: str
    at: str
    text: str


class Dossier(Struct, frozen=True):
    """A stage's file, its project, the explanations filed in this stage, oldest first, and its last order."""

    project: ProjectView
    file: StageFile
    explanations: tuple[Explanation, ...]
    order: OrderPaper | None


def dossier(connection: Connection, *, ref: str, stage: str, person: int, day: date) -> Dossier:
    """The stage whole; NotFound if the person may not see the project or its type has no such stage."""
    file = stage_file(connection, ref=ref, stage=stage, person=person, day=day)
    reading = read_project(connection, ref=ref, person=person, day=day)
    directory, record = reading.directory, stage_record(connection, reading, stage)
    explanations = tuple(
        Explanation(
            by=directory.acting(row.actor_id, event.on_behalf),
            title=directory.title(row.actor_id),
            at=clock_time(instant(row.at)),
            text=event.text,
        )
        for row, event in reversed(record)
        if isinstance(event, ExplanationFiled)
    )
    order = order_paper(reading, stage, record)
    return Dossier(project_view(connection, reading), file, explanations, order)
