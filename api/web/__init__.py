"""The desk: pages drawn on the server, over the same actions and queries as the JSON routes."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.problems import Problem
from api.web import (
    admin_calendar,
    admin_home,
    admin_incidents,
    admin_people,
    admin_types,
    admin_units,
    audit,
    pages,
    people,
    posts,
)
from api.web.render import page

router = APIRouter()
router.include_router(posts.router)
router.include_router(pages.router)
router.include_router(people.router)
for area in (admin_home, admin_people, admin_units, admin_calendar, admin_types, admin_incidents, audit):
    router.include_router(area.router)


def problem_page(request: Request, problem: Problem) -> Response | None:
    """A refusal as a page; whoever is not signed in is asked to, and comes back to where they were."""
    if problem.status == 401 and request.method == "GET":
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        onwards = "" if target == "/" else f"?next={quote(target, safe='')}"
        return RedirectResponse(f"/sign-in{onwards}", 303)
    visitor = getattr(request.state, "visitor", None)
    came_from = quote(urlsplit(request.headers.get("referer", "")).path or "/", safe="")
    return page(request, "problem.html", visitor, status=problem.status, fault=problem, came_from=came_from)


__all__ = ["problem_page", "router"]
