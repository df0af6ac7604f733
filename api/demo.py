"""The demo: an invented city, its people and six projects, played on the real engine with past instants.

Nothing is written into tables: every stall, mail and light comes out of commands and sweeps that ran at
their own time. `D` is the last working day before the demo starts; offsets count working days from it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from msgspec import Struct

from api.demo_papers import one_page_pdf
from workflow.actions import (
    clocks,
    decisions,
    definitions,
    documents,
    entries,
    outside,
    people,
    projects,
    stages,
)
from workflow.calendar import Calendar
from workflow.clock import NINE, SHANGHAI, local_day
from workflow.files import Files
from workflow.people import SYSTEM
from workflow.snapshot import shipped_calendar
from workflow.state import Accepted, Filed, Record, ReplyData, SpecialBegan, SpecialEnded
from workflow.store import Store
from workflow.transaction import Transaction

PASSWORD = "demo-2026-shenpi"  # noqa: S105 - everybody's in the demo, printed at its start
FIRST_DAY = date(2026, 11, 20)
"""The D that the absolute dates of the story belong to; with another D they shift by the same days."""

DEFINITIONS = Path(__file__).parent.parent / "definitions"
TYPES = ("funeral-home", "columbarium", "cemetery", "welfare-complex", "centre-conversion")

ORGANISATIONS = {
    "city": ("澴川市民政局", "", "990100"),
    "district": ("澴阳区民政局", "city", "990102"),
    "elderly": ("养老服务科", "district", "990102"),
    "funeral": ("区殡葬管理所", "district", "990102"),
    "county": ("云河县民政局", "city", "990123"),
}

PEOPLE = {
    "jianghui": ("蒋慧", [("city", "overseer", "办公室督查"), ("city", "office", "办公室")]),
    "zhoujianping": ("周建平", [("district", "director", "局长")]),
    "chenwenjuan": ("陈文娟", [("district", "deputy_director", "副局长")]),
    "liguodong": ("李国栋", [("district", "section_chief", "规划财务科科长")]),
    "liuchang": ("刘畅", [("elderly", "clerk", "养老服务科经办")]),
    "wuhaitao": ("吴海涛", [("funeral", "clerk", "区殡葬管理所经办")]),
    "madexing": ("马德兴", [("county", "director", "局长")]),
    "luoxiuying": ("罗秀英", [("county", "deputy_director", "副局长")]),
    "yangfan": ("杨帆", [("county", "section_chief", "规划财务股股长")]),
    "tanli": ("谭丽", [("county", "clerk", "经办")]),
    "admin": ("顾明", [("city", "administrator", "系统管理员")]),
}


class World(Struct, frozen=True):
    """Who and what the demo made, by their short names."""

    people: dict[str, int]
    organisations: dict[str, int]
    projects: dict[str, str]


class Rehearsal:
    """Plays commands in the order of their instants, with the morning sweep of every working day between."""

    def __init__(
        self,
        store: Store,
        files: Files,
        *,
        now: datetime,
        new_ref: Callable[[], str],
        after_sweep: Callable[[datetime], object],
    ) -> None:
        self.store = store
        self.files = files
        self.now = now
        self.calendar: Calendar = shipped_calendar()
        self.last_day = self._day_before(local_day(now))
        self._new_ref = new_ref
        self._after_sweep = after_sweep
        self._agenda: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self.people: dict[str, int] = {}
        self.organisations: dict[str, int] = {}
        self.projects: dict[str, str] = {}
        self.digests: dict[str, str] = {}

    def day(self, offset: int) -> date:
        """D plus that many working days."""
        return self.calendar.add_workdays(self.last_day, offset)

    def dated(self, day: date) -> date:
        """A date of the written story, shifted with D."""
        return day + (self.last_day - FIRST_DAY)

    def at(self, offset: int, hour: int, action: Callable[..., object], **arguments: Any) -> None:
        """Put an action on the agenda, with `actor` given by staff number."""
        actor = arguments.pop("actor")

        def play(now: datetime) -> object:
            return self.store.act(action, actor=self.people[actor], now=now, **arguments)

        self._schedule(offset, hour, play)

    def _schedule(self, offset: int, hour: int, play: Callable[[datetime], object]) -> None:
        at = datetime.combine(self.day(offset), time(hour), SHANGHAI).astimezone(UTC)
        heapq.heappush(self._agenda, (at, len(self._agenda), play))

    def found(self) -> None:
        """Organisations, people, posts and project types: what stands before the first project."""
        before = datetime.combine(self.day(-60), NINE, SHANGHAI).astimezone(UTC)
        act = self.store.act
        for key, (name, parent, region) in ORGANISATIONS.items():
            self.organisations[key] = act(
                people.add_organisation,
                name=name,
                parent=self.organisations.get(parent, 0),
                region=region,
                actor=SYSTEM,
                now=before,
            )
        for name in TYPES:
            path = DEFINITIONS / f"{name}.yaml"
            text = path.read_text(encoding="utf-8")
            self.digests[name] = act(definitions.publish, text=text, name=path.name, actor=SYSTEM, now=before)

    def enter_people(self, password_hash: str) -> None:
        """Everybody, with their posts and one demo password."""
        before = datetime.combine(self.day(-60), NINE, SHANGHAI).astimezone(UTC)
        for staff_number, (name, posts) in PEOPLE.items():
            person = self.store.act(
                people.add_person,
                name=name,
                staff_number=staff_number,
                email=f"{staff_number}@huanchuan.example",
                password_hash=password_hash,
                actor=SYSTEM,
                now=before,
            )
            self.people[staff_number] = person
            for organisation, key, title in posts:
                self.store.act(
                    people.grant_post,
                    person=person,
                    organisation=self.organisations[organisation],
                    key=key,
                    title=title,
                    actor=SYSTEM,
                    now=before,
                )

    def register(
        self, name: str, offset: int, project_type: str, *, actor: str, organisation: str, **details: Any
    ) -> None:
        """Register a project under its short name."""
        ref = self.projects[name] = self._new_ref()
        self.at(
            offset,
            9,
            projects.register_project,
            actor=actor,
            ref=ref,
            digest=self.digests[project_type],
            organisation=self.organisations[organisation],
            clerk=self.people[details.pop("clerk", actor)],
            parent=self.projects.get(details.pop("parent", ""), ""),
            **details,
        )

    def take_over(
        self,
        name: str,
        offset: int,
        replies: Mapping[str, Iterable[ReplyData]],
        *,
        actor: str,
        checker: str,
        kept_at: str,
    ) -> None:
        """Enter replies of a running project, have each checked, and close the taking-over."""
        for stage, given in replies.items():
            shown = [_evidenced(reply, kept_at) for reply in given]
            self.at(
                offset,
                10,
                projects.take_over_stage,
                actor=actor,
                ref=self.projects[name],
                stage=stage,
                replies=shown,
                as_printed=True,
            )
            self.confirm(name, offset, 11, stage, by=checker)
        self.at(offset, 14, projects.close_take_over, actor=checker, ref=self.projects[name])

    def confirm(self, name: str, offset: int, hour: int, stage: str, *, by: str) -> None:
        """Have the pending entry of a stage checked by another."""

        def play(now: datetime) -> object:
            number = self.store.act(_pending_entry, ref=self.projects[name], stage=stage)
            return self.store.act(
                entries.confirm_entry, ref=self.projects[name], number=number, actor=self.people[by], now=now
            )

        self._schedule(offset, hour, play)

    def outside(self, name: str, offset: int, stage: str, what: Record, *, actor: str, checker: str) -> None:
        """Record an outside office's act in the morning and have it checked an hour later."""
        self.at(
            offset, 10, outside.record_outside, actor=actor, ref=self.projects[name], stage=stage, what=what
        )
        self.confirm(name, offset, 11, stage, by=checker)

    def upload(
        self, name: str, offset: int, hour: int, document: str, title: str, *, actor: str, **details: Any
    ) -> None:
        """Upload a one-page paper with that title."""

        def play(now: datetime) -> object:
            file = self.files.receive([one_page_pdf(title)], f"{title}.pdf", limit=1_000_000)
            return self.store.act(
                documents.upload_document,
                ref=self.projects[name],
                document=document,
                file=file,
                actor=self.people[actor],
                now=now,
                **details,
            )

        self._schedule(offset, hour, play)

    def play(self) -> None:
        """Run the agenda; at nine on every working day the sweep comes first."""
        self._schedule_sweeps()
        while self._agenda:
            at, _, action = heapq.heappop(self._agenda)
            if at <= self.now:
                action(at)

    def _schedule_sweeps(self) -> None:
        offset = -60
        while (morning := datetime.combine(self.day(offset), NINE, SHANGHAI).astimezone(UTC)) <= self.now:
            heapq.heappush(self._agenda, (morning, -1, self._sweep))
            offset += 1

    def _sweep(self, now: datetime) -> None:
        while self.store.act(clocks.sweep, actor=SYSTEM, now=now):
            pass
        self._after_sweep(now)

    def _day_before(self, today: date) -> date:
        return self.calendar.add_workdays(self.calendar.next_workday(today), -1)


def build(
    store: Store,
    files: Files,
    *,
    now: datetime,
    password_hash: str,
    new_ref: Callable[[], str],
    after_sweep: Callable[[datetime], object] = lambda _: None,
) -> World:
    """Fill a fresh database with the city and its projects, up to `now`; `after_sweep` posts the mails."""
    play = Rehearsal(store, files, now=now, new_ref=new_ref, after_sweep=after_sweep)
    play.found()
    play.enter_people(password_hash)
    tell(play)
    return World(play.people, play.organisations, play.projects)


def tell(play: Rehearsal) -> None:
    """The six projects of the city, from their registration up to now."""
    _columbarium(play)
    _funeral_home(play)
    _welfare_complex(play)
    _centre_conversion(play)
    _cemetery(play)
    play.play()


def _columbarium(play: Rehearsal) -> None:
    """A: S0「已完成项目建议书和可研报告批复、土地划转、建设项目选址意见书办理等前期手续工作」."""
    play.register(
        "A", -12, "columbarium", actor="wuhaitao", organisation="funeral",
        title="区公益性骨灰堂", code="2406-990102-04-01-317469", taking_over=True,
        facts={
            "total_investment": "2860.00", "building_cost": "2238.40", "other_cost": "412.60",
            "reserve_cost": "209.00", "land_area": "0.46", "floor_area": "5200", "niches": "12000",
            "survey_design_fee": "86.00", "construction_contract": "2100.00", "earthwork": "0.08",
            "land_supply": "划拨", "new_construction_land": False, "farmland": "0", "forest_land": "0",
            "collective_land": False, "land_held_by_other": True, "government_meeting": False,
            "proposal_exempt": False, "sensitive_area": False, "energy_use": "12.36", "electricity": "8",
            "special_assessment": False, "special_fire": False, "rule_version": "原条例",
        },
    )  # fmt: skip
    dated = play.dated
    play.take_over(
        "A", -12, actor="wuhaitao", checker="liguodong", kept_at="区殡葬管理所档案柜2号",
        replies={
            "land_transfer": [_reply("transfer_reply", dated(date(2024, 6, 18)), "澴区政函〔2024〕33号", "澴阳区人民政府")],
            "project_code": [_reply("project_code", dated(date(2024, 6, 24)), "2406-990102-04-01-317469", "区发展和改革局")],
            "proposal": [_reply("proposal_reply", dated(date(2024, 7, 16)), "澴发改审〔2024〕61号", "区发展和改革局")],
            "site_opinion": [_reply("site_opinion", dated(date(2024, 8, 20)), "用字第990102202400017号", "区自然资源局")],
            "stability": [_reply("stability_reply", dated(date(2024, 9, 10)), "澴政法稳〔2024〕9号", "区委政法委")],
            "funeral_approval": [_reply("funeral_reply", dated(date(2024, 10, 15)), "澴民函〔2024〕52号", "市民政局")],
            "feasibility": [
                _reply("feasibility_reply", dated(date(2024, 12, 18)), "澴发改审〔2024〕118号", "区发展和改革局")
            ],
        },
    )  # fmt: skip


def _funeral_home(play: Rehearsal) -> None:
    """B and C: S0「已完成一期项目建设，正在谋划启动二期项目建设」."""
    play.register(
        "B", -30, "funeral-home", actor="wuhaitao", organisation="funeral",
        title="区殡仪馆一期改造", code="2303-990102-04-01-582138", taking_over=True,
        facts={"total_investment": "4980.00"},
    )  # fmt: skip
    dated = play.dated
    play.take_over(
        "B", -30, actor="wuhaitao", checker="liguodong", kept_at="区殡葬管理所档案柜1号",
        replies={
            "completion": [_reply("completion_record", dated(date(2025, 6, 18)), "竣验2025-006", "五方责任主体")],
            "evaluation": [_reply("evaluation_opinion", dated(date(2026, 6, 26)), "澴民函〔2026〕31号", "市民政局")],
        },
    )  # fmt: skip
    play.at(-30, 15, projects.move_project, actor="chenwenjuan", ref=play.projects["B"], trigger="start",
            reason_given="补录：项目已开工建设")  # fmt: skip
    play.at(-30, 16, projects.move_project, actor="chenwenjuan", ref=play.projects["B"], trigger="put_into_use",
            reason_given="补录：2025年6月竣工验收合格，已投入使用")  # fmt: skip
    play.register(
        "C",
        -20,
        "funeral-home",
        actor="wuhaitao",
        organisation="funeral",
        title="区殡仪馆二期",
        parent="B",
        facts={},
    )
    play.upload("C", -18, 10, "demand_study", "区殡仪馆二期需求测算报告", actor="wuhaitao")


def _welfare_complex(play: Rehearsal) -> None:
    """D: S1 二(二)3; 土地报备 is late at the county's land bureau, and 资金申报 waits for it."""
    play.register(
        "D", -50, "welfare-complex", actor="tanli", organisation="county",
        title="特困人员供养服务综合体", code="2512-990123-04-01-406288", taking_over=True,
        facts={
            "total_investment": "12680.00", "care_investment": "6180.00", "child_investment": "4350.00",
            "rescue_investment": "2150.00", "total_floor_area": "27400", "care_area": "15600",
            "child_area": "8200", "rescue_area": "3600", "total_beds": "480", "care_beds": "300",
            "child_beds": "120", "rescue_beds": "60", "land_area": "4.20", "forest_land": "2.80",
            "survey_design_fee": "310.00", "sensitive_area": False, "special_assessment": False,
            "energy_use": "260", "electricity": "180",
        },
    )  # fmt: skip
    dated = play.dated
    issuer = "县发展和改革委"
    play.take_over(
        "D", -50, actor="tanli", checker="yangfan", kept_at="县民政局规划财务股档案柜",
        replies={
            "planning_committee": [_reply("planning_minutes", dated(date(2025, 9, 12)), "云规委纪〔2025〕4号", "县规划委员会")],
            "detailed_plan": [_reply("plan_reply", dated(date(2025, 11, 10)), "云政函〔2025〕86号", "云河县人民政府")],
            "proposal": [_reply("proposal_reply", dated(date(2025, 12, 16)), "云发改审〔2025〕92号", issuer)],
            "feasibility": [_reply("feasibility_reply", dated(date(2026, 4, 20)), "云发改审〔2026〕27号", issuer)],
            "forest": [_reply("forest_consent", dated(date(2026, 8, 28)), "林资许准〔2026〕215号", "省林业局")],
        },
    )  # fmt: skip
    stage = "land_filing"
    play.upload("D", -48, 10, "filing_form", "土地报备表", actor="tanli")
    play.upload("D", -48, 10, "red_line", "用地红线图", actor="tanli")
    ref = play.projects["D"]
    play.at(-46, 9, stages.submit_stage, actor="tanli", ref=ref, stage=stage)
    _decide(play, "D", -46, stage, "review", "yangfan", "资料齐全，拟同意报备。")
    _decide(play, "D", -45, stage, "sign", "luoxiuying", "同意报送。")
    play.outside(
        "D", -43, stage, Filed(play.day(-43), "县资规收〔2026〕1107号"), actor="tanli", checker="yangfan"
    )
    play.outside(
        "D", -41, stage, Accepted(play.day(-41), "县资规受〔2026〕1107号"), actor="tanli", checker="yangfan"
    )
    play.outside(
        "D",
        -39,
        stage,
        SpecialBegan(play.day(-39), "现场踏勘", "行政许可法第45条"),
        actor="tanli",
        checker="yangfan",
    )
    play.outside("D", -34, stage, SpecialEnded(play.day(-34)), actor="tanli", checker="yangfan")
    play.at(-3, 15, outside.draft_letter, actor="tanli", ref=ref, stage=stage, text=LETTER)


def _centre_conversion(play: Rehearsal) -> None:
    """E: S0「大院社区及街道综合养老服务中心建设」; the stall at 科室审核 is invented."""
    play.register(
        "E", -29, "centre-conversion", actor="liuchang", organisation="elderly",
        title="大院社区综合养老服务中心改造", code="2610-990102-04-01-773156", taking_over=True,
        facts={"total_investment": "386.00", "floor_area": "1280", "sensitive_area": False, "exterior_change": False},
    )  # fmt: skip
    play.take_over(
        "E", -29, actor="liuchang", checker="liguodong", kept_at="养老服务科档案柜",
        replies={"project_code": [_reply("project_code", play.day(-30), "2610-990102-04-01-773156", "区发展和改革局")]},
    )  # fmt: skip
    dated = play.dated
    play.upload(
        "E", -28, 10, "deed", "大院社区用房权属证明", actor="liuchang", issued_on=dated(date(2026, 9, 10))
    )
    play.upload(
        "E",
        -28,
        10,
        "safety_appraisal",
        "房屋安全鉴定报告",
        actor="liuchang",
        issued_on=dated(date(2026, 9, 24)),
    )
    ref = play.projects["E"]
    play.at(
        -25, 16, documents.register_document, actor="liuchang", ref=ref, document="party_minutes",
        number=f"澴区民党组纪〔{play.day(-25).year}〕18号", issued_on=play.day(-25), kept_at="区民政局办公室",
    )  # fmt: skip
    play.upload("E", -8, 10, "budget_book", "改造工程概算书", actor="liuchang")
    play.at(-7, 10, stages.submit_stage, actor="liuchang", ref=ref, stage="budget_review")
    play.at(
        -7,
        15,
        projects.move_project,
        actor="chenwenjuan",
        ref=ref,
        trigger="start",
        reason_given="已赋码，转入在办",
    )
    for name, clerk_chief in (("A", "chenwenjuan"), ("D", "luoxiuying")):
        offset = -11 if name == "A" else -49
        play.at(offset, 9, projects.move_project, actor=clerk_chief, ref=play.projects[name], trigger="start",
                reason_given="前期手续已展开，转入在办")  # fmt: skip


def _cemetery(play: Rehearsal) -> None:
    """F: S1「利用儿童福利院现有的xxx亩土地扩建」: it waits until D is in use."""
    play.register(
        "F", -15, "cemetery", actor="tanli", organisation="county", title="县级公益性公墓扩建",
        facts={"total_investment": "1960.00", "cemetery_kind": "县级公益性公墓"},
    )  # fmt: skip
    play.at(-15, 10, projects.wait_for, actor="yangfan", ref=play.projects["F"], other=play.projects["D"])
    play.at(-14, 9, projects.move_project, actor="luoxiuying", ref=play.projects["F"], trigger="reserve",
            reason_given="计划次年完成初步设计、立项，后年开工")  # fmt: skip


def _decide(play: Rehearsal, name: str, offset: int, stage: str, step: str, by: str, opinion: str) -> None:
    play.at(
        offset, 10, decisions.decide, actor=by, ref=play.projects[name], stage=stage, step=step,
        outcome="approved", opinion=opinion,
    )  # fmt: skip


def _reply(document: str, issued_on: date, number: str, issuer: str) -> ReplyData:
    return ReplyData(document, issued_on, number, issuer)


def _evidenced(reply: ReplyData, kept_at: str) -> ReplyData:
    return ReplyData(reply.document, reply.issued_on, reply.number, reply.issuer, kept_at=kept_at)


def _pending_entry(tx: Transaction, *, ref: str, stage: str) -> int:
    state = tx.project(ref).state
    return next(entry.number for entry in state.entries.values() if entry.stage == stage)


LETTER = (
    "县自然资源和规划局：\n\n    我局特困人员供养服务综合体项目用地报备事项已由贵局受理。该项目是全县特困人员集中供养、"
    "儿童福利和流浪救助的兜底工程，资金申报须以报备完成为前提。恳请贵局在政策允许范围内予以支持，"
    "加快办理。如需补充材料，请与我局规划财务股联系。\n\n    专此函商，盼复。\n\n云河县民政局"
)
