"""我的待办: what waits for me, cleared in place or several at once.

Invariant: together is as if singly: each item is a command of its own, checked against what was ticked, and
one that is refused refuses only itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Query
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk, Desk
from api.phrases import phrases
from api.web.commands import Command
from api.web.forms import Sent
from api.web.pages import Done, failure_of, outcome, stage_context
from api.web.render import Failure, page
from workflow import queries, rules
from workflow.actions import decisions, entries
from workflow.errors import Invalid, NotFound, Reason, WorkflowError, reason, says
from workflow.queries.numbers import number_of
from workflow.queries.views import StageFile
from workflow.queries.worklist import AMEND, ANSWER, COMPARE, DECIDE, FOLLOW, GROUPS, PREPARE, SHOW, UNSTICK

says(
    {
        "not-waiting-for-you": ("本件现在不在您的待办中。", "请刷新我的待办后再看。"),
        "too-many-ticked": ("一次最多一并办理{most}件。", "请分次办理。"),
    }
)

router = APIRouter(include_in_schema=False)

MOST: Final = 50
"""How many items may be done together: more than anybody reads at one sitting."""

Place = Annotated[str, Query(max_length=120)]
Items = Annotated[list[str], Query(max_length=MOST + 1)]

ACTS: Final = {"approve": DECIDE, "confirm": COMPARE}
"""What may be done with several items at once, and in which group they stand."""


class Ticked(Struct, frozen=True):
    """One item as it was ticked: its place, and for a decision the step, turn and content that were shown."""

    value: str
    ref: str
    stage: str
    entry: str = ""
    step: str = ""
    turn: int = 0
    content: str = ""

    def command(self, opinion: str = "") -> Command:
        """The action that does it."""
        if self.entry:
            return Command(entries.confirm_entry, {"ref": self.ref, "number": int(self.entry)}, "confirmed")
        arguments = {
            "ref": self.ref,
            "stage": self.stage,
            "step": self.step,
            "outcome": "approved",
            "opinion": opinion,
            "turn": self.turn,
            "content": self.content,
        }
        return Command(decisions.decide, arguments, "approved")


class Line(Struct, frozen=True):
    """One ticked item on the page that asks or answers: what it is, and either what happened or why not."""

    ticked: Ticked
    project: str
    title: str
    said: str = ""
    reasons: tuple[Reason, ...] = ()
    item: queries.WorkItem | None = None


@router.get("/")
async def worklist(
    request: Request,
    desk: AtDesk,
    open: Place = "",  # noqa: A002 - the word in the address
    done: Done = "",
    at: Place = "",
) -> Response:
    """我的待办: what waits for me by what I can do with it, most urgent first; `open` is done in place."""
    return await _page(request, desk, opened=open, done=await _said(desk, at, done))


async def _page(
    request: Request, desk: Desk, *, opened: str = "", done: str = "", failure: Failure | None = None
) -> Response:
    work: queries.Worklist = await desk.ask(queries.worklist)
    found = next((item for item in work.mine if place_of(item) == opened), None)
    leads = desk.visitor.directory.oversees(desk.visitor.id)
    file = await desk.ask(queries.stage_file, ref=found.ref, stage=found.stage) if found else None
    return page(
        request,
        "worklist.html",
        desk.visitor,
        failure=failure,
        done=done,
        onwards=next(iter(work.mine), None) if done else None,
        work=work,
        leads=leads,
        trouble=await desk.ask(queries.trouble) if leads or not work.mine else None,
        worst=await desk.ask(queries.worst) if not work.mine else (),
        groups=[
            (key, words, [item for item in (*work.mine, *work.elsewhere) if item.group == key])
            for key, words in GROUPS.items()
        ],
        kinds={group: act for act, group in ACTS.items()},
        together={item.group for item in work.mine if tick_of(item)},
        hints=HINTS,
        most=MOST,
        opened=found,
        place_of=place_of,
        tick_of=tick_of,
        **(await stage_context(desk, file) if file else {}),
    )


HINTS: Final = {
    ANSWER: "请在期限内办结，或以情况说明答复；办结、答复后即了结。",
    DECIDE: "可勾选几件一并同意；退回、不予批准和要填写批文的，逐件办理。",
    COMPARE: "请对照原件或扫描件逐项核对；一致的可勾选一并确认。",
    PREPARE: "",
    SHOW: "满法定天数后，由经办人写明公示情况办结；有异议且成立的，退回修改。",
    AMEND: "",
    UNSTICK: "这些事项不会自己往下走：补齐信息、重新申报后才能继续。",
    FOLLOW: "在外部门手里，到期日为本局推算，以对方为准。",
}


def place_of(item: queries.WorkItem) -> str:
    """How an address names an item."""
    part = item.entry or ("order" if item.order else "")
    return f"{item.ref}/{item.stage}" + (f"/{part}" if part else "")


def tick_of(item: queries.WorkItem) -> str:
    """What a tick says: the item as it was shown; empty for one that cannot be done together with others."""
    it = item.deciding
    if it is not None:
        able = not it.reasons and not it.alone
        return f"{place_of(item)}/{it.step}/{it.turn}/{it.content}" if able else ""
    return place_of(item) if item.comparing is not None and item.comparing.confirm.allowed else ""


async def _said(desk: Desk, at: str, done: str) -> str:
    """What happened to the item at that place, and where it is now."""
    ref, _, stage = at.partition("/")
    if not stage or not done:
        return ""
    try:
        it: StageFile = await desk.ask(queries.stage_file, ref=ref, stage=stage)
    except NotFound:
        return ""
    said = outcome(it, done)
    return f"{it.project}·{it.stage.title}：{said}" if said else ""


# Several at once


@router.get("/together/{act}")
async def ask_together(request: Request, desk: AtDesk, act: str, item: Items = []) -> Response:  # noqa: B006 - a default of FastAPI's
    """Exactly what would be approved, or confirmed, and apart from it what cannot be and why."""
    try:
        ticked = _ticked(act, item)
    except Invalid as error:
        return await _page(request, desk, failure=failure_of(f"together-{act}", error, {}))
    return await _ask(request, desk, act, ticked)


@router.post("/together/{act}")
async def do_together(request: Request, desk: AtDesk, form: Sent, act: str) -> Response:
    """Do each by itself, and say of each what happened.

    The answer is the page itself: sent again, it finds every item done under the same command, and says the same.
    """
    try:
        ticked = _ticked(act, form.texts("item"))
    except Invalid as error:
        return await _page(request, desk, failure=failure_of(f"together-{act}", error, {}))
    opinion = form.text("opinion") or form.text("phrase")
    wrong = dict.fromkeys([*form.reasons, *rules.check_text(opinion, "opinion", "意见")])
    if wrong:
        return await _ask(request, desk, act, ticked, failure_of("together", Invalid(*wrong), form.values()))
    lines = [await _do(desk, each, opinion, form.text("command")) for each in ticked]
    refused = [line for line in lines if line.reasons]
    work: queries.Worklist = await desk.ask(queries.worklist)
    return page(
        request,
        "together_done.html",
        desk.visitor,
        status=409 if len(refused) == len(lines) else 200,
        onwards=next(iter(work.mine), None),
        act=act,
        lines=[line for line in lines if not line.reasons],
        refused=refused,
    )


async def _ask(
    request: Request, desk: Desk, act: str, ticked: Sequence[Ticked], failure: Failure | None = None
) -> Response:
    work: queries.Worklist = await desk.ask(queries.worklist)
    shown = {place_of(item): item for item in work.mine if item.group == ACTS[act]}
    lines = [await _line(desk, each, shown.get(_place(each))) for each in ticked]
    return page(
        request,
        "together.html",
        desk.visitor,
        failure=failure,
        act=act,
        lines=[line for line in lines if not line.reasons and line.item],
        refused=[line for line in lines if line.reasons or not line.item],
        phrases=await desk.ask(phrases),
    )


async def _line(desk: Desk, ticked: Ticked, item: queries.WorkItem | None) -> Line:
    command = ticked.command()
    reasons = await desk.would_refuse(command.action, **command.arguments)
    if item is None:
        return await _named(desk, ticked, reasons=reasons or (reason("not-waiting-for-you"),))
    return Line(ticked, item.project, item.stage_title, reasons=reasons, item=item)


async def _do(desk: Desk, ticked: Ticked, opinion: str, command: str) -> Line:
    """One item under a command id of its own, which is the same whenever this page is sent again."""
    what = ticked.command(opinion)
    attempt = desk.with_command(sha256(f"{command}/{ticked.value}".encode()).hexdigest()[:32])
    try:
        await attempt.run(what.action, **what.arguments)
    except WorkflowError as error:
        return await _named(desk, ticked, reasons=error.reasons)
    return await _named(desk, ticked, done=what.done)


async def _named(desk: Desk, ticked: Ticked, *, reasons: tuple[Reason, ...] = (), done: str = "") -> Line:
    """The item by its names and, once done, by where it is now."""
    try:
        it: StageFile = await desk.ask(queries.stage_file, ref=ticked.ref, stage=ticked.stage)
    except NotFound:
        return Line(ticked, "", "", "已办，现在不在您的查看范围。" if done else "", reasons)
    return Line(ticked, it.project, it.stage.title, outcome(it, done), reasons)


def _place(ticked: Ticked) -> str:
    return f"{ticked.ref}/{ticked.stage}" + (f"/{ticked.entry}" if ticked.entry else "")


def _ticked(act: str, values: Sequence[str]) -> list[Ticked]:
    """The ticks, each once; Invalid if there is none or one that no page of ours could have shown."""
    if act not in ACTS:
        raise NotFound(reason("not-found"))
    given = list(dict.fromkeys(values))
    if not given:
        raise Invalid(reason("nothing-ticked", "item"))
    if len(given) > MOST:
        raise Invalid(reason("too-many-ticked", "item", most=MOST))
    return [_read_tick(act, value) for value in given]


def _read_tick(act: str, value: str) -> Ticked:
    parts = value.split("/")
    length, place = {"approve": (5, 3), "confirm": (3, 2)}[act]
    number = number_of(parts[place]) if len(parts) == length else None
    if number is None or len(value) > 300 or not all(parts):
        raise Invalid(reason("field-invalid", "item", field="勾选", why="不是本页所列的事项"))
    if act == "confirm":
        return Ticked(value, parts[0], parts[1], entry=parts[place])
    return Ticked(value, parts[0], parts[1], step=parts[2], turn=number, content=parts[4])
