"""补录批复: the replies that a project already has, entered one stage after another on one page."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk, Desk
from api.web.commands import DONE, stage_command, typed_for
from api.web.forms import Sent, run, see
from api.web.pages import Done, Word, awaiting, failure_of
from api.web.posts import checked, reply_field
from api.web.render import Failure, page
from workflow import queries
from workflow.errors import NotFound, WorkflowError
from workflow.queries.views import StageFile

router = APIRouter(include_in_schema=False)


@router.get("/projects/{ref}/take-over")
async def take_over_page(
    request: Request, desk: AtDesk, ref: str, done: Done = "", at: Word = ""
) -> Response:
    """补录批复: every stage in its order, how far it is entered, and the form to enter it."""
    it: queries.TakeOverView = await desk.ask(queries.take_over, ref=ref)
    return _page(request, desk, it, at or it.after(""), done=_said(it, done))


@router.post("/projects/{ref}/take-over/{stage}")
async def take_over(request: Request, desk: AtDesk, form: Sent, ref: str, stage: str) -> Response:
    """Enter one stage, and go on to the next that nobody has entered."""
    file: StageFile = await desk.ask(queries.stage_file, ref=ref, stage=stage)
    try:
        command = await checked(desk, form, file, await stage_command("take-over", form, file))
        await run(desk, form, command.action, **command.arguments)
    except NotFound:
        raise
    except WorkflowError as error:
        it: queries.TakeOverView = await desk.ask(queries.take_over, ref=ref)
        failure = failure_of(f"take-over-{stage}", error, form.values(), reply_field(file))
        return _page(request, desk, it, stage, failure=failure)
    it = await desk.ask(queries.take_over, ref=ref)
    following = it.after(stage)
    return see(f"/projects/{ref}/take-over?done=entered&at={following}#stage-{following or stage}")


def _said(it: queries.TakeOverView, done: str) -> str:
    checkers = dict.fromkeys(row.checkers for row in it.rows if row.checkers) if done == "entered" else {}
    return awaiting(DONE[done], "、".join(checkers)) if done in DONE else ""


def _page(
    request: Request,
    desk: Desk,
    it: queries.TakeOverView,
    opened: str,
    *,
    failure: Failure | None = None,
    done: str = "",
) -> Response:
    begun = {f"take-over-{row.key}": typed_for(row.rejected.what)[1] for row in it.rows if row.rejected}
    return page(
        request,
        "take_over.html",
        desk.visitor,
        failure=failure,
        done=done,
        it=it,
        opened=opened,
        begun=begun,
    )
