"""帮助: one page of 怎样用 for each kind of person, told with the demo's projects, and what everybody may need.

Invariant: a page only explains; whoever opens it sees the page of their own work first.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Visitor
from api.cases import CONCERNS, FINDINGS, INCIDENTS
from api.desk import AtDesk
from api.web.render import page
from workflow.errors import NotFound, reason

router = APIRouter(include_in_schema=False)

KINDS: Final = {
    "clerk": "经办人",
    "supervisor": "科长、分管领导、局长",
    "leader": "领导、督查",
    "administrator": "系统管理员",
}
"""Whom a page is for, by the last word of its address."""

CASES: Final = (
    ("“运行状态”列出的", CONCERNS),
    ("“异常”列出的", INCIDENTS),
    ("自检（shenpi doctor）报出的", FINDINGS),
)
"""What an administrator may meet, by where it shows."""

_POSTS: Final = {
    "clerk": "clerk",
    "section_chief": "supervisor",
    "finance_chief": "supervisor",
    "deputy_director": "supervisor",
    "director": "supervisor",
    "overseer": "leader",
    "administrator": "administrator",
}


@router.get("/help")
async def own_help(request: Request, desk: AtDesk) -> Response:
    """怎样用, for the kind of person that is asking."""
    return _page(request, desk.visitor, kind_of(desk.visitor))


@router.get("/help/{kind}")
async def help_for(request: Request, desk: AtDesk, kind: str) -> Response:
    """怎样用, for that kind of person."""
    if kind not in KINDS:
        raise NotFound(reason("not-found"))
    return _page(request, desk.visitor, kind)


def kind_of(visitor: Visitor) -> str:
    """Which page is this person's own: that of their first post that has one."""
    held = (post.key for post in visitor.directory.posts_of(visitor.id))
    return next((_POSTS[key] for key in held if key in _POSTS), "clerk")


def _page(request: Request, visitor: Visitor, kind: str) -> Response:
    return page(request, f"help/{kind}.html", visitor, kind=kind, kinds=KINDS, cases=CASES)
