"""A canary in every unit: whatever a person can reach, on pages, as JSON or in files, none but their own sings."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile, is_zipfile

import pytest
from pypdf import PdfReader

from tests.api.house import House
from tests.api.office import Seat, open_office
from tests.databases import Databases
from workflow.actions import stages

CANARIES = {
    "规划财务股": "金丝雀甲", "养老服务股": "金丝雀乙", "青山县民政局": "金丝雀丙", "市民政局": "金丝雀丁",
}  # fmt: skip
OWN = {
    "谭丽": {"规划财务股"},
    "何川": {"规划财务股", "青山县民政局"},
    "杨帆": {"规划财务股"},
    "刘畅": {"养老服务股"},
    "周敏": {"养老服务股"},
    "罗秀英": {"规划财务股", "养老服务股"},
    "马德兴": {"规划财务股", "养老服务股"},
    "郑强": {"青山县民政局"},
    "田静": {"青山县民政局"},
    "蒋慧": set(CANARIES),
    "顾明": set(CANARIES),
}
CLERKS = {"规划财务股": "谭丽", "养老服务股": "刘畅", "青山县民政局": "田静", "市民政局": "蒋慧"}

STARTS = (
    "/", "/projects", "/projects/print", "/projects/print.pdf", "/warnings", "/board",
    "/notices", "/checks", "/delegations", "/types", "/phrases", "/audit", "/audit/verification", "/projects/new",
    "/projects/import", "/help", "/calendar", "/mailbox", "/api/projects", "/api/worklist", "/api/notices",
    "/api/incidents", "/api/delegations", "/api/organisations", "/api/session", "/api/audit/head",
    "/projects?text=金丝雀", "/api/projects?text=金丝雀", "/audit?text=金丝雀", "/admin", "/admin/incidents",
    "/admin/health", "/admin/people", "/admin/mail",
)  # fmt: skip
"""Where a crawl begins; from there it follows every link within the house."""

MOST = 90
"""How many addresses one person's crawl looks at, at most: beyond that they repeat themselves."""


class Aviary(House):
    """The house with a project in every unit, its canary in every text of it."""

    def _home(self) -> Any:
        world = self.office.world
        self.refs: dict[str, list[str]] = {}
        for unit, canary in CANARIES.items():
            clerk = CLERKS[unit]
            project = world.register("home", f"{canary}养老院", by=clerk, organisation=unit)
            self.refs[unit] = [project.ref]
            project.upload("site_plan", "proposal", by=clerk, name=f"{canary}方案.pdf")
            project.submit("site", by=clerk)
            project.submit("proposal", by=clerk)
            project.do(stages.withdraw_stage, clerk, stage="site", reason_given=f"{canary}撤回")
        return super()._home()


@pytest.fixture(scope="module")
def aviary(bureaus: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aviary]:
    with open_office(bureaus, tmp_path_factory.mktemp("aviary"), mailbox=True) as office:
        yield Aviary(office)


def words_of(content: bytes, kind: str) -> str:
    """All that is written in an answer, also inside workbooks and PDFs."""
    if is_zipfile(BytesIO(content)):
        with ZipFile(BytesIO(content)) as archive:
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    if kind == "application/pdf":
        return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    return content.decode("utf-8", "replace").replace("\r\n ", "")


def crawl(seat: Seat, starts: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    """Every address that can be reached by links, with its status and all its words."""
    todo, seen = list(starts), set(starts)
    while todo and len(seen) - len(todo) < MOST:
        address = todo.pop(0)
        answer = seat.get(
            address, headers={"Accept": "text/html" if not address.startswith("/api") else "*/*"}
        )
        words = words_of(answer.content, answer.headers.get("content-type", "").partition(";")[0])
        yield address, answer.status_code, words
        for raw in re.findall(r'href="(/[^"#]*)', words):
            link = html.unescape(raw)
            if link not in seen and not link.startswith(("/static", "/sign-out")):
                seen.add(link)
                todo.append(link)


@pytest.mark.parametrize("name", OWN)
def test_nobody_hears_the_canary_of_another_unit(aviary: Aviary, name: str) -> None:
    foreign = {canary for unit, canary in CANARIES.items() if unit not in OWN[name]}
    hidden = [ref for unit, refs in aviary.refs.items() if unit not in OWN[name] for ref in refs]
    named = tuple(
        f"{before}/projects/{ref}{end}"
        for ref in hidden
        for before, end in [
            ("", ""), ("", "/record"), ("", "/papers.pdf"), ("", "/stages/site"), ("", "/graph"),
            ("/api", ""), ("/api", "/timeline"), ("/api", "/stages/site"),
        ]
    )  # fmt: skip
    found, own, statuses = [], set(), {}

    for address, status, words in crawl(aviary.seats[name], (*named, *STARTS)):
        found += [f"{address}: {canary}" for canary in foreign if canary in words]
        found += [
            f"{address}: {ref}"
            for ref in hidden
            if re.search(rf"/projects/{ref}\b", words) and address not in named
        ]
        own |= {canary for canary in CANARIES.values() if canary in words}
        statuses[address] = status

    assert found == []
    assert {statuses[address] for address in named} <= {404}
    assert 500 not in statuses.values()
    assert own == {CANARIES[unit] for unit in OWN[name]}


@pytest.mark.parametrize("name", OWN)
def test_no_count_holds_a_project_of_another_unit(aviary: Aviary, name: str) -> None:
    """The list's total, each number beside a filter, and the ledger's rows agree with the rows that are seen."""
    seat = aviary.seats[name]
    page = seat.get("/api/projects").json()
    units = {aviary.office.world.organisations[unit] for unit in OWN[name]}
    rows = aviary.office.world.rows("SELECT organisation_id, ref FROM project")
    mine = {ref for organisation, ref in rows if organisation in units}

    assert {item["ref"] for item in page["items"]} == mine
    shown = seat.get("/projects", headers={"Accept": "text/html"}).text
    assert {int(each) for each in re.findall(r"共\s*(\d+)\s*个", re.sub(r"<[^>]+>", "", shown))} == {
        len(mine)
    }
