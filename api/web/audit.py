"""审计: the record across projects for those who audit it; its verification, its heads, and files of it to take along.

Invariant: scope and permission are the queries' own; a file that leaves is an entry of the record itself.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api import examinations
from api.desk import AtDesk, Desk
from api.prints.audit_files import FORMATS
from api.schemas import Id
from api.security import as_download
from api.web.admin import people_choices, refused
from api.web.commands import done_words
from api.web.forms import Sent, see
from api.web.pages import Done
from api.web.render import Failure, page, with_query
from workflow import queries
from workflow.actions.exports import record_export
from workflow.doctor import kept_head
from workflow.errors import Forbidden, Invalid, Refused, reason, says
from workflow.people import Directory
from workflow.queries.audit import KINDS, AuditFilter, Entry, audited, audits_administration, not_an_auditor
from workflow.queries.numbers import number_of

says(
    {
        "audit-whole-only": (
            "核验全部记录须有全部单位的审计范围。",
            "可逐个项目核验，或请上级督查核验全部。",
        ),
    }
)

router = APIRouter(prefix="/audit", include_in_schema=False)

FIELDS = ("person", "project", "kind", "since", "until", "text")
Position = Annotated[str, Query(max_length=60)]


@router.get("")
async def record(request: Request, desk: AtDesk, before: Position = "") -> Response:
    """审计: the record, newest first, narrowed as one likes."""
    given = {name: request.query_params.get(name, "")[:100].strip() for name in FIELDS}
    return await _record_page(request, desk, given, before=before)


async def _record_page(
    request: Request,
    desk: Desk,
    given: dict[str, str],
    *,
    before: str = "",
    failure: Failure | None = None,
) -> Response:
    wrong: list[str] = []
    filters = _filter(given, wrong)
    found = await desk.ask(queries.audit_entries, filters=filters, before=before)
    directory = desk.visitor.directory

    def with_filter(**changed: Any) -> str:
        return with_query("/audit", {**given, **changed})

    return page(
        request,
        "audit.html",
        desk.visitor,
        failure=failure,
        page=found,
        given=given,
        wrong_days=wrong,
        single=_single(found.items, given["project"]),
        filters_on=any(given.values()),
        with_filter=with_filter,
        people=_people(directory, audited(directory, desk.visitor.id)),
        kinds=[(key, words) for key, (words, _) in KINDS.items()],
        scope=_scope_words(directory, desk.visitor.id),
        formats=[(key, each.words) for key, each in FORMATS.items()],
    )


def _filter(given: dict[str, str], wrong: list[str]) -> AuditFilter:
    """What was asked for; days that are none are named in `wrong` and left out."""
    return AuditFilter(
        person=number_of(given["person"]) or 0,
        project=given["project"],
        kind=given["kind"],
        since=_day(given["since"], wrong),
        until=_day(given["until"], wrong),
        text=given["text"],
    )


def _single(items: tuple[Entry, ...], project: str) -> str:
    """The reference of the one project that the filter found; empty if there are several or none."""
    refs = {each.ref for each in items}
    return refs.pop() if project and len(refs) == 1 else ""


def _day(text: str, wrong: list[str]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong.append(text)
        return None


def _people(directory: Directory, units: frozenset[int]) -> list[tuple[int, str]]:
    """Those whose acts may be looked for by name: whoever holds or held an account, within the scope."""
    everybody = [
        *people_choices(directory),
        *((each.id, f"{each.name}（已停用）") for each in directory.people.values() if not each.active),
    ]
    if units == set(directory.organisations):
        return everybody
    inside = {held.person for held in directory.posts if held.organisation in units}
    return [each for each in everybody if each[0] in inside]


def _scope_words(directory: Directory, person: int) -> str:
    units = audited(directory, person)
    roots = [node for node in units if directory.organisations[node].parent not in units]
    names = "、".join(directory.organisations[node].name for node in sorted(roots))
    also = "，以及人员、岗位、定义、日历等管理事项" if audits_administration(directory, person) else ""
    return f"{names}及下级单位的全部项目{also}"


@router.get("/entries/{entry}")
async def entry(request: Request, desk: AtDesk, entry: Id) -> Response:
    """One entry: what was recorded, exactly, and whether its hash holds."""
    found = await desk.ask(queries.audit_entry, entry=entry)
    try:
        pretty = msgspec.json.format(found.it.data, indent=2)
    except msgspec.DecodeError:
        pretty = found.it.data
    return page(request, "audit_entry.html", desk.visitor, found=found, it=found.it, pretty=pretty)


# Verification


@router.get("/verification")
async def verification(
    request: Request, desk: AtDesk, project: Annotated[str, Query(max_length=60)] = "", done: Done = ""
) -> Response:
    """核验: whether the record still is what was recorded; the heads, to keep elsewhere."""
    return await _verification_page(request, desk, project, done=done)


async def _verification_page(
    request: Request, desk: Desk, ref: str, *, failure: Failure | None = None, done: str = ""
) -> Response:
    _check_auditor(desk)
    subject, title = 0, ""
    if ref:
        subject, title = await desk.ask(queries.audited_project, ref=ref)
    kind, whole = "chain" if ref else "audit", _audits_all(desk)
    examined = None
    if ref or whole:  # that of everything tells how much there is elsewhere
        examined = await desk.door.ask(examinations.latest, kind=kind, subject=subject, now=desk.now)
    return page(
        request,
        "audit_verification.html",
        desk.visitor,
        failure=failure,
        done=done_words(done),
        ref=ref,
        title=title,
        whole=whole,
        head=await desk.door.ask(queries.audit_head),
        examined=examined,
        today=desk.day,
    )


@router.post("/verification")
async def verify(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Go through the whole record, or one project's, entry by entry."""
    _check_auditor(desk)
    ref = form.text("project")
    try:
        form.check()
        against = kept_head(form.text("against"))
        if ref:
            subject, title = await desk.ask(queries.audited_project, ref=ref)
            work, kind = examinations.verification(subject, f"“{title}”", ""), "chain"
        elif _audits_all(desk):
            subject, kind = 0, "audit"
            work = examinations.verification(None, "全部记录", against)
        else:
            raise Forbidden(reason("audit-whole-only"))
    except Invalid as error:
        return await _verification_page(request, desk, ref, failure=refused("verify", error, form))
    ended = await examinations.examine(
        request, kind, work, actor=desk.visitor.id, now=desk.now, subject=subject
    )
    address = f"/audit/verification?project={quote(ref)}&done=" if ref else "/audit/verification?done="
    return see(f"{address}{'examined' if ended else 'examining'}#result")


# Taking it along


@router.post("/export")
async def export(request: Request, desk: AtDesk, form: Sent) -> Response:
    """The entries of the filter as a file; that they were taken is an entry itself."""
    _check_auditor(desk)
    given = {name: form.text(name)[:100] for name in FIELDS}
    wrong: list[str] = []
    filters = _filter(given, wrong)
    ending = form.text("format")
    if ending not in FORMATS:
        form.wrong("format", "文件格式", "不在可选之列")
    for each in wrong:
        form.wrong("since", "期间", f"“{each}”不是日期，应如2026-09-18")
    try:
        form.check()
        entries = await desk.ask(queries.audit_export, filters=filters)
        words = filters.words(desk.visitor.directory)
        await desk.door.run(
            record_export, filter_words=words, entries=len(entries), actor=desk.visitor.id, now=desk.now
        )
    except (Invalid, Refused) as error:
        return await _record_page(request, desk, given, failure=refused("export", error, form))
    chosen = FORMATS[ending]
    content = await asyncio.to_thread(chosen.write, entries)
    name = f"审计记录{desk.day:%Y%m%d}.{chosen.ending}"
    return Response(content, media_type=chosen.media, headers=as_download(name))


def _check_auditor(desk: Desk) -> None:
    if not audited(desk.visitor.directory, desk.visitor.id):
        raise Forbidden(not_an_auditor())


def _audits_all(desk: Desk) -> bool:
    directory = desk.visitor.directory
    return audited(directory, desk.visitor.id) == set(directory.organisations)
