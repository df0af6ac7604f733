"""One project, whole: where it is, who holds the ball, what is missing, and what this person may do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec import Struct
from sqlalchemy import Connection, select

from workflow import rules
from workflow.definition import Definition
from workflow.machine import PROJECT_STATES
from workflow.queries.offers import due_offer, project_offers, stop_offer
from workflow.queries.papers import document_view, field_view, paper_views
from workflow.queries.portfolio import organisation_name
from workflow.queries.reading import Reading, read_project
from workflow.queries.record import read_timeline
from workflow.queries.scope import PROJECT, people, visible
from workflow.queries.stages import balls, colleagues, entry_views, stage_views
from workflow.queries.views import Colleague, DocumentView, Link, ProjectView, Timeline, WaitView
from workflow.queries.words import LIGHTS, Light, light_on
from workflow.rules.people import posts_from
from workflow.state import PASSED_STATES, Clock


def project(connection: Connection, *, ref: str, person: int, day: date) -> ProjectView:
    """Everything that the project page shows; NotFound unless the person may see it."""
    return project_view(connection, read_project(connection, ref=ref, person=person, day=day))


class Overview(Struct, frozen=True):
    """The project's page in one read: the project, what is drawn of it, and what its forms choose from.

    `mine` are the people whose work this person may do: their own, and that of those they act for.
    """

    project: ProjectView
    definition: Definition
    mine: frozenset[int]
    papers: tuple[DocumentView, ...]
    colleagues: tuple[Colleague, ...]
    timeline: Timeline


def overview(connection: Connection, *, ref: str, person: int, day: date, recent: int) -> Overview:
    """The same, with the last `recent` events and what may be handed in."""
    reading = read_project(connection, ref=ref, person=person, day=day)
    return Overview(
        project=project_view(connection, reading),
        definition=reading.definition,
        mine=frozenset(people(reading.directory, person, day)),
        papers=_wanted(reading),
        colleagues=_clerks(reading),
        timeline=read_timeline(connection, reading, page=recent),
    )


def _clerks(reading: Reading) -> tuple[Colleague, ...]:
    """Who could go on with the project: whoever else sees it and may do a clerk's work, or a clerk's superior's."""
    directory, organisation = reading.directory, reading.state.organisation
    return tuple(
        each
        for each in colleagues(reading, exclude=(reading.state.clerk,))
        if directory.has_post(each.id, posts_from("clerk"), organisation)
    )


def _wanted(reading: Reading) -> tuple[DocumentView, ...]:
    """What the reader may hand in of the papers that stages still to pass need, those of open stages first."""
    definition, state = reading.definition, reading.state
    todo = [spec for spec in definition.stages.values() if state.stage(spec.key).state not in PASSED_STATES]
    todo.sort(key=lambda spec: not state.stage(spec.key).is_open)
    keys = {paper: None for spec in todo for need in spec.needs for paper in need.any_of}
    return tuple(document_view(definition, key) for key in keys if not rules.may_hand_in(reading.case, key))


def project_view(connection: Connection, reading: Reading) -> ProjectView:
    """The same for a project that is already open."""
    state, definition = reading.state, reading.definition
    clocks = [stage.clock for stage in state.stages.values() if stage.is_open and stage.clock]
    facts = [field_view(fact, state.facts.get(key)) for key, fact in definition.facts.items()]
    stages = stage_views(reading)
    return ProjectView(
        ref=reading.ref,
        title=state.title,
        code=state.code,
        type=state.definition,
        type_title=definition.title,
        version=state.version,
        unit=organisation_name(reading.snap, state.organisation),
        organisation=state.organisation,
        clerk=reading.directory.name(state.clerk),
        clerk_id=state.clerk,
        state=state.state,
        state_words=PROJECT_STATES[state.state],
        own=_worst((clock for clock in clocks if not clock.outside), reading.day),
        outside=_worst((clock for clock in clocks if clock.outside), reading.day),
        validity=_worst((paper.clock for paper in state.documents.values()), reading.day),
        parent=_link(connection, reading, state.parent) if state.parent else None,
        waits=tuple(
            _wait(connection, reading, wait.project, wait.stage) for wait in state.waits if not wait.ended
        ),
        taking_over=state.taking_over,
        due=due_offer(reading),
        unfinished=rules.unfinished_stages(reading.case),
        phases=definition.phases,
        stages=stages,
        balls=balls(reading, stages),
        papers=paper_views(reading),
        entries=entry_views(reading),
        facts=tuple(each for each in facts if each.value is not None),
        unknown=tuple(each for each in facts if each.value is None),
        warnings=tuple(rules.exceeded_caps(definition, state)),
        offers=project_offers(reading),
        seq=reading.seq,
        head=reading.head,
    )


_ORDER = ("red", "yellow", "grey", "green")


def _worst(clocks: Iterable[Clock | None], day: date) -> Light:
    """The light that asks for most attention; none without a clock."""
    found = {
        LIGHTS["grey"].colour if clock.stopped else light_on(clock.warn_on, clock.due_on, day).colour
        for clock in clocks
        if clock is not None
    }
    return next((LIGHTS[colour] for colour in _ORDER if colour in found), LIGHTS["none"])


def _link(connection: Connection, reading: Reading, other: int) -> Link:
    statement = select(PROJECT.c.ref, PROJECT.c.title).where(
        PROJECT.c.id == other, visible(connection, reading.directory, reading.case.actor, reading.day)
    )
    row = connection.execute(statement).first()
    return Link(row.ref, row.title) if row else Link("", "另一项目")


def _wait(connection: Connection, reading: Reading, other: int, stage: str) -> WaitView:
    link = _link(connection, reading, other)
    words = f"等待“{link.title}”{'相关事项办结' if stage else '投用'}"
    awaited = connection.execute(select(PROJECT.c.ref).where(PROJECT.c.id == other)).scalar_one()
    return WaitView(link.ref, words, stop_offer(reading, awaited))
