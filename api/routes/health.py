"""Whether the service is well, what the record's heads are, what a problem's code means, and this very document."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from api import metrics
from api.answers import Answer, answers, document
from api.auth import Administrator, Now, Person, TheDoor, public
from api.condition import condition
from notifications.queue import queue_state
from notifications.settings import is_loopback
from workflow import queries
from workflow.errors import SENTENCES, NotFound, reason

router = APIRouter(prefix="/api", tags=["系统"])
numbers = APIRouter(include_in_schema=False)


class Alive(Struct, frozen=True):
    """The service answers, and so does its database."""

    status: str


class BeatItem(Struct, frozen=True):
    """How one of the recurring works fares."""

    name: str
    every: float
    began_at: datetime | None
    seconds: float
    problem: str
    late: bool


class Health(Struct, frozen=True):
    """How the installation fares."""

    status: str
    beats: list[BeatItem]
    incidents: int
    notices_waiting: int
    mails_waiting: int
    mail: str


class CodeView(Struct, frozen=True):
    """What a problem's code means, and who can lift it."""

    code: str
    text: str
    remedy: str


@router.get("/health", dependencies=[Depends(public)], **answers(Alive))
async def alive(door: TheDoor) -> Answer:
    """Whether the service is up. Says nothing else to anybody."""
    await door.ask(queries.snapshot)
    return Answer(Alive("ok"))


@router.get("/health/details", **answers(Health))
async def details(request: Request, administrator: Administrator, door: TheDoor, now: Now) -> Answer:
    """Recurring works, open incidents, what waits to be mailed; `ok` unless 运行状态 is red."""
    del administrator
    settings, beats = request.app.state.settings, request.app.state.metronome.beats
    items = [
        BeatItem(each.name, each.every, each.began_at, each.seconds, each.problem, each.is_late(now))
        for each in beats
    ]
    found, queue = await condition(request.app.state, now), await door.ask(queue_state, since=now)
    status = "ok" if found.is_well else "attention"
    mail = "本机邮箱" if settings.mailbox else settings.smtp.host or "未设置"
    return Answer(Health(status, items, found.stored.incidents, queue.notices, queue.waiting, mail))


@numbers.get("/metrics", dependencies=[Depends(public)])
async def metrics_page(
    request: Request, door: TheDoor, now: Now, authorization: Annotated[str, Header()] = ""
) -> PlainTextResponse:
    """The service in numbers, for Prometheus: to this machine itself, or to whoever knows the token."""
    state = request.app.state
    if not _may_measure(request, authorization, state.settings.metrics_token.get_secret_value()):
        raise NotFound(reason("not-found"))
    found = await door.ask(metrics.counted, now=now)
    measured = metrics.measures(found, state.metronome.beats, door.refused, now, state.began)
    return PlainTextResponse(metrics.exposition(measured), media_type=metrics.MEDIA)


def _may_measure(request: Request, authorization: str, token: str) -> bool:
    """Whether the caller sits at this machine, also by the name it calls us, or knows the token."""
    if token and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
        return True
    here = request.client is not None and is_loopback(request.client.host)
    return here and is_loopback(request.url.hostname or "")


@router.get("/audit/head", **answers(queries.AuditHead))
async def audit_head(visitor: Person, door: TheDoor) -> Answer:
    """The heads of the record, to be kept outside."""
    del visitor
    return Answer(await door.ask(queries.audit_head))


@router.get("/problems/{code}", dependencies=[Depends(public)], **answers(CodeView, 404))
async def problem(code: str) -> Answer:
    """What a problem's code means: the page that its `type` names."""
    found = SENTENCES.get(code)
    if found is None:
        raise NotFound(reason("not-found"))
    return Answer(CodeView(code, *found))


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, visitor: Person) -> Answer:
    """The description of this interface."""
    del visitor
    state = request.app.state
    if not hasattr(state, "document"):
        state.document = document(request.app)
    return Answer(state.document)
