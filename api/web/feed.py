"""日历订阅: the page on which a person makes, renews or revokes the address of their calendar, and the feed.

Invariant: whoever has the address reads days and titles and nothing else; the address is shown once.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from api import feeds
from api.auth import Now, TheDoor, public
from api.desk import AtDesk, Desk
from api.prints.agenda import agenda
from api.security import as_download
from api.web.commands import done_words
from api.web.forms import Sent, run, see
from api.web.pages import Done
from api.web.render import at, page
from workflow import queries
from workflow.clock import local_day
from workflow.errors import NotFound, reason
from workflow.queries.dates import dates

router = APIRouter(include_in_schema=False)


@router.get("/calendar")
async def subscription(request: Request, desk: AtDesk, done: Done = "") -> Response:
    """日历订阅: whether there is an address, and how to get one."""
    return await _page(request, desk, done=done_words(done))


@router.post("/calendar")
async def make_address(request: Request, desk: AtDesk, form: Sent) -> Response:
    """A new address, shown this once; the earlier one is of no use any more.

    Answered with the page itself and not by going there: an address in a redirect would stay in histories.
    """
    token = secrets.token_urlsafe(32)
    kept: str = await run(desk, form, feeds.give_address, drawn={"token": feeds.digest_of(token)})
    is_ours = hmac.compare_digest(kept, feeds.digest_of(token))
    address = f"{request.app.state.settings.address}/calendar/{token}.ics"
    return await _page(request, desk, address=address if is_ours else "")


@router.post("/calendar/revoke")
async def revoke(desk: AtDesk, form: Sent) -> Response:
    """End it."""
    await run(desk, form, feeds.revoke_address)
    return see("/calendar?done=feed-revoked")


@router.get("/calendar/{token}.ics", dependencies=[Depends(public)])
async def feed(
    request: Request, token: str, door: TheDoor, now: Now, if_none_match: Annotated[str, Header()] = ""
) -> Response:
    """The calendar itself, for programs that cannot sign in; unchanged, it is not sent again."""
    person = await door.ask(feeds.owner, token=feeds.digest_of(token))
    if not person:
        raise NotFound(reason("not-found"))
    day = local_day(now)
    found = await door.ask(dates, person=person, day=day)
    snap = await door.ask(queries.snapshot)
    address = request.app.state.settings.address
    name = snap.directory.name(person)
    content = await asyncio.to_thread(agenda, found, name=name, address=address, day=day)
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in {each.strip().removeprefix("W/") for each in if_none_match.split(",")}:
        return Response(status_code=304, headers=headers)
    headers |= as_download("审批时限.ics")
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


async def _page(request: Request, desk: Desk, *, address: str = "", done: str = "") -> Response:
    given_at = await desk.ask(feeds.given_at)
    return page(
        request,
        "calendar.html",
        desk.visitor,
        done=done,
        address=address,
        given_at=at(given_at) if given_at else "",
    )
