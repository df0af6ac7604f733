"""The shipped project types hold: each loads without a finding, can be walked to its end, and keeps
the orders and the limits that Chinese law and the founding texts give.

Sources: domain.md section 2 (catalogue and types) and section 9 (corrections from practice).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.conditions import Value, evaluate
from workflow.definition import Definition, FactType, Kind, Requirement, Stage, Step, StepKind
from workflow.loader import load

LIBRARY = Path(__file__).resolve().parents[2] / "definitions"
FUNERAL = ("funeral-home", "columbarium", "cemetery")
NEW_BUILDINGS = (*FUNERAL, "welfare-complex")
CARE = ("welfare-complex", "centre-conversion")
TYPES = (*NEW_BUILDINGS, "centre-conversion")


@cache
def library(project_type: str) -> Definition:
    """The shipped definition of that type."""
    path = LIBRARY / f"{project_type}.yaml"
    loaded = load(path.read_text(encoding="utf-8"), path.name)
    assert loaded.definition is not None, [str(each) for each in loaded.findings]
    return loaded.definition


def comes_before(project_type: str, earlier: str, later: str) -> bool:
    """Whether `later` can never begin before `earlier` is done with."""
    return earlier in library(project_type).ancestors(later)


def need(project_type: str, stage: str, document: str) -> Requirement:
    """The requirement of that stage that names the document."""
    return next(each for each in library(project_type).stages[stage].needs if document in each.any_of)


def when(requirement: Requirement) -> str:
    """The text of the requirement's condition; empty if it always applies."""
    return requirement.when.text if requirement.when else ""


def external_steps() -> list[tuple[str, str, Step]]:
    """Every external step of the library, with its type and stage."""
    return [
        (project_type, stage.key, step)
        for project_type in TYPES
        for stage in library(project_type).stages.values()
        for step in stage.steps
        if step.kind is StepKind.EXTERNAL
    ]


# The files themselves


def test_every_definition_of_the_library_is_known_to_these_tests() -> None:
    assert {path.stem for path in LIBRARY.glob("*.yaml")} == set(TYPES)


@pytest.mark.parametrize("project_type", TYPES)
def test_it_loads_without_a_finding(project_type: str) -> None:
    path = LIBRARY / f"{project_type}.yaml"
    assert [str(each) for each in load(path.read_text(encoding="utf-8"), path.name).findings] == []


@pytest.mark.parametrize("project_type", TYPES)
def test_the_type_is_the_name_of_the_file_at_version_one(project_type: str) -> None:
    definition = library(project_type)
    assert (definition.type, definition.version) == (project_type, 1)


@pytest.mark.parametrize("project_type", TYPES)
def test_it_has_the_five_phases_of_the_founding_text_and_uses_each(project_type: str) -> None:
    definition = library(project_type)
    assert definition.phases == ("策划生成", "规划立项", "施工许可", "质量管控", "竣工投用")
    assert {stage.phase for stage in definition.stages.values()} == set(definition.phases)


@pytest.mark.parametrize("project_type", TYPES)
def test_every_stage_is_reached_from_the_planning_stage(project_type: str) -> None:
    definition = library(project_type)
    assert [key for key in definition.stages if not definition.ancestors(key)] == ["planning"]
    assert all("planning" in definition.ancestors(key) for key in definition.stages if key != "planning")


@pytest.mark.parametrize("project_type", TYPES)
def test_one_last_stage_has_every_other_behind_it_so_that_taking_it_over_closes_the_file(
    project_type: str,
) -> None:
    definition = library(project_type)
    befores = {before for each in definition.predecessors.values() for before in each}
    (last,) = set(definition.stages) - befores
    assert definition.ancestors(last) == set(definition.stages) - {last}
    assert definition.stages[last].issues


@pytest.mark.parametrize("project_type", TYPES)
def test_titles_fit_into_the_boxes_of_the_graph_and_name_one_thing(project_type: str) -> None:
    definition = library(project_type)
    stages = [stage.title for stage in definition.stages.values()]
    papers = [paper.title for paper in definition.documents.values()]
    assert max(map(len, stages)) <= 14
    assert len(set(stages)) == len(stages)
    assert len(set(papers)) == len(papers)


@pytest.mark.parametrize("project_type", TYPES)
def test_the_applying_bureau_signs_before_anything_goes_outside(project_type: str) -> None:
    for stage in library(project_type).stages.values():
        kinds = [step.kind for step in stage.steps]
        assert kinds[0] is StepKind.REVIEW
        assert stage.steps[0].by == "section_chief"
        assert StepKind.SIGN in kinds or stage.key == "project_code"


@pytest.mark.parametrize("project_type", TYPES)
def test_every_reply_from_outside_carries_a_number(project_type: str) -> None:
    definition = library(project_type)
    for stage in definition.stages.values():
        if any(step.kind is StepKind.EXTERNAL for step in stage.steps):
            assert all(definition.documents[reply].number for reply in stage.issues)


@pytest.mark.parametrize("project_type", TYPES)
def test_what_is_not_public_stays_out(project_type: str) -> None:
    """国办发〔2023〕47号 is not public: it may not stand in a definition."""
    text = (LIBRARY / f"{project_type}.yaml").read_text(encoding="utf-8")
    assert "47号" not in text
    assert "秘密" not in text


# The limits


def test_every_external_step_has_both_limits_with_their_basis() -> None:
    """行政许可法第42条 and the special laws: promised and statutory are both kept, each with its basis."""
    bare = [
        (project_type, stage, step.key)
        for project_type, stage, step in external_steps()
        if not (
            step.promised and step.statutory and step.basis and step.accept and step.correct and step.body
        )
    ]
    assert bare == []


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
@pytest.mark.parametrize("stage", ["proposal", "feasibility", "preliminary_design"])
def test_approvals_between_offices_cite_the_licensing_law_by_analogy(project_type: str, stage: str) -> None:
    """行政许可法 does not govern 项目建议书、可研、初步设计: the basis says 参照."""
    definition = library(project_type)
    assert definition.stages[stage].nature == "其他权力"
    assert definition.stages[stage].step("external").basis.startswith("参照")


def test_publicity_never_lacks_its_minimum_and_basis() -> None:
    """招标投标法第24条 20日、城乡规划法第26条 30日、土地管理法第47条 30日 and their like."""
    for project_type in TYPES:
        for stage in library(project_type).stages.values():
            for step in stage.steps:
                if step.kind is StepKind.PUBLICITY:
                    assert step.minimum
                    assert step.basis


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
@pytest.mark.parametrize(
    ("document", "valid", "renew"),
    [
        ("site_opinion", (3, "years"), None),
        ("feasibility_reply", (2, "years"), (3, "months")),
        ("forest_consent", (2, "years"), (3, "months")),
        ("eia_reply", (5, "years"), None),
        ("energy_reply", (2, "years"), None),
        ("water_reply", (3, "years"), None),
        ("construction_permit", (3, "months"), (1, "months")),
    ],
)
def test_approvals_expire_as_their_rules_say(
    project_type: str, document: str, valid: tuple[int, str], renew: tuple[int, str] | None
) -> None:
    """自然资规〔2019〕2号 3年；可研批复 2年；林地 2年；环评法24 5年；节能 2年；水保 3年；施工许可 3个月."""
    paper = library(project_type).documents[document]
    assert paper.valid is not None
    assert (paper.valid.amount, paper.valid.unit.value) == valid
    assert (paper.renew and (paper.renew.amount, paper.renew.unit.value)) == renew
    assert paper.basis
    assert paper.used_by


# The hard orders, one by one


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
def test_proposal_before_feasibility_before_preliminary_design(project_type: str) -> None:
    """政府投资条例第9条: 项目建议书、可行性研究报告、初步设计 are approved one after the other."""
    assert comes_before(project_type, "proposal", "feasibility")
    assert comes_before(project_type, "feasibility", "preliminary_design")


@pytest.mark.parametrize("project_type", TYPES)
def test_code_before_any_approval_of_the_investment(project_type: str) -> None:
    """政府投资条例第10条: without a project code no office accepts the file."""
    first = "budget_review" if project_type == "centre-conversion" else "proposal"
    assert comes_before(project_type, "project_code", first)


@pytest.mark.parametrize("project_type", TYPES)
def test_party_committee_decides_before_money_and_approval(project_type: str) -> None:
    """三重一大集体决策制度: the minutes of the 局党组会 are the basis of all that follows."""
    first = "budget_review" if project_type == "centre-conversion" else "proposal"
    assert comes_before(project_type, "party_meeting", "funding")
    assert comes_before(project_type, "party_meeting", first)
    assert library(project_type).documents["party_minutes"].register_only == "allowed"


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
def test_stability_assessment_before_feasibility(project_type: str) -> None:
    """政府投资条例第11条: risk assessment precedes the decision on the feasibility study."""
    assert comes_before(project_type, "stability", "feasibility")


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
def test_feasibility_before_forest_before_land(project_type: str) -> None:
    """建设项目使用林地审核审批管理办法（令35/42）、林资规〔2021〕5号: 可研 → 使用林地 → 用地批复."""
    assert comes_before(project_type, "feasibility", "forest")
    assert comes_before(project_type, "forest", "land_approval")
    assert need(project_type, "forest", "feasibility_reply").soft is False
    assert need(project_type, "land_approval", "forest_consent").soft is False


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
def test_negotiation_with_the_owners_before_the_approval_of_requisition(project_type: str) -> None:
    """土地管理法第47条: notice, survey, compensation plan and agreements precede the application."""
    assert comes_before(project_type, "requisition", "land_approval")
    steps = [step for step in library(project_type).stages["requisition"].steps if step.minimum]
    assert [(step.minimum.amount, step.minimum.unit.value) for step in steps if step.minimum] == [
        (10, "workdays"),
        (30, "days"),
    ]


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
def test_land_before_planning_permit_before_building_permit(project_type: str) -> None:
    """城乡规划法第37条、第40条: land, 用地规划许可, then 建设工程规划许可."""
    assert comes_before(project_type, "land_approval", "land_permit")
    assert comes_before(project_type, "land_permit", "building_permit")


@pytest.mark.parametrize("project_type", TYPES)
def test_building_permit_before_construction_permit_before_start(project_type: str) -> None:
    """建筑法第7条、第8条: no start without 施工许可, and none of that without 规划许可."""
    assert comes_before(project_type, "building_permit", "construction_permit")
    assert comes_before(project_type, "construction_permit", "commencement")


@pytest.mark.parametrize("project_type", TYPES)
def test_fire_design_before_construction_permit(project_type: str) -> None:
    """消防法第11条、第12条: a special project without a passed 消防设计审查 gets no 施工许可."""
    assert comes_before(project_type, "fire_design", "construction_permit")
    assert need(project_type, "construction_permit", "fire_opinion").soft is False


@pytest.mark.parametrize("project_type", TYPES)
def test_environmental_approval_before_start(project_type: str) -> None:
    """环境影响评价法第25条: no start before the approval."""
    assert comes_before(project_type, "eia", "commencement")


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
def test_environmental_approval_is_no_condition_of_feasibility(project_type: str) -> None:
    """环境影响评价法 since 2016: it must precede the start, not the approval of the investment."""
    assert not comes_before(project_type, "eia", "feasibility")


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
def test_water_and_soil_plan_before_start(project_type: str) -> None:
    """水土保持法第26条: no start before the 水土保持方案 is approved."""
    assert comes_before(project_type, "water", "commencement")


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
def test_energy_review_before_feasibility_and_start(project_type: str) -> None:
    """固定资产投资项目节能审查办法（令2/2023）: government projects have it before the feasibility reply."""
    assert comes_before(project_type, "energy", "feasibility")
    assert comes_before(project_type, "energy", "commencement")


@pytest.mark.parametrize("project_type", TYPES)
def test_contract_before_construction_permit(project_type: str) -> None:
    """建筑法第8条: the builder is chosen, by 招标 or 采购, before the 施工许可."""
    assert comes_before(project_type, "tender", "construction_permit")
    assert comes_before(project_type, "purchase", "construction_permit")


@pytest.mark.parametrize("project_type", TYPES)
def test_fire_acceptance_or_filing_before_use(project_type: str) -> None:
    """消防法第13条: what has not passed 消防验收 may not be used."""
    assert comes_before(project_type, "completion", "fire_acceptance")
    assert comes_before(project_type, "fire_acceptance", "operation")
    assert comes_before(project_type, "fire_filing", "operation")
    assert need(project_type, "operation", "fire_acceptance_reply").soft is False
    assert need(project_type, "operation", "fire_filing_receipt").soft is False


@pytest.mark.parametrize("project_type", TYPES)
def test_completion_acceptance_before_use_and_accounts(project_type: str) -> None:
    """政府投资条例第25条、质量管理条例第16条: 竣工验收 first, then 决算 and use."""
    assert comes_before(project_type, "completion", "operation")
    assert comes_before(project_type, "completion", "final_accounts")


@pytest.mark.parametrize("project_type", TYPES)
def test_completion_is_filed_within_fifteen_days(project_type: str) -> None:
    """建设工程质量管理条例第49条: 竣工验收备案 within 15 days of acceptance."""
    filing = library(project_type).stages["completion_filing"].prepare
    assert filing is not None
    assert (filing.amount, filing.unit.value) == (15, "days")
    assert comes_before(project_type, "completion", "completion_filing")


@pytest.mark.parametrize("project_type", FUNERAL)
def test_funeral_facility_is_approved_on_its_site_and_before_start(project_type: str) -> None:
    """殡葬管理条例: approval rests on the opinion of planning and land; building without it is unlawful."""
    assert comes_before(project_type, "site_opinion", "funeral_approval")
    assert comes_before(project_type, "funeral_approval", "commencement")
    assert need(project_type, "commencement", "funeral_reply").soft is False


@pytest.mark.parametrize("project_type", FUNERAL)
def test_funeral_approval_owns_up_that_its_basis_changed(project_type: str) -> None:
    """The 殡葬管理条例 was replaced on 2026-03-30: the version is a fact and the basis 待核实."""
    stage = library(project_type).stages["funeral_approval"]
    assert "rule_version" in library(project_type).facts
    assert "待核实" in stage.help
    assert "待核实" in stage.basis


# Corrections from practice


@pytest.mark.parametrize("project_type", NEW_BUILDINGS)
def test_feasibility_may_pass_over_a_missing_site_opinion_with_reason(project_type: str) -> None:
    """Both orders exist (S0 tells 可研 before 选址; 寿县 2024): a soft gate, on the record."""
    requirement = need(project_type, "feasibility", "site_opinion")
    assert requirement.soft
    assert requirement.basis


@pytest.mark.parametrize("project_type", ["columbarium", "cemetery"])
def test_land_transfer_feeds_the_site_and_not_the_proposal(project_type: str) -> None:
    """划拨用地目录: 土地划转 settles whose land it is, for 选址 and 划拨."""
    assert comes_before(project_type, "land_transfer", "site_opinion")
    assert comes_before(project_type, "land_transfer", "land_permit")
    assert not comes_before(project_type, "land_transfer", "proposal")


def test_the_complex_keeps_the_founding_texts_own_word_for_its_land_filing() -> None:
    """S1 「待资规局土地报备完成后…申报项目建设资金」: after the forest consent, before the funds."""
    definition = library("welfare-complex")
    assert definition.stages["land_filing"].title == "土地报备"
    assert comes_before("welfare-complex", "forest", "land_filing")
    assert comes_before("welfare-complex", "feasibility", "land_filing")
    assert definition.predecessors["fund_application"] == ("land_filing", "feasibility")


@pytest.mark.parametrize("later", ["feasibility", "forest", "land_filing", "fund_application"])
def test_requisition_runs_beside_the_approvals_of_the_complex(later: str) -> None:
    """S1 「征地工作已经基本完成」 while the forest reply is there: it holds up only the land approval."""
    assert not comes_before("welfare-complex", "requisition", later)


def test_zoning_before_the_proposal_of_the_complex() -> None:
    """城乡规划法第26条 and S1: 规委会 → 30 days of notice → 控规批复 → 立项."""
    assert comes_before("welfare-complex", "planning_committee", "detailed_plan")
    assert comes_before("welfare-complex", "detailed_plan", "proposal")
    notice = library("welfare-complex").stages["detailed_plan"].step("publicity")
    assert notice.minimum is not None
    assert (notice.minimum.amount, notice.minimum.unit.value) == (30, "days")


def test_the_parts_of_the_complex_add_up_in_money_area_and_beds() -> None:
    totals = {each.total: each.parts for each in library("welfare-complex").sums}
    assert set(totals) == {"total_investment", "total_floor_area", "total_beds"}
    assert all(len(parts) == 3 for parts in totals.values())


@pytest.mark.parametrize("project_type", FUNERAL)
def test_costs_add_up_to_the_investment(project_type: str) -> None:
    """Real approvals: 工程费用+其他费用+预备费 is 总投资 to 0.01 万元."""
    parts = {each.total: each.parts for each in library(project_type).sums}["total_investment"]
    assert parts == ("building_cost", "other_cost", "reserve_cost")


def test_conversion_needs_neither_site_nor_forest_nor_requisition() -> None:
    """T4 uses a standing building: its key risks are ownership and fire."""
    stages = library("centre-conversion").stages
    assert not {"site_opinion", "forest", "requisition", "land_approval"} & set(stages)
    assert need("centre-conversion", "budget_review", "deed").any_of == ("deed", "lease")


# Thresholds


@pytest.mark.parametrize("project_type", CARE)
def test_homes_beyond_a_thousand_square_metres_have_their_fire_design_reviewed(project_type: str) -> None:
    """住建部令第51号第14条: 养老院、福利院 over 1000 ㎡ are special; the others file."""
    stages = library(project_type).stages
    area = "total_floor_area" if project_type == "welfare-complex" else "floor_area"
    assert str(stages["fire_design"].when) == f"{area} > 1000"
    assert str(stages["fire_acceptance"].when) == f"{area} > 1000"
    assert str(stages["fire_filing"].when) == f"{area} <= 1000"


@pytest.mark.parametrize("project_type", TYPES)
def test_contracts_from_four_million_yuan_are_tendered_and_smaller_ones_purchased(project_type: str) -> None:
    """必须招标的工程项目规定（令16）: 施工 400 万元; exactly one of the two ways applies."""
    stages = library(project_type).stages
    assert str(stages["tender"].when) == "construction_contract >= 400"
    assert str(stages["purchase"].when) == "construction_contract < 400"


@pytest.mark.parametrize("project_type", TYPES)
def test_works_up_to_300_000_yuan_or_300_square_metres_need_no_construction_permit(project_type: str) -> None:
    """建筑工程施工许可管理办法第2条: 30 万元以下或 300 ㎡以下 are exempt; both must be exceeded."""
    condition = str(library(project_type).stages["construction_permit"].when)
    assert "> 30 and" in condition
    assert condition.endswith("> 300")
    assert when(need(project_type, "commencement", "construction_permit")) == condition


@pytest.mark.parametrize("project_type", TYPES)
def test_a_reply_that_may_not_come_about_is_only_needed_when_it_does(project_type: str) -> None:
    """Nobody waits for the reply of a stage that does not apply: its condition implies the need's."""
    definition = library(project_type)
    for stage in definition.stages.values():
        for requirement in stage.needs:
            issuers = [
                definition.stages[definition.issuers[paper]]
                for paper in requirement.any_of
                if paper in definition.issuers
            ]
            alone = len(requirement.any_of) == 1 and not requirement.recommended
            if alone and issuers and issuers[0].when is not None and stage.when != issuers[0].when:
                assert requirement.when is not None, (stage.key, requirement.any_of)


# Whatever the facts are


AMOUNTS = (0, 25, 50, 200, 450, 800, 1500, 6000)


def answers(fact: FactType) -> st.SearchStrategy[Value]:
    """What a clerk may answer: both sides of every threshold."""
    if fact.kind is Kind.BOOL:
        return st.booleans()
    if fact.kind is Kind.CHOICE:
        return st.sampled_from(fact.options)
    return st.sampled_from([Decimal(amount) for amount in AMOUNTS])


@cache
def projects(project_type: str) -> st.SearchStrategy[dict[str, Value]]:
    """Projects of that type with every fact known, and an estimate and a budget on their replies."""
    definition = library(project_type)
    values = {key: answers(fact) for key, fact in definition.facts.items()}
    for paper in definition.documents.values():
        values.update({f"{paper.key}.{key}": answers(field) for key, field in paper.fields.items()})
    return st.fixed_dictionaries(values)


def walk(definition: Definition, values: Mapping[str, Value], withheld: str = "") -> set[str]:
    """The stages that come to pass when every paper is at hand, but one stage is never done."""
    passed: set[str] = set()
    not_applicable: set[str] = set()
    while True:
        ready = {
            stage.key
            for stage in definition.stages.values()
            if stage.key not in passed | {withheld}
            and all(order.stage in passed for order in stage.after)
            and not waits(definition, values, stage, passed, not_applicable)
        }
        if not ready:
            return passed
        passed |= ready
        for key in ready:
            condition = definition.stages[key].when
            if condition is not None and evaluate(condition, values) is False:
                not_applicable.add(key)


def waits(
    definition: Definition,
    values: Mapping[str, Value],
    stage: Stage,
    passed: set[str],
    not_applicable: set[str],
) -> bool:
    """Whether a reply that the stage must have is still to come; soft gates are passed over."""
    for requirement in stage.needs:
        if requirement.recommended or requirement.soft:
            continue
        if requirement.when is not None and evaluate(requirement.when, values) is False:
            continue
        issuers = [definition.issuers.get(paper, "") for paper in requirement.any_of]
        open_issuers = [issuer for issuer in issuers if issuer not in not_applicable]
        if open_issuers and not any(not issuer or issuer in passed for issuer in open_issuers):
            return True
    return False


@pytest.mark.parametrize("project_type", TYPES)
@settings(max_examples=40)
@given(data=st.data())
def test_whatever_the_facts_a_project_can_be_walked_to_its_end(
    project_type: str, data: st.DataObject
) -> None:
    definition = library(project_type)
    assert walk(definition, data.draw(projects(project_type))) == set(definition.stages)


@pytest.mark.parametrize("project_type", TYPES)
@pytest.mark.parametrize(
    ("withheld", "later"),
    [
        ("planning", "project_code"),
        ("party_meeting", "feasibility"),
        ("party_meeting", "budget_review"),
        ("project_code", "feasibility"),
        ("project_code", "budget_review"),
        ("feasibility", "preliminary_design"),
        ("preliminary_design", "commencement"),
        ("budget_review", "commencement"),
        ("commencement", "completion"),
        ("completion", "final_accounts"),
        ("completion", "operator"),
        ("completion", "operation"),
    ],
)
@settings(max_examples=15)
@given(data=st.data())
def test_whatever_the_facts_nothing_overtakes_what_must_come_first(
    project_type: str, withheld: str, later: str, data: st.DataObject
) -> None:
    """A stage that does not apply must not let what waits behind it slip past what came before it."""
    definition = library(project_type)
    if {withheld, later} <= set(definition.stages):
        assert later not in walk(definition, data.draw(projects(project_type)), withheld)
