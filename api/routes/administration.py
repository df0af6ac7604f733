"""People, organisations, posts, delegations, the calendar and incidents: the administrator's, mostly."""

from __future__ import annotations

import asyncio
from datetime import date

from fastapi import APIRouter
from msgspec import Struct
from starlette.requests import Request

from api import passwords
from api.answers import Answer, Created, Nothing, answers
from api.auth import Administrator, Person, prove
from api.desk import AtDesk
from api.mail import outgoing
from api.schemas import (
    DelegationBody,
    DelegationEndBody,
    FileBody,
    Id,
    OrganisationBody,
    OrganisationChangeBody,
    PersonBody,
    PersonChangeBody,
    PostBody,
    ResolutionBody,
)
from api.sessions import change_account
from workflow import queries
from workflow.actions import calendar, incidents, people
from workflow.errors import Invalid

router = APIRouter(prefix="/api", tags=["管理"])


class OrganisationItem(Struct, frozen=True):
    """A node of the organisation tree."""

    id: int
    parent: int
    name: str
    region: str
    active: bool


class PersonItem(Struct, frozen=True):
    """A person, with the keys of their posts by organisation."""

    id: int
    name: str
    staff_number: str
    email: str
    active: bool
    posts: list[tuple[int, str, str]]


class DelegationItem(Struct, frozen=True):
    """Who acts for whom, until when."""

    principal: int
    agent: int
    starts_on: date
    ends_on: date


class YearItem(Struct, frozen=True):
    """A calendar year that is known, and where it comes from."""

    year: int
    status: str
    source: str
    workdays: int


class YearLoaded(Struct, frozen=True):
    """A year was loaded: the days whose nature changed, and how many due dates moved."""

    year: int
    status: str
    changes: list[str]
    moved: int


@router.get("/organisations", **answers(list[OrganisationItem]))
async def list_organisations(desk: AtDesk) -> Answer:
    """The organisation tree: my own part of it, up to the root; all of it for an administrator."""
    directory = desk.visitor.directory
    known = set(directory.organisations)
    if not directory.is_administrator(desk.visitor.id):
        scope = directory.scope(desk.visitor.id, desk.day)
        known = {node for each in scope for node in directory.upwards(each)}
    found = [directory.organisations[node] for node in sorted(known)]
    return Answer(
        [OrganisationItem(each.id, each.parent, each.name, each.region, each.active) for each in found]
    )


@router.post("/organisations", **answers(Created, 409, status=201))
async def add_organisation(desk: AtDesk, administrator: Administrator, body: OrganisationBody) -> Answer:
    """Enter a bureau, a section or a subordinate unit."""
    del administrator
    return Answer(Created(await desk.run(people.add_organisation, **body.model_dump())), 201)


@router.patch("/organisations/{organisation}", **answers(Nothing, 404, 409))
async def change_organisation(
    desk: AtDesk, administrator: Administrator, organisation: Id, body: OrganisationChangeBody
) -> Answer:
    """Rename a unit, correct its region, disable or enable it."""
    del administrator
    await desk.run(people.change_organisation, organisation=organisation, **body.model_dump())
    return Answer(Nothing())


@router.get("/people", **answers(list[PersonItem]))
async def list_people(administrator: Administrator) -> Answer:
    """Everybody, with their posts."""
    directory = administrator.directory
    return Answer(
        [
            PersonItem(
                *(each.id, each.name, each.staff_number, each.email, each.active),
                posts=[(held.organisation, held.key, held.title) for held in directory.posts_of(each.id)],
            )
            for each in directory.people.values()
        ]
    )


@router.post("/people", **answers(Created, 409, status=201))
async def add_person(desk: AtDesk, administrator: Administrator, body: PersonBody) -> Answer:
    """Enter a person, once."""
    del administrator
    if weak := passwords.weaknesses(body.password, body.name, body.staff_number):
        raise Invalid(*weak)
    kept = await asyncio.to_thread(passwords.hash_password, body.password)
    values = body.model_dump(exclude={"password"})
    return Answer(Created(await desk.run(people.add_person, {"password_hash": kept}, **values)), 201)


@router.patch("/people/{person}", **answers(Nothing, 404, 409))
async def change_person(
    request: Request, desk: AtDesk, administrator: Administrator, person: Id, body: PersonChangeBody
) -> Answer:
    """Change a name, an address or a password, disable or enable an account.

    A new password ends the sessions of that person, who chooses another at the next sign-in.
    """
    if body.email is not None or body.password is not None:
        await prove(request, administrator, "", desk.now)
    view = administrator.directory.people.get(person)
    names = (view.name, view.staff_number) if view else ()
    if body.password is not None and (weak := passwords.weaknesses(body.password, *names)):
        raise Invalid(*weak)
    kept = body.password and await asyncio.to_thread(passwords.hash_password, body.password)
    drawn = {"password_hash": kept, "mail": outgoing(request.app.state.settings)}
    await desk.run(change_account, drawn, person=person, **body.model_dump(exclude={"password"}))
    return Answer(Nothing())


@router.post("/people/{person}/posts", **answers(Nothing, 409, status=201))
async def grant_post(
    request: Request, desk: AtDesk, administrator: Administrator, person: Id, body: PostBody
) -> Answer:
    """Let a person take a post."""
    await prove(request, administrator, "", desk.now)
    await desk.run(people.grant_post, person=person, **body.model_dump())
    return Answer(Nothing(), 201)


@router.delete("/people/{person}/posts/{organisation}/{key}", **answers(Nothing, 409))
async def revoke_post(
    desk: AtDesk, administrator: Administrator, person: Id, organisation: Id, key: str
) -> Answer:
    """Take a post from a person."""
    del administrator
    await desk.run(people.revoke_post, person=person, organisation=organisation, key=key)
    return Answer(Nothing())


@router.get("/delegations", **answers(list[DelegationItem]))
async def list_delegations(visitor: Person) -> Answer:
    """The delegations that I gave or have; all of them for an administrator."""
    everything = visitor.directory.is_administrator(visitor.id)
    found = [
        DelegationItem(each.principal, each.agent, each.starts_on, each.ends_on)
        for each in visitor.directory.delegations
        if everything or visitor.id in {each.principal, each.agent}
    ]
    return Answer(found)


@router.post("/delegations", **answers(Nothing, 409, status=201))
async def delegate(request: Request, desk: AtDesk, body: DelegationBody) -> Answer:
    """Let somebody act for me, or, as administrator, for another."""
    if body.principal != desk.visitor.id:
        await prove(request, desk.visitor, "", desk.now)
    values = body.model_dump(exclude={"reason"})
    await desk.run(people.delegate, reason_given=body.reason, **values)
    return Answer(Nothing(), 201)


@router.post("/delegations/end", **answers(Nothing, 409, status=201))
async def end_delegation(desk: AtDesk, body: DelegationEndBody) -> Answer:
    """End a delegation before its day."""
    await desk.run(people.end_delegation, **body.model_dump())
    return Answer(Nothing(), 201)


@router.get("/calendar", **answers(list[YearItem]))
async def show_calendar(desk: AtDesk) -> Answer:
    """The years that are known, where they come from, and whether they are provisional."""
    found = (await desk.door.ask(queries.snapshot)).calendar
    return Answer(
        [
            YearItem(each.year, str(each.status), each.source, found.workdays_in(each.year))
            for each in found.years
        ]
    )


@router.post("/calendar", **answers(YearLoaded, 409, status=201))
async def load_calendar(desk: AtDesk, administrator: Administrator, body: FileBody) -> Answer:
    """Load a year; every due date that rests on it is worked out anew."""
    actor = administrator.id
    loaded = await desk.door.run(
        calendar.load_year, text=body.text, name=body.name, actor=actor, now=desk.now
    )
    changes = [str(each) for each in loaded.changes]
    return Answer(YearLoaded(loaded.year, loaded.status, changes, loaded.moved), 201)


@router.get("/incidents", **answers(queries.IncidentPage))
async def list_incidents(desk: AtDesk, *, resolved: bool = False, before: Id = 0) -> Answer:
    """What is stuck and waits for a person, a page at a time."""
    return Answer(await desk.ask(queries.incidents, resolved=resolved, before=before))


@router.post("/incidents/{incident}/resolution", **answers(Nothing, 404, 409, status=201))
async def resolve(desk: AtDesk, administrator: Administrator, incident: Id, body: ResolutionBody) -> Answer:
    """Say how an incident was put right."""
    del administrator
    await desk.run(incidents.resolve_incident, incident=incident, how=body.how)
    return Answer(Nothing(), 201)
