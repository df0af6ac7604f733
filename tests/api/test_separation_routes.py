"""Who had a hand in a file does not decide it, nor check what they entered: whichever way they try, and whatever
they have become since.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.office import Office, Seat
from tests.world import Dossier, day
from workflow.actions import people
from workflow.people import SYSTEM

PAGE = {"Accept": "text/html"}


def submitted(office: Office) -> Dossier:
    """谭丽 has handed in her file."""
    project = office.project()
    project.upload("proposal")
    project.enter("minutes")
    project.submit("approval")
    return project


def lend(office: Office, principal: str, agent: str) -> None:
    """A delegation that nobody could refuse: by the system."""
    office.world.store.act(
        people.delegate, principal=office.world.people[principal], agent=office.world.people[agent],
        starts_on=day("2026-09-01"), ends_on=day("2026-09-30"), reason_given="出差", actor=SYSTEM,
        now=office.world.now,
    )  # fmt: skip


def become(office: Office, how: str) -> None:
    """谭丽 is promoted over everybody, or chiefs lend her their powers, or there is nobody else."""
    if "promoted" in how:
        for unit, key in (("规划财务股", "section_chief"), ("云河县民政局", "deputy_director")):
            office.world.grant("谭丽", unit, key)
    if "lent" in how:
        for chief in ("杨帆", "罗秀英", "马德兴"):
            lend(office, chief, "谭丽")
    if "alone" in how:
        office.world.revoke("杨帆", "规划财务股", "section_chief")


DECIDING = ("json", "page", "list", "together", "handed", "on paper")


def decide(office: Office, seat: Seat, project: Dossier, way: str) -> Any:
    """An approval of the first step by that route."""
    content, turn = project.content("approval"), project.stage("approval").turn
    path = f"projects/{project.ref}/stages/approval"
    decision = {"step": "review", "outcome": "approved", "opinion": "同意", "content": content}
    form = {"csrf": seat.csrf, "opinion": "同意", **decision, "turn": turn}
    me = office.world.people["谭丽"]
    match way:
        case "json":
            return seat.post(f"/api/{path}/decisions", json={**decision, "turn": turn})
        case "page" | "list":
            from_list = {"from_list": "1"} if way == "list" else {}
            return seat.post(f"/{path}/decide", data={**form, **from_list}, headers=PAGE)
        case "together":
            item = f"{project.ref}/approval/review/{turn}/{content}"
            return seat.post("/together/approve", data={**form, "item": item}, headers=PAGE)
        case "handed":
            return seat.post(f"/api/{path}/handovers", json={"to": me, "reason": "我来办"})
        case _:
            signed = {**decision, "signer": me, "on": "2026-09-01", "kept_at": "呈批件夹"}
            return seat.post(f"/api/{path}/paper-signatures", json=signed)


@pytest.mark.parametrize("how", ["promoted", "lent", "promoted and alone", "lent and promoted"])
def test_who_submitted_decides_by_no_route(office: Office, how: str) -> None:
    project = submitted(office)
    become(office, how)
    seat, before = office.seat("谭丽"), project.history()

    answers = {way: decide(office, seat, project, way).status_code for way in DECIDING}

    assert answers == dict.fromkeys(DECIDING, 409)
    assert project.history() == before


CHECKING = ("json", "page", "checks", "together")


def confirm(seat: Seat, project: Dossier, number: int, way: str) -> Any:
    """The check of an entry by that route."""
    form = {"csrf": seat.csrf, "number": str(number)}
    match way:
        case "json":
            return seat.post(f"/api/projects/{project.ref}/entries/{number}/confirmation")
        case "page":
            return seat.post(f"/projects/{project.ref}/stages/approval/confirm", data=form, headers=PAGE)
        case "checks":
            return seat.post("/checks", data={**form, "entry": f"{project.ref}:{number}"}, headers=PAGE)
        case _:
            item = f"{project.ref}/approval/{number}"
            return seat.post("/together/confirm", data={**form, "item": item}, headers=PAGE)


@pytest.mark.parametrize("how", ["promoted", "lent", "lent and promoted"])
def test_who_entered_something_checks_it_by_no_route(office: Office, how: str) -> None:
    project = submitted(office)
    number = project.sign_on_paper("approval", "review", "杨帆")
    become(office, how)
    seat, before = office.seat("谭丽"), project.history()

    answers = {way: confirm(seat, project, number, way).status_code for way in CHECKING}

    assert answers == dict.fromkeys(CHECKING, 409)
    assert project.history() == before


@pytest.mark.parametrize("way", DECIDING[:4])
def test_the_same_request_of_the_chief_is_good(office: Office, way: str) -> None:
    """So that it is the person who is refused above, and not the request."""
    project = submitted(office)

    assert decide(office, office.seat("杨帆"), project, way).status_code in {200, 201, 303}

    assert project.at("approval") == "sign"


@pytest.mark.parametrize("way", CHECKING)
def test_the_same_check_of_another_is_good(office: Office, way: str) -> None:
    project = submitted(office)
    number = project.sign_on_paper("approval", "review", "杨帆")
    (checker, *_) = project.state.entries[str(number)].checkers

    answer = confirm(office.seat(office.world.name(checker)), project, number, way)

    assert answer.status_code in {200, 201, 303}, answer.text
    assert project.at("approval") == "sign"
