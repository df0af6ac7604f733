"""What people do: each form gives one action; then the page again, by a redirect, with what was done.

Invariant: a refused form comes back with the same status as the API's answer, its sentences at their
fields, and everything that was typed.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Newcomer, drop_session, keep_session, now, public, sign_in, sign_out, visitor_in
from api.desk import AtDesk, Desk
from api.door import door_of
from api.problems import Problem
from api.web.commands import Command, done_words, paper_command, project_command, stage_command
from api.web.forms import Form, Sent, run, see
from api.web.pages import Done, failure_of, project_page, stage_page
from api.web.render import Failure, page, with_query
from api.web.resuming import Kept, confirm_page, inside, kept_in
from workflow import queries
from workflow.actions import decisions
from workflow.errors import Invalid, NotFound, Reason, WorkflowError
from workflow.queries.views import StageFile

router = APIRouter(include_in_schema=False)

# Signing in and out


@router.get("/sign-in", dependencies=[Depends(public)])
async def signing_in_page(request: Request, next: str = "/", done: Done = "") -> Response:  # noqa: A002 - the word in the address
    """登录."""
    said = done_words(done) if done in {"password", "signed-out"} else ""
    directory = (await door_of(request).ask(queries.snapshot)).directory
    return sign_in_page(request, next, done=said, founded=bool(directory.people))


@router.post("/sign-in", dependencies=[Depends(public)])
async def signing_in(request: Request) -> Response:
    """Sign in and go on to where one wanted to go."""
    form = await Form.read(request)
    onwards, kept = inside(form.text("next")), kept_in(request, form.data)
    try:
        staff_number = form.text("staff_number")
        form.check()
        session = await sign_in(request, staff_number, form.raw("password"), now(request))
    except WorkflowError as error:
        failure = failure_of("sign-in", error, form.values(), lambda _: "staff_number")
        return sign_in_page(request, onwards, failure, kept=kept)
    response = confirm_page(request, await visitor_in(request, session), kept) if kept else see(onwards)
    keep_session(request, response, session)
    return response


@router.post("/sign-out")
async def signing_out(request: Request, visitor: Newcomer) -> Response:
    """Sign out."""
    del visitor
    await sign_out(request)
    response = see("/sign-in")
    drop_session(request, response)
    return response


def sign_in_page(
    request: Request,
    onwards: str,
    failure: Failure | None = None,
    *,
    kept: Kept | None = None,
    fault: Problem | None = None,
    done: str = "",
    founded: bool = True,
) -> Response:
    """登录; with `kept`, a form that goes along until somebody is signed in."""
    people, password = _demo_people(request)
    return page(
        request,
        "sign_in.html",
        None,
        status=fault.status if fault else 200,
        failure=failure,
        done=done,
        founded=founded,
        kept=kept,
        next=inside(onwards),
        people=people,
        password=password,
    )


def _demo_people(request: Request) -> tuple[list[dict[str, str]], str]:
    """Everybody in the demo, so that one can look at it through anybody's eyes; nobody elsewhere."""
    if not request.app.state.settings.mailbox:
        return [], ""
    from api import demo

    hints = {
        "clerk": "登记、备料、报送，登记外部门结果",
        "section_chief": "审核，核对登记",
        "deputy_director": "审签，延期，督办",
        "director": "签发，看全局",
        "overseer": "看全市项目的红黄绿",
        "administrator": "人员、定义和异常",
    }
    found = []
    for staff_number, (name, posts) in demo.PEOPLE.items():
        organisation, key, title = posts[0]
        where = demo.ORGANISATIONS[organisation][0]
        title = title if where in title else f"{where} {title}"
        found.append({"staff_number": staff_number, "name": name, "title": title, "hint": hints.get(key, "")})
    return found, demo.PASSWORD


# Projects as wholes


@router.post("/projects/{ref}/papers/{action}")
async def project_paper(request: Request, desk: AtDesk, form: Sent, ref: str, action: str) -> Response:
    """Upload or register a paper from the project's page."""
    try:
        found: queries.Overview = await desk.ask(queries.overview, ref=ref, recent=1)
        command = await paper_command(action, form, ref, found.papers)
        await run(desk, form, command.action, **command.arguments)
    except WorkflowError as error:
        return await project_page(request, desk, ref, failure=failure_of(action, error, form.values()))
    return see(f"/projects/{ref}?done={command.done}#papers")


@router.post("/projects/{ref}/{action}")
async def project_action(request: Request, desk: AtDesk, form: Sent, ref: str, action: str) -> Response:
    """Move, hand over, or end the taking-over of a project."""
    try:
        command = await project_command(action, form, ref, desk)
        await run(desk, form, command.action, **command.arguments)
    except WorkflowError as error:
        return await project_page(request, desk, ref, failure=failure_of(action, error, form.values()))
    return see(f"/projects/{ref}?done={command.done}")


# Stages


@router.post("/projects/{ref}/stages/{stage}/{action}")
async def stage_action(
    request: Request, desk: AtDesk, form: Sent, ref: str, stage: str, action: str
) -> Response:
    """Everything that is done on the page of a stage."""
    it: StageFile = await desk.ask(queries.stage_file, ref=ref, stage=stage)
    try:
        command = await checked(desk, form, it, await stage_command(action, form, it))
        await run(desk, form, command.action, **command.arguments)
    except NotFound:
        raise
    except WorkflowError as error:
        it = await desk.ask(queries.stage_file, ref=ref, stage=stage)
        failure = failure_of(_form_of(action, form), error, form.values(), reply_field(it))
        return await stage_page(request, desk, it, failure=failure)
    if form.has("from_list"):
        return see(with_query("/", {"done": command.done, "at": f"{ref}/{stage}"}))
    said = {"done": command.done, "at": command.arguments.get("document", "")}
    return see(with_query(f"/projects/{ref}/stages/{stage}", said))


async def checked(desk: Desk, form: Form, it: StageFile, command: Command) -> Command:
    """The command, if nothing was wrong with the form; else Invalid, with all that is wrong at once."""
    if form.reasons:
        refused = {each.place for each in form.reasons}
        others = [
            each
            for each in await _reply_reasons(desk, form, it, command)
            if each.code != "reply-without-evidence" or f"reply.{each.place}.file" not in refused
        ]
        raise Invalid(*form.reasons, *others)
    return command


async def _reply_reasons(desk: Desk, form: Form, it: StageFile, command: Command) -> list[Reason]:
    """What else is wrong with the replies of a form that is refused anyway: all is said at once."""
    if not command.replies:
        return []
    found: list[Reason] = await desk.ask(
        queries.reply_reasons,
        ref=it.ref,
        stage=it.stage.key,
        replies=command.replies,
        as_printed=form.has("as_printed"),
        evidence=command.action is not decisions.decide,
    )
    return found


def _form_of(action: str, form: Form) -> str:
    """The name that the page gives to the form that was sent."""
    match action:
        case "record":
            return f"record-{form.text('what')}"
        case "upload" | "register":
            return f"paper-{form.text('document')}-{action}"
        case "complete":
            return f"complete-{form.text('document')}"
        case "pass-gate":
            return f"pass-gate-{form.text('requirement')}"
        case _:
            return action


_REPLY_FIELDS = {
    "reply-not-given": "issued_on",
    "date-in-future": "issued_on",
    "validity-before-issue": "valid_until",
    "reply-without-evidence": "kept_at",
}
"""Which field of a reply a reason is about; its number for every other."""


def reply_field(it: StageFile) -> Any:
    """Reasons about a reply name its document; the page has several fields for each."""
    fields = {field.key: document.key for document in it.issues for field in document.fields}
    documents = {document.key for document in it.issues}

    def field_of(each: Reason) -> str:
        document, dot, field = each.place.partition(".")
        if dot and document in documents:
            return f"reply.{document}.{field}"
        if each.place in documents:
            return f"reply.{each.place}.{_REPLY_FIELDS.get(each.code, 'number')}"
        if each.code == "fact-invalid" and each.place in fields:
            return f"reply.{fields[each.place]}.field.{each.place}"
        return "number" if each.place == "receipt" else each.place

    return field_of
