"""管理·概况 and 运行状态: what needs attention, whether the installation is well and why not, the doctor on demand."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import examinations
from api.condition import Condition, condition
from api.desk import AtDesk
from api.web.admin import ADMINISTRATOR, admin_page, done_at
from api.web.forms import Sent
from api.web.pages import Done
from workflow import queries
from workflow.queries.words import Light

router = APIRouter(prefix="/admin", include_in_schema=False, dependencies=list(ADMINISTRATOR))


def _light(found: Condition) -> Light:
    """The light of the installation: a light like all others, with its shape and its word."""
    return Light("green", "●", "正常") if found.is_well else Light("red", "■", "需要处理")


@router.get("")
async def home(request: Request, desk: AtDesk) -> Response:
    """概况: what needs attention, at a glance."""
    found = await condition(request.app.state, desk.now)
    return admin_page(
        request,
        "admin_home.html",
        desk.visitor,
        condition=found,
        light=_light(found),
        units=len(desk.visitor.directory.organisations),
        people=len(desk.visitor.directory.people),
        left=await desk.door.ask(queries.abandoned),
        incidents=await desk.ask(queries.incidents),
    )


@router.get("/health")
async def health(request: Request, desk: AtDesk, done: Done = "") -> Response:
    """运行状态: red for the right reasons."""
    settings = request.app.state.settings
    found = await condition(request.app.state, desk.now)
    return admin_page(
        request,
        "admin_health.html",
        desk.visitor,
        done=done,
        condition=found,
        light=_light(found),
        version=request.app.version,
        address=settings.address,
        data=settings.data,
        examined=await desk.door.ask(examinations.latest, kind="doctor", now=desk.now),
    )


@router.post("/health/examine")
async def examine(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Let the doctor look at everything."""
    form.check()
    work = examinations.examination(request.app.state.settings, desk.now)
    ended = await examinations.examine(request, "doctor", work, actor=desk.visitor.id, now=desk.now)
    return done_at("/admin/health", "examined" if ended else "examining", "examination")
