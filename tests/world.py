"""The vocabulary of stories: a small invented bureau, its people by name, and what they do to a project.

Everything goes through the public actions on a real store. `World.now` moves only when a story says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from workflow import doctor, flow, rules
from workflow.actions import (
    clocks,
    decisions,
    definitions,
    documents,
    entries,
    orders,
    outside,
    people,
    projects,
    stages,
)
from workflow.calendar import Calendar
from workflow.clock import NINE, SHANGHAI, local_day, parse_limit
from workflow.errors import WorkflowError
from workflow.events import DECODER, Event, Recorded, kind_of
from workflow.files import StoredFile
from workflow.people import SYSTEM
from workflow.record import instant
from workflow.snapshot import shipped_calendar
from workflow.state import (
    Accepted,
    Concluded,
    Corrected,
    CorrectionNotified,
    Extended,
    Filed,
    Fix,
    Paper,
    PaperSigned,
    ProjectState,
    Record,
    ReplyData,
    SpecialBegan,
    SpecialEnded,
    StageState,
    from_json,
)
from workflow.store import Store
from workflow.transaction import Transaction

DEFINITIONS = Path(__file__).parent / "definitions"
TYPES = ("hall", "home", "garden", "walk")
BEGIN = "2026-09-01 10:00"
"""When every story begins: a Tuesday in an official year, four weeks before the autumn holidays."""

ORGANISATIONS = {
    "市民政局": "",
    "云河县民政局": "市民政局",
    "规划财务股": "云河县民政局",
    "养老服务股": "云河县民政局",
}
PEOPLE = {
    "谭丽": ("规划财务股", "clerk", "经办"),
    "刘畅": ("养老服务股", "clerk", "经办"),
    "杨帆": ("规划财务股", "section_chief", "规划财务股股长"),
    "罗秀英": ("云河县民政局", "deputy_director", "副局长"),
    "马德兴": ("云河县民政局", "director", "局长"),
    "蒋慧": ("市民政局", "overseer", "办公室督查"),
    "顾明": ("市民政局", "administrator", "系统管理员"),
}
MINUTES = "云民党组纪〔2026〕9号"


def at(words: str) -> datetime:
    """The instant that a clock on the wall in Shanghai shows: 2026-09-01 10:00."""
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI).astimezone(UTC)


def day(words: str) -> date:
    """2026-09-01 as a day."""
    return date.fromisoformat(words)


def found(store: Store) -> None:
    """Enter the bureau, its people and the project types of the stories."""
    now = at("2026-08-31 09:00")
    made: dict[str, int] = {}
    for name, parent in ORGANISATIONS.items():
        made[name] = store.act(
            people.add_organisation, name=name, parent=made.get(parent, 0), actor=SYSTEM, now=now
        )
    for number, (name, (organisation, post, title)) in enumerate(PEOPLE.items(), 1):
        person = store.act(people.add_person, name=name, staff_number=f"S{number}", actor=SYSTEM, now=now)
        store.act(
            people.grant_post, person=person, organisation=made[organisation], key=post, title=title,
            actor=SYSTEM, now=now,
        )  # fmt: skip
    for name in TYPES:
        store.act(definitions.publish, text=definition_text(name), name=f"{name}.yaml", actor=SYSTEM, now=now)


def definition_text(name: str) -> str:
    """The text of a project type of the stories."""
    return (DEFINITIONS / f"{name}.yaml").read_text(encoding="utf-8")


@contextmanager
def refused(*codes: str, says: str = "", kind: type[WorkflowError] = WorkflowError) -> Iterator[None]:
    """What is done inside is refused for exactly these reasons; `says` stands in the Chinese answer."""
    with pytest.raises(kind) as caught:
        yield
    found = [each.code for each in caught.value.reasons]
    assert sorted(found) == sorted(codes), f"refused for {found}, not for {list(codes)}"
    assert says in str(caught.value), f"“{says}” is not said in: {caught.value}"


def reply(document: str, on: str, number: str = "云发改审〔2026〕15号", **details: Any) -> ReplyData:
    """What is written on a reply, kept in the archive."""
    return ReplyData(document, day(on), number, **{"kept_at": "档案柜", **details})


class World:
    """The bureau at one moment: a store, people and organisations by name, and what has been begun."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = at(BEGIN)
        self.people = {row[1]: row[0] for row in self.rows("SELECT id, name FROM person")}
        self.organisations = {row[1]: row[0] for row in self.rows("SELECT id, name FROM organisation")}
        self.digests = {row[0]: row[1] for row in self.rows("SELECT type, digest FROM definition")}
        self.projects: list[Dossier] = []

    # Time

    @property
    def today(self) -> date:
        """The day in Shanghai."""
        return local_day(self.now)

    @property
    def calendar(self) -> Calendar:
        """The calendar as it is shipped."""
        return shipped_calendar()

    def at(self, words: str) -> None:
        """It becomes that moment; the clock is not swept."""
        assert at(words) >= self.now, "a story does not go back in time"
        self.now = at(words)

    def in_workdays(self, amount: int) -> date:
        """The day that many working days from today."""
        return self.calendar.add_workdays(self.today, amount)

    def workdays_pass(self, amount: int) -> None:
        """That many mornings come, each with its sweep at nine; then it is ten o'clock."""
        for _ in range(amount):
            self.morning(self.in_workdays(1))

    def outage(self, workdays: int) -> None:
        """Nothing runs for that many working days; it is ten o'clock again, and nothing was swept."""
        self.now = datetime.combine(self.in_workdays(workdays), time(10), SHANGHAI).astimezone(UTC)

    def morning(self, of: date) -> None:
        """It becomes that day; the sweep runs at nine, and it is ten o'clock."""
        self.now = datetime.combine(of, NINE, SHANGHAI).astimezone(UTC)
        self.sweep()
        self.now = datetime.combine(of, time(10), SHANGHAI).astimezone(UTC)

    def sweep(self) -> int:
        """The clock catches up with this moment. Returns how many places moved; never goes round for ever."""
        moved = 0
        for _ in range(50):
            swept = self.store.act(clocks.sweep, actor=SYSTEM, now=self.now)
            moved += swept
            if not swept:
                return moved
        raise AssertionError("the sweep finds the same place again and again")

    # People

    def do(self, action: Callable[..., Any], by: str, /, **arguments: Any) -> Any:
        """Somebody does something now; 系统 is the system."""
        return self.store.act(action, actor=self.people.get(by, SYSTEM), now=self.now, **arguments)

    def name(self, person: int) -> str:
        """Who that is."""
        return next((name for name, number in self.people.items() if number == person), "系统")

    def names(self, numbers: Iterable[int]) -> list[str]:
        """Who they are."""
        return [self.name(number) for number in numbers]

    def person(self, name: str, organisation: str = "", post: str = "") -> int:
        """Another person joins, with a post if one is named."""
        number = len(self.people) + 1
        made = self.people[name] = int(
            self.do(people.add_person, "顾明", name=name, staff_number=f"S{number}")
        )
        if post:
            self.grant(name, organisation, post)
        return made

    def grant(self, name: str, organisation: str, post: str) -> None:
        """A person takes a post."""
        self.do(
            people.grant_post, "顾明", person=self.people[name], key=post,
            organisation=self.organisations[organisation],
        )  # fmt: skip

    def revoke(self, name: str, organisation: str, post: str) -> None:
        """A person leaves a post."""
        self.do(
            people.revoke_post, "顾明", person=self.people[name], key=post,
            organisation=self.organisations[organisation],
        )  # fmt: skip

    def delegate(self, principal: str, agent: str, starts_on: str, ends_on: str) -> None:
        """Somebody lets another act for them."""
        self.do(
            people.delegate, principal, principal=self.people[principal], agent=self.people[agent],
            starts_on=day(starts_on), ends_on=day(ends_on), reason_given="外出开会",
        )  # fmt: skip

    # Projects

    def register(self, project_type: str, title: str = "", *, by: str = "谭丽", **details: Any) -> Dossier:
        """A project begins, with its clerk and in 规划财务股 unless another is named."""
        ref = f"P{len(self.projects) + 1}"
        organisation = details.pop("organisation", "规划财务股")
        clerk = details.pop("clerk", by)
        self.do(
            projects.register_project, by, ref=ref, digest=self.digests[project_type],
            title=title or f"第{ref}号项目", organisation=self.organisations[organisation],
            clerk=self.people[clerk], **details,
        )  # fmt: skip
        self.projects.append(Dossier(self, ref))
        return self.projects[-1]

    # What the database says

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        """Rows of a question."""
        return self.store.read(lambda connection: list(connection.execute(text(sql), parameters)))

    def incidents(self) -> list[str]:
        """The codes of open incidents."""
        return [
            row[0] for row in self.rows("SELECT code FROM incident WHERE resolved_at IS NULL ORDER BY id")
        ]

    def told(self, name: str) -> list[str]:
        """The kinds of notices a person got, in order."""
        found = self.rows(
            "SELECT kind FROM notice WHERE person_id = :person ORDER BY id", person=self.people[name]
        )
        return [row[0] for row in found]

    # What must hold after every story

    def prove(self) -> None:
        """The record, the fold, every row, and that nothing is stuck or has missed its turn."""
        findings = self.store.read(doctor.examine, now=self.now, has_file=lambda _: True)
        errors = [str(each) for each in findings if each.level == "error"]
        assert errors == [], errors


class Dossier:
    """One project as a story handles it; 谭丽 does what a clerk does unless somebody else is named."""

    def __init__(self, world: World, ref: str) -> None:
        self.world = world
        self.ref = ref

    def do(self, action: Callable[..., Any], by: str, /, **arguments: Any) -> Any:
        """Somebody does something to this project."""
        return self.world.do(action, by, ref=self.ref, **arguments)

    # Where it stands

    @property
    def state(self) -> ProjectState:
        """The stored state."""
        row = self.world.rows("SELECT body FROM project WHERE ref = :ref", ref=self.ref)[0]
        return from_json(row[0])

    def stage(self, key: str) -> StageState:
        """Where a stage stands."""
        return self.state.stage(key)

    def at(self, key: str) -> str:
        """The state of a stage, as one word."""
        return self.stage(key).state

    def holders(self, key: str) -> list[str]:
        """Who has the stage in hand, by name."""
        return self.world.names(self.stage(key).holders)

    def due(self, key: str) -> date | None:
        """When the stage's clock is due."""
        clock = self.stage(key).clock
        return clock.due_on if clock else None

    def paper(self, document: str) -> Paper:
        """The current version of a paper."""
        return self.state.documents[document]

    def history(self) -> list[Recorded]:
        """Every event of the project, in order."""
        rows = self.world.rows(
            "SELECT event.data, event.actor_id, event.at FROM event JOIN project ON project.id = event.project_id"
            " WHERE ref = :ref ORDER BY event.seq",
            ref=self.ref,
        )
        return [Recorded(DECODER.decode(data), actor, instant(when)) for data, actor, when in rows]

    def kinds(self) -> list[str]:
        """The kinds of its events, in order."""
        return [kind_of(each.event) for each in self.history()]

    def last(self, kind: type[Event] | type) -> Any:
        """The last event of that kind."""
        return next(each.event for each in reversed(self.history()) if isinstance(each.event, kind))

    def waits_for(self, key: str) -> list[str]:
        """What a waiting stage waits for, in the words of the page."""

        def look(tx: Transaction) -> list[str]:
            project = tx.project(self.ref)
            case = rules.Case(project.state, project.compiled, tx.directory, SYSTEM, self.world.today)
            spec, _ = case.stage(key)
            found = rules.blockers(case, spec, flow.earliest_day(case, spec, tx.calendar))
            return [each.text for each in found] + [
                each.text for each in rules.unanswered_condition(case, spec)
            ]

        return self.world.store.act(look)

    def content(self, key: str) -> str:
        """The token of the papers that a decider's page shows."""
        return rules.content_token(self.stage(key).papers)

    # Papers

    def upload(self, *papers: str, by: str = "谭丽", content: str = "", name: str = "") -> None:
        """Papers are uploaded; other `content` makes another version."""
        for document in papers:
            given = f"{document}{content}"
            file = StoredFile(
                sha256(given.encode()).hexdigest(), name or f"{document}.pdf", len(given), "application/pdf"
            )
            self.do(documents.upload_document, by, document=document, file=file)

    def enter(self, document: str, by: str = "谭丽", number: str = MINUTES) -> None:
        """A paper is registered without upload."""
        self.do(
            documents.register_document, by, document=document, number=number, kept_at="局办公室",
            issued_on=self.world.today,
        )  # fmt: skip

    def facts(self, by: str = "谭丽", code: str | None = None, **facts: Any) -> None:
        """Facts become known."""
        self.do(projects.change_facts, by, facts=facts, reason_given="补充信息", code=code)

    # Stages

    def submit(self, key: str, by: str = "谭丽", **details: Any) -> None:
        """The file of a stage is handed in."""
        self.do(stages.submit_stage, by, stage=key, **details)

    def withdraw(self, key: str, by: str = "谭丽") -> None:
        """A submission is taken back."""
        self.do(stages.withdraw_stage, by, stage=key)

    def reapply(self, key: str, by: str = "谭丽") -> None:
        """A stage begins again."""
        self.do(stages.reapply_stage, by, stage=key, reason_given="重新申报")

    def pass_over(self, key: str, requirement: str, by: str) -> None:
        """A soft requirement is passed over."""
        self.do(stages.pass_soft_gate, by, stage=key, requirement=requirement, reason_given="先行审查，后补")

    def hand_over(self, key: str, to: str, by: str) -> None:
        """A step, or a preparation, goes to another."""
        self.do(stages.hand_over_step, by, stage=key, to=self.world.people[to], reason_given="工作调整")

    def approve(self, key: str, step: str, by: str, *replies: ReplyData, **details: Any) -> None:
        """A step is approved."""
        self.do(
            decisions.decide, by, stage=key, step=step, outcome="approved", opinion="同意", replies=replies,
            **details,
        )  # fmt: skip

    def return_(self, key: str, step: str, by: str, *fixes: Fix, **details: Any) -> None:
        """A step is sent back with reasons and items."""
        items = fixes or (Fix("补充测算依据", "proposal"),)
        self.do(
            decisions.decide, by, stage=key, step=step, outcome="returned", opinion="依据不足", fixes=items,
            **details,
        )  # fmt: skip

    def refuse(self, key: str, step: str, by: str, opinion: str = "不符合规划") -> None:
        """A step is refused."""
        self.do(decisions.decide, by, stage=key, step=step, outcome="refused", opinion=opinion)

    def sign_on_paper(self, key: str, step: str, signer: str, by: str = "谭丽", **details: Any) -> int:
        """A signature on paper is entered; returns the number of the entry."""
        given = {"content": self.content(key), "outcome": "approved", "kept_at": "呈批件夹", **details}
        signed = PaperSigned(
            step=step,
            signer=self.world.people[signer],
            on=given.pop("on", self.world.today),
            opinion="同意",
            **given,
        )
        return int(self.do(decisions.enter_paper_signature, by, stage=key, signed=signed))

    # Outside

    def record(self, key: str, what: Record, by: str = "谭丽", **details: Any) -> int:
        """An act of the outside office is entered; returns the number of the entry."""
        return int(self.do(outside.record_outside, by, stage=key, what=what, **details))

    def confirm(self, number: int, by: str = "杨帆") -> None:
        """An entry is checked against the original."""
        self.do(entries.confirm_entry, by, number=number)

    def take_back(self, number: int, by: str = "谭丽") -> None:
        """Withdraw an entry that waits for its check."""
        self.do(entries.withdraw_entry, by, number=number)

    def reject(self, number: int, by: str = "杨帆") -> None:
        """An entry is found wrong."""
        self.do(entries.reject_entry, by, number=number, reason_given="与原件不符")

    def outside(self, key: str, what: Record, **details: Any) -> None:
        """An act of the outside office is entered by 谭丽 and checked by 杨帆."""
        self.confirm(self.record(key, what, **details))

    def file(self, key: str, on: str = "") -> None:
        """The file reached the outside office."""
        self.outside(key, Filed(self._on(on), "收件1号"))

    def accept(self, key: str, on: str = "") -> None:
        """The outside office accepted it."""
        self.outside(key, Accepted(self._on(on), "受理1号"))

    def notify_correction(self, key: str, *fixes: str, on: str = "") -> None:
        """The outside office asked for corrections, once and all at once."""
        self.outside(key, CorrectionNotified(self._on(on), tuple(Fix(each) for each in fixes or ("补图纸",))))

    def correct(self, key: str, on: str = "") -> None:
        """What was asked for was handed in."""
        self.outside(key, Corrected(self._on(on)))

    def special(self, key: str, on: str = "") -> None:
        """A special procedure stopped the outside clock."""
        self.outside(key, SpecialBegan(self._on(on), "专家评审", "行政许可法第45条"))

    def special_ends(self, key: str, on: str = "") -> None:
        """It ended."""
        self.outside(key, SpecialEnded(self._on(on)))

    def extended(self, key: str, by: str, on: str = "") -> None:
        """The outside office extended its limit."""
        self.outside(key, Extended(self._on(on), parse_limit(by), "情况复杂"))

    def conclude(self, key: str, *replies: ReplyData, on: str = "", **details: Any) -> None:
        """The outside office approved."""
        self.outside(key, Concluded(self._on(on), "approved", "同意", replies), **details)

    # The project as a whole

    def move(self, trigger: str, by: str = "罗秀英", **details: Any) -> None:
        """The project as a whole moves."""
        self.do(projects.move_project, by, trigger=trigger, reason_given="局党组会决定", **details)

    def hand_over_project(self, to: str, by: str = "谭丽") -> None:
        """The project goes to another clerk."""
        self.do(projects.hand_over_project, by, to=self.world.people[to], reason_given="人员调整")

    def wait_for(self, other: Dossier, stage: str = "", by: str = "杨帆") -> None:
        """This project waits for another."""
        self.do(projects.wait_for, by, other=other.ref, stage=stage)

    def take_over(self, key: str, *replies: ReplyData, by: str = "谭丽", **details: Any) -> int:
        """An earlier approval is entered; returns the number of the entry."""
        return int(self.do(projects.take_over_stage, by, stage=key, replies=replies, **details))

    def close_take_over(self, by: str = "谭丽") -> None:
        """The taking-over ends."""
        self.do(projects.close_take_over, by)

    # Clocks

    def extend(self, key: str, limit: str, by: str = "罗秀英") -> None:
        """Our own limit is extended."""
        self.do(clocks.extend_clock, by, stage=key, by=parse_limit(limit), reason_given="材料繁多")

    def pause(self, key: str, by: str = "罗秀英") -> None:
        """Our own clock is stopped."""
        self.do(clocks.pause_clock, by, stage=key, reason_given="等待上级意见")

    def resume(self, key: str, by: str = "罗秀英") -> None:
        """Our own clock runs again."""
        self.do(clocks.resume_clock, by, stage=key, reason_given="意见已回")

    def explain(self, key: str, words: str = "等待核价", by: str = "谭丽") -> None:
        """The holder says why it is late."""
        self.do(clocks.file_explanation, by, stage=key, text=words)

    def order(
        self, key: str, wanted: str = "请说明原因，并于期限内办结", by: str = "罗秀英", **details: Any
    ) -> None:
        """Somebody above chases whoever holds the stage (督办)."""
        self.do(orders.issue_order, by, stage=key, wanted=wanted, **details)

    def withdraw_order(self, key: str, by: str = "罗秀英") -> None:
        """The chase is taken back."""
        self.do(orders.withdraw_order, by, stage=key, reason_given="已当面答复")

    # Short cuts

    def submitted(self, key: str, *papers: str) -> Dossier:
        """Its papers are uploaded and it is handed in."""
        self.upload(*papers)
        self.submit(key)
        return self

    def _on(self, words: str) -> date:
        return day(words) if words else self.world.today
