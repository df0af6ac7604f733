"""登记项目 and 更新项目信息: forms that are made from the definition, with its facts in groups.

Invariant: every fact of the definition is asked once, in one group; none has to be known.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk, Desk
from api.web.forms import Form, Sent, run, see
from api.web.pages import failure_of
from api.web.picking import picked, picker
from api.web.render import Failure, page
from workflow import queries, rules
from workflow.actions import projects
from workflow.definition import Definition, Kind, Sum
from workflow.errors import Reason, WorkflowError
from workflow.queries.papers import field_view
from workflow.queries.stages import EXPECTED_OUT
from workflow.queries.views import FieldView, ProjectView

router = APIRouter(include_in_schema=False)

GROUPS: Final = (
    ("资金", frozenset({Kind.MONEY})),
    ("规模和数量", frozenset({Kind.INTEGER, Kind.DECIMAL})),
    ("其他情况", frozenset({Kind.TEXT, Kind.DATE, Kind.CHOICE})),
    ("是或否", frozenset({Kind.BOOL})),
)
"""Under which heading a fact of which kind is asked."""


class FactGroup(Struct, frozen=True):
    """Facts that are asked together, with the arithmetic among them."""

    title: str
    facts: tuple[FieldView, ...]
    sums: tuple[Addition, ...]


class Addition(Struct, frozen=True):
    """An arithmetic promise as a form shows and checks it."""

    words: str
    total: str
    parts: str
    title: str
    unit: str


@router.get("/projects/new")
async def new_project(
    request: Request,
    desk: AtDesk,
    type: str = "",  # noqa: A002 - the word in the address
    taking_over: str = "",
) -> Response:
    """登记项目 and 补录: the form is made from the definition."""
    return await _new_project_page(request, desk, type, taking_over=bool(taking_over))


@router.post("/projects/new")
async def register(
    request: Request,
    desk: AtDesk,
    form: Sent,
    type: Annotated[str, Query(max_length=40)],  # noqa: A002 - as above
) -> Response:
    """Begin to follow a project; one that is taken over goes on to its replies."""
    taking_over = form.has("taking_over")
    try:
        arguments = await _registration(form, desk, type)
        drawn = {"ref": secrets.token_urlsafe(16)}
        ref = await run(desk, form, projects.register_project, drawn=drawn, **arguments)
    except WorkflowError as error:
        failure = failure_of("new", error, form.values(), _fact_field)
        unit = form.optional_number("organisation") or 0
        namesakes = await desk.ask(queries.namesakes, organisation=unit, title=form.text("title"))
        return await _new_project_page(
            request, desk, type, failure, taking_over=taking_over, namesakes=namesakes
        )
    return see(f"/projects/{ref}{'/take-over' if taking_over else ''}?done=project")


async def _registration(form: Form, desk: Desk, type_: str) -> dict[str, Any]:
    definition: Definition = await desk.door.ask(queries.latest_definition, type=type_)
    return {
        "digest": form.text("digest"),
        "title": form.required("title", "项目名称"),
        "organisation": form.number("organisation", "建设单位"),
        "clerk": form.number("clerk", "经办人"),
        "code": form.text("code"),
        "facts": _facts(form, definition),
        "parent": await picked(desk, form, "parent", "上级项目"),
        "taking_over": form.has("taking_over"),
        "same_name": form.text("same_name") == form.text("title") != "",
    }


def _facts(form: Form, definition: Definition) -> dict[str, str | None]:
    """Every fact of the form; an empty one is unknown."""
    return {key: form.text(f"fact.{key}") or None for key in definition.facts if f"fact.{key}" in form.data}


async def _new_project_page(
    request: Request,
    desk: Desk,
    type_: str,
    failure: Failure | None = None,
    *,
    taking_over: bool,
    namesakes: tuple[queries.ProjectItem, ...] = (),
) -> Response:
    definition: Definition | None = None
    if type_:
        definition = await desk.door.ask(queries.latest_definition, type=type_)
    choices: queries.Choices = await desk.ask(queries.choices)
    mine = desk.visitor.directory.posts_of(desk.visitor.id)
    return page(
        request,
        "register.html",
        desk.visitor,
        failure=failure,
        definition=definition,
        taking_over=taking_over,
        namesakes=namesakes,
        types=await desk.door.ask(queries.published),
        groups=fact_groups(definition, {}) if definition else (),
        decides=rules.decisions_of_facts(definition) if definition else {},
        units=[(each.value, each.words) for each in choices.units],
        own_unit=mine[0].organisation if mine else "",
        clerks=[(each.value, each.words) for each in choices.clerks],
        parents=await picker(desk, "parent", failure),
    )


@router.get("/projects/{ref}/facts")
async def facts_page(request: Request, desk: AtDesk, ref: str) -> Response:
    """更新项目信息."""
    return await _facts_page(request, desk, ref)


@router.post("/projects/{ref}/facts")
async def change_facts(request: Request, desk: AtDesk, form: Sent, ref: str) -> Response:
    """Change facts, or the code."""
    found: queries.Overview = await desk.ask(queries.overview, ref=ref, recent=1)
    try:
        was, code = _was(form), form.text("code")
        facts = _facts(form, found.definition)
        await run(
            desk,
            form,
            projects.change_facts,
            ref=ref,
            facts={key: said for key, said in facts.items() if (said or "") != was.get(f"fact.{key}")},
            reason_given=form.text("reason"),
            code=code if code != was.get("code", found.project.code) else None,
        )
    except WorkflowError as error:
        return await _facts_page(request, desk, ref, failure_of("facts", error, form.values(), _fact_field))
    after: queries.Overview = await desk.ask(queries.overview, ref=ref, recent=1)
    turned = (
        now.key
        for then, now in zip(found.project.stages, after.project.stages, strict=True)
        if (then.state_words == EXPECTED_OUT) != (now.state_words == EXPECTED_OUT)
    )
    return see(f"/projects/{ref}?done=facts&turned={','.join(turned)}")


def _was(form: Form) -> dict[str, str]:
    """What the fields held when the page was opened: only what somebody has written is a change, so that a page
    left open sets nothing back that others have changed since.
    """
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(form.raw("was"), type=dict[str, str])
    return {}


def _held(it: ProjectView, groups: Iterable[FactGroup]) -> str:
    """The same of a page that is opened now, as its form carries it along."""
    facts = {f"fact.{fact.key}": _written(fact.value) for group in groups for fact in group.facts}
    return msgspec.json.encode({**facts, "code": it.code}).decode()


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)


async def _facts_page(request: Request, desk: Desk, ref: str, failure: Failure | None = None) -> Response:
    found: queries.Overview = await desk.ask(queries.overview, ref=ref, recent=1)
    it: ProjectView = found.project
    groups = fact_groups(found.definition, {fact.key: fact.value for fact in it.facts})
    return page(
        request,
        "facts.html",
        desk.visitor,
        failure=failure,
        it=it,
        groups=groups,
        was=_held(it, groups),
        decides=rules.decisions_of_facts(found.definition),
    )


def fact_groups(definition: Definition, known: dict[str, Any]) -> tuple[FactGroup, ...]:
    """The facts in the groups of a form, with their values; what adds up stands together, the total last."""
    groups = []
    for title, kinds in GROUPS:
        sums = [each for each in definition.sums if definition.facts[each.total].kind in kinds]
        added = [key for each in sums for key in (*each.parts, each.total)]
        others = [key for key, fact in definition.facts.items() if fact.kind in kinds]
        facts = tuple(
            field_view(definition.facts[key], known.get(key)) for key in dict.fromkeys([*added, *others])
        )
        if facts:
            additions = tuple(_addition(definition, each) for each in sums)
            groups.append(FactGroup(title, facts, additions))
    return tuple(groups)


def _addition(definition: Definition, promise: Sum) -> Addition:
    facts = definition.facts
    total = facts[promise.total]
    return Addition(
        words=f"{total.title}＝{'＋'.join(facts[part].title for part in promise.parts)}",
        total=f"fact.{promise.total}",
        parts=" ".join(f"fact.{part}" for part in promise.parts),
        title=total.title,
        unit=total.unit,
    )


def _fact_field(each: Reason) -> str:
    return f"fact.{each.place}" if each.code in {"fact-invalid", "sum-differs"} else each.place
