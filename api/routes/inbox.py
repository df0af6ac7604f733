"""What waits for me, and what I was told."""

from __future__ import annotations

from fastapi import APIRouter

from api.answers import Answer, answers
from api.desk import AtDesk
from api.schemas import Id
from workflow import queries

router = APIRouter(prefix="/api", tags=["待办"])


@router.get("/worklist", **answers(queries.Worklist))
async def worklist(desk: AtDesk) -> Answer:
    """What waits for me, most urgent first."""
    return Answer(await desk.ask(queries.worklist))


@router.get("/notices", **answers(queries.NoticePage))
async def notices(desk: AtDesk, before: Id = 0) -> Answer:
    """What I was told, newest first, from before that one on."""
    return Answer(await desk.ask(queries.notices, before=before))
