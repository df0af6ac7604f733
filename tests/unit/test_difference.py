"""What a project type rules, in words, and what changed from one version to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.definition import Definition
from workflow.difference import difference
from workflow.loader import load
from workflow.rulebook import fact_rules, stage_rules

LIBRARY = Path(__file__).parents[2] / "definitions"
TYPES = sorted(path.stem for path in LIBRARY.glob("*.yaml"))
COLUMBARIUM = (LIBRARY / "columbarium.yaml").read_text(encoding="utf-8")


def read(text: str) -> Definition:
    found = load(text, "columbarium.yaml")
    assert found.definition is not None, found.findings
    return found.definition


def changes(old: str, new: str) -> list[str]:
    """Every difference as one sentence."""
    assert old != new
    said = []
    for section in difference(read(old), read(new)):
        said += [f"{section.title}：{change.words}" for change in section.changes]
        said += [f"{section.title}：{section.mark}"] if not section.changes else []
    return said


@pytest.mark.parametrize("name", TYPES)
def test_no_version_differs_from_itself(name: str) -> None:
    text = (LIBRARY / f"{name}.yaml").read_text(encoding="utf-8")

    assert difference(read(text), read(text)) == ()


def test_another_way_of_writing_the_same_is_no_difference() -> None:
    """Remarks and order say nothing; nor does a limit that is written out and would be the same without."""
    rewritten = COLUMBARIUM.replace("\n  layout:\n", "\n  # 布局规划\n  layout:\n").replace(
        "version: 1", "version: 2"
    )
    rewritten = rewritten.replace("accept: {within: 5", "file: {within: 3 workdays}, accept: {within: 5")

    assert changes(COLUMBARIUM, rewritten) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "prepare: {within: 3 months}",
            "prepare: {within: 2 months}",
            ["谋划入库：准备期限：由“3个月内备齐材料”改为“2个月内备齐材料”"],
        ),
        (
            "    needs: [reserve_entry, plan_extract]\n    issues: [layout_opinion]",
            "    needs: [reserve_entry]\n    issues: [layout_opinion]",
            ["布局规划核对：所需材料“布局规划摘录”：取消（原必备）"],
        ),
        (
            "{document: planning_form, recommended: true}",
            "planning_form",
            ["谋划入库：所需材料“项目策划表”：由“推荐”改为“必备”"],
        ),
        (
            "  demand_study: {title: 需求测算,",
            "  demand_study: {title: 需求测算报告,",
            ["总体：材料“需求测算报告”：由“需求测算”改为“需求测算报告”"],
        ),
        (
            "title: 科室核对, by: section_chief, within: 2 workdays",
            "title: 科室核对, by: section_chief, within: 3 workdays",
            ["布局规划核对：时限“科室核对·办理时限”：由“2个工作日”改为“3个工作日”"],
        ),
        (
            "accept: {within: 5 workdays}, correct: {within: 15 workdays}, promised: 1 workday,",
            "file: {within: 1 workday}, accept: {within: 5 workdays}, correct: {within: 15 workdays}, promised: 1 workday,",
            ["项目赋码：时限“平台赋码·报送时限”：由“3个工作日”改为“1个工作日”"],
        ),
        (
            "valid: 2 years, renew: 3 months before,\n                      used_by",
            "valid: 1 year, renew: 3 months before,\n                      used_by",
            [
                "可研审批：办结取得“可研批复”："
                "由“有效期2年，期满前3个月申请延续，办完初步设计及概算前须有效，"
                "依据批复载明；逾期前三个月内申请延期，办妥下一事项的继续有效”改为"
                "“有效期1年，期满前3个月申请延续，办完初步设计及概算前须有效，"
                "依据批复载明；逾期前三个月内申请延期，办妥下一事项的继续有效”"
            ],
        ),
    ],
    ids=["a limit", "a paper less", "a paper now demanded", "a paper renamed", "a step's limit", "how soon it is filed", "a validity"],
)  # fmt: skip
def test_a_change_is_said_in_one_sentence(old: str, new: str, said: list[str]) -> None:
    changed = COLUMBARIUM.replace(old, new, 1)

    assert changes(COLUMBARIUM, changed) == said


def test_a_stage_more_says_what_it_rules_and_a_stage_less_that_it_is_gone() -> None:
    extra = (
        "stages:\n  hearing:\n    title: 公众听证\n    phase: 策划生成\n    needs: [demand_study]\n"
        "    steps:\n      - review: {title: 科室审核, by: section_chief, within: 2 workdays}\n"
    )
    more = COLUMBARIUM.replace("stages:\n", extra, 1)

    assert "公众听证：所需材料“需求测算”：增加（必备）" in changes(COLUMBARIUM, more)
    assert "公众听证：时限“科室审核·办理时限”：增加（2个工作日）" in changes(COLUMBARIUM, more)
    assert changes(more, COLUMBARIUM) == ["公众听证：removed"]


@pytest.mark.parametrize("name", TYPES)
def test_every_stage_paper_limit_and_fact_is_ruled_in_words(name: str) -> None:
    definition = read((LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"))

    rules = {stage.key: stage for stage in stage_rules(definition)}
    assert set(rules) == set(definition.stages)
    for stage in definition.stages.values():
        stated = rules[stage.key]
        assert len(stated.of("need")) == len(stage.needs)
        assert [each.key for each in stated.of("issue")] == list(stage.issues)
        assert {each.key for each in stated.of("after")} == set(definition.predecessors[stage.key])
        assert [each.key for each in stated.of("step")] == [step.key for step in stage.steps]
    assert [fact.title for fact in fact_rules(definition)] == [
        fact.title for fact in definition.facts.values()
    ]
