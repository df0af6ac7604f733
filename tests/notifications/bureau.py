"""澴阳区民政局 in miniature: a real store, real people, one small definition, every move by a real action."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, text

import notifications.models  # noqa: F401 - its tables are part of the schema
from notifications.settings import MailSettings
from workflow.actions.clocks import sweep
from workflow.actions.definitions import publish
from workflow.actions.documents import register_document
from workflow.actions.people import add_organisation, add_person, grant_post
from workflow.actions.projects import register_project, take_over_stage
from workflow.actions.stages import submit_stage
from workflow.clock import SHANGHAI
from workflow.people import SYSTEM
from workflow.state import ReplyData
from workflow.store import Store

DEFINITION = """
type: centre
version: 1
title: 综合养老服务中心改造
phases: [规划立项, 施工许可]
facts:
  floor_area: {title: 总建筑面积, kind: decimal, unit: ㎡}
  exterior_change: {title: 是否改变外立面, kind: bool}
documents:
  deed: {title: 房屋权属证明, register_only: allowed}
  party_minutes: {title: 局党组会纪要, register_only: allowed}
  budget_reply: {title: 概算批复, number: required, valid: 2 years, used_by: [fire_design]}
  scheme_drawings: {title: 设计方案图册}
  fire_drawings: {title: 消防设计文件}
  fire_opinion: {title: 消防设计审查意见书, number: required}
stages:
  budget_review:
    title: 概算审核
    phase: 规划立项
    basis: 政府投资条例第13条
    needs: [deed, party_minutes]
    issues: [budget_reply]
    prepare: {within: 30 workdays}
    steps:
      - review: {title: 科室审核, by: section_chief, within: 2 workdays}
      - sign: {title: 分管领导审签, by: deputy_director, within: 1 workday}
      - external: {title: 发改审核, body: 区发展和改革局, by: clerk, confirm: section_chief,
                   accept: {within: 5 workdays}, correct: {within: 15 workdays}, promised: 7 workdays,
                   statutory: 20 workdays, extend: 10 workdays, basis: 参照行政许可法第42条}
  fire_design:
    title: 消防设计审查
    phase: 施工许可
    needs: [budget_reply, fire_drawings]
    issues: [fire_opinion]
    prepare: {within: 15 workdays}
    steps:
      - review: {title: 科室审核, by: section_chief, within: 2 workdays}
  design_review:
    title: 设计方案审查
    phase: 施工许可
    when: exterior_change
    needs: [budget_reply, scheme_drawings]
    steps:
      - review: {title: 科室审核, by: section_chief, within: 2 workdays}
"""

BY_NOTICE = "length(message_id), message_id"
"""Mails in the order of their notices: on PostgreSQL several are written at once, and their ids say nothing of it."""

TITLE = "大院社区综合养老服务中心改造"
PEOPLE = {
    "刘畅": ("clerk", "养老服务科经办"),
    "李国栋": ("section_chief", "规划财务科科长"),
    "陈文娟": ("deputy_director", "副局长"),
    "周建平": ("director", "局长"),
    "蒋慧": ("administrator", "系统管理员"),
}


def at(words: str) -> datetime:
    """2026-11-12 09:00 on the wall in Shanghai."""
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI).astimezone(UTC)


def settings(**changes: Any) -> MailSettings:
    """Mail settings that suit a test."""
    given: dict[str, Any] = {
        "base_url": "https://shenpi.example.gov.cn",
        "sender": "shenpi@example.gov.cn",
        "security": "plain",
        "host": "127.0.0.1",
        "port": 1,
    }
    return MailSettings(**{**given, **changes})


class Bureau:
    """The store, the people by name, and what they do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = Store(self.url)
        self.store.start()
        self.people: dict[str, int] = {}
        self.refs: list[str] = []
        begun = at("2026-11-02 08:30")
        self.organisation = self.store.act(
            add_organisation, name="区民政局", parent=0, actor=SYSTEM, now=begun, region="990102"
        )
        for number, (name, (post, title)) in enumerate(PEOPLE.items(), 1):
            person = self.store.act(
                add_person,
                name=name,
                staff_number=f"S{number}",
                email=f"s{number}@mz.example",
                actor=SYSTEM,
                now=begun,
            )
            self.people[name] = person
            self.store.act(
                grant_post,
                person=person,
                organisation=self.organisation,
                key=post,
                title=title,
                actor=SYSTEM,
                now=begun,
            )
        self.digest = self.store.act(publish, text=DEFINITION, name="centre.yaml", actor=SYSTEM, now=begun)

    def reopen(self) -> None:
        """What a restart does: the store is closed, and opened again from the disk."""
        self.store.close()
        self.store = Store(self.url)
        self.store.start()

    def do(self, action: Callable[..., Any], who: str, when: str, /, **arguments: Any) -> Any:
        """Somebody does something at some time, to the first project unless another is named."""
        if self.refs:
            arguments.setdefault("ref", self.refs[0])
        return self.store.act(action, **arguments, actor=self.people[who], now=at(when))

    def register(self, when: str, title: str = TITLE, *, taking_over: bool = False) -> str:
        """A project of 刘畅 begins, or is taken over."""
        ref = f"P{len(self.refs) + 1}"
        self.do(
            register_project, "刘畅", when, ref=ref, digest=self.digest, title=title,
            organisation=self.organisation, clerk=self.people["刘畅"], taking_over=taking_over,
        )  # fmt: skip
        self.refs.append(ref)
        return ref

    def take_over(self, when: str, ref: str, stage: str, document: str) -> None:
        """刘畅 enters the reply that a stage issued long ago."""
        reply = ReplyData(document, date(2025, 3, 5), number="澴发改审〔2025〕12号", kept_at="局档案室")
        self.do(take_over_stage, "刘畅", when, ref=ref, stage=stage, replies=(reply,))

    def submit(self, when: str, ref: str | None = None) -> None:
        """Its papers are registered and 概算审核 is handed in to 李国栋."""
        ref = ref or self.refs[0]
        for document in ("deed", "party_minutes"):
            self.do(
                register_document, "刘畅", when, ref=ref, document=document, number="澴阳民〔2026〕7号",
                issued_on=date(2026, 11, 2), kept_at="局档案室",
            )  # fmt: skip
        self.do(submit_stage, "刘畅", when, ref=ref, stage="budget_review")

    def stalled(self) -> None:
        """The stall of the demo's project E, up to and including its overdue rungs."""
        self.register("2026-11-05 09:00")
        self.submit("2026-11-11 10:00")
        for day in (12, 13, 16, 18):
            self.sweep(f"2026-11-{day} 09:00")

    def sweep(self, when: str) -> None:
        """The clock catches up with that moment."""
        while self.store.act(sweep, actor=SYSTEM, now=at(when)):
            pass

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        """What the database says."""
        return self.store.read(lambda connection: list(connection.execute(text(sql), parameters)))

    def subjects(self, name: str) -> list[str]:
        """The subjects of somebody's mails, in order."""
        found = self.rows(
            f"SELECT subject FROM mail WHERE person_id = :person ORDER BY {BY_NOTICE}",
            person=self.people[name],
        )
        return [row[0] for row in found]

    def states(self) -> list[str]:
        """The states of all mails, in order."""
        return [row[0] for row in self.rows("SELECT state FROM mail ORDER BY id")]

    def incidents(self) -> list[str]:
        """The codes of open incidents."""
        return [
            row[0] for row in self.rows("SELECT code FROM incident WHERE resolved_at IS NULL ORDER BY id")
        ]


def lost(connection: Connection) -> list[int]:
    """Notices that count as taken over and yet have no delivery: there must be none."""
    found = connection.execute(
        text(
            "SELECT notice.id FROM notice LEFT JOIN delivery ON delivery.event_id = notice.event_id"
            " AND delivery.person_id = notice.person_id WHERE NOT notice.open AND delivery.id IS NULL"
        )
    )
    return [row[0] for row in found]
