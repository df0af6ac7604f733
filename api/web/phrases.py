"""常用语 of one's own: one a line, in the order of the lines."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk, Desk
from api.phrases import LONGEST, MOST, keep_phrases, phrases
from api.web.commands import done_words
from api.web.forms import Sent, run, see
from api.web.pages import Done, failure_of
from api.web.render import Failure, page
from workflow.errors import WorkflowError

router = APIRouter(include_in_schema=False)


@router.get("/phrases")
async def phrases_page(request: Request, desk: AtDesk, done: Done = "") -> Response:
    """常用语: add, change, delete and order them."""
    return await _page(request, desk, done=done_words(done))


@router.post("/phrases")
async def keep(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Keep the phrases as they stand there."""
    try:
        await run(desk, form, keep_phrases, texts=form.text("texts"))
    except WorkflowError as error:
        return await _page(request, desk, failure=failure_of("phrases", error, form.values()))
    return see("/phrases?done=phrases")


async def _page(request: Request, desk: Desk, *, failure: Failure | None = None, done: str = "") -> Response:
    return page(
        request,
        "phrases.html",
        desk.visitor,
        failure=failure,
        done=done,
        texts="\n".join(await desk.ask(phrases)),
        most=MOST,
        longest=LONGEST,
    )
