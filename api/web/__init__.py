"""The desk: pages drawn on the server, over the same actions and queries as the JSON routes."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth import Visitor
from api.problems import Problem
from api.security import came_from_here
from api.web import (
    admin_calendar,
    admin_home,
    admin_incidents,
    admin_people,
    admin_types,
    admin_units,
    audit,
    checks,
    feed,
    graphs,
    guide,
    intake,
    leaders,
    pages,
    people,
    phrases,
    portfolio,
    posts,
    prints,
    registration,
    taking_over,
    types,
    worklist,
)
from api.web.posts import sign_in_page
from api.web.render import page
from api.web.resuming import confirm_page, kept_of

router = APIRouter()
router.include_router(worklist.router)
router.include_router(registration.router)
router.include_router(taking_over.router)
router.include_router(intake.router)
router.include_router(checks.router)
router.include_router(portfolio.router)
router.include_router(phrases.router)
router.include_router(posts.router)
router.include_router(prints.router)
router.include_router(graphs.router)
router.include_router(pages.router)
router.include_router(types.router)
router.include_router(people.router)
router.include_router(guide.router)
router.include_router(leaders.router)
router.include_router(feed.router)
router.include_router(admin_home.router)
router.include_router(admin_people.router)
router.include_router(admin_units.router)
router.include_router(admin_calendar.router)
router.include_router(admin_types.router)
router.include_router(admin_incidents.router)
router.include_router(audit.router)


def problem_page(request: Request, problem: Problem) -> Response | None:
    """A refusal as a page; whoever is not signed in is asked to, and comes back to where they were,
    with what they had typed. Whoever has a password from somebody else is asked for their own.
    """
    if problem.status == 401 and request.method == "GET":
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        onwards = "" if target == "/" else f"?next={quote(target, safe='')}"
        return RedirectResponse(f"/sign-in{onwards}", 303)
    if problem.code == "password-given":
        return RedirectResponse("/password", 303)
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    kept = kept_of(request) if problem.code in {"not-signed-in", "csrf-token-wrong"} else None
    if kept is not None and visitor is None:
        return sign_in_page(request, kept.back, kept=kept, fault=problem)
    if kept is not None and visitor is not None and came_from_here(request):
        return confirm_page(request, visitor, kept, problem)
    came_from = quote(urlsplit(request.headers.get("referer", "")).path or "/", safe="")
    return page(request, "problem.html", visitor, status=problem.status, fault=problem, came_from=came_from)


__all__ = ["problem_page", "router"]
