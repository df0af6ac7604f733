"""The pass of the clock: one broken project never stops everybody else's."""

from __future__ import annotations

from sqlalchemy import text

from api.operations import sweep
from tests.world import World
from workflow.actions import definitions
from workflow.sql import Statement
from workflow.transaction import Transaction

_SPOIL = Statement(text("UPDATE project SET body = '{' WHERE ref = :ref"))


def spoil(tx: Transaction, *, ref: str) -> None:
    """What no action can do: a body that cannot be read."""
    tx.execute(_SPOIL, ref=ref)


PATIENT = """type: patient
version: 1
title: 慢项目
phases: [一]
documents: {plan: {title: 方案}, report: {title: 报告}}
stages:
  first:
    title: 方案审核
    phase: 一
    needs: [plan]
    steps: [review: {title: 审核, by: section_chief}]
  later:
    title: 报告审核
    phase: 一
    needs: [report]
    after: [{stage: first, wait: 2 days}]
    prepare: {within: 90 years}
    steps: [review: {title: 审核, by: section_chief}]
"""


def test_a_limit_beyond_every_calendar_stops_its_own_stage_only(unproved: World) -> None:
    """No calendar reaches the end of ninety years: an incident says so, and the next project's clerk is warned."""
    world = unproved
    world.digests["patient"] = world.do(definitions.publish, "顾明", text=PATIENT, name="patient.yaml")
    patient = world.register("patient")
    patient.submitted("first", "plan")
    patient.approve("first", "review", "杨帆")
    world.register("hall")
    world.outage(14)

    assert sweep(world.store, world.now) == 1
    assert "approaching" in world.told("谭丽")
    assert world.incidents() == ["sweep-broken"]
    [(words,)] = world.rows("SELECT text FROM incident")
    assert "超出工作日历" in words


def test_a_broken_project_becomes_an_incident_and_the_others_keep_their_time(unproved: World) -> None:
    """The oldest due place is unreadable; the next project's clerk is warned all the same, and once."""
    world = unproved
    broken, _ = world.register("hall"), world.register("hall")
    world.store.act(spoil, ref=broken.ref)
    world.outage(14)

    assert sweep(world.store, world.now) == 1
    assert sweep(world.store, world.now) == 0
    assert "approaching" in world.told("谭丽")
    assert world.incidents() == ["sweep-broken"]
