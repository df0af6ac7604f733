"""The rule book as tables of cases: numbers and codes, what is needed, who may, and what a decision names."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.world import definition_text
from workflow import rules
from workflow.clock import Limit, Unit
from workflow.definition import FactType, Kind, Register
from workflow.loader import load
from workflow.machine import Compiled
from workflow.people import DelegationView, Directory, OrganisationView, PersonView, PostView
from workflow.rules import Case
from workflow.state import Act, Paper, ProjectState, ReplyData, StageState

TODAY = date(2026, 9, 1)
NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
TANLI, YANGFAN, LUOXIUYING, LIUCHANG, GUMING = 1, 2, 3, 4, 5
DIRECTORY = Directory(
    {key: PersonView(key, name, f"S{key}", "", active=True) for key, name in
     {TANLI: "谭丽", YANGFAN: "杨帆", LUOXIUYING: "罗秀英", LIUCHANG: "刘畅", GUMING: "顾明"}.items()},
    {1: OrganisationView(1, 0, "县民政局", "/1/"), 2: OrganisationView(2, 1, "规划财务股", "/1/2/")},
    (PostView(TANLI, 2, "clerk", ""), PostView(YANGFAN, 2, "section_chief", ""), PostView(LUOXIUYING, 1, "deputy_director", ""),
     PostView(GUMING, 1, "administrator", "")),
    (DelegationView(TANLI, LIUCHANG, TODAY, TODAY),),
)  # fmt: skip


def compiled(name: str) -> Compiled:
    """A project type of the stories."""
    found = load(definition_text(name), f"{name}.yaml").definition
    assert found is not None
    return Compiled(found)


GARDEN, HALL = compiled("garden"), compiled("hall")
PREPARING = StageState("preparing", 1, holders=(TANLI,))


def case(definition: Compiled, actor: int = TANLI, day: date = TODAY, **state: Any) -> Case:
    """A project of 谭丽 in 规划财务股."""
    given = {"state": "planning", **state}
    project = ProjectState(definition.definition.type, 1, "d", "项目", 2, TANLI, **given)
    return Case(project, definition, DIRECTORY, actor, day)


def paper(**details: Any) -> Paper:
    """A paper that 谭丽 handed in."""
    return Paper(**{"version": 1, "by": TANLI, "at": NOW, "sha256": "a", "authors": (TANLI,), **details})


def codes(reasons: list[Any]) -> list[str]:
    """The codes of reasons."""
    return [each.code for each in reasons]


# Numbers and codes

GOOD_NUMBERS = ["澴发改审〔2026〕15号", "国办发〔2026〕1号", "云民（殡）函〔2024〕118号"]
BAD_NUMBERS = ["澴发改审[2026]15号", "澴发改审(2026)15号", "澴发改审〔2026〕015号", "澴发改审〔2026〕第15号", "澴发改审〔26〕15号",
               "〔2026〕15号", "澴发改审〔2026〕15", "澴 发改审〔2026〕15号", "澴发改审〔2026〕15号 ", "澴发改审〔2026〕15号\n", "澴发改审〔2026〕0号", ""]  # fmt: skip


@pytest.mark.parametrize("number", GOOD_NUMBERS)
def test_a_well_formed_number_is_recognised(number: str) -> None:
    assert rules.NUMBER.fullmatch(number)


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_a_malformed_number_is_noticed(number: str) -> None:
    assert not rules.NUMBER.fullmatch(number)


REAL_CODES = ["2411-441900-04-01-542884", "2205-532323-04-01-892132", "2111-522323-04-01-342068", "2207-330523-04-01-662064",
              "2211-441900-04-02-310151", "2411-130202-89-01-637015", "2502-140109-89-01-287745", "2509-140602-89-05-864976",
              "2603-141124-89-05-346948"]  # fmt: skip


@pytest.mark.parametrize("code", REAL_CODES)
def test_the_check_digit_of_real_codes_holds_and_of_no_neighbour(code: str) -> None:
    """MOD 11-10: of ten last digits exactly one is right."""
    right = [digit for digit in "0123456789" if not rules.check_code(code[:-1] + digit)]
    assert right == [code[-1]]


@given(st.sampled_from(REAL_CODES), st.integers(0, 23), st.integers(1, 9))
def test_a_single_misread_digit_is_always_found(code: str, place: int, shift: int) -> None:
    """One wrong digit anywhere never passes for codes of the current scheme."""
    if code[place] == "-":
        return
    wrong = f"{code[:place]}{(int(code[place]) + shift) % 10}{code[place + 1 :]}"
    if wrong[:4] < "2011":
        return
    assert rules.check_code(wrong)


@pytest.mark.parametrize("code", ["2205-532323-0401-892132", "2413-441900-04-01-542884", "2400-441900-04-01-542884", "24114419000401542884",
                                  "2411-441900-04-01-54288", "2411-441900-04-01-542884\n", "２４11-441900-04-01-542884"])  # fmt: skip
def test_a_code_of_another_form_is_malformed(code: str) -> None:
    assert codes(rules.check_code(code)) == ["code-malformed"]


def test_a_code_from_before_the_scheme_is_taken_as_it_is() -> None:
    assert rules.check_code("2009-441900-80-01-123456") == []


# Facts

KINDS: list[tuple[Kind, Any, Any]] = [
    (Kind.MONEY, "1,000.50", "1000.50"), (Kind.MONEY, "１", "1"), (Kind.MONEY, 12, "12"), (Kind.DECIMAL, "0.4600", "0.4600"),
    (Kind.INTEGER, "007", 7), (Kind.INTEGER, 7, 7), (Kind.DATE, "2026-09-01", "2026-09-01"), (Kind.DATE, TODAY, "2026-09-01"),
    (Kind.BOOL, "是", True), (Kind.BOOL, "False", False), (Kind.BOOL, True, True), (Kind.CHOICE, "新建", "新建"), (Kind.TEXT, " 柳 ", "柳"),
    (Kind.TEXT, "", None), (Kind.MONEY, None, None),
]  # fmt: skip
WRONG: list[tuple[Kind, Any]] = [
    (Kind.MONEY, "1.005"), (Kind.MONEY, "-1"), (Kind.MONEY, "NaN"), (Kind.MONEY, "Infinity"), (Kind.MONEY, "1e15"), (Kind.MONEY, "十"),
    (Kind.INTEGER, "1.0"), (Kind.INTEGER, True), (Kind.INTEGER, "-3"), (Kind.INTEGER, "9" * 30), (Kind.DATE, "2026-02-30"), (Kind.DATE, "昨天"),
    (Kind.BOOL, "maybe"), (Kind.BOOL, 2), (Kind.CHOICE, "拆除"), (Kind.TEXT, "长" * 501), (Kind.TEXT, "a\x00b"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "raw", "stored"), KINDS)
def test_a_value_is_read_as_its_kind_and_stored_in_one_spelling(kind: Kind, raw: Any, stored: Any) -> None:
    fact = FactType("x", "事实", kind, options=("新建", "扩建"))
    values, reasons = rules.read_facts({"x": fact}, {"x": raw})
    assert (values, reasons) == ({"x": stored}, [])


@pytest.mark.parametrize(("kind", "raw"), WRONG)
def test_a_value_of_another_kind_is_refused_with_the_reason(kind: Kind, raw: Any) -> None:
    fact = FactType("x", "事实", kind, options=("新建", "扩建"))
    values, reasons = rules.read_facts({"x": fact}, {"x": raw})
    assert (values, codes(reasons)) == ({}, ["fact-invalid"])


@given(
    st.sampled_from(list(Kind)),
    st.text(max_size=12) | st.integers() | st.booleans() | st.floats() | st.dates() | st.none(),
)
def test_whatever_is_typed_is_read_or_refused_never_an_accident(kind: Kind, raw: Any) -> None:
    """And what is stored reads back as itself."""
    fact = FactType("x", "事实", kind, options=("新建",))
    values, reasons = rules.read_facts({"x": fact}, {"x": raw})
    assert bool(values) is not bool(reasons)
    if values:
        assert rules.read_facts({"x": fact}, values) == (values, [])


# Needs


def test_a_requirement_is_satisfied_missing_expired_or_unknown() -> None:
    stage = GARDEN.definition.stages["design"]
    documents = {
        "study_reply": paper(),
        "combined_opinion": paper(valid_until=date(2026, 8, 31)),
        "village_consent": paper(),
    }
    found = {each.key: each for each in rules.needs_of(case(GARDEN, documents=documents), stage)}

    assert found["study_reply"].satisfied_by == "study_reply"
    assert found["precheck"].problem == "expired"
    assert found["forest_consent|village_consent"].satisfied_by == "village_consent"
    assert (found["farmland_plan"].problem, found["farmland_plan"].unknown) == (
        "unknown",
        frozenset({"farmland"}),
    )
    assert (found["environment"].problem, found["environment"].blocks) == ("missing", True)


def test_a_reply_is_valid_on_its_last_day() -> None:
    stage = GARDEN.definition.stages["design"]
    for until, problem in ((TODAY, ""), (date(2026, 8, 31), "expired")):
        documents = {"precheck": paper(valid_until=until)}
        found = {each.key: each for each in rules.needs_of(case(GARDEN, documents=documents), stage)}
        assert found["precheck"].problem == problem


def test_an_expired_paper_gives_way_to_one_that_stands_for_it() -> None:
    stage = GARDEN.definition.stages["design"]
    documents = {"precheck": paper(valid_until=date(2026, 8, 31)), "combined_opinion": paper()}
    found = {each.key: each for each in rules.needs_of(case(GARDEN, documents=documents), stage)}

    assert found["precheck"].satisfied_by == "combined_opinion"


@pytest.mark.parametrize(
    ("forest", "consents", "satisfied"),
    [("waiting", (), ""), ("not_applicable", (), ""), ("not_applicable", ("village_consent",), "village_consent"),
     ("waiting", ("forest_consent",), "forest_consent"), ("not_applicable", ("forest_consent",), "")],
    ids=["nothing yet", "left out, nothing yet", "left out, the other there", "one there", "left out although there"],
)  # fmt: skip
def test_an_option_whose_stage_does_not_apply_never_satisfies(
    forest: str, consents: tuple[str, ...], satisfied: str
) -> None:
    project = case(
        GARDEN, stages={"forest": StageState(forest)}, documents={key: paper() for key in consents}
    )
    needs = rules.needs_of(project, GARDEN.definition.stages["design"])
    choice = next(each for each in needs if len(each.requirement.any_of) == 2)

    assert choice.satisfied_by == satisfied


def test_a_requirement_none_of_whose_options_applies_is_dropped() -> None:
    project = case(GARDEN, stages={"forest": StageState("not_applicable")})
    assert rules.needs_of(project, GARDEN.definition.stages["notice"]) == ()


@given(
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4),
    st.text(max_size=5),
    st.text(max_size=5),
)
def test_a_decision_names_exactly_these_papers(papers: dict[str, str], key: str, content: str) -> None:
    """The order of papers does not matter; any other paper or content gives another token."""
    token = rules.content_token(papers)
    assert token == rules.content_token(dict(reversed(papers.items())))
    if papers.get(key) != content and "\n" not in key + content and "=" not in key:
        assert rules.content_token({**papers, key: content}) != token


# Who may


def test_every_reason_is_said_at_once() -> None:
    """A grey button explains itself completely."""
    reasons = rules.may_submit(case(HALL, actor=YANGFAN, state="planning_suspended"), "budget")
    assert codes(reasons) == [
        "project-not-running",
        "illegal-move",
        "not-the-clerk",
        "reply-missing",
        "document-missing",
    ]
    assert all(each.remedy for each in reasons)


@pytest.mark.parametrize(
    ("actor", "said"),
    [(TANLI, "请补齐。"), (LIUCHANG, "请补齐。"), (YANGFAN, "请经办人补齐。")],
    ids=["the clerk", "who acts for the clerk", "the chief"],
)
def test_what_is_the_clerks_to_do_is_said_to_whoever_reads(actor: int, said: str) -> None:
    lacking = rules.missing(case(HALL, actor=actor), HALL.definition.stages["approval"])

    assert lacking[0].remedy == said


@pytest.mark.parametrize(
    ("actor", "day", "found"),
    [(TANLI, TODAY, 0), (LIUCHANG, TODAY, TANLI), (LIUCHANG, date(2026, 9, 2), None), (YANGFAN, TODAY, None)],
    ids=["in person", "as delegate", "delegation over", "a stranger to it"],
)
def test_somebody_acts_in_person_as_delegate_or_not_at_all(actor: int, day: date, found: int | None) -> None:
    assert rules.capacity(case(HALL, actor=actor, day=day), (TANLI,)) == found


@pytest.mark.parametrize(
    ("acts", "authors", "refused"),
    [((), (TANLI,), []), ((Act("submit", YANGFAN, NOW),), (TANLI,), ["own-submission"]), ((), (TANLI, YANGFAN), ["own-submission"]),
     ((Act("review", LIUCHANG, NOW, YANGFAN),), (TANLI,), ["own-submission"])],
    ids=["clean hands", "submitted it", "wrote a version", "somebody acted for him"],
)  # fmt: skip
def test_whose_hands_were_in_it_does_not_decide(
    acts: tuple[Act, ...], authors: tuple[int, ...], refused: list[str]
) -> None:
    stage = StageState("review", 1, holders=(YANGFAN,), acts=acts, papers={"proposal": "a"})
    found = case(HALL, YANGFAN, stages={"approval": stage}, documents={"proposal": paper(authors=authors)})

    assert codes(rules.is_decider(found, "approval", YANGFAN)) == refused


def test_a_delegate_does_not_decide_for_one_whose_hands_were_in_it() -> None:
    """刘畅 has clean hands, but she would decide in the name of 谭丽, who submitted."""
    stage = StageState("review", 1, holders=(TANLI,), acts=(Act("submit", TANLI, NOW),))
    found = case(HALL, LIUCHANG, stages={"approval": stage})

    assert codes(rules.is_decider(found, "approval", LIUCHANG)) == ["own-submission"]


def test_the_issuer_of_a_reply_may_decide_on_what_rests_on_it() -> None:
    """Authors are of papers, not of approvals: who signed 立项批复 may review the budget that needs it."""
    stage = StageState("review", 1, holders=(YANGFAN,), papers={"approval_reply": "a"})
    found = case(
        HALL, YANGFAN, stages={"budget": stage}, documents={"approval_reply": paper(authors=(YANGFAN,))}
    )

    assert rules.is_decider(found, "budget", YANGFAN) == []


@pytest.mark.parametrize(
    ("actor", "posts", "may"),
    [(LUOXIUYING, rules.CHIEFS, True), (YANGFAN, rules.CHIEFS, False), (YANGFAN, rules.SUPERVISORS, True), (GUMING, rules.SUPERVISORS, False),
     (TANLI, rules.SUPERVISORS, False)],
    ids=["a deputy leads", "a section chief does not", "but supervises", "an administrator neither", "nor the clerk"],
)  # fmt: skip
def test_leading_takes_a_post_over_the_project(actor: int, posts: tuple[str, ...], may: bool) -> None:
    assert (rules.may_lead(case(HALL, actor), posts) == []) is may


# Replies and words


def test_a_reply_that_lasts_counts_from_its_issue() -> None:
    kind = compiled("home").definition.documents["proposal_reply"]
    reply = ReplyData("proposal_reply", date(2024, 2, 29))
    assert rules.valid_until(kind, reply) == date(2026, 2, 28)
    assert rules.valid_until(kind, replace(reply, valid_until=TODAY)) == TODAY
    assert rules.valid_until(HALL.definition.documents["approval_reply"], reply) is None
    assert kind.valid == Limit(2, Unit.YEARS)


@pytest.mark.parametrize(
    ("text", "required", "code"),
    [("", True, "text-required"), (" \n", True, "text-required"), ("", False, ""), ("x" * 2000, True, ""), ("x" * 2001, True, "text-too-long"),
     ("a\x1b[31m", False, "text-control-characters"), ("一行\r\n二行\t", True, "")],
)  # fmt: skip
def test_a_text_has_a_measure(text: str, required: bool, code: str) -> None:
    assert codes(rules.check_text(text, "reason", "理由", required=required)) == ([code] if code else [])


def test_states_have_chinese_names() -> None:
    stage = compiled("home").definition.stages["proposal"]
    words = [rules.state_words(stage, state) for state in ("waiting", "review", "external.filed", "issued")]
    assert words == ["等待前置", "科室审核中", "发改部门审批·已报送", "已批复"]
    assert HALL.definition.documents["minutes"].register_only is Register.ALLOWED


def test_a_consumed_reply_is_one_whose_users_have_passed() -> None:
    home = compiled("home").definition
    for states, consumed in (
        (("issued",), True),
        (("not_applicable",), True),
        (("preparing",), False),
        ((), False),
    ):
        stages = dict.fromkeys(["land"], StageState(states[0])) if states else {}
        state = ProjectState("home", 1, "d", "项目", 2, TANLI, state="active", stages=stages)
        assert rules.is_consumed(home, state, "proposal_reply") is consumed
    assert rules.is_consumed(home, state, "land_reply") is False
    assert PREPARING.is_open
