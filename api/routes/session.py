"""Signing in and out, who I am, and my own password."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from msgspec import Struct
from starlette.requests import Request

from api.answers import Answer, Nothing, answers
from api.auth import (
    Newcomer,
    Now,
    Visitor,
    change_own_password,
    drop_session,
    keep_session,
    public,
    sign_in,
    sign_out,
)
from api.schemas import PasswordBody, SignInBody

router = APIRouter(prefix="/api/session", tags=["登录"])


class PostHeld(Struct, frozen=True):
    """A post that the person holds."""

    organisation: int
    organisation_name: str
    key: str
    title: str


class Myself(Struct, frozen=True):
    """Who is signed in. `csrf` goes into the X-CSRF-Token header of every change."""

    person: int
    name: str
    staff_number: str
    posts: list[PostHeld]
    administrator: bool
    csrf: str
    must_change_password: bool
    """Somebody else has set the password: every other route answers `password-given` until it is changed."""


class Entered(Struct, frozen=True):
    """The session began. `csrf` goes into the X-CSRF-Token header of every change."""

    person: int
    csrf: str


@router.post("", dependencies=[Depends(public)], **answers(Entered, status=201))
async def begin(request: Request, body: SignInBody, now: Now) -> Answer:
    """Sign in; the session is a cookie."""
    signed = await sign_in(request, body.staff_number, body.password, now)
    response = Answer(Entered(signed.person, signed.csrf), 201)
    keep_session(request, response, signed)
    return response


@router.get("", **answers(Myself))
async def myself(visitor: Newcomer) -> Answer:
    """Who I am, and the token for changes."""
    return Answer(_myself(visitor))


@router.delete("", **answers(Nothing))
async def end(request: Request, visitor: Newcomer) -> Answer:
    """Sign out."""
    del visitor
    await sign_out(request)
    response = Answer(Nothing())
    drop_session(request, response)
    return response


@router.put("/password", **answers(Nothing))
async def change_password(request: Request, body: PasswordBody, visitor: Newcomer, now: Now) -> Answer:
    """Change my own password. Every session of mine ends, this one too."""
    await change_own_password(request, visitor, body.current, body.password, now)
    return Answer(Nothing())


def _myself(visitor: Visitor) -> Myself:
    directory = visitor.directory
    posts = [
        PostHeld(held.organisation, directory.organisations[held.organisation].name, held.key, held.title)
        for held in directory.posts_of(visitor.id)
    ]
    person = visitor.person
    administrator = directory.is_administrator(person.id)
    return Myself(
        person.id,
        person.name,
        person.staff_number,
        posts,
        administrator,
        visitor.csrf,
        visitor.given_password,
    )
