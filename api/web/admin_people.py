"""人员: everybody with their posts; adding, changing, disabling, with what would be left said beforehand.

Invariant: nobody is ever deleted; a password is shown while it is proposed and never again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from fastapi import APIRouter
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from api import passwords
from api.desk import AtDesk, Desk
from api.mail import outgoing
from api.schemas import Id
from api.sessions import change_account
from api.web.admin import (
    ADMINISTRATOR,
    admin_page,
    done_at,
    proved,
    refused,
    unit_choices,
)
from api.web.forms import Form, Sent, run
from api.web.pages import Done, Word
from api.web.render import Failure, with_query
from workflow import queries
from workflow.actions import people
from workflow.definition import POSTS
from workflow.errors import Invalid, NotFound, WorkflowError, reason
from workflow.people import Directory, PersonView, PostView
from workflow.queries.staffing import vacancies

router = APIRouter(prefix="/admin/people", include_in_schema=False, dependencies=list(ADMINISTRATOR))

PAGE: Final = 100
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is mistaken for another when it is copied by hand."""


class Listed(Struct, frozen=True):
    """One line of the list."""

    person: PersonView
    posts: tuple[str, ...]
    away: str


class HeldPost(Struct, frozen=True):
    """One post of a person, and what becomes of it without them."""

    organisation: int
    key: str
    words: str
    without: tuple[str, ...]


@router.get("")
async def people_list(
    request: Request, desk: AtDesk, text: Word = "", state: Word = "", after: Id = 0, done: Done = ""
) -> Response:
    """人员: who there is, found by name, staff number, post or unit."""
    directory = desk.visitor.directory
    found = list(islice(_found(directory, text.strip(), state, after), PAGE + 1))
    return admin_page(
        request,
        "admin_people.html",
        desk.visitor,
        done=done,
        items=[_listed(directory, each, desk) for each in found[:PAGE]],
        more=with_query("/admin/people", {"text": text, "state": state, "after": found[PAGE - 1].id})
        if len(found) > PAGE
        else "",
        text=text,
        state=state,
        total=len(directory.people),
    )


def _found(directory: Directory, text: str, state: str, after: int) -> Iterator[PersonView]:
    for person in sorted(directory.people.values(), key=lambda each: each.id):
        if person.id <= after or (state and person.active != (state == "active")):
            continue
        words = (person.name, person.staff_number, *_posts(directory, person.id))
        if any(text.casefold() in each.casefold() for each in words):
            yield person


def _posts(directory: Directory, person: int) -> tuple[str, ...]:
    return tuple(_post_words(directory, held) for held in directory.posts_of(person))


def _post_words(directory: Directory, held: PostView) -> str:
    unit = directory.organisations[held.organisation].name
    return held.title if unit in held.title else f"{unit} {held.title}"


def _listed(directory: Directory, person: PersonView, desk: Desk) -> Listed:
    away = [each for each in directory.delegations if each.principal == person.id and each.covers(desk.day)]
    words = "、".join(f"{directory.name(each.agent)}（至{each.ends_on}）" for each in away)
    return Listed(person, _posts(directory, person.id), words)


@router.get("/new")
async def new_person(request: Request, desk: AtDesk) -> Response:
    """Enter somebody."""
    return _new_page(request, desk)


@router.post("/new")
async def add_person(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Enter somebody, with a first password."""
    name, staff_number = form.required("name", "姓名"), form.required("staff_number", "工号")
    try:
        kept = await _password(form, name, staff_number)
        person = await run(
            desk,
            form,
            people.add_person,
            drawn={"password_hash": kept},
            name=name,
            staff_number=staff_number,
            email=form.text("email"),
        )
    except WorkflowError as error:
        return _new_page(request, desk, refused("person", error, form), form.text("password"))
    return done_at(f"/admin/people/{person}", "person-added", "posts")


def _new_page(request: Request, desk: Desk, failure: Failure | None = None, password: str = "") -> Response:
    proposed = password or _proposed_password()
    return admin_page(request, "admin_person_new.html", desk.visitor, failure=failure, proposed=proposed)


@router.get("/{person}")
async def one_person(request: Request, desk: AtDesk, person: Id, done: Done = "") -> Response:
    """One person: who they are, what they hold, who acts for them, and what hangs on them."""
    return await _person_page(request, desk, person, done=done)


async def _person_page(
    request: Request,
    desk: Desk,
    person: int,
    *,
    failure: Failure | None = None,
    done: str = "",
    password: str = "",
) -> Response:
    directory = desk.visitor.directory
    found = directory.people.get(person)
    if found is None:
        raise NotFound(reason("person-not-found"))
    current = [each for each in directory.delegations if each.ends_on >= desk.day]
    return admin_page(
        request,
        "admin_person.html",
        desk.visitor,
        failure=failure,
        done=done,
        it=found,
        posts=[
            HeldPost(
                held.organisation,
                held.key,
                _post_words(directory, held),
                tuple(vacancies(directory, person, [held])),
            )
            for held in directory.posts_of(person)
        ],
        absence=await desk.door.ask(queries.absence, of=person),
        given=[each for each in current if each.principal == person],
        held=[each for each in current if each.agent == person],
        units=unit_choices(directory),
        keys=list(POSTS.items()),
        proposed=password or _proposed_password(),
        today=desk.day,
        is_me=person == desk.visitor.id,
    )


@router.post("/{person}/change")
async def change(request: Request, desk: AtDesk, form: Sent, person: Id) -> Response:
    """Another name or address."""
    try:
        name = form.required("name", "姓名")
        given = {"person": person, "name": name, "email": form.text("email")}
        found = desk.visitor.directory.people.get(person)
        if found is None or found.email != given["email"]:
            await proved(request, desk, form)
        await run(desk, form, change_account, drawn=_mail(request), **given)
    except WorkflowError as error:
        return await _person_page(request, desk, person, failure=refused("change", error, form))
    return done_at(f"/admin/people/{person}", "person-changed")


@router.post("/{person}/password")
async def reset_password(request: Request, desk: AtDesk, form: Sent, person: Id) -> Response:
    """Another password; whoever is signed in with the old one no longer is."""
    found = desk.visitor.directory.people.get(person)
    try:
        kept = await _password(form, *((found.name, found.staff_number) if found else ()))
        await proved(request, desk, form)
        drawn = {"password_hash": kept, **_mail(request)}
        await run(desk, form, change_account, drawn=drawn, person=person)
    except WorkflowError as error:
        failure, typed = refused("reset", error, form), form.text("password")
        return await _person_page(request, desk, person, failure=failure, password=typed)
    return done_at(f"/admin/people/{person}", "password-reset")


@router.post("/{person}/{wanted}")
async def switch(request: Request, desk: AtDesk, form: Sent, person: Id, wanted: str) -> Response:
    """Disable or enable the account."""
    if wanted not in {"disable", "enable"}:
        raise NotFound(reason("person-not-found"))
    try:
        await run(desk, form, change_account, drawn=_mail(request), person=person, active=wanted == "enable")
    except WorkflowError as error:
        return await _person_page(request, desk, person, failure=refused(wanted, error, form))
    return done_at(f"/admin/people/{person}", f"person-{wanted}d")


@router.post("/{person}/posts/grant")
async def grant(request: Request, desk: AtDesk, form: Sent, person: Id) -> Response:
    """Let the person take a post."""
    try:
        arguments: dict[str, Any] = {
            "organisation": form.number("organisation", "单位"),
            "key": form.required("key", "岗位"),
            "title": form.text("title"),
        }
        await proved(request, desk, form)
        await run(desk, form, people.grant_post, person=person, **arguments)
    except WorkflowError as error:
        failure = refused("grant", error, form, {"person": "key"})
        return await _person_page(request, desk, person, failure=failure)
    return done_at(f"/admin/people/{person}", "post-granted", "posts")


@router.post("/{person}/posts/revoke")
async def revoke(request: Request, desk: AtDesk, form: Sent, person: Id) -> Response:
    """Take a post from the person."""
    try:
        arguments: dict[str, Any] = {
            "organisation": form.number("organisation", "单位"),
            "key": form.required("key", "岗位"),
        }
        await run(desk, form, people.revoke_post, person=person, **arguments)
    except WorkflowError as error:
        return await _person_page(request, desk, person, failure=refused("revoke", error, form))
    return done_at(f"/admin/people/{person}", "post-revoked", "posts")


def _mail(request: Request) -> dict[str, Any]:
    """How the person is told of the change."""
    return {"mail": outgoing(request.app.state.settings)}


async def _password(form: Form, *names: str) -> str:
    """The hash of the password in the form; Invalid with everything that is wrong in the form."""
    password = form.raw("password").strip()
    weak = passwords.weaknesses(password, *names)
    if weak or form.reasons:
        raise Invalid(*form.reasons, *weak)
    return await asyncio.to_thread(passwords.hash_password, password)


def _proposed_password() -> str:
    """Four groups of four, easy to read out and to copy: 78 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)
