"""批量补录: a template to fill in, a preview that changes nothing, and one import of what was shown.

Invariant: the file is stored once and named by a ticket from then on; every look at it reads it anew, and
the import takes place only if it would still do what the page showed.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk, Desk
from api.intake.apart import open_apart
from api.intake.names import Names
from api.intake.preview import Preview, make_preview
from api.intake.reading import Table, read_table
from api.intake.template import make_template
from api.intake.workbook import LARGEST, is_old_or_locked, refused
from api.security import as_download, read_form
from api.uploads import chosen, receive
from api.web.forms import Sent, run, see
from api.web.pages import failure_of
from api.web.render import Failure, page, with_query
from workflow import queries
from workflow.actions.intake import take_in_projects
from workflow.content import FORMATS
from workflow.definition import Definition
from workflow.errors import NotFound, WorkflowError
from workflow.files import Files, StoredFile, clean_name
from workflow.rules.intake import Plan

router = APIRouter(include_in_schema=False)

MOST_FINDINGS = 200
"""How many cells to put right one page lists."""

Count = Annotated[int, Query(ge=0, le=1_000_000)]
Ticket = Annotated[str, Query(max_length=4000)]


# The template


@router.get("/types/{type}/template.xlsx")
async def template(desk: AtDesk, type: str) -> Response:  # noqa: A002 - the word in the address
    """The template of a project type, with the units and clerks of whoever asks."""
    definition: Definition = await desk.door.ask(queries.latest_definition, type=type)
    content = await asyncio.to_thread(make_template, definition, _names(desk))
    name = clean_name(f"批量补录-{definition.title}-第{definition.version}版.xlsx")
    return Response(content, media_type=FORMATS["xlsx"], headers=as_download(name))


def _names(desk: Desk) -> Names:
    directory = desk.visitor.directory
    return Names(directory, directory.scope(desk.visitor.id, desk.day))


# Upload


@router.get("/projects/import")
async def upload_page(
    request: Request, desk: AtDesk, new: Count = 0, changed: Count = 0, entries: Count = 0
) -> Response:
    """批量补录: download, fill in, upload."""
    done = f"已导入：新登记{new}个项目，更新{changed}个，{entries}项批复待核对。" if new + changed else ""
    return await _upload_page(request, desk, done=done)


async def _upload_page(
    request: Request, desk: Desk, *, failure: Failure | None = None, done: str = ""
) -> Response:
    types = await desk.door.ask(queries.published)
    megabytes = LARGEST // 1024 // 1024
    return page(
        request, "intake.html", desk.visitor, failure=failure, done=done, types=types, megabytes=megabytes
    )


@router.post("/projects/import")
async def upload(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Store the workbook if it is a template of ours, and go on to its preview."""
    try:
        stored = await _receive(request)
        await _read(request, desk, stored)
    except WorkflowError as error:
        failure = failure_of("intake", error, {**form.values(), "file": ""}, lambda _: "file")
        return await _upload_page(request, desk, failure=failure)
    ticket = request.app.state.tickets.issue(stored, desk.visitor.id, desk.now)
    return see(with_query("/projects/import/preview", {"file": ticket}))


async def _receive(request: Request) -> StoredFile:
    """The workbook, stored; one that a password locks is told from what is no workbook at all."""
    upload = chosen(await read_form(request), "file")
    if upload is not None:
        head = await upload.read(8)
        await upload.seek(0)
        if is_old_or_locked(head):
            raise refused("workbook-protected", clean_name(upload.filename or ""))
    return await receive(request, "file", ("xlsx",), LARGEST)


# Preview and import


@router.get("/projects/import/preview")
async def preview(request: Request, desk: AtDesk, file: Ticket) -> Response:
    """What the import would do; nothing is changed."""
    return await _preview_page(request, desk, file)


@router.post("/projects/import/confirm")
async def confirm(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Import all of it, if it is still what was shown; else show what it would be now."""
    ticket = form.text("file")
    try:
        it = await _preview(request, desk, ticket)
        if it.findings:
            return await _preview_page(request, desk, ticket)
        drawn = {"refs": [secrets.token_urlsafe(16) for _ in it.table.projects]}
        arguments = {"digest": it.digest, "projects": it.table.projects, "plan": form.text("plan")}
        arguments["recoded"] = [
            each.row for each in it.plan.projects if form.has(f"projects:{each.row}:code")
        ]
        counts: dict[str, int] = await run(desk, form, take_in_projects, drawn=drawn, **arguments)
    except WorkflowError as error:
        return await _preview_page(request, desk, ticket, failure_of("intake", error, form.values()))
    shown = {key: counts[key] for key in ("new", "changed", "entries")}
    return see(with_query("/projects/import", shown))


async def _preview_page(
    request: Request, desk: Desk, ticket: str, failure: Failure | None = None
) -> Response:
    it = await _preview(request, desk, ticket)
    return page(
        request,
        "intake_preview.html",
        desk.visitor,
        failure=failure,
        it=it,
        ticket=ticket,
        most=MOST_FINDINGS,
    )


async def _preview(request: Request, desk: Desk, ticket: str) -> Preview:
    stored = desk.file(ticket)
    definition, table = await _read(request, desk, stored)
    plan: Plan = await desk.ask(queries.intake_plan, digest=definition.digest, projects=table.projects)
    return await asyncio.to_thread(make_preview, stored.name, definition, table, plan, desk.visitor.directory)


async def _read(request: Request, desk: Desk, stored: StoredFile) -> tuple[Definition, Table]:
    """The stored workbook, read beside the event loop."""
    files: Files = request.app.state.files
    content = await asyncio.to_thread(lambda: b"".join(files.open(stored.sha256)))
    book = await open_apart(content, stored.name, request.app.state.intake_gate)
    try:
        definition: Definition = await desk.door.ask(queries.latest_definition, type=book.identity.type)
    except NotFound:
        raise refused("workbook-type-unknown", stored.name, type=book.identity.type[:40]) from None
    return definition, await asyncio.to_thread(read_table, book, definition, _names(desk))
