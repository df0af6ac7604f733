"""Projects as wholes: registering, reading, facts, moves, handing over, waiting, taking over."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.answers import Answer, Done, Registered, answers
from api.desk import AtDesk
from api.schemas import (
    FactsBody,
    HandOverBody,
    Id,
    MoveBody,
    RegisterBody,
    StopWaitingBody,
    TakeOverBody,
    WaitBody,
    facts_of,
)
from workflow import queries
from workflow.actions import projects

router = APIRouter(prefix="/api/projects", tags=["项目"])

Word = Annotated[str, Field(max_length=100)]


class FilterQuery(BaseModel):
    """How the list is narrowed; empty means all. `before` is the position to go on from."""

    model_config = ConfigDict(extra="forbid")

    light: Word = ""
    state: Word = ""
    phase: Word = ""
    type: Word = ""
    unit: Id = 0
    leader: Id = 0
    clerk: Id = 0
    text: Word = ""
    before: Id = 0


@router.get("", **answers(queries.ProjectPage))
async def list_projects(desk: AtDesk, query: Annotated[FilterQuery, Query()]) -> Answer:
    """The projects that I may see, newest first, fifty at a time."""
    filters = queries.Filters(**query.model_dump(exclude={"before"}))
    return Answer(await desk.ask(queries.projects, filters=filters, before=query.before))


@router.post("", **answers(Registered, 404, 409, status=201))
async def register(desk: AtDesk, body: RegisterBody) -> Answer:
    """Begin to follow a project."""
    drawn = {"ref": secrets.token_urlsafe(16)}
    values = body.model_dump() | {"facts": facts_of(body.facts)}
    return Answer(Registered(await desk.run(projects.register_project, drawn, **values)), 201)


@router.get("/{ref}", **answers(queries.ProjectView, 404))
async def show(desk: AtDesk, ref: str) -> Answer:
    """Everything about one project."""
    return Answer(await desk.ask(queries.project, ref=ref))


@router.get("/{ref}/timeline", **answers(queries.Timeline, 404))
async def timeline(desk: AtDesk, ref: str, before: Id = 0) -> Answer:
    """The record of the project, newest first."""
    return Answer(await desk.ask(queries.timeline, ref=ref, before=before))


@router.post("/{ref}/facts", **answers(Done, 404, 409, status=201))
async def change_facts(desk: AtDesk, ref: str, body: FactsBody) -> Answer:
    """Facts became known, changed, or unknown again; or the code was assigned."""
    done = await desk.run(
        projects.change_facts, ref=ref, facts=facts_of(body.facts), reason_given=body.reason, code=body.code
    )
    return Answer(Done(done), 201)


@router.post("/{ref}/moves", **answers(Done, 404, 409, status=201))
async def move(desk: AtDesk, ref: str, body: MoveBody) -> Answer:
    """Move the project as a whole: into the reserve, into work, into use; suspend, resume, end it."""
    done = await desk.run(
        projects.move_project,
        ref=ref,
        trigger=body.trigger,
        reason_given=body.reason,
        unfinished=body.unfinished,
    )
    return Answer(Done(done), 201)


@router.post("/{ref}/handovers", **answers(Done, 404, 409, status=201))
async def hand_over(desk: AtDesk, ref: str, body: HandOverBody) -> Answer:
    """Give the project to another clerk."""
    done = await desk.run(projects.hand_over_project, ref=ref, to=body.to, reason_given=body.reason)
    return Answer(Done(done), 201)


@router.post("/{ref}/waits", **answers(Done, 404, 409, status=201))
async def wait(desk: AtDesk, ref: str, body: WaitBody) -> Answer:
    """Let the project wait for another."""
    return Answer(Done(await desk.run(projects.wait_for, ref=ref, other=body.other, stage=body.stage)), 201)


@router.post("/{ref}/waits/ended", **answers(Done, 404, 409, status=201))
async def stop_waiting(desk: AtDesk, ref: str, body: StopWaitingBody) -> Answer:
    """Let the project go on without another that it waits for; by a chief, with a reason."""
    done = await desk.run(projects.stop_waiting, ref=ref, other=body.other, reason_given=body.reason)
    return Answer(Done(done), 201)


@router.post("/{ref}/takeovers", **answers(Done, 404, 409, status=201))
async def take_over(desk: AtDesk, ref: str, body: TakeOverBody) -> Answer:
    """Enter a stage that was issued before the project was followed here (补录)."""
    replies = tuple(each.reply(desk.file) for each in body.replies)
    done = await desk.run(
        projects.take_over_stage, ref=ref, stage=body.stage, replies=replies, as_printed=body.as_printed
    )
    return Answer(Done(done), 201)


@router.post("/{ref}/takeover-closing", **answers(Done, 404, 409, status=201))
async def close_take_over(desk: AtDesk, ref: str) -> Answer:
    """End the taking-over: from here on the project is followed like any other."""
    return Answer(Done(await desk.run(projects.close_take_over, ref=ref)), 201)
