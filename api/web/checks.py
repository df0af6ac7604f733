"""待核对: the replies taken over that wait for this person, side by side with what to compare; ticked in bulk.

Invariant: every tick is a confirmation of its own, with its own event; one that is refused keeps no other back.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk, Desk
from api.schemas import Id
from api.web.commands import done_words
from api.web.forms import Form, Sent, see
from api.web.pages import Done, failure_of
from api.web.render import Failure, page, with_query
from workflow import queries
from workflow.actions.entries import confirm_entry
from workflow.errors import Invalid, Reason, Refused, WorkflowError, reason
from workflow.queries.numbers import number_of

router = APIRouter(include_in_schema=False)

Ref = Annotated[str, Query(max_length=100)]


@router.get("/checks")
async def checks(
    request: Request, desk: AtDesk, project: Ref = "", after: Id = 0, done: Done = ""
) -> Response:
    """What was taken over and waits for this person's check."""
    said = done_words(done)
    return await _checks_page(request, desk, project, after, done=said)


@router.post("/checks")
async def confirm(request: Request, desk: AtDesk, form: Sent, project: Ref = "", after: Id = 0) -> Response:
    """Confirm the ticked entries, each on its own; if some are refused, say of how many others it is done."""
    done = 0
    try:
        ticked, command = _ticked(form), form.text("command")
        form.check()
        refused = await _confirm(desk, command, ticked)
        done = sum(map(len, ticked.values())) - len(refused)
        if refused:
            raise Refused(*(reason for reasons in refused for reason in reasons))
    except WorkflowError as error:
        failure = failure_of("checks", error, {})
        said = f"其余 {done} 项已确认，登记生效。" if done else ""
        return await _checks_page(request, desk, project, after, failure=failure, done=said)
    return see(with_query("/checks", {"project": project, "done": "checked"}))


async def _checks_page(
    request: Request, desk: Desk, project: str, after: int, *, failure: Failure | None = None, done: str = ""
) -> Response:
    found: queries.Checks = await desk.ask(queries.checks, ref=project, after=after)
    here = with_query("/checks", {"project": project, "after": after})
    return page(request, "checks.html", desk.visitor, failure=failure, done=done, page=found, here_again=here)


def _ticked(form: Form) -> dict[str, list[int]]:
    """Project -> the numbers of its entries that were ticked."""
    found: dict[str, list[int]] = {}
    for value in form.texts("entry"):
        ref, _, number = value.rpartition(":")
        entry = number_of(number)
        if ref and entry is not None:
            found.setdefault(ref, []).append(entry)
    if not found:
        raise Invalid(reason("nothing-ticked", "entry"))
    return found


async def _confirm(desk: Desk, command: str, ticked: dict[str, list[int]]) -> list[tuple[Reason, ...]]:
    """Confirm them, projects side by side; the reasons of each that was refused."""
    command = command[:60]

    async def of_project(ref: str, numbers: list[int]) -> list[tuple[Reason, ...]]:
        refused: list[tuple[Reason, ...]] = []
        for number in numbers:
            desk_of_one = desk.with_command(f"{command}-{ref}-{number}" if command else "")
            try:
                await desk_of_one.run(confirm_entry, ref=ref, number=number)
            except WorkflowError as error:
                refused.append(error.reasons)
        return refused

    answers = await asyncio.gather(*(of_project(ref, numbers) for ref, numbers in ticked.items()))
    return [each for answer in answers for each in answer]
