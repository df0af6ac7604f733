"""What is mine: for whom I act and who acts for me (委托代理), my password, and where I am signed in (我的登录)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import sessions
from api.auth import Newcomer, Now, Visitor, change_own_password, signed_in_at
from api.desk import AtDesk, Desk
from api.web.commands import done_words
from api.web.forms import Form, Sent, run, see
from api.web.pages import Done, failure_of
from api.web.render import Failure, page
from workflow import queries
from workflow.actions import people
from workflow.errors import WorkflowError

router = APIRouter(include_in_schema=False)


@router.get("/delegations")
async def delegations(request: Request, desk: AtDesk, done: Done = "") -> Response:
    """委托代理: for whom I act, and who acts for me."""
    return await _page(request, desk, done=done_words(done))


@router.post("/delegations")
async def delegate(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Let a colleague act for me from one day to another."""
    try:
        arguments = _delegation(form, desk.visitor.id)
        await run(desk, form, people.delegate, **arguments)
    except WorkflowError as error:
        return await _page(request, desk, failure_of("delegate", error, form.values()))
    return see("/delegations?done=delegated")


@router.post("/delegations/end")
async def end_delegation(request: Request, desk: AtDesk, form: Sent) -> Response:
    """End it before its day."""
    try:
        agent = form.number("agent", "代理人")
        await run(desk, form, people.end_delegation, principal=desk.visitor.id, agent=agent)
    except WorkflowError as error:
        return await _page(request, desk, failure_of("end", error, form.values()))
    return see("/delegations?done=ended")


@router.get("/password")
async def password_page(request: Request, visitor: Newcomer) -> Response:
    """更改密码."""
    return page(request, "password.html", visitor)


@router.post("/password")
async def change_password(request: Request, visitor: Newcomer, now: Now, form: Sent) -> Response:
    """Another password for myself; I sign in again with it."""
    try:
        await change_own_password(request, visitor, form.raw("current"), form.raw("password"), now)
    except WorkflowError as error:
        return page(request, "password.html", visitor, failure=failure_of("own", error, form.values()))
    return see("/sign-in?done=password")


@router.get("/sessions")
async def own_sessions(request: Request, desk: AtDesk, done: Done = "") -> Response:
    """我的登录: where I am signed in at this moment."""
    return page(
        request,
        "sessions.html",
        desk.visitor,
        done=done_words(done),
        sessions=await signed_in_at(request, desk.visitor, desk.now),
        absolute_hours=request.app.state.settings.absolute_hours,
        idle_minutes=request.app.state.settings.idle_minutes,
    )


@router.post("/sessions/end")
async def end_session(desk: AtDesk, form: Sent) -> Response:
    """End one of my sessions elsewhere."""
    await desk.door.run(sessions.close_own_session, session=form.text("session"), person=desk.visitor.id)
    return see("/sessions?done=session-ended")


@router.post("/sessions/end-others")
async def end_other_sessions(desk: AtDesk) -> Response:
    """End all of my sessions but this one."""
    await desk.door.run(sessions.close_other_sessions, session=desk.visitor.session, person=desk.visitor.id)
    return see("/sessions?done=sessions-ended")


def _delegation(form: Form, principal: int) -> dict[str, Any]:
    return {
        "principal": principal,
        "agent": form.number("agent", "代理人"),
        "starts_on": form.required_day("starts_on", "开始日期"),
        "ends_on": form.required_day("ends_on", "结束日期"),
        "reason_given": form.text("reason"),
    }


async def _page(request: Request, desk: Desk, failure: Failure | None = None, done: str = "") -> Response:
    visitor = desk.visitor
    directory = visitor.directory
    current = [each for each in directory.delegations if each.ends_on >= desk.day]
    given = [each for each in current if each.principal == visitor.id]
    return page(
        request,
        "delegations.html",
        visitor,
        failure=failure,
        done=done,
        given=[(each, await desk.ask(queries.barred, agent=each.agent)) for each in given],
        held=[each for each in current if each.agent == visitor.id],
        colleagues=_colleagues(visitor),
        today=desk.day,
    )


def _colleagues(visitor: Visitor) -> list[tuple[int, str]]:
    """Active people with a post in the same region: nobody else is named here."""
    directory = visitor.directory
    regions = {directory.region_of(held.organisation) for held in directory.posts_of(visitor.id)}
    found = {
        held.person
        for held in directory.posts
        if directory.region_of(held.organisation) in regions
        and directory.is_active(held.person)
        and held.person != visitor.id
        and not directory.is_administrator(held.person)
    }
    return sorted(((each, directory.in_full(each)) for each in found), key=lambda it: it[1])
