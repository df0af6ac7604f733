"""单位 and 委托: the tree with who holds which post in it, and who acts for whom in the whole house."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fastapi import APIRouter
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk, Desk
from api.schemas import Id
from api.web.admin import (
    ADMINISTRATOR,
    admin_page,
    done_at,
    people_choices,
    proved,
    refused,
    unit_choices,
)
from api.web.forms import Form, Sent, run
from api.web.pages import Done
from api.web.render import Failure
from workflow.actions import people
from workflow.definition import POSTS
from workflow.errors import NotFound, WorkflowError, reason
from workflow.people import Directory, OrganisationView, PostView
from workflow.rules.people import RANKS

router = APIRouter(prefix="/admin", include_in_schema=False, dependencies=list(ADMINISTRATOR))


class Unit(Struct, frozen=True):
    """One node of the tree: how deep it lies, and who holds posts in it."""

    it: OrganisationView
    depth: int
    region: str
    posts: tuple[PostView, ...]


def _tree(directory: Directory) -> list[Unit]:
    held: dict[int, list[PostView]] = defaultdict(list)
    for post in directory.posts:
        if directory.is_active(post.person):
            held[post.organisation].append(post)
    return [
        Unit(each, each.path.count("/") - 2, directory.region_of(each.id), tuple(held[each.id]))
        for each in sorted(directory.organisations.values(), key=lambda each: _place(directory, each))
    ]


class Asked(Struct, frozen=True):
    """Who is asked in a project of the unit when a step names that post; nobody is a gap."""

    post: str
    people: tuple[str, ...]


def _asked(directory: Directory, key: str, unit: int) -> Asked:
    found = directory.holders(key, unit)
    return Asked(POSTS[key], tuple(map(directory.in_full, found)))


def _place(directory: Directory, unit: OrganisationView) -> list[int]:
    """Where the unit comes in the tree: after the one above it, before that one's next sibling."""
    return list(reversed(list(directory.upwards(unit.id))))


@router.get("/units")
async def units(request: Request, desk: AtDesk, done: Done = "") -> Response:
    """单位: the tree."""
    return _units_page(request, desk, done=done)


def _units_page(request: Request, desk: Desk, *, failure: Failure | None = None, done: str = "") -> Response:
    directory = desk.visitor.directory
    return admin_page(
        request,
        "admin_units.html",
        desk.visitor,
        failure=failure,
        done=done,
        units=_tree(directory),
        parents=unit_choices(directory),
    )


@router.post("/units")
async def add_unit(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Enter a unit."""
    try:
        arguments: dict[str, Any] = {
            "name": form.required("name", "单位名称"),
            "parent": form.number("parent", "上级单位") if form.has("parent") else 0,
            "region": form.text("region"),
        }
        unit = await run(desk, form, people.add_organisation, **arguments)
    except WorkflowError as error:
        return _units_page(request, desk, failure=refused("unit", error, form))
    return done_at(f"/admin/units/{unit}", "unit-added")


@router.get("/units/{unit}")
async def one_unit(request: Request, desk: AtDesk, unit: Id, done: Done = "") -> Response:
    """One unit: its name, who holds posts there, and what keeps it from being disabled."""
    return _unit_page(request, desk, unit, done=done)


def _unit_page(
    request: Request, desk: Desk, unit: int, *, failure: Failure | None = None, done: str = ""
) -> Response:
    directory = desk.visitor.directory
    found = directory.organisations.get(unit)
    if found is None:
        raise NotFound(reason("organisation-not-found"))
    above = directory.organisations.get(found.parent)
    return admin_page(
        request,
        "admin_unit.html",
        desk.visitor,
        failure=failure,
        done=done,
        it=next(each for each in _tree(directory) if each.it.id == unit),
        above=above,
        below=[each for each in directory.organisations.values() if each.parent == unit],
        asked=[_asked(directory, key, unit) for key in RANKS],
    )


@router.post("/units/{unit}/change")
async def change(request: Request, desk: AtDesk, form: Sent, unit: Id) -> Response:
    """Another name, or the region that was mistaken."""
    try:
        name, region = form.required("name", "单位名称"), form.text("region")
        await run(desk, form, people.change_organisation, organisation=unit, name=name, region=region)
    except WorkflowError as error:
        return _unit_page(request, desk, unit, failure=refused("change", error, form))
    return done_at(f"/admin/units/{unit}", "unit-changed")


@router.post("/units/{unit}/{wanted}")
async def switch(request: Request, desk: AtDesk, form: Sent, unit: Id, wanted: str) -> Response:
    """Disable or enable the unit."""
    if wanted not in {"disable", "enable"}:
        raise NotFound(reason("organisation-not-found"))
    try:
        await run(desk, form, people.change_organisation, organisation=unit, active=wanted == "enable")
    except WorkflowError as error:
        return _unit_page(request, desk, unit, failure=refused(wanted, error, form))
    return done_at(f"/admin/units/{unit}", f"unit-{wanted}d")


# Who acts for whom


@router.get("/delegations")
async def delegations(request: Request, desk: AtDesk, principal: Id = 0, done: Done = "") -> Response:
    """委托: all that are in force or to come, and entering one for somebody who cannot."""
    return _delegations_page(request, desk, principal, done=done)


def _delegations_page(
    request: Request, desk: Desk, principal: int = 0, *, failure: Failure | None = None, done: str = ""
) -> Response:
    directory = desk.visitor.directory
    return admin_page(
        request,
        "admin_delegations.html",
        desk.visitor,
        failure=failure,
        done=done,
        items=sorted(
            (each for each in directory.delegations if each.ends_on >= desk.day),
            key=lambda each: (each.starts_on, each.principal),
        ),
        day=desk.day,
        people=people_choices(directory),
        principal=principal or "",
    )


@router.post("/delegations")
async def delegate(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Let somebody act for another who is ill or away; never oneself."""
    try:
        arguments: dict[str, Any] = {
            "principal": form.number("principal", "委托人"),
            "agent": form.number("agent", "代理人"),
            "starts_on": form.required_day("starts_on", "开始日期"),
            "ends_on": form.required_day("ends_on", "结束日期"),
            "reason_given": form.text("reason"),
        }
        await proved(request, desk, form)
        await run(desk, form, people.delegate, **arguments)
    except WorkflowError as error:
        return _delegations_page(request, desk, failure=refused("delegate", error, form))
    return done_at("/admin/delegations", "delegated")


@router.post("/delegations/end")
async def end_delegation(request: Request, desk: AtDesk, form: Sent) -> Response:
    """End one before its day."""
    try:
        principal, agent = _pair(form)
        await run(desk, form, people.end_delegation, principal=principal, agent=agent)
    except WorkflowError as error:
        return _delegations_page(request, desk, failure=refused("end", error, form))
    return done_at("/admin/delegations", "ended")


def _pair(form: Form) -> tuple[int, int]:
    return form.number("principal", "委托人"), form.number("agent", "代理人")
