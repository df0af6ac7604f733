"""What waits for me, and what I was told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import Answer, answers
from api.desk import AtDesk
from workflow import queries

router = APIRouter(prefix="/api", tags=["待办"])

Before = Annotated[int, Query(ge=0, le=2**53)]
"""The position to go on from; 0 begins with the newest."""


@router.get("/worklist", **answers(queries.Worklist))
async def worklist(desk: AtDesk) -> Answer:
    """What waits for me, most urgent first."""
    return Answer(await desk.ask(queries.worklist))


@router.get("/notices", **answers(queries.NoticePage))
async def notices(desk: AtDesk, before: Before = 0) -> Answer:
    """What I was told, newest first."""
    return Answer(await desk.ask(queries.notices, before=before))
