"""What people do: each form gives one action; then the page again, by a redirect, with what was done.

Invariant: a refused form comes back with the same status as the API's answer, its sentences at their
fields, and everything that was typed.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import drop_session, keep_session, now, public, sign_in, sign_out
from api.desk import AtDesk, Desk
from api.web.commands import Command, paper_command, project_command, stage_command
from api.web.forms import Form, Sent, see
from api.web.pages import failure_of, project_page, stage_page
from api.web.render import Failure, page, with_query
from workflow import queries
from workflow.actions import projects
from workflow.definition import Definition
from workflow.errors import NotFound, Reason, WorkflowError
from workflow.queries.papers import field_view
from workflow.queries.views import FieldView, ProjectView, StageFile

router = APIRouter(include_in_schema=False)

# Signing in and out


@router.get("/sign-in", dependencies=[Depends(public)])
async def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the word in the address
    """登录."""
    return _sign_in_page(request, next)


@router.post("/sign-in", dependencies=[Depends(public)])
async def signing_in(request: Request) -> Response:
    """Sign in and go on to where one wanted to go."""
    form = await Form.read(request)
    await request.close()
    onwards = _inside(form.text("next"))
    password = form.data.get("password", "")
    try:
        session = await sign_in(
            request, form.text("staff_number"), password if isinstance(password, str) else "", now(request)
        )
    except WorkflowError as error:
        return _sign_in_page(
            request, onwards, failure_of("sign-in", error, form.values(), lambda _: "staff_number")
        )
    response = see(onwards)
    keep_session(request, response, session.token)
    return response


@router.post("/sign-out")
async def signing_out(request: Request, desk: AtDesk) -> Response:
    """Sign out."""
    del desk
    await sign_out(request)
    response = see("/sign-in")
    drop_session(request, response)
    return response


def _sign_in_page(request: Request, onwards: str, failure: Failure | None = None) -> Response:
    people, password = _demo_people(request)
    return page(
        request,
        "sign_in.html",
        None,
        failure=failure,
        next=_inside(onwards),
        people=people,
        password=password,
    )


def _inside(address: str) -> str:
    """The address if it leads to a page of ours; else the first page. Never to another site."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside and "\\" not in address else "/"


def _demo_people(request: Request) -> tuple[list[dict[str, str]], str]:
    """Everybody in the demo, so that one can look at it through anybody's eyes; nobody elsewhere."""
    if not request.app.state.settings.mailbox:
        return [], ""
    from api import demo

    hints = {
        "clerk": "登记、备料、报送，登记外部门结果",
        "section_chief": "审核，核对登记",
        "deputy_director": "审签，延期，督促",
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


# Registering and facts


@router.get("/projects/new")
async def new_project(request: Request, desk: AtDesk, type: str = "") -> Response:  # noqa: A002 - as above
    """登记项目 and 补录: the form is made from the definition."""
    return await _new_project_page(request, desk, type)


@router.post("/projects/new")
async def register(
    request: Request,
    desk: AtDesk,
    form: Sent,
    type: Annotated[str, Query(max_length=40)],  # noqa: A002 - as above
) -> Response:
    """Begin to follow a project."""
    try:
        arguments = await _registration(form, desk, type)
        form.check()
        desk.command = form.text("command")
        ref = await desk.run(projects.register_project, {"ref": secrets.token_urlsafe(16)}, **arguments)
    except WorkflowError as error:
        return await _new_project_page(
            request, desk, type, failure_of("new", error, form.values(), _fact_field)
        )
    return see(f"/projects/{ref}?done=project")


async def _registration(form: Form, desk: Desk, type_: str) -> dict[str, Any]:
    definition: Definition = await desk.door.ask(queries.latest_definition, type=type_)
    return {
        "digest": form.text("digest"),
        "title": form.required("title", "项目名称"),
        "organisation": form.number("organisation", "建设单位"),
        "clerk": form.number("clerk", "经办人"),
        "code": form.text("code"),
        "facts": _facts(form, definition),
        "parent": form.text("parent"),
        "taking_over": form.has("taking_over"),
    }


def _facts(form: Form, definition: Definition) -> dict[str, str | None]:
    """Every fact of the form; an empty one is unknown."""
    return {key: form.text(f"fact.{key}") or None for key in definition.facts if f"fact.{key}" in form.data}


async def _new_project_page(
    request: Request, desk: Desk, type_: str, failure: Failure | None = None
) -> Response:
    definition: Definition | None = None
    if type_:
        definition = await desk.door.ask(queries.latest_definition, type=type_)
    choices: queries.Choices = await desk.ask(queries.choices)
    mine = desk.visitor.directory.posts_of(desk.visitor.id)
    listed: queries.ProjectPage = await desk.ask(queries.projects)
    return page(
        request,
        "register.html",
        desk.visitor,
        failure=failure,
        definition=definition,
        types=await desk.door.ask(queries.published),
        facts=[field_view(fact) for fact in definition.facts.values()] if definition else [],
        sums=_sums(definition) if definition else [],
        units=[(each.value, each.words) for each in choices.units],
        own_unit=mine[0].organisation if mine else "",
        clerks=[(each.value, each.words) for each in choices.clerks],
        parents=[(item.ref, item.title) for item in listed.items],
    )


def _sums(definition: Definition) -> list[str]:
    """The arithmetic promises in words: 总投资＝工程费用＋其他费用＋预备费."""
    facts = definition.facts
    return [
        f"{facts[each.total].title}＝{'＋'.join(facts[part].title for part in each.parts)}"
        for each in definition.sums
    ]


@router.get("/projects/{ref}/facts")
async def facts_page(request: Request, desk: AtDesk, ref: str) -> Response:
    """更新项目信息."""
    return await _facts_page(request, desk, ref)


@router.post("/projects/{ref}/facts")
async def change_facts(request: Request, desk: AtDesk, form: Sent, ref: str) -> Response:
    """Change facts, or the code."""
    found: queries.Overview = await desk.ask(queries.overview, ref=ref, recent=1)
    try:
        facts = _facts(form, found.definition)
        code = form.text("code")
        changed = code if code != found.project.code else None
        arguments = {"ref": ref, "facts": facts, "reason_given": form.text("reason"), "code": changed}
        await _run(desk, form, Command(projects.change_facts, arguments, "facts"))
    except WorkflowError as error:
        return await _facts_page(request, desk, ref, failure_of("facts", error, form.values(), _fact_field))
    return see(f"/projects/{ref}?done=facts")


async def _facts_page(request: Request, desk: Desk, ref: str, failure: Failure | None = None) -> Response:
    it: ProjectView = await desk.ask(queries.project, ref=ref)
    known: dict[str, FieldView] = {fact.key: fact for fact in (*it.facts, *it.unknown)}
    return page(request, "facts.html", desk.visitor, failure=failure, it=it, facts=list(known.values()))


def _fact_field(each: Reason) -> str:
    return f"fact.{each.place}" if each.code in {"fact-invalid", "sum-differs"} else each.place


# Projects as wholes


@router.post("/projects/{ref}/papers/{action}")
async def project_paper(request: Request, desk: AtDesk, form: Sent, ref: str, action: str) -> Response:
    """Upload or register a paper from the project's page."""
    try:
        command = await paper_command(action, form, ref)
        await _run(desk, form, command)
    except WorkflowError as error:
        return await project_page(request, desk, ref, failure=failure_of(action, error, form.values()))
    return see(f"/projects/{ref}?done={command.done}#papers")


@router.post("/projects/{ref}/{action}")
async def project_action(request: Request, desk: AtDesk, form: Sent, ref: str, action: str) -> Response:
    """Move, hand over, or end the taking-over of a project."""
    try:
        command = project_command(action, form, ref)
        form.check()
        await _run(desk, form, command)
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
        command = await stage_command(action, form, it)
        await _run(desk, form, command)
    except NotFound:
        raise
    except WorkflowError as error:
        it = await desk.ask(queries.stage_file, ref=ref, stage=stage)
        failure = failure_of(_form_of(action, form), error, form.values(), _reply_field(it))
        return await stage_page(request, desk, it, failure=failure)
    if form.has("from_list"):
        return see(with_query("/", {"done": command.done, "at": f"{ref}/{stage}"}))
    return see(f"/projects/{ref}/stages/{stage}?done={command.done}")


async def _run(desk: Desk, form: Form, command: Command) -> None:
    desk.command = form.text("command")
    await desk.run(command.action, **command.arguments)


def _form_of(action: str, form: Form) -> str:
    """The name that the page gives to the form that was sent."""
    match action:
        case "record":
            return f"record-{form.text('what')}"
        case "upload" | "register":
            return f"paper-{form.text('document')}-{action}"
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


def _reply_field(it: StageFile) -> Any:
    """Reasons about a reply name its document; the page has several fields for each."""
    fields = {field.key: document.key for document in it.issues for field in document.fields}
    documents = {document.key for document in it.issues}

    def field_of(each: Reason) -> str:
        if each.place in documents:
            return f"reply.{each.place}.{_REPLY_FIELDS.get(each.code, 'number')}"
        if each.code == "fact-invalid" and each.place in fields:
            return f"reply.{fields[each.place]}.field.{each.place}"
        return each.place

    return field_of
