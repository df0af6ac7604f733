"""What leaves the desk on paper: each sheet as a page for the browser's printer, and as a PDF.

Invariant: page and PDF are drawn from one description, and both are asked for as the person who prints.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Final

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.desk import AtDesk, Desk
from api.prints import lists, papers
from api.prints.press import Press
from api.prints.sheet import Format, Imprint, Paper, Sheet
from api.prints.workbook import MOST, LedgerBook, Value
from api.security import as_download, as_preview
from api.web.portfolio import filters_of, given_in, listed
from api.web.render import page, with_query
from workflow import queries
from workflow.actions.exports import record_export
from workflow.content import FORMATS
from workflow.errors import NotFound, Unavailable, reason, says
from workflow.queries.dossier import Dossier
from workflow.queries.views import ProjectView

says(
    {
        "export-busy": ("有人正在导出台账，这一次没有开始。", "请过一两分钟再试。"),
    }
)

router = APIRouter(include_in_schema=False)

STAGE = "/projects/{ref}/stages/{stage}"

_CHUNK: Final = 256 * 1024

log = logging.getLogger("shenpi.prints")


@router.get("/projects/print")
@router.get("/projects/print.pdf")
async def project_list(request: Request, desk: AtDesk, size: Paper = "a4") -> Response:
    """全部项目一页, narrowed as the list of projects is."""
    given = given_in(request.query_params)
    filters = filters_of(given)
    head: queries.LedgerHead = await desk.ask(queries.ledger_head, filters=filters)
    found: queries.Ledger = await desk.ask(queries.ledger, filters=filters, most=lists.MOST)
    chosen: Format = "a3-landscape" if size == "a3" else "a4-landscape"
    narrowed = filter_words(await desk.ask(queries.facets, filters=filters), filters)
    sheet = lists.project_list(
        found.rows, count=head.count, narrowed=narrowed, imprint=imprint(desk), size=chosen
    )
    back = listed(given)
    return await _printed(request, desk, sheet, "项目", back, {**given, "size": size})


@router.post("/projects/ledger.xlsx")
async def ledger(request: Request, desk: AtDesk) -> Response:
    """台账: all projects of the list as it is filtered, as a workbook; that it was taken is on the record."""
    given = given_in(request.query_params)
    filters = filters_of(given)
    head: queries.LedgerHead = await desk.ask(queries.ledger_head, filters=filters)
    narrowed = filter_words(await desk.ask(queries.facets, filters=filters), filters)
    book = LedgerBook(head.sums)
    async with _exporting(request):
        file = await _written(desk, filters, book, narrowed)
    await desk.door.run(
        record_export,
        filter_words=narrowed,
        entries=book.count,
        what="ledger",
        actor=desk.visitor.id,
        now=desk.now,
    )
    name = f"项目台账-{narrowed[:40]}-{desk.day}.xlsx"
    return StreamingResponse(_pieces(file), media_type=FORMATS["xlsx"], headers=as_download(name))


@router.get("/projects/{ref}/papers")
@router.get("/projects/{ref}/papers.pdf")
async def project_papers(request: Request, desk: AtDesk, ref: str) -> Response:
    """材料清单 of a project."""
    it: ProjectView = await desk.ask(queries.project, ref=ref)
    return await _printed(
        request, desk, papers.project_papers(it, imprint(desk)), it.title, f"/projects/{ref}"
    )


@router.get(f"{STAGE}/papers")
@router.get(f"{STAGE}/papers.pdf")
async def stage_papers(request: Request, desk: AtDesk, ref: str, stage: str) -> Response:
    """材料清单 of a stage."""
    it = await _dossier(desk, ref, stage)
    return await _of_stage(request, desk, it, papers.stage_papers(it, imprint(desk)))


@router.get(f"{STAGE}/sheet")
@router.get(f"{STAGE}/sheet.pdf")
async def signing_sheet(request: Request, desk: AtDesk, ref: str, stage: str) -> Response:
    """呈批件: everything on one sheet, for a chief who signs on paper."""
    it = await _dossier(desk, ref, stage)
    return await _of_stage(request, desk, it, papers.signing_sheet(it, imprint(desk)))


@router.get(f"{STAGE}/letter")
@router.get(f"{STAGE}/letter.pdf")
async def letter(request: Request, desk: AtDesk, ref: str, stage: str) -> Response:
    """商请函, a draft; there is none while nobody outside has the stage and none was written."""
    it = await _dossier(desk, ref, stage)
    return await _of_stage(request, desk, it, papers.letter(it, imprint(desk)))


@router.get(f"{STAGE}/explanation")
@router.get(f"{STAGE}/explanation.pdf")
async def explanation(request: Request, desk: AtDesk, ref: str, stage: str) -> Response:
    """情况说明: what the late holder said, or a form to say it on."""
    it = await _dossier(desk, ref, stage)
    return await _of_stage(request, desk, it, papers.explanation(it, imprint(desk)))


@router.get(f"{STAGE}/order")
@router.get(f"{STAGE}/order.pdf")
async def order(request: Request, desk: AtDesk, ref: str, stage: str) -> Response:
    """督办单, the last of the stage; there is none where nobody ever issued one."""
    it = await _dossier(desk, ref, stage)
    return await _of_stage(request, desk, it, papers.order(it, imprint(desk)))


def imprint(desk: Desk) -> Imprint:
    """Who prints, for which unit, on which day."""
    visitor = desk.visitor
    posts = visitor.directory.posts_of(visitor.id)
    unit = visitor.directory.organisations[posts[0].organisation].name if posts else ""
    return Imprint(desk.day.isoformat(), unit, visitor.person.name)


def filter_words(facets: queries.Facets, filters: queries.Filters) -> str:
    """The filters of a list as a reader of the paper needs them: 本局超期、区殡葬管理所."""
    found = [
        f"名称或代码含“{words}”" if name == "名称或代码" else words for name, words in facets.words(filters)
    ]
    return "、".join(found) or "全部项目"


async def _dossier(desk: Desk, ref: str, stage: str) -> Dossier:
    it: Dossier = await desk.ask(queries.dossier, ref=ref, stage=stage)
    return it


async def _of_stage(request: Request, desk: Desk, it: Dossier, sheet: Sheet | None) -> Response:
    if sheet is None:
        raise NotFound(reason("not-found"))
    back = f"/projects/{it.file.ref}/stages/{it.file.stage.key}"
    return await _printed(request, desk, sheet, it.file.stage.title, back)


async def _printed(
    request: Request, desk: Desk, sheet: Sheet, where: str, back: str, given: dict[str, str] | None = None
) -> Response:
    """The sheet as this address asks for it: set as a PDF, or drawn as a page with a way back."""
    path = request.url.path
    if not path.endswith(".pdf"):
        pdf = with_query(f"{path}.pdf", given or {})
        drawn = {"sheet": msgspec.to_builtins(sheet), "imprint": str(sheet.imprint)}
        return page(request, "print.html", desk.visitor, **drawn, where=where, back=back, pdf=pdf)
    press: Press = request.app.state.press
    content = await press.pdf(sheet, desk.now)
    return Response(content, media_type="application/pdf", headers=as_preview(f"{sheet.name}.pdf"))


@asynccontextmanager
async def _exporting(request: Request) -> AsyncIterator[None]:
    """One of the few exports that may run at once."""
    gate: asyncio.Semaphore = request.app.state.export_gate
    if gate.locked():
        raise Unavailable(reason("export-busy"))
    async with gate:
        yield


async def _written(desk: Desk, filters: queries.Filters, book: LedgerBook, narrowed: str) -> IO[bytes]:
    """The workbook in a file of its own, written chunk by chunk off the event loop."""
    before = 0
    while book.count < MOST:
        found: queries.Ledger = await desk.ask(queries.ledger, filters=filters, before=before)
        await asyncio.to_thread(book.add, found.rows)
        before = found.after
        if not before:
            break
    whole = "全部" if not before else f"只含最近登记的{book.count}个，请缩小筛选范围后分次导出"
    note: list[tuple[str, Value]] = [
        ("筛选", narrowed),
        ("项目数", book.count),
        ("范围", whole),
        ("导出日期", desk.day),
        ("导出人", f"{desk.visitor.person.name}（{imprint(desk).unit}）"),
        ("外部门期限", "本局推算，以对方为准"),
        ("暂定日期", "放假安排尚未公布的年份，到期日会重算"),
    ]
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
    try:
        await asyncio.to_thread(book.save, file, note)
    except BaseException:
        file.close()
        raise
    return file


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        await asyncio.to_thread(file.seek, 0)
        while piece := await asyncio.to_thread(file.read, _CHUNK):
            yield piece
