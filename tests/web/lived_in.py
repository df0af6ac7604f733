"""The city on a busy day: whatever a page can offer somebody is offered to somebody here."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from api import demo, feeds, passwords, saved
from api.demo_papers import one_page_pdf
from tests.web.conftest import NOW
from workflow import queries
from workflow.actions import clocks, decisions, documents, entries, outside, people, projects, stages
from workflow.clock import local_day
from workflow.files import Files
from workflow.people import SYSTEM
from workflow.state import Accepted, CorrectionNotified, Filed, Fix, ReplyData, SpecialBegan
from workflow.store import Store
from workflow.transaction import Transaction

TODAY = local_day(NOW)
FILING = "land_filing"


class Town:
    """The demo's city, and the means to go on living in it."""

    def __init__(self, store: Store, files: Files) -> None:
        self.store = store
        self.files = files
        self._refs = iter(f"project-{number}" for number in range(1, 100))
        hashed = passwords.hash_password(demo.PASSWORD)
        self.world = demo.build(store, files, now=NOW, password_hash=hashed, new_ref=lambda: next(self._refs))

    def act(self, by: str, action: Any, /, **arguments: Any) -> Any:
        """Somebody does something now."""
        actor = self.world.people[by] if by else SYSTEM
        return self.store.act(action, actor=actor, now=NOW, **arguments)

    def register(self, clerk: str, type_: str, unit: str, title: str, **given: Any) -> str:
        """A project of that clerk's."""
        ref = next(self._refs)
        self.act(
            clerk, projects.register_project, ref=ref, title=title, **{"facts": {}, **given},
            digest=self._one("SELECT digest FROM definition WHERE type = :it", it=type_),
            organisation=self.world.organisations[unit], clerk=self.world.people[clerk],
        )  # fmt: skip
        return ref

    def upload(self, clerk: str, ref: str, *papers: str) -> None:
        """One page of each."""
        for document in papers:
            file = self.files.receive([one_page_pdf(document)], f"{document}.pdf", limit=1_000_000)
            self.act(clerk, documents.upload_document, ref=ref, document=document, file=file)

    def take_over(self, clerk: str, ref: str, stage: str, document: str, on: date = TODAY) -> None:
        """A reply of that stage is entered and waits for its check."""
        given = ReplyData(document, on, f"澴发改审〔{on.year}〕15号", "区发展和改革局", kept_at="档案柜")
        self.act(clerk, projects.take_over_stage, ref=ref, stage=stage, replies=[given], as_printed=True)

    def confirm(self, chief: str, ref: str, stage: str) -> None:
        """The chief finds the entry of that stage right."""
        file = self.store.read(
            queries.stage_file, ref=ref, stage=stage, person=self.world.people[chief], day=TODAY
        )
        self.act(chief, entries.confirm_entry, ref=ref, number=int(file.entries[0].number))

    def filed(self, title: str, *what: Any) -> str:
        """谭丽's project whose 土地报备 is with the county, where these things have happened since."""
        ref = self.register(
            "tanli", "welfare-complex", "county", title, taking_over=True, facts={"forest_land": "0"}
        )
        for stage, document in (("detailed_plan", "plan_reply"), ("feasibility", "feasibility_reply"), ("forest", "forest_consent")):  # fmt: skip
            self.take_over("tanli", ref, stage, document)
            self.confirm("yangfan", ref, stage)
        self.act("tanli", projects.close_take_over, ref=ref)
        self.upload("tanli", ref, "filing_form", "red_line")
        self.act("tanli", stages.submit_stage, ref=ref, stage=FILING)
        for step, leader in (("review", "yangfan"), ("sign", "luoxiuying")):
            self.act(leader, decisions.decide, ref=ref, stage=FILING, step=step, outcome="approved", opinion="同意。")  # fmt: skip
        for each in what:
            self.act("tanli", outside.record_outside, ref=ref, stage=FILING, what=each)
            self.confirm("yangfan", ref, FILING)
        return ref

    def _one(self, sql: str, **values: Any) -> Any:
        return self.store.read(lambda connection: connection.execute(text(sql), values).scalar_one())


def live_in(store: Store, files: Files) -> None:
    """A taking-over, papers at every point of their way, something paused, delegated, disabled, gone wrong."""
    town = Town(store, files)
    for tell in (_taking_over, _reviews, _outside, _stopped, _house):
        tell(town)


def _taking_over(town: Town) -> None:
    """刘畅 has entered one reply, which waits for 李国栋, of a project that has more."""
    ref = town.register("liuchang", "centre-conversion", "elderly", "南门社区中心改造", taking_over=True)
    town.take_over("liuchang", ref, "planning", "reserve_entry")


def _reviews(town: Town) -> None:
    """谋划入库 ready to be submitted, waiting for 李国栋, sent back; and one decision that issues a reply."""
    for title in ("北门社区中心改造", "东门社区中心改造", "西门社区中心改造"):
        ref = town.register("liuchang", "centre-conversion", "elderly", title)
        town.upload("liuchang", ref, "demand_study")
        if not title.startswith("北"):
            town.act("liuchang", stages.submit_stage, ref=ref, stage="planning")
        if title.startswith("西"):
            town.act("liguodong", decisions.decide, ref=ref, stage="planning", step="review", outcome="returned",
                     opinion="请修改", fixes=(Fix("补测算依据"),))  # fmt: skip


def _outside(town: Town) -> None:
    """土地报备 at every point of its way through the county's land bureau."""
    filed, accepted = Filed(TODAY, "报1号"), Accepted(TODAY, "受1号")
    town.filed("甲镇服务综合体")
    town.filed("乙镇服务综合体", filed)
    town.filed("丙镇服务综合体", filed, CorrectionNotified(TODAY, (Fix("补红线图"),), ""))
    town.filed("丁镇服务综合体", filed, accepted, SpecialBegan(TODAY, "现场踏勘", ""))


def _stopped(town: Town) -> None:
    """A project suspended, a clock paused."""
    ref = town.register("tanli", "cemetery", "county", "戊镇公益性公墓")
    town.act("luoxiuying", projects.move_project, ref=ref, trigger="suspend", reason_given="资金未落实")
    town.act("luoxiuying", clocks.pause_clock, ref=town.world.projects["D"], stage="survey_design", reason_given="等水文资料")  # fmt: skip


def _house(town: Town) -> None:
    """A delegation, somebody and a unit disabled, a thing that went wrong, a view and a calendar of one's own."""
    colleagues = {"principal": town.world.people["liguodong"], "agent": town.world.people["yangfan"]}
    town.act(
        "liguodong", people.delegate, **colleagues,
        starts_on=TODAY, ends_on=TODAY + timedelta(days=9), reason_given="休假",
    )  # fmt: skip
    person = town.act(
        "admin", people.add_person, name="孙平", staff_number="sunping", email="", password_hash=""
    )
    town.act("admin", people.change_person, person=person, active=False)
    unit = town.act("admin", people.add_organisation, name="筹备组", parent=town.world.organisations["city"])
    town.act("admin", people.change_organisation, organisation=unit, active=False)
    town.store.act(Transaction.raise_incident, code="sweep-broken", text_="时钟没有走动", at=NOW)
    town.act("liuchang", feeds.give_address, token="0" * 64)
    for who in ("liuchang", "liguodong"):
        town.act(who, saved.save_view, name="超期", filter_="light=red")
