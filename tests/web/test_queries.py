"""Every question gives the same answer on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy import event as engine_events

from tests.world import World, refused
from workflow import queries
from workflow.clock import local_day
from workflow.errors import Forbidden
from workflow.queries import AuditFilter, Filters
from workflow.queries.portfolio import LIGHT_FILTERS


def test_each_database_answers_every_question_of_the_desk(world: World) -> None:
    ref = world.register("hall").ref
    day, ask = local_day(world.now), world.store.read
    clerk = world.people["谭丽"]

    work = ask(queries.worklist, person=clerk, day=day)
    view = ask(queries.project, ref=ref, person=clerk, day=day)
    told = ask(queries.timeline, ref=ref, person=clerk, day=day)
    older = ask(queries.timeline, ref=ref, person=clerk, day=day, before=2)
    chosen = ask(queries.choices, person=clerk, day=day)

    assert work.mine
    assert {item.ref for item in work.mine} == {ref}
    assert [ball.who for ball in view.balls] == ["谭丽"] * len(view.balls)
    assert told.items[-1].text.startswith("谭丽登记了项目")
    assert [each.seq for each in older.items] == [1]
    assert ask(queries.notices, person=clerk, day=day).items
    assert ask(queries.incidents, person=clerk, day=day).count == 0
    assert ask(queries.audit_head).administration.seq > 0
    assert {each.value for each in chosen.types} >= {"hall"}
    for stage in view.stages:
        assert ask(queries.stage_file, ref=ref, stage=stage.key, person=clerk, day=day).stage == stage


def test_each_database_filters_and_pages_alike(world: World) -> None:
    refs = [world.register("hall").ref for _ in range(3)]
    day, clerk = local_day(world.now), world.people["谭丽"]

    def listed(filters: Filters | None = None, before: int = 0) -> list[str]:
        found = world.store.read(queries.projects, person=clerk, day=day, filters=filters, before=before)
        return [item.ref for item in found.items]

    page = world.store.read(queries.projects, person=clerk, day=day)
    title = page.items[0].title

    assert listed() == refs[::-1]
    assert listed(before=page.items[0].position) == refs[1::-1]
    assert listed(Filters(text=title)) == refs[2:]
    assert listed(Filters(text="%")) == []
    assert listed(Filters(type="hall", clerk=clerk)) == refs[::-1]
    assert listed(Filters(state="archived")) == []
    for light in LIGHT_FILTERS:
        assert listed(Filters(light=light)) == []
    by_due = world.store.read(queries.projects, person=clerk, day=day, sort="due")
    assert [item.ref for item in by_due.items] == refs[::-1]
    found = world.store.read(queries.facets, person=clerk, day=day, filters=Filters(text=title))
    assert (found.total, found.types[0].count, found.phases[0].count) == (1, 1, 1)


def test_what_is_known_not_to_apply_says_so_before_its_turn_and_takes_it_back(world: World) -> None:
    garden = world.register("garden", facts={"forest": "0"})

    def words() -> str:
        view = world.store.read(
            queries.project, ref=garden.ref, person=world.people["谭丽"], day=local_day(world.now)
        )
        return next(stage.state_words for stage in view.stages if stage.key == "forest")

    told = [words()]
    for forest in ("0.3", ""):
        garden.facts(forest=forest)
        told.append(words())

    assert garden.at("forest") == "waiting"
    assert told == ["预计不适用", "等待前置", "等待前置"]


@pytest.mark.parametrize(
    ("asked", "index"),
    [("person", "event_by"), ("period", "event_at"), ("both", "event_by"), ("nothing", "event_at")],
)
def test_each_database_finds_the_record_of_a_person_or_a_period_by_its_index(
    world: World, asked: str, index: str
) -> None:
    world.register("hall")
    day, clerk, overseer = local_day(world.now), world.people["谭丽"], world.people["蒋慧"]
    filters = AuditFilter(
        person=clerk if asked in {"person", "both"} else 0,
        since=day if asked in {"period", "both"} else None,
        until=day if asked in {"period", "both"} else None,
    )
    asked_for: list[tuple[str, object]] = []

    def listen(*event: Any) -> None:
        if "ORDER BY event.at" in event[2]:
            asked_for.append((event[2], event[3]))

    engine_events.listen(world.store.engine, "before_cursor_execute", listen)
    found = world.store.read(queries.audit_entries, person=overseer, day=day, filters=filters)
    engine_events.remove(world.store.engine, "before_cursor_execute", listen)

    assert found.items[0].text
    assert {each.who for each in found.items} == {"谭丽"} if filters.person else True
    plan = world.store.read(_plan, statement=asked_for[0][0], parameters=asked_for[0][1])
    assert index in plan
    assert "B-TREE" not in plan


def _plan(connection: Connection, *, statement: str, parameters: Any) -> str:
    if connection.dialect.name == "sqlite":
        return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all())
    for way in ("seqscan", "bitmapscan", "sort"):  # a table this small is read whole otherwise
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    return str(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all())


def test_each_database_narrows_the_record_alike(world: World) -> None:
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    day, overseer = local_day(world.now), world.people["蒋慧"]

    def told(**narrow: Any) -> list[str]:
        page = world.store.read(
            queries.audit_entries, person=overseer, day=day, filters=AuditFilter(**narrow)
        )
        return [each.text for each in page.items]

    assert told(project=hall.ref) == [each for each in told() if each in told(project=hall.ref)]
    assert all("报送" in each or "启动" in each or "具备条件" in each for each in told(kind="moves"))
    assert told(text="%") == told(text="报_") == []
    assert told(project="没有这个项目") == []
    assert any("发布了项目类型“" in each for each in told(kind="settings"))
    with refused("not-an-auditor", kind=Forbidden):
        world.store.read(queries.audit_entries, person=world.people["谭丽"], day=day, filters=AuditFilter())
    exported = world.store.read(
        queries.audit_export, person=overseer, day=day, filters=AuditFilter(project=hall.ref)
    )
    assert [each.text for each in exported] == told(project=hall.ref)[::-1]
