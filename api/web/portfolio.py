"""项目列表: which of my projects is in trouble; its filters, and the views that a person keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import saved
from api.desk import AtDesk, Desk
from api.schemas import Id
from api.web.commands import done_words
from api.web.forms import Form, Sent, run, see
from api.web.pages import Done, failure_of
from api.web.render import Failure, page, with_query
from workflow import queries, rules
from workflow.errors import NotFound, WorkflowError, reason
from workflow.queries.numbers import number_of
from workflow.queries.portfolio import SORTS

router = APIRouter(include_in_schema=False)

FILTERS = ("light", "state", "phase", "type", "unit", "leader", "clerk", "text", "sort")
"""What narrows or orders a list, as its address carries it."""

UNFILTERED = "/projects?all=1"
"""The list without any filter, also for somebody whose list opens with a view."""


@router.get("/projects")
async def project_list(
    request: Request, desk: AtDesk, before: Id = 0, due: str = "", done: Done = ""
) -> Response:
    """项目列表, as its address filters it; without a word in the address, as the person's own view does."""
    if not request.query_params:
        first = next((each for each in await desk.ask(saved.views) if each.first), None)
        if first is not None:
            return see(f"/projects?{first.filter}")
    said = done_words(done)
    return await _list_page(
        request, desk, given_in(request.query_params), before=before, due=due[:10], done=said
    )


async def _list_page(
    request: Request,
    desk: Desk,
    given: Mapping[str, str],
    *,
    before: Id = 0,
    due: str = "",
    done: str = "",
    failure: Failure | None = None,
) -> Response:
    filters, sort = filters_of(given), given["sort"]

    def with_filter(**changed: Any) -> str:
        return listed({**given, **changed})

    def print_at(path: str, **changed: Any) -> str:
        return with_query(path, {**given, **changed})

    found: queries.Facets = await desk.ask(queries.facets, filters=filters)
    return page(
        request,
        "projects.html",
        desk.visitor,
        failure=failure,
        done=done,
        page=await desk.ask(queries.projects, filters=filters, before=before, due=due, sort=sort),
        facets=found,
        filters=filters,
        in_words=found.words(filters),
        registers=rules.registers(desk.visitor.directory, desk.visitor.id, desk.day),
        filter=with_query("", given).removeprefix("?"),
        views=await desk.ask(saved.views),
        most_views=saved.MOST,
        sort=sort,
        sorts=SORTS,
        with_filter=with_filter,
        print_at=print_at,
        unfiltered=UNFILTERED,
        today=desk.day,
    )


def listed(values: Mapping[str, Any]) -> str:
    """The address of the list with that filter; the unfiltered one says so."""
    address = with_query("/projects", values)
    return UNFILTERED if address == "/projects" else address


def filters_of(given: Mapping[str, str]) -> queries.Filters:
    """The filters that an address carries."""
    return queries.Filters(
        light=given["light"],
        state=given["state"],
        phase=given["phase"],
        type=given["type"],
        unit=number_of(given["unit"]) or 0,
        leader=number_of(given["leader"]) or 0,
        clerk=number_of(given["clerk"]) or 0,
        text=given["text"],
    )


def given_in(values: Mapping[str, str]) -> dict[str, str]:
    """What an address says of filters and order."""
    given = {name: values.get(name, "")[:100].strip() for name in FILTERS}
    given["sort"] = given["sort"] if given["sort"] in SORTS and given["sort"] != "newest" else ""
    return given


# Saved views


@router.post("/views")
async def save(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Keep the present filter under a name."""
    given = _filter(form)
    kept = with_query("", given).removeprefix("?") or "all=1"
    try:
        await run(desk, form, saved.save_view, name=form.text("name"), filter_=kept)
    except WorkflowError as error:
        return await _list_page(request, desk, given, failure=failure_of("view", error, form.values()))
    return see(f"/projects?{kept}&done=saved")


@router.post("/views/{view}/{action}")
async def change(request: Request, desk: AtDesk, form: Sent, view: Id, action: str) -> Response:
    """Rename a view, delete it, or let the list open with it."""
    given = _filter(form)
    try:
        done = await _change(desk, form, view, action)
    except WorkflowError as error:
        return await _list_page(
            request, desk, given, failure=failure_of(f"view-{view}", error, form.values())
        )
    address = listed(given)
    return see(f"{address}&done={done}")


async def _change(desk: Desk, form: Form, view: int, action: str) -> str:
    match action:
        case "rename":
            await run(desk, form, saved.rename_view, view=view, name=form.text("name"))
            return "renamed"
        case "delete":
            await run(desk, form, saved.delete_view, view=view)
            return "deleted"
        case "first":
            await run(desk, form, saved.open_with, view=view)
            return "first"
        case "unset":
            await run(desk, form, saved.open_with, view=0)
            return "unset"
    raise NotFound(reason("not-found"))


def _filter(form: Form) -> dict[str, str]:
    """The filter that the list had; what no list of ours could have shown is left out."""
    given = parse_qsl(form.text("filter"))
    return given_in({name: value for name, value in given if not rules.is_misleading(value)})
