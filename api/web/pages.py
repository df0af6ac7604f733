"""The pages that people look at: each asks the queries and fills one template. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from itertools import takewhile
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import public
from api.desk import AtDesk, Desk
from api.door import door_of
from api.graph import project_graph
from api.phrases import phrases
from api.problems import problem_of
from api.schemas import Id
from api.web.commands import DONE, done_words, typed_for
from api.web.forms import SECRETS
from api.web.graphs import pictured
from api.web.picking import picker
from api.web.render import MEDIA, STATIC, Failure, page
from notifications import mailbox
from notifications.queue import undelivered
from workflow import queries
from workflow.content import FORMATS
from workflow.errors import NotFound, Reason, WorkflowError, reason
from workflow.queries.numbers import number_of
from workflow.queries.stages import EXPECTED_OUT, NOBODY
from workflow.queries.views import Offer, ProjectView, StageFile, StageView, Told
from workflow.queries.whole import Overview
from workflow.state import LAPSED, PREPARING, REFUSED, WAITING

router = APIRouter(include_in_schema=False)

Done = Annotated[str, Query(max_length=20)]
Word = Annotated[str, Query(max_length=100)]
Keys = Annotated[str, Query(max_length=2000)]

RECENT = 12
"""How many events a project's page shows; the rest has a page of its own."""


@router.get("/static/{name}", dependencies=[Depends(public)])
async def static_file(name: str) -> Response:
    """A stylesheet, script or picture of ours."""
    if name not in STATIC:
        raise NotFound(reason("not-found"))
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(STATIC[name], media_type=MEDIA[name.rpartition(".")[2]], headers=headers)


# Projects


@router.get("/projects/{ref}")
async def project(request: Request, desk: AtDesk, ref: str, done: Done = "", turned: Keys = "") -> Response:
    """项目: where it is, who holds the ball, what is missing, what happened."""
    return await project_page(request, desk, ref, done=done, turned=turned.split(","))


async def project_page(
    request: Request,
    desk: Desk,
    ref: str,
    *,
    failure: Failure | None = None,
    done: str = "",
    turned: Container[str] = (),
) -> Response:
    """The project's page, perhaps with a form that was refused, or after the command `done`.

    `turned` are the stages still to come that new facts have taken in or left out.
    """
    found: Overview = await desk.ask(queries.overview, ref=ref, recent=RECENT)
    it = found.project
    primary = _primary(it, found.mine)
    graph = project_graph(found.definition, it.stages, it.title, f"/projects/{ref}/stages/")
    return page(
        request,
        "project.html",
        desk.visitor,
        failure=failure,
        done=_project_outcome(it, found.timeline.items, done) + _foreseen(it, turned),
        onwards=await next_item(desk) if done and not primary and not it.taking_over else None,
        it=it,
        about=it.title,
        **await pictured(graph, desk.day),
        primary=primary,
        lacking=[stage for stage in it.stages if stage.missing],
        to_check=sum(each.taken_over and each.confirm.allowed for each in it.entries),
        uploadable=[
            (each.key, f"{each.title}（{'、'.join(each.formats)}）")
            for each in found.papers
            if each.register != "always"
        ],
        registrable=[(each.key, each.title) for each in found.papers if each.register != "no"],
        colleagues=[(each.id, each.in_full) for each in found.colleagues],
        others=await picker(desk, "other", failure, exclude=it.ref),
        refused_offers=[offer for offer in it.offers if not offer.allowed and offer.action != "facts"],
        timeline=found.timeline,
    )


def _project_outcome(it: ProjectView, record: Iterable[Told], done: str) -> str:
    """What was done to the project, and what came of it for its stages."""
    if done == "moved":
        return f"项目已转为“{it.state_words}”。"
    if done == "handed":
        return f"已移交，现由{it.clerk}经办。"
    return done_words(done) + _consequences(record) if done in DONE else ""


def _foreseen(it: ProjectView, turned: Container[str]) -> str:
    """What has been decided of those stages before their turn: “使用林地审核”列入后续事项。"""
    found: dict[str, list[str]] = {"列入后续事项": [], EXPECTED_OUT: []}
    for each in it.stages:
        if each.key in turned and each.state == WAITING:
            found[EXPECTED_OUT if each.state_words == EXPECTED_OUT else "列入后续事项"].append(each.title)
    return "".join(f"{_first_few(titles)}{what}。" for what, titles in found.items() if titles)


def _first_few(titles: list[str]) -> str:
    """“使用林地审核”“社会稳定风险评估”, of more than three with their number."""
    named = "".join(f"“{title}”" for title in titles[:_MOST_TOLD])
    return f"{named}等{len(titles)}个事项" if len(titles) > _MOST_TOLD else named


def _primary(it: ProjectView, mine: frozenset[int]) -> dict[str, Any] | None:
    """The one thing that this person should do here now: the most urgent that waits for them."""
    if it.suspended:
        return None
    for entry in it.entries:
        if entry.confirm.allowed:
            return {
                "words": f"核对“{entry.stage_title}”的登记",
                "href": f"#entry-{entry.number}",
                "due": None,
            }
    stages = {stage.key: stage for stage in it.stages}
    for ball in it.balls:
        stage = stages[ball.stage]
        if mine.intersection(stage.holder_ids) and not ball.outside:
            href = f"/projects/{it.ref}/stages/{stage.key}#{'needs' if stage.missing else 'act'}"
            return {"words": _wanted(stage), "href": href, "due": ball.due}
    return None


def _wanted(stage: StageView) -> str:
    if stage.missing:
        return f"备齐“{stage.title}”的材料"
    if stage.shown_from:
        return f"组织“{stage.title}”的公示"
    verb = _VERBS.get(stage.state, "登记" if "." in stage.state else "审批")
    return f"{verb}“{stage.title}”"


_VERBS = {PREPARING: "报送", WAITING: "补齐信息，以启动", REFUSED: "重新申报", LAPSED: "重新申报"}


@router.get("/projects/{ref}/record")
async def record(request: Request, desk: AtDesk, ref: str, before: Id = 0) -> Response:
    """The whole record of a project, a page at a time."""
    it = await desk.ask(queries.project, ref=ref)
    told = await desk.ask(queries.timeline, ref=ref, before=before)
    return page(request, "record.html", desk.visitor, it=it, timeline=told)


# Stages


@router.get("/projects/{ref}/stages/{stage}")
async def stage(
    request: Request,
    desk: AtDesk,
    ref: str,
    stage: str,
    done: Done = "",
    at: Word = "",
    open: Word = "",  # noqa: A002 - the word in the address
) -> Response:
    """事项: the file, its steps, its clock, and the form to act; the form named `open` is opened at once."""
    it: StageFile = await desk.ask(queries.stage_file, ref=ref, stage=stage)
    return await stage_page(request, desk, it, done=outcome(it, done, at), opened=open)


async def stage_page(
    request: Request,
    desk: Desk,
    it: StageFile,
    *,
    failure: Failure | None = None,
    done: str = "",
    opened: str = "",
) -> Response:
    """The stage's page, perhaps with a form that was refused, with an entry to be made again, or a form opened."""
    again = it.rejected and desk.visitor.id in it.rejected.authors
    return page(
        request,
        "stage.html",
        desk.visitor,
        failure=failure,
        done=done,
        onwards=await next_item(desk, (it.ref, it.stage.key)) if done else None,
        begun=dict([typed_for(it.rejected.what)]) if it.rejected and again else {opened: {}},
        **await stage_context(desk, it),
    )


async def stage_context(desk: Desk, it: StageFile) -> dict[str, Any]:
    """What the forms of a stage need to know, wherever they are shown."""
    offers = {offer.action: offer for offer in it.offers}
    records = [offer for offer in it.offers if offer.action.startswith("record-")]
    again = offers.get("reapply") if it.stage.holders or it.expiring else None
    decisions = [offer for offer in it.offers if offer.action.startswith("decide-")]
    elsewhere = {"submit"} | ({"explanation"} if it.order and it.order.mine else set())
    others = [
        offer
        for offer in it.offers
        if offer.action not in elsewhere and offer not in (*decisions, *records) and offer is not again
    ]
    deciding = "decide-returned" in offers and offers["decide-returned"].allowed
    return {
        "it": it,
        "about": f"{it.project}·{it.stage.title}",
        "offers": offers,
        "records": records,
        "decisions": decisions,
        "again": again,
        "others": [offer for offer in others if offer.allowed and _has_use(offer, it)],
        "refused_offers": [offer for offer in others if not offer.allowed],
        "deciding": deciding,
        "phrases": await desk.ask(phrases) if deciding else (),
        "formats": tuple(FORMATS),
        "colleagues": [(each.id, each.in_full) for each in it.colleagues],
        "signers": [(each.id, each.in_full) for each in it.signers],
    }


async def next_item(desk: Desk, here: tuple[str, str] = ("", "")) -> queries.WorkItem | None:
    """What waits for this person next, so that one can go on without returning to the list.

    Nothing while the stage that is shown, `here` by project and key, is still theirs: it is to be finished first.
    """
    work: queries.Worklist = await desk.ask(queries.worklist)
    mine = [(item.ref, item.stage) for item in work.mine]
    return None if here in mine else next(iter(work.mine), None)


def _has_use(offer: Offer, it: StageFile) -> bool:
    """A signature on paper can only be entered for somebody else who may sign; 督办 has a place of its own."""
    return offer.action not in {"supervise", "withdraw-order"} and (
        offer.action != "sign-paper" or bool(it.signers)
    )


_ENTERED = {"recorded", "signed", "entered", "completed"}
"""After these the page says who is to check what was entered."""

_MOVED = {"submitted", "approved", "confirmed", "returned", "withdrawn", "handed", "reapplied"}
"""After these the page says where the stage is now."""


def outcome(it: StageFile, done: str, document: str = "") -> str:
    """What was done, and where the stage is now or, of its clock, when it is due: 已同意，现在在陈文娟处（分管领导审签中）。"""
    stage, said = it.stage, DONE.get(done, "")
    if document:
        return _handed_in(it, said, document)
    if done in _MOVED and stage.holders == NOBODY:
        return f"{said}；{stage.state_words}，暂无人办理，已报管理员。"
    if done in _MOVED and stage.is_open and stage.holders:
        there = f"{said}，现在在{stage.holders}处（{stage.state_words}）"
        return f"{there}，{_counted(stage)}。" if done == "confirmed" and stage.due else f"{there}。"
    if done in _ENTERED and it.entries:
        return awaiting(said, it.entries[-1].checkers)
    if done in {"extended", "resumed"} and stage.due:
        return f"{said}，到期日{stage.due.words}。"
    if done in _MOVED:
        return f"{said}，事项{stage.state_words}。"
    return done_words(done)


def _counted(stage: StageView) -> str:
    """What an entry did to the day: 到期日12月7日 周一 · 剩 10 个工作日, 停表中（专家评审）."""
    due = stage.due
    return "" if due is None else f"到期日{due.words}" if due.day else due.words


def _handed_in(it: StageFile, said: str, document: str) -> str:
    """Which paper came in, and what this means for the stage: what is still missing, or that it begins again."""
    paper = next((need.paper for need in it.needs if need.paper and need.paper.key == document), None)
    if paper is None or not said:
        return f"{said}。" if said else ""
    said = f"“{paper.title}”第{paper.version}版{said.removeprefix('材料')}"
    if it.stage.missing:
        return f"{said}，还缺 {len(it.stage.missing)} 项。"
    if it.stage.state == PREPARING:
        return f"{said}，材料已齐。"
    again = _consequences(it.record)
    return f"{said}。{again}" if paper.title in again else f"{said}。"


_MOST_TOLD = 3
_FOLLOWING = {"stage.restarted", "stage.opened", "stage.held", "stage.skipped"}
"""What a command may have done to stages beside what it was given for."""


def _consequences(record: Iterable[Told]) -> str:
    """What became of the stages that the last command has begun, begun again, or holds, each once, the first few.

    `record` is newest first; the words are not.
    """
    found: dict[str, str] = {}
    for each in takewhile(lambda it: it.kind in _FOLLOWING, record):
        found.setdefault(each.stage, each.text)
    told = list(reversed(found.values()))
    rest = f"共{len(told)}个事项有变动，其余见“经过”。" if len(told) > _MOST_TOLD else ""
    return "".join(told[:_MOST_TOLD]) + rest


def awaiting(said: str, checkers: str) -> str:
    """What was entered, and who is to check it: 已登记，待杨帆核对原件后生效。"""
    return f"{said}，待{checkers}核对原件后生效。" if checkers else f"{said}。"


# Notices, mails


@router.get("/notices")
async def notices(request: Request, desk: AtDesk, before: Id = 0, stuck: Id = 0) -> Response:
    """通知: every message I got, from before one of them on; above them the incidents, from before `stuck` on."""
    return page(
        request,
        "notices.html",
        desk.visitor,
        administers=desk.visitor.directory.is_administrator(desk.visitor.id),
        by_mail=request.app.state.settings.sends_mail,
        undelivered=await desk.door.ask(undelivered, person=desk.visitor.id),
        page=await desk.ask(queries.notices, before=before),
        incidents=await desk.ask(queries.incidents, before=stuck),
    )


@router.get("/mailbox")
async def mails(request: Request, desk: AtDesk, person: Word = "", before: Id = 0) -> Response:
    """演示邮箱: the mails that the demo would have sent."""
    _only_in_demo(request)
    door, chosen = door_of(request), number_of(person)
    found = await door.ask(mailbox.mails, person=chosen, before=before or None, limit=51)
    people = desk.visitor.directory.people.values()
    return page(
        request,
        "mailbox.html",
        desk.visitor,
        mails=found[:50],
        more=found[49].id if len(found) > 50 else 0,
        chosen=chosen,
        people=[(each.id, each.name) for each in people],
    )


@router.get("/mailbox/{mail}")
async def mail(request: Request, desk: AtDesk, mail: Id) -> Response:
    """One mail of the demo, as text and in a frame that can do nothing."""
    return page(request, "mail.html", desk.visitor, it=await _mail(request, mail))


@router.get("/mailbox/{mail}/html")
async def mail_body(request: Request, desk: AtDesk, mail: Id) -> Response:
    """The HTML of a mail: in a sandbox, with the looks that it brings along and nothing else."""
    del desk
    policy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    found = await _mail(request, mail)
    return Response(found.html, media_type="text/html", headers={"Content-Security-Policy": policy})


async def _mail(request: Request, mail: int) -> mailbox.MailView:
    _only_in_demo(request)
    found = await door_of(request).ask(mailbox.mail, id=mail)
    if found is None:
        raise NotFound(reason("not-found"))
    return found


def _only_in_demo(request: Request) -> None:
    """Everybody sees every mail in the demo; nowhere else."""
    if not request.app.state.settings.mailbox:
        raise NotFound(reason("not-found"))


def failure_of(
    form: str, error: WorkflowError, typed: Mapping[str, str], field_of: Callable[[Reason], str] | None = None
) -> Failure:
    """A refused form as a page shows it; `field_of` says which field a reason is about."""
    hidden = SECRETS | {"csrf", "command"}
    kept = {key: value for key, value in typed.items() if key not in hidden}
    wrong: dict[str, list[Reason]] = {}
    for each in error.reasons:
        wrong.setdefault(field_of(each) if field_of else each.place, []).append(each)
    return Failure(form, problem_of(error), kept, wrong)
