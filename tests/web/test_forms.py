"""Forms made from the definition: registering, facts, taking over reply by reply, every mistake said at once."""

from __future__ import annotations

from typing import Any

import pytest

from api.demo_papers import one_page_pdf
from tests.web.conftest import City, SignIn
from tests.web.desk import Desk, Page

NEW = "/projects/new?type=columbarium"
LONG = "概算书与批复不一致。" * 4000


def pdf(title: str) -> tuple[str, bytes, str]:
    return (f"{title}.pdf", one_page_pdf(title), "application/pdf")


def options(page: Page) -> dict[str, str]:
    """The registration's choices that no story is about."""
    chosen = [found for tag, found in page.tags if tag == "option" and "selected" in found]
    unit, clerk = (str(found["value"]) for found in chosen[:2])
    return {"organisation": unit, "clerk": clerk}


def register(desk: Desk, address: str = NEW, **values: str) -> Page:
    page = desk.open(address)
    return desk.send("/projects/new?type=columbarium", **{**options(page), **values})


def test_facts_are_asked_in_groups_and_say_what_they_decide(sign_in: SignIn) -> None:
    page = sign_in("wuhaitao").open(NEW)

    headings = [page.words.index(words) for words in ("先填这些", "资金", "规模和数量", "是或否")]
    assert headings == sorted(headings)
    assert "大于等于100万元的，须办“勘察设计招标”" in page.words
    assert "现在不清楚的都可以空着" in page.words
    assert [
        found.get("inputmode") for _, found in page.tags if found.get("name") == "fact.total_investment"
    ] == ["decimal"]


@pytest.mark.parametrize(
    "typed", ["2,860.00", "２８６０", " 2860 ", "2860.0", "2,860万元", "2860 万", "0.286亿", "28,600,000元"]
)
def test_figures_are_taken_as_people_type_them(sign_in: SignIn, typed: str) -> None:
    page = register(sign_in("wuhaitao"), title="区公益性骨灰堂二期", fact__total_investment=typed)

    assert page.status == 200
    assert "总投资 2,860.00 万元" in page.words


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2860千元", "单位不对，此处的单位是万元，请只填数字"),
        ("2860万美元", "单位不对，此处的单位是万元，请只填数字"),
        ("12345元", "金额最多两位小数"),
        ("28,60", "逗号的位置不对"),
        ("-5", "不能是负数"),
        ("1e9", "请填写数字"),
        ("1e-999999", "请填写数字"),
        ("两千", "请填写数字"),
        ("0." + "1" * 4000, "最多2位小数"),
        ("1.005", "金额最多两位小数"),
        ("9" * 4000, "数值过大，请核对位数"),
        ("NaN", "请填写数字"),
    ],
)
def test_a_figure_that_is_none_is_named_at_its_field(sign_in: SignIn, typed: str, said: str) -> None:
    page = register(sign_in("wuhaitao"), title="区公益性骨灰堂二期", fact__total_investment=typed)

    assert page.status == 409
    assert f"总投资：{said}" in page.words
    assert "new-fact.total_investment-wrong" in page.ids
    assert page.form("/projects/new?type=columbarium").values["fact.total_investment"] == typed


def test_a_figure_that_cannot_be_read_does_not_hide_a_sum_that_differs(sign_in: SignIn) -> None:
    page = register(
        sign_in("wuhaitao"), title="区公益性骨灰堂二期", fact__total_investment="12680",
        fact__building_cost="12000", fact__other_cost="600", fact__reserve_cost="68", fact__forest_land="12亩",
    )  # fmt: skip

    assert "占用林地：单位不对，此处的单位是公顷，请只填数字" in page.words
    assert "与总投资相差12.00万元" in page.words


def test_every_answer_of_a_refused_registration_is_shown_again(sign_in: SignIn) -> None:
    answers = {
        "title": "区公益性骨灰堂二期",
        "code": "2406-990102-04-01-317468",
        "taking_over": "1",
        "fact.total_investment": "12680",
        "fact.building_cost": "12000.00",
        "fact.other_cost": "600",
        "fact.reserve_cost": "68",
        "fact.collective_land": "否",
        "fact.land_supply": "划拨",
    }
    desk = sign_in("wuhaitao")

    page = register(desk, **answers)

    assert page.status == 409
    assert "分项合计12,668.00万元，与总投资相差12.00万元。请核对。" in page.words
    assert "项目代码“2406-990102-04-01-317468”的校验位不对" in page.words
    shown = page.form("/projects/new?type=columbarium").values
    assert {key: shown.get(key) for key in answers if key != "fact.land_supply"} == {
        key: value for key, value in answers.items() if key != "fact.land_supply"
    }
    assert [found["value"] for tag, found in page.tags if tag == "option" and "selected" in found][
        -1
    ] == "划拨"


# Taking over


def begin_taking_over(desk: Desk) -> Page:
    return register(desk, title="区公益性骨灰堂二期", taking_over="1")


def test_a_project_taken_over_leads_on_to_its_replies_one_after_another(sign_in: SignIn) -> None:
    desk = sign_in("wuhaitao")

    page = begin_taking_over(desk)

    assert page.address.endswith("/take-over?done=project")
    assert "已录 0 项" in page.words
    desk.send(
        "/take-over/proposal",
        reply__proposal_reply__number="澴发改审〔2024〕61号",
        reply__proposal_reply__issued_on="2024-07-16",
        reply__proposal_reply__kept_at="档案室2024-6盒",
    )
    assert desk.page.status == 200, desk.page.words
    assert "已录 1 项" in desk.page.words
    assert "项目建议书审批 待核对" in desk.page.words
    assert "（李国栋核对）" in desk.page.words
    assert "#stage-" in desk.page.address
    assert "视为已办" in desk.page.words


def test_a_reply_says_all_that_is_wrong_at_once_and_keeps_what_is_right(sign_in: SignIn) -> None:
    desk = sign_in("wuhaitao")
    begin_taking_over(desk)

    page = desk.send(
        "/take-over/proposal",
        reply__proposal_reply__number="澴发改审2024-61号",
        reply__proposal_reply__issuer="区发展和改革局",
        reply__proposal_reply__valid_until="明年",
    )

    assert page.status == 422
    for said in (
        "项目建议书批复成文日期不能为空。请填写。",
        "有效期”有误：应为日期",
        "文号“澴发改审2024-61号”不合规范",
        "项目建议书批复没有扫描件，也未登记存放处",
    ):
        assert said in page.words
    wrong = [name for name in page.ids if name.startswith("take-over-proposal-") and name.endswith("-wrong")]
    assert {name.split(".")[-1] for name in wrong} == {
        "number-wrong", "issued_on-wrong", "valid_until-wrong", "kept_at-wrong",
    }  # fmt: skip
    typed = page.form("/take-over/proposal").values
    assert typed["reply.proposal_reply.issuer"] == "区发展和改革局"
    assert typed["reply.proposal_reply.valid_until"] == "明年"


@pytest.mark.parametrize(
    ("stage", "document", "typed", "printed"),
    [
        ("proposal", "proposal_reply", "澴发改审[2024]61号", "澴发改审〔2024〕61号"),
        ("proposal", "proposal_reply", "澴发改审（2024）61号", "澴发改审〔2024〕61号"),
        ("site_opinion", "site_opinion", "用字第990102202400018号", "用字第990102202400018号"),
    ],
)
def test_a_number_needs_no_brackets_that_are_on_no_keyboard(
    sign_in: SignIn, stage: str, document: str, typed: str, printed: str
) -> None:
    desk, chief = sign_in("wuhaitao"), sign_in("liguodong")
    begin_taking_over(desk)

    page = desk.send(
        f"/take-over/{stage}",
        **{
            f"reply__{document}__number": typed,
            f"reply__{document}__issued_on": "2024-07-16",
            f"reply__{document}__kept_at": "档案室2024-6盒",
        },
    )

    assert page.status == 200, page.words
    assert printed in chief.open("/").words


def test_an_unfinished_taking_over_stands_on_the_clerks_list_and_says_what_came_back(
    sign_in: SignIn,
) -> None:
    desk, chief = sign_in("wuhaitao"), sign_in("liguodong")
    begin_taking_over(desk)
    address = desk.page.address.partition("?")[0]
    assert "正在补录 1 个项目" in desk.open("/").words
    desk.open(address)
    desk.send(
        "/take-over/proposal",
        reply__proposal_reply__number="澴发改审〔2024〕61号",
        reply__proposal_reply__issued_on="2024-07-16",
        reply__proposal_reply__kept_at="档案室2024-6盒",
    )
    assert "区公益性骨灰堂二期 1 项待他人核对" in desk.open("/").words

    chief.open(address.removesuffix("/take-over"))
    chief.send("/reject", reason="原件是62号")

    assert "区公益性骨灰堂二期 1 项未通过核对，请重录" in desk.open("/").words
    page = desk.open(address)
    assert "项目建议书审批 退回重录" in page.words
    assert "未予确认：原件是62号" in page.words
    assert "正在补录" not in chief.open("/").words


def test_replies_that_came_back_are_mended_not_typed_again(sign_in: SignIn) -> None:
    """李国栋 confirms neither of two; 吴海涛 finds both as he had entered them, and mends one number."""
    desk, chief = sign_in("wuhaitao"), sign_in("liguodong")
    begin_taking_over(desk)
    address = desk.page.address.partition("?")[0]
    kept = {"proposal_reply": "2024-6盒", "feasibility_reply": "2025-2盒"}
    for stage, document in (("proposal", "proposal_reply"), ("feasibility", "feasibility_reply")):
        values = {"number": "澴发改审〔2024〕61号", "issued_on": "2024-07-16", "kept_at": kept[document]}
        if stage == "feasibility":
            values["field__estimate"] = "2,860"
        desk.open(address)
        desk.send(
            f"/take-over/{stage}", **{f"reply__{document}__{key}": value for key, value in values.items()}
        )
        chief.open(f"{address.removesuffix('/take-over')}/stages/{stage}")
        chief.send("/reject", reason="原件文号不同")

    page = desk.open(address)

    for stage, document in (("proposal", "proposal_reply"), ("feasibility", "feasibility_reply")):
        given = page.form(f"/take-over/{stage}").values
        assert given[f"reply.{document}.number"] == "澴发改审〔2024〕61号"
        assert given[f"reply.{document}.kept_at"] == kept[document]
    assert given["reply.feasibility_reply.field.estimate"] == "2,860"
    page = desk.send("/take-over/proposal", reply__proposal_reply__number="澴发改审〔2024〕")
    assert page.form("/take-over/proposal").values["reply.proposal_reply.number"] == "澴发改审〔2024〕"
    page = desk.send("/take-over/proposal", reply__proposal_reply__number="澴发改审〔2024〕62号")
    assert "补录已登记" in page.words
    assert page.form("/take-over/feasibility").values["reply.feasibility_reply.kept_at"] == "2025-2盒"


def test_a_scan_of_the_wrong_kind_hears_only_of_the_kinds_of_its_document(sign_in: SignIn) -> None:
    desk = sign_in("wuhaitao")
    begin_taking_over(desk)
    scan: Any = {"reply.proposal_reply.file": ("批复.png", b"\x89PNG\r\n\x1a\n" + b"x" * 50, "image/png")}

    page = desk.send("/take-over/proposal", scan, reply__proposal_reply__number="澴发改审〔2024〕61号")

    assert "pdf" in page.words
    assert "xlsx" not in page.words.partition("项目建议书审批")[0]
    assert "没有扫描件" not in page.words, "a scan was sent: what is wrong with it is the one thing to say"


def test_a_checked_reply_is_done_and_the_taking_over_is_ended_from_the_same_page(sign_in: SignIn) -> None:
    desk, chief = sign_in("wuhaitao"), sign_in("liguodong")
    begin_taking_over(desk)
    address = desk.page.address.partition("?")[0]
    desk.send(
        "/take-over/proposal",
        {"reply.proposal_reply.file": pdf("项目建议书批复")},
        reply__proposal_reply__number="澴发改审〔2024〕61号",
        reply__proposal_reply__issued_on="2024-07-16",
    )
    assert "尚有登记未核对：项目建议书审批" in desk.page.words
    chief.open(address.removesuffix("/take-over"))
    chief.send("/confirm")

    page = desk.open(address)

    assert "✓ 已核对 项目建议书批复 澴发改审〔2024〕61号 2024-07-16" in page.words
    desk.send("/close-take-over")
    assert "补录已结束" in desk.page.words
    assert "补录已结束" in desk.open(address).words


def test_an_investment_above_the_approved_budget_is_said_on_the_project_and_stops_nothing(
    sign_in: SignIn,
) -> None:
    desk, chief = sign_in("wuhaitao"), sign_in("liguodong")
    register(desk, title="区公益性骨灰堂二期", taking_over="1", fact__total_investment="2960")
    project = desk.page.address.partition("/take-over")[0]
    desk.send(
        "/take-over/preliminary_design",
        reply__preliminary_reply__number="澴发改审〔2025〕8号",
        reply__preliminary_reply__issued_on="2025-03-02",
        reply__preliminary_reply__kept_at="档案室2025-1盒",
        reply__preliminary_reply__field__budget="2,860",
    )
    assert "超过初步设计" not in desk.open(project).words

    chief.open(project)
    chief.send("/confirm")

    said = "总投资2,960.00万元，超过初步设计及概算批复的批准概算2,860.00万元，多100.00万元。"
    assert said in desk.open(project).words
    desk.open(f"{project}/facts")
    desk.send("/facts", fact__total_investment="2850", reason="核减")
    assert "项目信息已更新" in desk.page.words
    assert "超过初步设计" not in desk.page.words


def test_whoever_may_not_take_over_sees_the_list_and_why(city: City, sign_in: SignIn) -> None:
    desk = sign_in("wuhaitao")
    begin_taking_over(desk)
    address = desk.page.address.partition("?")[0]

    page = sign_in("liuchang").open(address)

    assert page.status in {200, 404}
    assert not page.has_form("/take-over/proposal")


def test_the_lists_offer_taking_over_where_there_is_nothing_yet(sign_in: SignIn) -> None:
    desk = sign_in("madexing")

    assert "/projects/new?taking_over=1" in desk.open("/projects").links
    assert "补录：已经在办" in desk.open(f"{NEW}&taking_over=1").words


# Long and hostile


def test_an_opinion_of_forty_thousand_characters_comes_back_with_its_sentence(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}/stages/budget_review")

    page = desk.send("/decide", outcome="returned", opinion=LONG, fixes="补编制说明")

    assert page.status == 409
    assert "意见超过2000字" in page.words
    assert page.form("/decide").values["opinion"] == LONG


def test_two_who_update_a_project_at_once_undo_nothing_of_each_other(city: City, sign_in: SignIn) -> None:
    clerk, chief = sign_in("liuchang"), sign_in("liguodong")
    address = f"/projects/{city.projects['E']}"
    clerk.open(f"{address}/facts")
    chief.open(f"{address}/facts")
    chief.send("/facts", fact__floor_area="1300", reason="实测")

    refused = clerk.send("/facts", fact__total_investment="很多")
    assert "总投资：请填写数字" in refused.words
    page = clerk.send("/facts", fact__total_investment="390")

    assert "1,300 ㎡" in page.words
    assert "390.00 万元" in page.words
    assert "总建筑面积" not in page.words.partition("刘畅更新了项目信息")[2][:60]
