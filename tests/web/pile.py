"""A pile on 李国栋's desk, and how it is cleared: what 刘畅 hands in while the desk is running."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from api.demo_papers import one_page_pdf
from tests.web.conftest import NOW, City
from tests.web.desk import Desk, Page
from workflow import queries
from workflow.actions import decisions, documents, entries, projects, stages
from workflow.clock import local_day
from workflow.errors import WorkflowError
from workflow.files import Files
from workflow.queries.views import StageFile
from workflow.state import ReplyData
from workflow.store import Store

STAGE = "planning"


class Pile:
    """The projects of 刘畅 in the running city, by their references."""

    def __init__(self, store: Store, city: City) -> None:
        self.store = store
        self.city = city
        self._made = 0

    def act(self, action: Any, by: str, /, **arguments: Any) -> Any:
        """Somebody does something now, by another window."""
        return self.store.act(action, actor=self.city.people[by], now=NOW, **arguments)

    def reviews(self, amount: int) -> list[str]:
        """So many projects whose 谋划入库 waits for 李国栋."""
        return [self.submit(self.register()) for _ in range(amount)]

    def entries(self, amount: int) -> list[str]:
        """So many projects with a reply that 刘畅 took over and 李国栋 has to check."""
        return [self._taken_over() for _ in range(amount)]

    def premises(self) -> str:
        """A project whose 房源核验 waits for 陈文娟, whose word issues the reply."""
        ref = self._taken_over()
        number = int(self.file(ref).entries[0].number)
        self.act(entries.confirm_entry, "liguodong", ref=ref, number=number)
        self.act(projects.close_take_over, "liuchang", ref=ref)
        for document in ("deed", "safety_appraisal"):
            self.upload(ref, document, document)
        self.act(stages.submit_stage, "liuchang", ref=ref, stage="premises")
        self.decide(ref, "liguodong", stage="premises")
        return ref

    def register(self, *, taking_over: bool = False) -> str:
        """刘畅 registers a project."""
        self._made += 1
        self.act(
            projects.register_project, "liuchang", ref=f"pile-{self._made}", title=f"第{self._made}社区养老服务中心改造",
            clerk=self.city.people["liuchang"], taking_over=taking_over,
            digest=self._one("SELECT digest FROM definition WHERE type = 'centre-conversion'"),
            organisation=self._one("SELECT id FROM organisation WHERE name = '养老服务科'"),
            facts={"total_investment": "286.00", "floor_area": "880"},
        )  # fmt: skip
        return f"pile-{self._made}"

    def submit(self, ref: str) -> str:
        """刘畅 hands in the paper and submits."""
        self.upload(ref)
        self.act(stages.submit_stage, "liuchang", ref=ref, stage=STAGE)
        return ref

    def upload(
        self, ref: str, title: str = "需求测算", document: str = "demand_study", at: datetime = NOW
    ) -> None:
        """刘畅 uploads a version."""
        files = Files(self.city.data / "documents")
        file = files.receive([one_page_pdf(title)], f"{title}.pdf", limit=1_000_000)
        self.store.act(
            documents.upload_document, ref=ref, document=document, file=file,
            actor=self.city.people["liuchang"], now=at,
        )  # fmt: skip

    def decide(
        self, ref: str, by: str, outcome: str = "approved", *, stage: str = STAGE, **given: Any
    ) -> None:
        """Somebody decides the review."""
        self.act(
            decisions.decide,
            by,
            ref=ref,
            stage=stage,
            step="review",
            outcome=outcome,
            opinion="请修改",
            **given,
        )

    def withdraw(self, ref: str) -> None:
        """刘畅 takes it back."""
        self.act(stages.withdraw_stage, "liuchang", ref=ref, stage=STAGE, reason_given="补充")

    def file(self, ref: str, stage: str = STAGE, by: str = "liguodong") -> StageFile:
        """The file of a stage as somebody reads it now."""
        person = self.city.people[by]
        return self.store.read(queries.stage_file, ref=ref, stage=stage, person=person, day=local_day(NOW))

    def state(self, ref: str, stage: str = STAGE) -> str:
        """Where it stands."""
        return self.file(ref, stage).stage.state

    def decided(self, refs: Iterable[str]) -> list[int]:
        """How often each was decided, by the record."""
        return [sum(each.kind == "step.decided" for each in self.file(ref).record) for ref in refs]

    def _taken_over(self) -> str:
        ref = self.register(taking_over=True)
        given = ReplyData(
            "reserve_entry",
            local_day(NOW),
            f"澴发改储〔2026〕{self._made}号",
            "区发展和改革局",
            kept_at="档案柜",
        )
        self.act(projects.take_over_stage, "liuchang", ref=ref, stage=STAGE, replies=[given])
        return ref

    def _one(self, sql: str) -> Any:
        return self.store.read(lambda connection: connection.execute(text(sql)).scalar_one())


def pile_of(desk: Desk, city: City) -> Pile:
    """The pile behind the running desk."""
    app: Any = desk.client.app
    return Pile(app.state.control.store, city)


def ticks(page: Page, *refs: str) -> list[str]:
    """What the boxes of those projects say, or all boxes; a project without a box has none."""
    found = [
        str(given["value"])
        for tag, given in page.tags
        if tag == "input" and given.get("name") == "item" and given.get("type") == "checkbox"
    ]
    return [each for each in found if not refs or each.partition("/")[0] in refs]


def ask(desk: Desk, chosen: Sequence[str], act: str = "approve") -> Page:
    """Tick them and go on to the page that asks."""
    return desk.open(f"/together/{act}?" + "&".join(f"item={each}" for each in chosen))


def listed(page: Page) -> list[str]:
    """The projects that the page would do."""
    return [value.partition("/")[0] for value in _items(page)]


def press(desk: Desk, page: Page, opinion: str = "资料齐全，拟同意。") -> Page:
    """Press the button of the page that asks."""
    form = next(each for each in page.forms if "/together/" in each.action)
    data = {**form.values, "item": _items(page), "opinion": opinion}
    headers = {"Accept": "text/html", "Origin": "http://127.0.0.1"}
    return desk._read(desk.client.post(form.action, data=data, headers=headers))


def _items(page: Page) -> list[str]:
    return [
        str(given["value"])
        for tag, given in page.tags
        if tag == "input" and given.get("name") == "item" and given.get("type") == "hidden"
    ]


def refusal(attempt: Any, /, *given: Any, **arguments: Any) -> list[str]:
    """What is said against it; nothing if it is done."""
    try:
        attempt(*given, **arguments)
    except WorkflowError as error:
        return [each.text for each in error.reasons]
    return []
