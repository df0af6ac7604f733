"""管理·概况 and 运行状态: what needs attention, whether the installation is well and why not, the doctor on demand."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import examinations
from api.condition import Condition, condition, stored_condition
from api.desk import AtDesk, Desk
from api.web.admin import ADMINISTRATOR, Done, admin_page, done_at
from api.web.forms import Sent
from workflow import queries
from workflow.queries.words import Light

router = APIRouter(prefix="/admin", include_in_schema=False, dependencies=list(ADMINISTRATOR))

WELL, ILL = Light("green", "●", "正常"), Light("red", "■", "需要处理")
"""The light of the installation: a light like all others, with its shape and its word."""


@router.get("")
async def home(request: Request, desk: AtDesk) -> Response:
    """概况: what needs attention, at a glance."""
    return admin_page(
        request,
        "admin_home.html",
        desk.visitor,
        **await _condition(request, desk),
        units=len(desk.visitor.directory.organisations),
        people=len(desk.visitor.directory.people),
        left=await desk.door.ask(queries.abandoned),
        incidents=await desk.ask(queries.incidents),
    )


@router.get("/health")
async def health(request: Request, desk: AtDesk, done: Done = "") -> Response:
    """运行状态: red for the right reasons."""
    settings = request.app.state.settings
    return admin_page(
        request,
        "admin_health.html",
        desk.visitor,
        done=done,
        **await _condition(request, desk),
        version=request.app.version,
        address=settings.address,
        data=settings.data,
        examined=await desk.door.ask(examinations.latest, kind="doctor", now=desk.now),
    )


@router.post("/health/examine")
async def examine(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Let the doctor look at everything."""
    form.check()
    work = examinations.examination(request.app.state.files, desk.now)
    ended = await examinations.examine(request, "doctor", work, actor=desk.visitor.id, now=desk.now)
    return done_at("/admin/health", "examined" if ended else "examining", "examination")


async def _condition(request: Request, desk: Desk) -> dict[str, Any]:
    state = request.app.state
    stored = await desk.door.ask(stored_condition, now=desk.now)
    beats = state.metronome.beats
    found: Condition = condition(stored, state.settings, beats, desk.now, state.began)
    return {"condition": found, "light": WELL if found.is_well else ILL}
