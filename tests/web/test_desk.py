"""What people do at the desk, as they see it: pages and forms over HTTP, no JavaScript."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from api.demo import PASSWORD
from api.demo_papers import one_page_pdf
from tests.hostile import TARGETS
from tests.web.conftest import City, SignIn

STAGE = "/stages/budget_review"
LAND = "/stages/land_filing"


def pdf(title: str) -> tuple[str, bytes, str]:
    return (f"{title}.pdf", one_page_pdf(title), "application/pdf")


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back_to_where_they_were(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("liguodong")
    desk.open("/")
    desk.send("/sign-out")

    page = desk.open(f"/projects/{city.projects['E']}?done=facts")

    assert "/sign-in?next=" in page.address
    desk.send("/sign-in", staff_number="liguodong", password=PASSWORD)
    assert "大院社区" in desk.page.words


def test_signing_in_never_leads_to_another_site(sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    wrong = []

    for target in TARGETS:
        if "\0" not in target:
            desk.open(f"/sign-in?next={quote(target, safe='')}")
            shown = desk.page.form("/sign-in").values["next"]
            wrong += [target] if shown != "/" else []
    for target in TARGETS[::5]:
        typed = {"staff_number": "liguodong", "password": PASSWORD, "next": target}
        answer = desk.client.post("/sign-in", data=typed, follow_redirects=False)
        leads = answer.headers.get("location", "/")
        wrong += [target] if leads != "/" and not leads.startswith("/?") else []

    assert len(TARGETS) >= 40
    assert wrong == []


def test_a_wrong_password_says_so_and_keeps_the_staff_number(sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open("/sign-in")

    page = desk.send("/sign-in", staff_number="tanli", password="wrong")

    assert page.status == 401
    assert "工号或密码不正确" in page.words
    assert page.form("/sign-in").values["staff_number"] == "tanli"


def test_the_work_list_shows_the_late_review_first_and_for_how_long(sign_in: SignIn) -> None:
    page = sign_in("liguodong").open("/")

    assert "概算审核" in page.words
    assert "11月13日 周五 · 超 6 个工作日" in page.words
    assert "其中 1 项已超期" in page.words


def test_what_an_outside_office_has_stands_apart_from_ones_own_work(sign_in: SignIn) -> None:
    page = sign_in("tanli").open("/")

    mine, _, elsewhere = page.words.partition("外部门办理中，请跟进")
    assert "土地报备" in elsewhere
    assert "土地报备" not in mine
    assert "项已超期" not in mine


def test_a_project_says_who_holds_the_ball_until_when_and_why(city: City, sign_in: SignIn) -> None:
    page = sign_in("tanli").open(f"/projects/{city.projects['D']}")

    assert "土地报备 县自然资源和规划局 ■ 超期：10月29日 周四 · 超 17 个工作日" in page.words
    assert "（本局推算）" in page.words
    assert "备齐“勘察设计招标”的材料" in page.words


def test_a_project_out_of_sight_is_the_same_as_none(city: City, sign_in: SignIn) -> None:
    desk = sign_in("tanli")

    foreign = desk.open(f"/projects/{city.projects['E']}")
    none = desk.open("/projects/no-such-project")

    assert (foreign.status, none.status) == (404, 404)
    assert foreign.words == none.words


def test_a_section_chief_approves_and_the_page_says_who_is_next(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{STAGE}")

    page = desk.send("/decide", outcome="approved", opinion="资料齐全，拟同意。")

    assert page.status == 200
    assert "已同意，现在在陈文娟处（分管领导审签中）。" in page.words
    assert "李国栋 2026-11-23 10:00 资料齐全，拟同意。" in page.words


def test_a_return_without_items_keeps_what_was_typed_and_says_what_is_missing(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{STAGE}")

    page = desk.send("/decide", outcome="returned", opinion="概算书缺编制说明。")

    assert page.status == 409
    assert page.form("/decide").values["opinion"] == "概算书缺编制说明。"
    assert "decide-fixes-wrong" in page.ids
    page = desk.send("/decide", outcome="returned", fixes="1. 补编制说明\n2. 核对工程量")
    assert "需修改 2 处" in page.words


def test_items_to_mend_lose_their_numbering_and_nothing_else(city: City, sign_in: SignIn) -> None:
    typed = [
        "1. 补编制说明",
        "2、核对工程量",
        "- 补目录",
        "3号楼图纸缺章",
        "2026年度用款计划未附",
        "3.5米层高未注明",
        "-1层缺图",
    ]
    mended = ["补编制说明", "核对工程量", "补目录", *typed[3:]]
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{STAGE}")

    page = desk.send("/decide", outcome="returned", opinion="请补正。", fixes="\n".join(typed))

    assert f"需修改 {len(mended)} 处" in page.words
    assert " ".join(mended) in page.words


def test_a_second_click_is_answered_like_the_first(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    before = desk.open(f"/projects/{city.projects['E']}{STAGE}")

    desk.send("/decide", outcome="approved", opinion="同意。")
    desk.page = before
    page = desk.send("/decide", outcome="approved", opinion="同意。")

    assert page.status == 200
    assert page.words.count("在“概算审核”的科室审核中同意") == 1


def test_a_page_grown_old_is_refused_and_says_who_was_first_elsewhere_oneself(
    city: City, sign_in: SignIn
) -> None:
    desk, other = sign_in("liguodong"), sign_in("liguodong")
    address = f"/projects/{city.projects['E']}{STAGE}"
    desk.open(address)
    other.open(address)
    other.send("/decide", outcome="approved", opinion="同意。")

    page = desk.send("/decide", outcome="returned", opinion="请补正。", fixes="补编制说明")

    assert page.status == 409
    assert "您已于10:00签批，您的操作未生效。" in page.words


@pytest.mark.parametrize(
    ("action", "typed"),
    [
        ("hand-over", {"to": "chenwenjuan", "reason": "出差"}),
        ("extend", {"by": "3", "by_unit": "workdays", "reason": "材料多"}),
    ],
)
def test_what_was_meant_for_the_step_that_a_page_showed_does_not_fall_on_the_next(
    city: City, sign_in: SignIn, action: str, typed: dict[str, str]
) -> None:
    """周建平 looks at 李国栋’s step, who agrees: the older page hands on or retimes nothing of the next."""
    director, chief = sign_in("zhoujianping"), sign_in("liguodong")
    address = f"/projects/{city.projects['E']}{STAGE}"
    director.open(address)
    chief.open(address)
    chief.send("/decide", outcome="approved", opinion="同意。")

    if "to" in typed:
        typed = {**typed, "to": str(city.people[typed["to"]])}
    page = director.send(f"/{action}", **typed)

    assert page.status == 409, page.words
    assert "李国栋已于10:00签批，您的操作未生效。" in page.words


def test_an_opinion_about_a_file_taken_back_meanwhile_is_told_by_whom(city: City, sign_in: SignIn) -> None:
    chief, clerk = sign_in("liguodong"), sign_in("liuchang")
    address = f"/projects/{city.projects['E']}{STAGE}"
    chief.open(address)
    clerk.open(address)
    clerk.send("/withdraw", reason="算错一处")

    page = chief.send("/decide", outcome="approved", opinion="同意。")

    assert page.status == 409
    assert "刘畅已于10:00撤回，您的操作未生效。" in page.words


def test_whoever_does_not_hold_it_reads_who_does_instead_of_dead_buttons(city: City, sign_in: SignIn) -> None:
    page = sign_in("liuchang").open(f"/projects/{city.projects['E']}{STAGE}")

    assert not page.has_form("/decide")
    assert "您已报送，现在在 李国栋 处" in page.words
    assert "本环节不在您手中，当前办理人：李国栋。" in page.words
    assert sum(tag == "button" and "disabled" in found for tag, found in page.tags) == 0


def test_a_clerk_uploads_what_is_missing_until_the_file_is_complete_and_submits(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("wuhaitao")
    address = f"/projects/{city.projects['A']}/stages/preliminary_design"
    page = desk.open(address)
    assert "暂不能报送" in page.words
    assert "缺初步设计文件" in page.words

    for document in ("design_contract", "design_request", "design_document", "design_budget"):
        page = desk.send("/upload", {"file": pdf(document)}, document=document)
    assert "”第1版已上传，材料已齐。" in page.words
    page = desk.send("/submit")

    assert "已报送，现在在李国栋处（科室审核中）。" in page.words


def test_a_file_of_the_wrong_kind_is_refused_at_its_form(city: City, sign_in: SignIn) -> None:
    desk = sign_in("wuhaitao")
    desk.open(f"/projects/{city.projects['A']}/stages/preliminary_design")

    page = desk.send(
        "/upload", {"file": ("x.exe", b"MZ\x90\x00", "application/pdf")}, document="design_document"
    )

    assert page.status == 422
    assert any(each.startswith("paper-design_document-upload-file-wrong") for each in page.ids)


def test_what_an_outside_office_did_is_entered_by_one_and_checked_by_another(
    city: City, sign_in: SignIn
) -> None:
    clerk, chief = sign_in("tanli"), sign_in("yangfan")
    address = f"/projects/{city.projects['D']}{LAND}"
    clerk.open(address)
    page = clerk.send(
        "/record",
        {"reply.land_filing_reply.file": pdf("receipt")},
        what="concluded",
        outcome="approved",
        on="2026-11-20",
        reply__land_filing_reply__number="云资规备〔2026〕12号",
        reply__land_filing_reply__issued_on="2026-11-20",
    )
    assert "已登记，待杨帆核对原件后生效。" in page.words, page.words
    assert "登记人不能核对自己的登记" in page.words or "须由他人核对" in page.words or "杨帆" in page.words

    page = chief.open(address)
    page = chief.send("/confirm")

    assert "已核对，登记生效，事项已批复。" in page.words
    assert "云资规备〔2026〕12号" in page.words


def test_an_entry_that_differs_from_the_original_is_rejected_with_a_reason(
    city: City, sign_in: SignIn
) -> None:
    clerk, chief = sign_in("tanli"), sign_in("yangfan")
    address = f"/projects/{city.projects['D']}{LAND}"
    clerk.open(address)
    clerk.send("/record", what="concluded", outcome="refused", on="2026-11-20", opinion="材料不符")
    chief.open(address)

    page = chief.send("/reject", reason="原件日期为11月19日")

    assert "核对未通过，登记不生效" in page.words
    assert "理由：原件日期为11月19日" in page.words


def test_a_letter_is_drafted_from_the_facts_and_never_sent(city: City, sign_in: SignIn) -> None:
    desk = sign_in("tanli")
    page = desk.open(f"/projects/{city.projects['D']}{LAND}")
    assert "加快办理" in page.form("/letter").values["text"]

    page = desk.send("/letter", text="关于商请加快办理的函")

    assert "商请函稿已保存，未发出" in page.words
    assert page.form("/letter").values["text"] == "关于商请加快办理的函"


@pytest.mark.parametrize(
    ("who", "action", "values", "said"),
    [
        ("liguodong", "/hand-over", {"to": "chenwenjuan", "reason": "外出培训"}, "已转交"),
        (
            "liguodong",
            "/explanation",
            {"text": "概算书须核对两处工程量，预计11月25日审完。"},
            "情况说明已记入",
        ),
        ("chenwenjuan", "/extend", {"by": "3", "by_unit": "workdays", "reason": "工程量较大"}, "已延长时限"),
        ("liuchang", "/withdraw", {"reason": "补充附件"}, "已撤回"),
    ],
)
def test_the_lesser_acts_are_forms_too(
    city: City, sign_in: SignIn, who: str, action: str, values: dict[str, str], said: str
) -> None:
    desk = sign_in(who)
    desk.open(f"/projects/{city.projects['E']}{STAGE}")
    given = {key: str(city.people.get(value, value)) for key, value in values.items()}

    page = desk.send(action, **given)

    assert said in page.words
    assert page.status == 200


def test_a_chief_signs_on_paper_and_another_enters_and_a_third_checks(city: City, sign_in: SignIn) -> None:
    chief = sign_in("liguodong")
    address = f"/projects/{city.projects['E']}{STAGE}"
    chief.open(address)
    chief.send("/decide", outcome="approved", opinion="同意。")
    clerk = sign_in("liuchang")
    clerk.open(address)

    page = clerk.send(
        "/sign-paper",
        {"file": pdf("sheet")},
        signer=str(city.people["chenwenjuan"]),
        outcome="approved",
        on="2026-11-23",
        opinion="同意。",
    )
    assert "纸质签批已代录，待李国栋核对原件后生效。" in page.words, page.words
    chief.open(address)
    page = chief.send("/confirm")

    assert "陈文娟（纸质签批，李国栋核对原件）" in page.words


def test_registering_asks_what_the_definition_asks_and_checks_the_sum(sign_in: SignIn) -> None:
    desk = sign_in("wuhaitao")
    desk.open("/projects/new?type=columbarium")
    given = {
        "title": "城北公益性骨灰堂",
        "fact__total_investment": "1000.00",
        "fact__building_cost": "800.00",
        "fact__other_cost": "150.00",
        "fact__reserve_cost": "20.00",
        "fact__land_held_by_other": "否",
        "organisation": "4",
        "clerk": "6",
    }

    page = desk.send("/projects/new?type=columbarium", **given)

    assert page.status == 409
    assert "相差30.00万元" in page.words
    form = page.form("/projects/new?type=columbarium")
    assert form.values["title"] == "城北公益性骨灰堂"
    page = desk.send("/projects/new?type=columbarium", **{**given, "fact__reserve_cost": "50.00"})
    assert "项目已登记。" in page.words
    assert "谋划入库" in page.words


def test_taking_over_is_entered_reply_by_reply_checked_and_closed(sign_in: SignIn) -> None:
    clerk, chief = sign_in("wuhaitao"), sign_in("liguodong")
    clerk.open("/projects/new?type=columbarium")
    page = clerk.send(
        "/projects/new?type=columbarium",
        title="城南公益性骨灰堂",
        taking_over="1",
        organisation="4",
        clerk="6",
    )
    assert "已录 0 项" in page.words
    address = page.address.partition("/take-over")[0]
    clerk.open(f"{address}/stages/proposal")
    page = clerk.send(
        "/take-over",
        reply__proposal_reply__number="澴发改审〔2026〕15号",
        reply__proposal_reply__issued_on="2026-03-02",
        reply__proposal_reply__issuer="区发展和改革局",
        reply__proposal_reply__kept_at="档案柜",
    )
    assert "补录已登记" in page.words, page.words
    chief.open(address)
    page = chief.send("/confirm")
    assert "已核对" in page.words
    clerk.open(address)

    page = clerk.send("/close-take-over")

    assert "补录已结束" in page.words
    assert "正在补录" not in page.words


def test_facts_that_become_known_are_typed_once_and_kept(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liuchang")
    desk.open(f"/projects/{city.projects['E']}/facts")

    page = desk.send("/facts", fact__construction_contract="三百万")
    assert page.status == 409
    assert page.form("/facts").values["fact.construction_contract"] == "三百万"
    page = desk.send("/facts", fact__construction_contract="300.00")

    assert "项目信息已更新" in page.words
    assert "300.00 万元" in page.words


def test_a_project_is_suspended_by_a_chief_and_nobody_else(city: City, sign_in: SignIn) -> None:
    address = f"/projects/{city.projects['E']}"
    assert not sign_in("liuchang").open(address).has_form("/move-suspend")
    desk = sign_in("chenwenjuan")
    desk.open(address)

    page = desk.send("/move-suspend", reason="资金未到位")

    assert "项目已转为“在办（中止）”。" in page.words


def test_lists_are_filtered_by_light_unit_and_words(city: City, sign_in: SignIn) -> None:
    desk = sign_in("jianghui")
    found = {
        query: sorted(
            name
            for name, ref in city.projects.items()
            if f"/projects/{ref}" in desk.open(f"/projects?{query}").links
        )
        for query in (
            "light=own-red",
            "light=outside-red",
            "light=validity",
            "text=骨灰堂",
            "text=2512-99",
            "unit=5",
            "state=in_use",
        )
    }

    assert found == {
        "light=own-red": ["E"],
        "light=outside-red": ["D"],
        "light=validity": ["A"],
        "text=骨灰堂": ["A"],
        "text=2512-99": ["D"],
        "unit=5": ["D", "F"],
        "state=in_use": ["B"],
    }


@pytest.mark.parametrize(
    "address",
    ["/", "/projects", "/warnings", "/board", "/notices", "/mailbox", "/types", "/types/cemetery", "/help"],
)
def test_every_page_has_landmarks_one_heading_and_no_inline_style_or_script(
    sign_in: SignIn, address: str
) -> None:
    page = sign_in("jianghui").open(address)

    assert page.status == 200
    tags = [tag for tag, _ in page.tags]
    assert tags.count("main") == tags.count("h1") == tags.count("header") == 1
    assert "style" not in tags
    assert not [
        found for _, found in page.tags if "style" in found or any(key.startswith("on") for key in found)
    ]
    assert all(found.get("src") for tag, found in page.tags if tag == "script")


def test_every_field_has_a_label_and_every_id_is_there_once(city: City, sign_in: SignIn) -> None:
    for who, address in (
        ("liguodong", f"/projects/{city.projects['E']}{STAGE}"),
        ("tanli", f"/projects/{city.projects['D']}{LAND}"),
        ("tanli", f"/projects/{city.projects['D']}/stages/survey_design"),
        ("tanli", f"/projects/{city.projects['D']}"),
        ("wuhaitao", "/projects/new?type=columbarium"),
        ("jianghui", "/projects?light=own-red"),
    ):
        page = sign_in(who).open(address)
        assert page.status == 200
        labelled = {found.get("for") for tag, found in page.tags if tag == "label"}
        for tag, found in page.tags:
            if tag in {"input", "select", "textarea"} and found.get("type") not in {
                "hidden",
                "radio",
                "checkbox",
            }:
                assert found.get("id") in labelled or found.get("aria-label"), (address, found)
        assert len(page.ids) == len(set(page.ids)), [each for each in page.ids if page.ids.count(each) > 1]


def test_what_people_write_is_never_run(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{STAGE}")
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'

    page = desk.send("/explanation", text=hostile)

    assert hostile in page.words
    assert "<script>alert" not in page.html
    assert "<img" not in page.html


def test_demo_mails_are_shown_in_a_frame_that_can_do_nothing(sign_in: SignIn) -> None:
    desk = sign_in("tanli")

    assert desk.open("/mailbox").status == 200
    assert desk.open("/mailbox/999999").status == 404


def test_a_form_without_its_token_changes_nothing(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    page = desk.open(f"/projects/{city.projects['E']}{STAGE}")
    form = page.form("/decide")
    values = {**form.values, "outcome": "approved", "csrf": "0" * 64}

    answer = desk.client.post(form.action, data=values, headers={"Accept": "text/html"})

    assert answer.status_code == 403
    assert "请刷新页面" in answer.text


def test_whoever_goes_away_lets_a_colleague_act_and_it_is_always_shown(city: City, sign_in: SignIn) -> None:
    desk, deputy = sign_in("liguodong"), sign_in("chenwenjuan")
    page = desk.open("/delegations")
    assert "谭丽" not in page.words

    page = desk.send(
        "/delegations",
        agent=str(city.people["chenwenjuan"]),
        starts_on="2026-11-23",
        ends_on="2026-11-20",
        reason="外出培训",
    )
    assert page.status == 409
    assert "delegate-ends_on-wrong" in page.ids
    desk.send("/delegations", ends_on="2026-11-27", agent=str(city.people["chenwenjuan"]))
    assert "代陈文娟" not in deputy.open("/").words
    assert "代李国栋" in deputy.page.words

    deputy.open(f"/projects/{city.projects['E']}{STAGE}")
    page = deputy.send("/decide", outcome="approved", opinion="同意。")
    assert "陈文娟（代李国栋）在“概算审核”的科室审核中同意" in page.words
    assert "委托已结束" in desk.send("/delegations/end").words


def test_a_sheet_for_a_chief_who_signs_on_paper_has_everything_and_its_check(
    city: City, sign_in: SignIn
) -> None:
    page = sign_in("liuchang").open(f"/projects/{city.projects['E']}{STAGE}/sheet")

    for words in ("呈批件", "大院社区", "概算审核", "改造工程概算书", "分管领导审签", "材料校验码"):
        assert words in page.words
