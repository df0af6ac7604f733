"""The JSON interface: a project walks through it, and every answer is what the document says it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.main import COMMANDS_KEPT
from tests import papers
from tests.api.interface import Document
from tests.api.office import Office, Seat, give_passwords, open_office
from tests.databases import Databases
from workflow.actions import once
from workflow.errors import SENTENCES, says


@pytest.fixture
def document(office: Office) -> Document:
    return Document(office.seat("谭丽").get("/api/openapi.json").json())


class Walk:
    """Requests, each of whose answers is held against the document."""

    def __init__(self, office: Office, document: Document) -> None:
        self.document = document
        self.seats = {name: office.seat(name) for name in ("谭丽", "杨帆", "罗秀英", "马德兴", "顾明")}

    def ask(self, who: str, method: str, path: str, expected: int, **details: Any) -> Any:
        answer: httpx2.Response = self.seats[who].ask(method, path, **details)
        assert answer.status_code == expected, f"{method} {path}: {answer.text}"
        assert self.document.lies(answer) == []
        return answer.json()


@pytest.fixture
def walk(office: Office, document: Document) -> Walk:
    return Walk(office, document)


def registered(office: Office, walk: Walk, **details: Any) -> str:
    facts = {"total": 386.0, "building": "300.00", "reserve": 86, "indoor": True}
    body = office.registration("云河县便民服务点", facts=facts, same_name=True, **details)
    return str(walk.ask("谭丽", "POST", "/api/projects", 201, json=body)["ref"])


def submitted(walk: Walk, project: str, stage: str) -> None:
    """The first stage is handed in, complete."""
    file = {"file": ("建议书.pdf", papers.pdf())}
    walk.ask("谭丽", "POST", f"{project}/documents/proposal/versions", 201, files=file)
    paper = {"number": "云民党组纪〔2026〕9号", "issued_on": "2026-08-30", "kept_at": "局办公室"}
    walk.ask("谭丽", "POST", f"{project}/documents/minutes/registrations", 201, json=paper)
    walk.ask("谭丽", "POST", f"{stage}/submissions", 201, json={})


def test_a_project_walks_from_registration_to_its_first_reply(office: Office, walk: Walk) -> None:
    """Every answer on the way, the refusals too, is what the document promises."""
    ref = registered(office, walk)
    project, stage = f"/api/projects/{ref}", f"/api/projects/{ref}/stages/approval"
    walk.ask("谭丽", "POST", f"{project}/facts", 201, json={"facts": {"area": 0.5}, "reason": "测绘"})
    refused = walk.ask("谭丽", "POST", f"{stage}/submissions", 409, json={})
    assert [each["code"] for each in refused["reasons"]] == [
        "document-missing",
        "document-missing-registrable",
    ]
    submitted(walk, project, stage)

    (item,) = walk.ask("杨帆", "GET", "/api/worklist", 200)["mine"]
    assert (item["ref"], item["action"]) == (ref, "审批")
    shown = walk.ask("杨帆", "GET", stage, 200)
    decision = {"step": "review", "outcome": "approved", "opinion": "同意", "content": shown["content"]}
    turn = shown["stage"]["turn"]
    walk.ask("杨帆", "POST", f"{stage}/decisions", 201, json={**decision, "turn": turn})
    stale = walk.ask(
        "罗秀英", "POST", f"{stage}/decisions", 409, json={**decision, "step": "sign", "turn": turn}
    )
    assert stale["code"] == "lost-to"
    reply = {
        "document": "approval_reply",
        "issued_on": "2026-09-01",
        "number": "云民发〔2026〕15号",
        "kept_at": "档案",
    }
    signed = {**decision, "step": "sign", "replies": [reply], "turn": turn + 1}
    walk.ask("罗秀英", "POST", f"{stage}/decisions", 201, json=signed)

    assert walk.ask("谭丽", "GET", stage, 200)["stage"]["state"] == "issued"
    assert walk.ask("谭丽", "GET", f"{project}/timeline", 200)["items"][0]["kind"] == "stage.opened"
    assert walk.ask("谭丽", "GET", "/api/notices", 200)["items"]
    walk.ask("谭丽", "GET", project, 200)
    walk.ask("谭丽", "GET", "/api/projects?light=own-red&text=云河", 200)


def test_the_ways_aside(office: Office, walk: Walk) -> None:
    ref = registered(office, walk)
    project, stage = f"/api/projects/{ref}", f"/api/projects/{ref}/stages/approval"
    world = office.world
    walk.ask(
        "谭丽", "POST", f"{project}/documents/proposal/versions", 201, files={"file": ("a.pdf", papers.pdf())}
    )
    paper = {"number": "云民党组纪〔2026〕9号", "issued_on": "2026-08-30", "kept_at": "局办公室"}
    walk.ask("谭丽", "POST", f"{project}/documents/minutes/registrations", 201, json=paper)
    walk.ask("谭丽", "POST", f"{stage}/submissions", 201, json={})
    walk.ask("谭丽", "POST", f"{stage}/withdrawals", 201, json={"reason": "补充"})
    walk.ask("谭丽", "POST", f"{stage}/submissions", 201, json={})
    walk.ask("杨帆", "POST", f"{stage}/handovers", 409, json={"to": world.people["谭丽"], "reason": "出差"})
    walk.ask("罗秀英", "POST", f"{stage}/clock/pauses", 201, json={"reason": "停电"})
    walk.ask("罗秀英", "POST", f"{stage}/clock/resumptions", 201, json={"reason": "来电"})
    by = {"amount": 2, "unit": "workdays"}
    walk.ask("罗秀英", "POST", f"{stage}/clock/extensions", 201, json={"by": by, "reason": "材料多"})
    walk.ask("杨帆", "POST", f"{stage}/explanations", 201, json={"text": "尚在核实"})
    walk.ask("谭丽", "POST", f"{stage}/letters", 409, json={"text": "商请"})
    walk.ask(
        "罗秀英", "POST", f"{stage}/passed-gates", 409, json={"requirement": "proposal", "reason": "先行"}
    )


def test_the_ways_back(office: Office, walk: Walk) -> None:
    world, ref = office.world, registered(office, walk)
    project, stage = f"/api/projects/{ref}", f"/api/projects/{ref}/stages/approval"
    submitted(walk, project, stage)
    returned = {"step": "review", "outcome": "returned", "opinion": "依据不足", "fixes": [{"text": "补测算"}]}
    walk.ask("杨帆", "POST", f"{stage}/decisions", 422, json=returned)
    shown = walk.ask("杨帆", "GET", stage, 200)
    seen = {"turn": shown["stage"]["turn"], "content": shown["content"]}
    walk.ask("杨帆", "POST", f"{stage}/decisions", 201, json={**returned, **seen})
    signed = {"step": "review", "signer": world.people["罗秀英"], "on": "2026-09-01", "outcome": "approved",
              "content": "x", "kept_at": "档案"}  # fmt: skip
    walk.ask("谭丽", "POST", f"{stage}/paper-signatures", 409, json=signed)
    walk.ask("谭丽", "POST", f"{stage}/outside-records", 409, json={"kind": "filed", "on": "2026-09-01"})
    walk.ask("谭丽", "POST", f"{stage}/reapplications", 409, json={"reason": "重新"})
    walk.ask("杨帆", "POST", f"{project}/entries/1/confirmation", 409)
    walk.ask("杨帆", "POST", f"{project}/entries/1/rejection", 409, json={"reason": "不符"})
    walk.ask("杨帆", "POST", f"{project}/entries/1/withdrawal", 409)
    walk.ask("罗秀英", "POST", f"{project}/moves", 201, json={"trigger": "reserve", "reason": "入库"})
    other = registered(office, walk)
    walk.ask("罗秀英", "POST", f"{project}/waits", 201, json={"other": other})
    walk.ask("杨帆", "POST", f"{project}/handovers", 409, json={"to": world.people["谭丽"], "reason": "调整"})
    walk.ask("谭丽", "POST", f"{project}/takeovers", 409, json={"stage": "approval"})
    taken = registered(office, walk, taking_over=True)
    walk.ask("谭丽", "POST", f"/api/projects/{taken}/takeover-closing", 201)


def test_the_administrators_part(office: Office, walk: Walk) -> None:
    people = "/api/people"
    body = {
        "name": "吴海",
        "staff_number": "S20",
        "password": "a sentence nobody guesses",
        "email": "wu@example.org",
    }
    person = walk.ask("顾明", "POST", people, 201, json=body)["id"]
    unit = walk.ask("顾明", "POST", "/api/organisations", 201, json={"name": "殡葬管理所", "parent": 2})["id"]
    walk.ask("顾明", "POST", f"{people}/{person}/posts", 201, json={"organisation": unit, "key": "clerk"})
    walk.ask(
        "顾明", "PATCH", f"{people}/{person}", 200, json={"email": "", "password": "another long sentence"}
    )
    walk.ask("顾明", "PATCH", f"{people}/{person}", 200, json={"name": "吴海涛"})
    walk.ask("顾明", "DELETE", f"{people}/{person}/posts/{unit}/clerk", 200)
    units = "/api/organisations"
    walk.ask("顾明", "PATCH", f"{units}/{unit}", 200, json={"name": "区殡葬管理所", "active": False})
    assert walk.ask("顾明", "GET", people, 200)[-1]["name"] == "吴海涛"
    found = walk.ask("顾明", "GET", units, 200)[-1]
    assert (found["name"], found["active"]) == ("区殡葬管理所", False)


def test_delegating_definitions_and_the_calendar(office: Office, walk: Walk) -> None:
    person = office.world.people["谭丽"]
    given = {"principal": office.world.people["杨帆"], "agent": person}
    dates = {"starts_on": "2026-09-01", "ends_on": "2026-09-10", "reason": "休假"}
    walk.ask("杨帆", "POST", "/api/delegations", 201, json={**given, **dates})
    walk.ask("杨帆", "GET", "/api/delegations", 200)
    walk.ask("杨帆", "POST", "/api/delegations/end", 201, json=given)
    walk.ask("杨帆", "POST", "/api/delegations", 403, json={**given, **dates, "principal": person})
    walk.ask("顾明", "POST", "/api/definitions", 422, json={"name": "x.yaml", "text": "type: x"})
    text = walk.ask("谭丽", "GET", f"/api/definitions/{office.world.digests['hall']}", 200)["text"]
    walk.ask("顾明", "POST", "/api/definitions", 201, json={"name": "hall.yaml", "text": text})
    walk.ask("顾明", "POST", "/api/definitions", 409, json={"name": "hall.yaml", "text": text + "# 改"})
    walk.ask("谭丽", "GET", "/api/definitions", 200)
    walk.ask("谭丽", "GET", "/api/definitions/nowhere", 404)
    year = "year: 2027\nstatus: official\nsource: 通知\noff:\n  - {days: 2027-01-01, why: 元旦}\n"
    assert walk.ask("顾明", "POST", "/api/calendar", 201, json={"name": "2027.yaml", "text": year})["changes"]
    walk.ask("谭丽", "GET", "/api/calendar", 200)


def test_the_system_itself(office: Office, walk: Walk) -> None:
    walk.ask("顾明", "GET", "/api/incidents", 200)
    walk.ask("顾明", "POST", "/api/incidents/1/resolution", 404, json={"how": "好了"})
    walk.ask("顾明", "GET", "/api/health/details", 200)
    walk.ask("谭丽", "GET", "/api/health", 200)
    walk.ask("谭丽", "GET", "/api/audit/head", 200)
    walk.ask("谭丽", "GET", "/api/problems/lost-race", 200)
    walk.ask("谭丽", "GET", "/api/problems/nonsense", 404)
    walk.ask("谭丽", "GET", "/api/session", 200)
    walk.ask("谭丽", "POST", "/api/files", 201, files={"file": ("a.pdf", papers.pdf())})
    walk.ask("谭丽", "PUT", "/api/session/password", 422, json={"current": "x", "password": "y"})
    walk.ask("谭丽", "DELETE", "/api/session", 200)
    walk.ask("谭丽", "POST", "/api/session", 401, json={"staff_number": "S1", "password": "x"})


def test_every_route_is_documented_with_its_answers_and_refusals(office: Office, document: Document) -> None:
    for path, methods in document.content["paths"].items():
        for method, route in methods.items():
            said = route["responses"]
            where = f"{method} {path}"
            assert route.get("summary") or route.get("description"), where
            assert any(status.startswith("2") for status in said), where
            assert {"401", "403", "413", "422", "503"} <= said.keys(), where
            for status, promised in said.items():
                good = "octet-stream" if "/files/" in path else "json"
                kind = good if status.startswith("2") else "problem+json"
                assert list(promised["content"]) == [f"application/{kind}"], f"{where} {status}"


def test_no_model_is_promised_that_is_not_there(document: Document) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            for each in value.values():
                yield from references(each)
        elif isinstance(value, list):
            for each in value:
                yield from references(each)

    known = {f"#/components/schemas/{name}" for name in document.content["components"]["schemas"]}

    assert set(references(document.content)) <= known
    assert not any("Validation" in name for name in known)


# Problems


def test_a_code_is_public_and_explained_at_its_address(office: Office) -> None:
    assert len(SENTENCES) > 200
    for code, (text, _) in SENTENCES.items():
        answer = office.client.get(f"/api/problems/{code}")
        assert (answer.status_code, answer.json()["code"]) == (200, code)
        assert text.endswith("。")


def test_a_code_is_written_once() -> None:
    with pytest.raises(ValueError, match="own-submission"):
        says({"own-submission": ("一个代码不能有两句话。", "请另取代码。")})


def test_a_problem_says_what_where_and_what_to_do(office: Office) -> None:
    project = office.project()

    answer = office.seat("谭丽").post(f"/api/projects/{project.ref}/stages/approval/submissions", json={})

    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["title"], problem["code"]) == (409, "暂不能办理", "document-missing")
    assert problem["type"] == "/api/problems/document-missing"
    assert problem["detail"] == "缺项目建议书。请补齐。缺局党组会纪要（可仅登记文号）。请补齐。"
    assert problem["reasons"][0] == {
        "code": "document-missing",
        "text": "缺项目建议书。",
        "remedy": "请补齐。",
        "place": "proposal",
    }


def test_every_wrong_field_is_named_at_once(office: Office) -> None:
    body = {
        "digest": 1,
        "title": "x" * 300,
        "organisation": "1",
        "clerk": True,
        "taking_over": "yes",
        "owner": 1,
    }

    answer = office.seat("谭丽").post("/api/projects", json=body)

    assert answer.status_code == 422
    places = {each["place"] for each in answer.json()["reasons"]}
    assert places == {"", "digest", "title", "organisation", "clerk", "taking_over", "owner"}


def test_a_second_project_of_one_name_is_said_to_be_meant(office: Office) -> None:
    seat = office.seat("谭丽")
    body = office.registration("便民点")
    assert seat.post("/api/projects", json=body).status_code == 201

    answer = seat.post("/api/projects", json=body)

    assert (answer.status_code, answer.json()["code"]) == (409, "title-taken")
    assert answer.json()["reasons"][0]["place"] == "title"
    assert seat.post("/api/projects", json={**body, "same_name": True}).status_code == 201


def test_a_browser_gets_the_same_refusal_as_a_page(office: Office) -> None:
    answer = office.seat("谭丽").get("/projects/nowhere", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "没有这个项目，或您无权查看。" in answer.text


# Doing it once


KEY = {"Idempotency-Key": "7f9c2ba4-e88f-4d3f-a7d5-0c2f1f0e6a11"}


def events(office: Office) -> int:
    return int(office.world.rows("SELECT count(*) FROM event")[0][0])


def register(office: Office, seat: Seat, title: str, headers: dict[str, str]) -> httpx2.Response:
    body = office.registration(title)
    return seat.post("/api/projects", json=body, headers=headers)


def test_a_repeated_request_gets_the_first_answer_and_nothing_happens_again(office: Office) -> None:
    seat = office.seat("谭丽")
    first = register(office, seat, "便民点", KEY)
    after = events(office)

    again = register(office, seat, "便民点", KEY)

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert events(office) == after


def test_without_an_id_every_request_is_one_of_its_own(office: Office) -> None:
    seat = office.seat("谭丽")

    assert register(office, seat, "便民点", {}).json() != register(office, seat, "便民点", {}).json()


def test_the_same_id_with_another_body_is_refused(office: Office) -> None:
    seat = office.seat("谭丽")
    register(office, seat, "便民点", KEY)

    answer = register(office, seat, "另一个便民点", KEY)

    assert (answer.status_code, answer.json()["code"]) == (422, "command-id-reused")


def test_a_change_of_a_person_that_is_sent_again_late_undoes_nothing(office: Office) -> None:
    seat, person = office.seat("顾明"), office.world.people["谭丽"]
    address = f"/api/people/{person}"
    seat.ask("PATCH", address, headers=KEY, json={"name": "谭莉"})
    seat.ask("PATCH", address, json={"name": "谭丽丽"})

    again = seat.ask("PATCH", address, headers=KEY, json={"name": "谭莉"})

    assert again.status_code == 200
    assert office.world.rows("SELECT name FROM person WHERE id = :id", id=person) == [("谭丽丽",)]


def test_two_people_may_draw_the_same_id(office: Office) -> None:
    one = register(office, office.seat("谭丽"), "便民点", KEY).json()["ref"]
    other = register(office, office.seat("杨帆"), "便民点二", KEY)

    assert other.status_code == 201
    assert other.json()["ref"] != one


def test_a_refusal_is_not_remembered(office: Office) -> None:
    project = office.project()
    seat = office.seat("谭丽")
    path = f"/api/projects/{project.ref}/stages/approval/submissions"
    assert seat.post(path, json={}, headers=KEY).status_code == 409
    project.upload("proposal")
    project.enter("minutes")

    assert seat.post(path, json={}, headers=KEY).status_code == 201
    assert seat.post(path, json={}, headers=KEY).status_code == 201


def test_the_same_upload_twice_is_one_version(office: Office) -> None:
    project = office.project()
    seat = office.seat("谭丽")
    path = f"/api/projects/{project.ref}/documents/proposal/versions"

    for _ in range(2):
        assert seat.post(path, files={"file": ("a.pdf", papers.pdf())}, headers=KEY).status_code == 201

    assert project.paper("proposal").version == 1


@pytest.mark.parametrize("key", ["x" * 101])
def test_an_id_of_any_length_is_not_taken(office: Office, key: str) -> None:
    answer = register(office, office.seat("谭丽"), "便民点", {"Idempotency-Key": key})

    assert answer.status_code == 422


def test_answers_are_kept_for_a_week(office: Office) -> None:
    seat = office.seat("谭丽")
    register(office, seat, "便民点", KEY)
    kept = []
    for days in (6, 8):
        office.world.store.act(
            once.forget_commands,
            older_than=COMMANDS_KEPT,
            actor=0,
            now=office.world.now.replace(day=1 + days),
        )
        kept.append(len(office.world.rows("SELECT id FROM command")))

    assert kept == [1, 0]


@pytest.mark.postgres
def test_all_this_is_the_same_on_postgresql(postgres_copies: Databases, tmp_path: Path) -> None:
    with open_office(postgres_copies, tmp_path) as office:
        give_passwords(office.world.store)
        seat = office.seat("谭丽")
        first = register(office, seat, "便民点", KEY).json()

        assert register(office, seat, "便民点", KEY).json() == first
        assert seat.get(f"/api/projects/{first['ref']}").status_code == 200
        assert [Seat(office).sign_in("杨帆", "wrong").status_code for _ in range(6)] == [401] * 5 + [429]
        assert office.seat("顾明").get("/api/health/details").status_code == 200
        office.world.prove()
