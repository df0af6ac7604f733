"""The desk: pages drawn on the server, over the same actions and queries as the JSON routes."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth import Visitor, had_session
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

ROUTERS = tuple(
    module.router
    for module in (
        worklist,
        registration,
        taking_over,
        intake,
        checks,
        portfolio,
        phrases,
        posts,
        prints,
        graphs,
        pages,
        types,
        people,
        guide,
        leaders,
        feed,
        admin_home,
        admin_people,
        admin_units,
        admin_calendar,
        admin_types,
        admin_incidents,
        audit,
    )
)


RESENT = frozenset({"not-signed-in", "csrf-token-wrong", "too-many-requests"})
"""Refusals that say nothing against the form itself: it comes back to be sent again."""


def problem_page(request: Request, problem: Problem) -> Response | None:
    """A refusal as a page; whoever is not signed in is asked to, and comes back to where they were,
    with what they had typed. Whoever has a password from somebody else is asked for their own.
    """
    if problem.status == 401 and request.method == "GET":
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        said = {"done": "signed-out"} if had_session(request) else {}
        wanted = {"next": target} if target != "/" else {}
        query = urlencode({**said, **wanted})
        return RedirectResponse(f"/sign-in?{query}" if query else "/sign-in", 303)
    if problem.code == "password-given":
        return RedirectResponse("/password", 303)
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    kept = kept_of(request) if problem.code in RESENT else None
    if kept is not None and visitor is None:
        return sign_in_page(request, kept.back, kept=kept, fault=problem)
    if kept is not None and visitor is not None and came_from_here(request):
        return confirm_page(request, visitor, kept, problem)
    came_from = quote(urlsplit(request.headers.get("referer", "")).path or "/", safe="")
    return page(request, "problem.html", visitor, status=problem.status, fault=problem, came_from=came_from)


__all__ = ["ROUTERS", "problem_page"]
