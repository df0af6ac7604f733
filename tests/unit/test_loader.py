"""Definition files: what a good one becomes, and what every broken one is told, where and all at once.

In the tables below § marks the place where the finding must point; it is taken out before loading.
"""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.clock import Limit, Unit
from workflow.definition import Kind, Register, Requirement, Rung, StepKind
from workflow.loader import (
    DEFAULT_FILE,
    DEFAULT_LADDER,
    DEFAULT_OUTSIDE_LADDER,
    FINDINGS,
    WARNINGS,
    Finding,
    Loaded,
    load,
)

GOOD = """\
type: columbarium
version: 1
title: 公益性骨灰堂建设
basis: [政府投资条例（国务院令第712号）]
phases: [规划立项, 施工许可]
facts:
  total: {title: 总投资, kind: money, unit: 万元}
  building: {title: 工程费, kind: money, unit: 万元}
  other: {title: 其他费, kind: money, unit: 万元}
  forest: {title: 占用林地, kind: decimal, unit: 公顷}
  method: {title: 建设方式, kind: choice, options: [新建, 扩建]}
sums:
  - {total: total, parts: [building, other]}
documents:
  proposal: {title: 项目建议书, formats: [pdf, docx]}
  minutes: {title: 局党组会纪要, register_only: allowed}
  proposal_reply: {title: 项目建议书批复, number: required}
  site_selection: {title: 选址意见书}
  site_opinion: {title: 用地预审与选址意见书, valid: 3 years, stands_for: [site_selection]}
  study: {title: 可研报告}
  study_reply: {title: 可研批复, valid: 2 years, renew: 3 months before, used_by: [forest], fields: {estimate: {title: 估算, kind: money, unit: 万元}}}
  forest_report: {title: 使用林地可行性报告}
  forest_consent: {title: 使用林地审核同意书}
stages:
  proposal:
    title: 建议书审批
    phase: 规划立项
    prepare: {within: 15 workdays}
    needs: [proposal]
    issues: [proposal_reply]
    steps:
      - review: {title: 科室审核, by: section_chief, within: 2 workdays}
      - meeting: {title: 党组会审议, by: office, minutes: minutes, within: 10 workdays}
      - external: {title: 发改审批, body: 发展和改革局, accept: {within: 5 workdays}, promised: 5 workdays, statutory: 20 workdays}
  site:
    title: 选址意见
    phase: 规划立项
    issues: [site_opinion]
    steps:
      - publicity: {title: 公示, minimum: 7 days}
  study:
    title: 可研审批
    phase: 规划立项
    needs: [proposal_reply, {document: site_selection, soft: true}, {any_of: [study, proposal]}]
    issues: [study_reply]
    steps:
      - sign: {title: 审签, by: director, within: 1 workday}
  forest:
    title: 林地审核
    phase: 施工许可
    when: forest > 0 and study_reply.estimate > 100
    needs:
      - study_reply
      - {document: forest_report, when: method == "新建", recommended: true}
    issues: [forest_consent]
    after: [site, {stage: proposal, wait: 30 days}]
    steps:
      - external: {title: 林业审批, body: 林业局, by: section_chief, confirm: deputy_director, statutory: 20 workdays}
    ladder:
      - {at: -1 workday, tell: [holder]}
      - {at: due, tell: [holder, clerk]}
"""


def loaded_with(*changes: str) -> tuple[Loaded, tuple[int, int]]:
    """What becomes of the good file with passages changed (old, new, …), and the place marked by §."""
    text = GOOD
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert text.count(old) == 1, f"{old!r} must occur once in the good file"
        text = text.replace(old, new)
    before = text[: text.index("§")]
    place = before.count("\n") + 1, len(before) - before.rfind("\n")
    return load(text.replace("§", ""), "x.yaml"), place


# --- a good file ---------------------------------------------------------------------------------


def test_a_good_file_becomes_a_definition_without_a_finding() -> None:
    loaded = load(GOOD, "good.yaml")

    assert loaded.findings == loaded.errors == ()
    definition = loaded.definition
    assert definition is not None
    assert (definition.type, definition.version, definition.title) == ("columbarium", 1, "公益性骨灰堂建设")
    assert definition.predecessors == {
        "proposal": (),
        "site": (),
        "study": ("proposal", "site"),
        "forest": ("study", "site", "proposal"),
    }
    assert definition.digest == sha256(GOOD.encode()).hexdigest()
    assert load(GOOD.encode(), "good.yaml") == loaded


def test_facts_documents_and_stages_arrive_as_they_were_written() -> None:
    definition = load(GOOD, "good.yaml").definition
    assert definition is not None
    reply, forest = definition.documents["study_reply"], definition.stages["forest"]

    assert (reply.valid, reply.renew) == (Limit(2, Unit.YEARS), Limit(3, Unit.MONTHS))
    assert reply.fields["estimate"].kind is Kind.MONEY
    assert definition.documents["proposal"].formats == ("pdf", "docx")
    assert definition.documents["proposal_reply"].number
    assert definition.documents["minutes"].register_only is Register.ALLOWED
    assert str(forest.when) == "forest > 0 and study_reply.estimate > 100"
    assert forest.needs[0] == Requirement(("study_reply",))
    assert (forest.needs[1].recommended, str(forest.needs[1].when)) == (True, 'method == "新建"')
    assert forest.after[1].wait == Limit(30, Unit.DAYS)
    assert forest.ladder == (Rung(-1, ("holder",)), Rung(0, ("holder", "clerk")))
    assert definition.stages["proposal"].prepare == Limit(15, Unit.WORKDAYS)
    assert definition.stages["study"].needs[2].any_of == ("study", "proposal")


def test_what_is_left_out_has_its_default() -> None:
    definition = load(GOOD, "good.yaml").definition
    assert definition is not None
    external = definition.stages["proposal"].step("external")

    assert (external.kind, external.by, external.confirm) == (StepKind.EXTERNAL, "clerk", "section_chief")
    assert (external.file, external.accept) == (DEFAULT_FILE, Limit(5, Unit.WORKDAYS))
    assert definition.stages["study"].step("sign").file is None
    assert definition.stages["site"].step("publicity").within == Limit(14, Unit.DAYS)
    assert definition.documents["study"].formats == ("pdf",)
    assert definition.documents["study"].register_only is Register.NO
    assert (definition.ladder, definition.outside_ladder) == (DEFAULT_LADDER, DEFAULT_OUTSIDE_LADDER)


def test_a_finding_prints_as_one_line_that_editors_understand() -> None:
    loaded, _ = loaded_with("version: 1", "§version: one")

    assert [str(each) for each in loaded.findings] == [
        "x.yaml:2:10: expected-integer: 这里应是不小于 1 的整数，不加引号，如 1"
    ]


# --- broken files --------------------------------------------------------------------------------

BROKEN = [
    # code, a passage of the good file, what stands there instead
    ("several-documents", "facts:\n", "§---\nfacts:\n"),
    ("too-deep", "basis: [", "basis: [" + "[" * 18 + "§["),
    ("anchor", "sums:", "sums: §&a"),
    ("alias", "tell: [holder, clerk]", "tell: §*a"),
    ("alias", "- sign: {title: 审签, by: director, within: 1 workday}", "- sign: §*a"),
    ("tag", "title: 选址意见\n", "title: §!!str 选址意见\n"),
    ("tag", "title: 选址意见\n", "title: §!secret 选址意见\n"),
    ("merge-key", "    title: 选址意见\n", "    §<<: {title: 甲}\n    title: 选址意见\n"),
    ("key-not-text", "    title: 选址意见\n", "    ? §[a, b]\n    : 甲\n    title: 选址意见\n"),
    ("duplicate-key", "    title: 选址意见\n", "    title: 选址意见\n    §title: 选址\n"),
    ("duplicate-key", "  study: {title: 可研报告}", "  study: {title: 可研报告}\n  §study: {title: 报告}"),
    ("expected-mapping", "prepare: {within: 15 workdays}", "prepare: §15 workdays"),
    ("expected-mapping", "fields: {estimate: {title: 估算, kind: money, unit: 万元}}", "fields: §[estimate]"),
    ("expected-list", "needs: [proposal]", "needs: §proposal"),
    ("expected-list", "basis: [政府投资条例（国务院令第712号）]", "basis: §政府投资条例"),
    ("expected-text", "title: 选址意见\n", "title: §[选址意见]\n"),
    ("expected-line", "title: 选址意见\n", "title: §|\n      选址\n      意见\n"),
    ("expected-integer", "version: 1", 'version: §"1"'),
    ("expected-integer", "version: 1", "version: §0"),
    ("expected-integer", "version: 1", "version: §1.0"),
    ("expected-flag", "soft: true", "soft: §yes"),
    ("expected-flag", "soft: true", 'soft: §"true"'),
    ("expected-limit", "wait: 30 days", "wait: §30"),
    ("expected-limit", "wait: 30 days", "wait: §0 days"),
    ("expected-limit", "wait: 30 days", "wait: §30 天"),
    ("expected-renewal", "renew: 3 months before", "renew: §3 months"),
    ("expected-offset", "at: due", "at: §2 workdays"),
    ("expected-offset", "at: due", "at: §+2 days"),
    ("expected-condition", "when: forest > 0 and study_reply.estimate > 100", "when: §|\n      forest > 0\n      and"),
    ("expected-step", "- sign: {title: 审签, by: director, within: 1 workday}", "- §sign:\n        title: 审签\n        by: director"),
    ("expected-step", "- sign: {title: 审签, by: director, within: 1 workday}", "- §sign"),
    ("bare-word", "title: 选址意见\n", "title: §no\n"),
    ("bare-word", "title: 选址意见\n", "title: §12:30\n"),
    ("bare-word", "title: 选址意见\n", "title: §007\n"),
    ("bare-word", "title: 选址意见\n", "title: §2026-01-01\n"),
    ("bare-word", "title: 选址意见\n", "title: §1.5\n"),
    ("bare-word", "title: 选址意见\n", "title: §=\n"),
    ("bare-word", "needs: [proposal]", "needs: [§on, proposal]"),
    ("bare-word", "  other: {title: 其他费, kind: money, unit: 万元}\n", "  other: {title: 其他费, kind: money, unit: 万元}\n  §yes: {title: 甲, kind: bool}\n"),
    ("empty-value", "title: 选址意见\n", "title:§\n"),
    ("empty-value", "title: 选址意见\n", "title: §~\n"),
    ("empty-value", "soft: true", "soft: §null"),
    ("too-long", "title: 选址意见\n", "title: §" + "长" * 101 + "\n"),
    ("too-few", "issues: [forest_consent]", "issues: §[]"),
    ("too-few", "fields: {estimate: {title: 估算, kind: money, unit: 万元}}", "fields: §{}"),
    ("too-few", "parts: [building, other]", "parts: §[building]"),
    ("too-few", "steps:\n      - sign: {title: 审签, by: director, within: 1 workday}", "steps: §[]"),
    ("unknown-key", "    title: 选址意见\n", "    title: 选址意见\n    §remark: 甲\n"),
    ("unknown-key", "    title: 选址意见\n", "    §titel: 选址意见\n"),
    ("missing-key", "  site:\n    title: 选址意见\n", "  §site:\n"),
    ("missing-key", "- publicity: {title: 公示, minimum: 7 days}", "- §publicity: {title: 公示}"),
    ("missing-companion", "valid: 2 years, renew: 3 months before", "renew: §3 months before"),
    ("one-of-two", "{document: site_selection, soft: true}", "§{soft: true}"),
    ("one-of-two", "{document: site_selection, soft: true}", "§{document: study, any_of: [study, proposal]}"),
    ("unknown-word", "kind: decimal", "kind: §decimel"),
    ("unknown-word", "formats: [pdf, docx]", "formats: [pdf, §exe]"),
    ("unknown-word", "- sign: {title: 审签, by: director, within: 1 workday}", "- §sing: {title: 审签, by: director}"),
    ("unknown-word", "register_only: allowed", "register_only: §yes"),
    ("bad-key", "type: columbarium", "type: §Columbarium"),
    ("bad-key", "  other: {title", "  §其他费: {title: 甲, kind: money}\n  other: {title"),
    ("bad-key", "  study:\n", "  §study-approval:\n"),
    ("bad-key", "- sign: {title", "- sign: {key: §2nd, title"),
    ("reserved-key", "  forest: {title: 占用林地", "  §class: {title: 甲, kind: bool}\n  forest: {title: 占用林地"),
    ("options-missing", "  method: {title: 建设方式, kind: choice, options: [新建, 扩建]}", "  method: {title: 建设方式, kind: choice, options: [新建, 扩建]}\n  §way: {title: 甲, kind: choice}"),
    ("options-unwanted", "kind: decimal, unit: 公顷", "kind: decimal, options: §[甲, 乙]"),
    ("undefined-document", "needs: [proposal]", "needs: [§propsal]"),
    ("undefined-document", "stands_for: [site_selection]", "stands_for: [site_selection, §land_precheck]"),
    ("undefined-document", "minutes: minutes", "minutes: §minuets"),
    ("undefined-document", "issues: [forest_consent]", "issues: [forest_consent, §consent]"),
    ("undefined-stage", "after: [site,", "after: [§sites,"),
    ("undefined-stage", "used_by: [forest]", "used_by: [§building]"),
    ("undefined-fact", "parts: [building, other]", "parts: [building, §others]"),
    ("undefined-phase", "phase: 施工许可", "phase: §施工"),
    ("undefined-post", "by: director,", "by: §chief,"),
    ("undefined-post", "tell: [holder, clerk]", "tell: [holder, §boss]"),
    ("undefined-post", "confirm: deputy_director", "confirm: §holder"),
    ("bad-condition", "when: forest > 0 and", "when: §forst > 0 and"),
    ("bad-condition", "study_reply.estimate > 100", "§study_reply.amount > 100"),
    ("bad-condition", 'when: method == "新建"', 'when: method == §"改建"'),
    ("bad-condition", "when: forest > 0 and study_reply.estimate > 100", "when: 'forest > 0 and §(method'"),
    ("bad-condition", "when: forest > 0 and study_reply.estimate > 100", "when: 'method == ''新建'' and §forst > 0'"),
    ("bad-condition", "when: forest > 0 and study_reply.estimate > 100", 'when: "forest > §x"'),
    ("bad-condition", "when: forest > 0 and study_reply.estimate > 100", 'when: §"forest > \\x41"'),
    ("condition-not-reply", "study: {title: 可研报告}", "study: {title: 可研报告, fields: {beds: {title: 床位, kind: integer}}}", "when: forest > 0 and study_reply.estimate > 100", "when: §study.beds > 0"),
    ("condition-reads-itself", "  forest_consent: {title: 使用林地审核同意书}", "  forest_consent: {title: 使用林地审核同意书, fields: {area: {title: 面积, kind: decimal}}}", "when: forest > 0 and study_reply.estimate > 100", "when: §forest_consent.area > 0"),
    ("condition-reads-later", "    issues: [site_opinion]\n", "    when: §study_reply.estimate > 0\n    issues: [site_opinion]\n"),
    ("condition-reads-absent", "    issues: [study_reply]\n", "    when: forest > 1\n    issues: [study_reply]\n", "when: forest > 0 and", "when: §forest > 0 and"),
    ("condition-reads-later", "needs: [proposal]", "needs: [{document: proposal, when: §study_reply.estimate > 0}]"),
    ("reply-issued-twice", "issues: [study_reply]", "issues: [study_reply, §site_opinion]"),
    ("needs-own-reply", "needs: [proposal]", "needs: [proposal, §proposal_reply]"),
    ("needs-own-reply", "    issues: [site_opinion]\n", "    needs: [§site_selection]\n    issues: [site_opinion]\n"),
    ("after-itself", "after: [site,", "after: [§forest,"),
    ("cycle", "needs: [proposal]", "needs: [proposal, §study_reply]"),
    ("cycle", "    issues: [site_opinion]\n", "    issues: [site_opinion]\n    after: [{stage: proposal}, §{stage: forest}]\n"),
    ("duplicate-step", "- sign: {title: 审签, by: director, within: 1 workday}", "- sign: {title: 审签, by: director, within: 1 workday}\n      - §sign: {title: 再签, by: director, within: 1 workday}"),
    ("duplicate-step", "- sign: {title: 审签, by: director, within: 1 workday}", "- sign: {title: 审签, by: director, within: 1 workday}\n      - review: {key: §sign, title: 审, by: director, within: 1 workday}"),
    ("duplicate-item", "phases: [规划立项, 施工许可]", "phases: [规划立项, 施工许可, §规划立项]"),
    ("duplicate-item", "needs: [proposal]", "needs: [proposal, §proposal]"),
    ("stands-for-itself", "stands_for: [site_selection]", "stands_for: [site_selection, §site_opinion]"),
    ("sum-not-numeric", "parts: [building, other]", "parts: [building, §method]"),
    ("sum-not-numeric", "{total: total,", "{total: §method,"),
    ("sum-mixed-units", "parts: [building, other]", "parts: [building, §forest]"),
    ("sum-of-itself", "parts: [building, other]", "parts: [building, §total]"),
    ("cap-not-on-reply", "other: {title: 其他费, kind: money, unit: 万元}", "other: {title: 其他费, kind: money, unit: 万元, caps: §total}"),
    ("cap-unlike", "estimate: {title: 估算, kind: money, unit: 万元}", "estimate: {title: 估算, kind: money, unit: 万元, caps: §forest}"),
    ("undefined-fact", "estimate: {title: 估算, kind: money, unit: 万元}", "estimate: {title: 估算, kind: money, unit: 万元, caps: §totl}"),
    ("ladder-order", "- {at: due, tell", "- {at: §-3 workdays, tell"),
    ("ladder-repeats", "- {at: due, tell", "- {at: §-1 workdays, tell"),
    ("unused-document", "  study: {title: 可研报告}", "  study: {title: 可研报告}\n  §map: {title: 地形图}"),
    ("promised-beyond-statutory", "promised: 5 workdays", "promised: §30 workdays"),
    ("promised-beyond-statutory", "promised: 5 workdays", "promised: §2 months"),
    ("step-without-limit", "- sign: {title: 审签, by: director, within: 1 workday}", "- §sign: {title: 审签, by: director}"),
    ("step-without-limit", "- external: {title: 林业审批", "- §external: {title: 林业审批", ", statutory: 20 workdays}\n    ladder", "}\n    ladder"),
    ("publicity-without-time", "minimum: 7 days}", "minimum: 7 days, within: §7 days}"),
    ("publicity-without-time", "minimum: 7 days}", "minimum: 7 days, within: §4 workdays}"),
]  # fmt: skip


@pytest.mark.parametrize("case", BROKEN, ids=[f"{number} {case[0]}" for number, case in enumerate(BROKEN)])
def test_a_broken_file_is_told_what_is_wrong_and_exactly_where(case: tuple[str, ...]) -> None:
    """One mistake, one finding: nothing else is blamed for it."""
    code, *changes = case

    loaded, place = loaded_with(*changes)

    assert [(each.code, (each.line, each.column)) for each in loaded.findings] == [(code, place)], (
        loaded.findings
    )
    assert (loaded.definition is None) == (code not in WARNINGS)


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        ("", "empty-file", 1, 1),
        ("# 只有注释\n", "empty-file", 1, 1),
        ("type: a\nversion: [1\n", "yaml-syntax", 3, 1),
        ("type: a\n\tversion: 1\n", "yaml-syntax", 2, 1),
        ("type: a\ntitle: 说明: 甲\n", "yaml-syntax", 2, 10),
        ("type: a\ntitle: @甲\n", "yaml-syntax", 2, 8),
        ("type: a\n  version: 1\n", "yaml-syntax", 2, 10),
        ('type: a\ntitle: "甲\n', "yaml-syntax", 3, 1),
        ("- type: a\n", "expected-mapping", 1, 1),
        ("只有一句话", "expected-mapping", 1, 1),
        ("type: a\ntitle: 甲\x07乙\n", "control-character", 2, 9),
        ("type: a\ntitle: 甲\u202e乙\n", "control-character", 2, 9),
        ("type: a\ntitle: \ud800\n", "not-utf8", 2, 8),
        ("type: a\ntitle: 甲\n".encode("gb18030"), "not-utf8", 2, 8),
        ("type: a\n".encode("utf-16"), "not-utf8", 1, 1),
        ("x" * 1_000_001, "too-large", 1, 1),
        ("[" * 20_000, "too-deep", 1, 21),
        ("{" * 20_000, "too-deep", 1, 21),
        ("- " * 20_000, "too-deep", 1, 41),
    ],
    ids=lambda value: repr(value)[:24] if isinstance(value, str | bytes) else str(value),
)
def test_a_text_that_is_no_definition_at_all_gets_one_plain_finding(
    content: str | bytes, code: str, line: int, column: int
) -> None:
    loaded = load(content, "x.yaml")

    assert [(each.code, each.line, each.column) for each in loaded.findings] == [(code, line, column)]
    assert loaded.definition is None


def test_a_byte_order_mark_is_refused_beside_whatever_else_is_wrong() -> None:
    loaded = load("\ufeff" + GOOD.replace("version: 1", "version: one"), "x.yaml")

    assert [each.code for each in loaded.findings] == ["byte-order-mark", "expected-integer"]


def test_every_code_is_shown_by_an_example() -> None:
    shown = {case[0] for case in BROKEN}
    shown |= {"not-utf8", "byte-order-mark", "too-large", "control-character", "empty-file", "yaml-syntax"}

    assert shown == FINDINGS.keys()
    assert FINDINGS.keys() >= WARNINGS


def test_every_mistake_of_a_file_is_found_at_once() -> None:
    text = """\
type: small
version: "1"
titel: 小型
phases: [立项, 007]
facts:
  total: {title: 总投资, kind: mony}
  no: {title: 甲, kind: bool}
documents:
  a: {title: 甲, renew: 3 months before}
  a: {title: 乙}
  b: &x {title: 乙}
stages:
  one:
    title: 一
    phase: 立象
    needs: [aa, {documnt: a}]
    issues: [b]
    when: total > 3 and forst
    steps:
    - review:
      title: 审
    - external: {title: 外, promised: 3 days, accept: 5 workdays, by: chief}
  two:
    title: 二
    needs: [b]
    after: [three]
    steps: []
  three:
    title: *x
    phase: 立项
    needs: [{any_of: [a, b]}]
    after: [two, {stage: three}]
    steps: [{publicity: {title: 公示, minimum: 7}}]
"""
    found = [f"{each.line}:{each.column} {each.code}" for each in load(text, "x.yaml").findings]

    assert found == [
        "2:10 expected-integer",
        "3:1 unknown-key",
        "4:14 bare-word",
        "6:29 unknown-word",
        "7:3 bare-word",
        "9:24 missing-companion",
        "10:3 duplicate-key",
        "11:6 anchor",
        "15:12 undefined-phase",
        "16:13 undefined-document",
        "16:18 unknown-key",
        "20:7 expected-step",
        "22:7 missing-key",
        "22:54 expected-mapping",
        "22:70 undefined-post",
        "23:3 missing-key",
        "26:13 cycle",
        "27:12 too-few",
        "29:12 alias",
        "32:18 after-itself",
        "33:46 expected-limit",
    ]


def test_a_section_that_cannot_be_read_is_not_blamed_on_those_who_refer_to_it() -> None:
    documents = GOOD[GOOD.index("documents:") : GOOD.index("stages:")]
    facts = GOOD[GOOD.index("facts:") : GOOD.index("sums:")]

    without = load(GOOD.replace(documents, ""), "x.yaml")
    broken = load(GOOD.replace(facts, "facts: [总投资]\n"), "x.yaml")

    assert [str(each) for each in without.findings] == [
        "x.yaml:1:1: missing-key: 缺少“documents”（材料和批复）；请补上"
    ]
    assert [each.code for each in broken.findings] == ["expected-mapping"]


def test_a_cycle_is_told_in_the_titles_that_people_know() -> None:
    loaded, _ = loaded_with("needs: [proposal]", "needs: [proposal, §study_reply]")

    assert loaded.findings[0].message == (
        "事项互相等待，谁也开始不了：“建议书审批” → “可研审批” → “建议书审批”；请断开其中一处"
    )


@pytest.mark.parametrize(
    "when", ["forest > 1", "forest > 1 and method == '新建'"], ids=["one condition", "two joined by and"]
)
def test_a_condition_that_first_asks_whether_its_reply_will_be_there_is_taken(when: str) -> None:
    """Where the issuing stage does not apply, the answer is no before the reply is looked for."""
    loaded, _ = loaded_with(
        "    issues: [study_reply]\n", f"    when: {when}\n    issues: [study_reply]\n",
        "when: forest > 0 and study_reply", f"when: {when} and study_reply", "version: 1", "version: 1§",
    )  # fmt: skip

    assert loaded.findings == ()


def test_every_separate_cycle_is_named() -> None:
    loaded, _ = loaded_with(
        "needs: [proposal]", "needs: [proposal, study_reply]§",
        "    issues: [site_opinion]\n", "    issues: [site_opinion]\n    after: [forest]\n",
    )  # fmt: skip

    assert [each.code for each in loaded.findings] == ["cycle", "cycle"]


def test_a_file_of_nothing_but_cycles_is_told_of_ten() -> None:
    """Each costs a walk over the graph, and nobody mends more in one sitting."""
    rings = "".join(
        f"  {name}{n}: {{title: 甲, phase: 规划立项, after: [{other}{n}], steps: [{{sign: {{title: 签, by: clerk}}}}]}}\n"
        for n in range(12)
        for name, other in (("a", "b"), ("b", "a"))
    )

    loaded = load(GOOD + rings, "x.yaml")

    assert [each.code for each in loaded.findings] == ["cycle"] * 10


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("needs: [proposal]", "needs: [§propsal]", "是否想写 proposal（项目建议书）？"),
        ("needs: [proposal]", "needs: [§项目建议书]", "是否想写 proposal（项目建议书）？"),
        ("needs: [proposal]", "needs: [§zzz]", "；请先在 documents 下写明它"),
        ("phase: 施工许可", "phase: §施工", "；是否想写 施工许可？"),
        ("by: director,", "by: §主要负责人,", "是否想写 director（主要负责人）？"),
        ("kind: decimal", "kind: §float", "可写：text、integer、decimal"),
        ("    title: 选址意见\n", "    §titel: 选址意见\n", "是否想写 title？"),
        ("when: forest > 0", "when: §占用林地 > 0", "是否想写 forest（占用林地）？"),
        ("prepare: {within: 15 workdays}", "prepare: §15 workdays", "或写成 {within: …}"),
        ("title: 选址意见\n", "title: §12:30\n", '请写成 "12:30"'),
        ("title: 选址意见\n", "title: §no\n", "会被当作“是或否”"),
    ],
    ids=["misspelt", "title for name", "undeclared", "phase", "post by its title", "closed list", "field", "fact", "shape", "time", "no"],
)  # fmt: skip
def test_a_finding_says_what_to_write_instead(old: str, new: str, says: str) -> None:
    loaded, _ = loaded_with(old, new)

    assert says in loaded.findings[0].message


def test_words_of_a_closed_list_need_no_quotes() -> None:
    """`no` is one of the words that register_only may be, so nothing can be misunderstood."""
    loaded = load(GOOD.replace("register_only: allowed", "register_only: no"), "x.yaml")

    assert loaded.findings == ()


def test_quoted_words_are_text_whatever_they_look_like() -> None:
    loaded = load(
        GOOD.replace("title: 选址意见\n", 'title: "007"\n').replace("phase: 施工许可", "phase: '施工许可'"),
        "x",
    )

    assert loaded.definition is not None
    assert loaded.definition.stages["site"].title == "007"


# --- whatever comes ------------------------------------------------------------------------------


def test_a_file_cut_off_anywhere_never_crashes_the_loader() -> None:
    """F-39: truncated at every byte, every finding lies inside what is left."""
    octets = GOOD.encode()
    for length in range(len(octets)):
        loaded = load(octets[:length], "x.yaml")

        lines = octets[:length].count(b"\n") + 1
        assert all(1 <= each.line <= lines + 1 and each.column >= 1 for each in loaded.findings)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_file_with_passages_torn_out_or_repeated_never_crashes_the_loader(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 200)))
        patch = data.draw(
            st.sampled_from(
                [
                    "",
                    text[start:end] * 2,
                    "{",
                    "]",
                    ": ",
                    "- ",
                    "\n",
                    "*a",
                    "&a ",
                    "? ",
                    "!!int ",
                    "~",
                    "|\n",
                    "'",
                ]
            )
        )
        text = text[:start] + patch + text[end:]

    loaded = load(text, "x.yaml")

    assert all(isinstance(each, Finding) for each in loaded.findings)
    assert (loaded.definition is None) == bool(loaded.errors)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_text_and_no_bytes_crash_the_loader(content: str | bytes) -> None:
    assert load(content, "x.yaml").definition is None


def test_an_alias_bomb_is_refused_without_being_unfolded() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"k{n}: &k{n} [*a, *a, *a, *a, *a, *a, *a, *a]\n" for n in range(50))

    loaded = load(bomb, "x.yaml")

    assert {"anchor", "alias"} <= {each.code for each in loaded.findings}
