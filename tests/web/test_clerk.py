"""What a clerk is told before a step and after it: nothing takes effect unannounced, and every answer names its next."""

from __future__ import annotations

from api.demo_papers import one_page_pdf
from tests.web.conftest import City, SignIn
from tests.web.desk import Desk, Page

REVIEW = "/stages/budget_review"
LAND_PERMIT = "/stages/land_permit"


def pdf(title: str) -> tuple[str, bytes, str]:
    return (f"{title}.pdf", one_page_pdf(title), "application/pdf")


def selected(page: Page) -> list[str]:
    """What the lists of the page have chosen beforehand."""
    return [found["value"] or "" for tag, found in page.tags if tag == "option" and "selected" in found]


def register(clerk: Desk, title: str, **values: str) -> Page:
    """Register a columbarium with what the form has chosen beforehand."""
    organisation, person = selected(clerk.open("/projects/new?type=columbarium"))[:2]
    chosen = {"organisation": organisation, "clerk": person}
    return clerk.send("/projects/new?type=columbarium", title=title, **chosen, **values)


def test_an_empty_list_offers_both_ways_to_begin(sign_in: SignIn) -> None:
    page = sign_in("liuchang").open("/")

    assert {"/projects/new", "/projects/new?taking_over=1"} <= set(page.links)


def test_the_only_one_who_can_have_signed_stands_there_already(city: City, sign_in: SignIn) -> None:
    page = sign_in("liuchang").open(f"/projects/{city.projects['E']}{REVIEW}")

    assert str(city.people["liguodong"]) in selected(page)
    assert "收pdf、docx、xlsx、jpg、png、ofd格式，不超过50 MB" in page.words


def test_a_new_version_says_before_and_after_which_review_it_sets_back(city: City, sign_in: SignIn) -> None:
    """李国栋 has agreed; then 刘畅 has a better version."""
    address = f"/projects/{city.projects['E']}{REVIEW}"
    chief, clerk = sign_in("liguodong"), sign_in("liuchang")
    chief.open(address)
    chief.send("/decide", outcome="approved", opinion="拟同意。")

    page = clerk.open(address)

    warning = "“概算审核”将从“科室审核”重新审核，李国栋的意见不再有效"
    assert f"换版后，{warning}。" in page.words
    assert f"改造工程概算书换版后，{warning}。" in clerk.open(f"/projects/{city.projects['E']}").words
    clerk.open(address)

    page = clerk.send("/upload", {"file": pdf("概算书")}, document="budget_book")

    assert (
        "“改造工程概算书”第2版已上传。“改造工程概算书”已更换，“概算审核”原有意见不再有效，从头审核，下一步：科室审核（李国栋）。"
        in page.words
    )


def test_a_clock_that_began_again_says_what_was_late_by_then(city: City, sign_in: SignIn) -> None:
    """Green again since 刘畅's new version; 陈文娟 sees that it has been lying for eight working days."""
    address = f"/projects/{city.projects['E']}{REVIEW}"
    clerk = sign_in("liuchang")
    assert "重新计算" not in clerk.open(address).words

    clerk.send("/upload", {"file": pdf("概算书")}, document="budget_book")

    words = sign_in("chenwenjuan").open(address).words
    assert (
        "因“改造工程概算书”更换，本环节时限自11月23日重新计算；此前已超 6 个工作日；自11月11日报送，至今共 8 个工作日。"
        in words
    )
    chief = sign_in("liguodong")
    chief.open(address)
    chief.send("/decide", outcome="approved", opinion="拟同意。")
    assert "重新计算" not in chief.open(address).words


def test_the_projects_page_tells_of_the_review_that_a_new_version_sets_back(
    city: City, sign_in: SignIn
) -> None:
    clerk = sign_in("liuchang")
    form = clerk.open(f"/projects/{city.projects['E']}").form("/papers/upload")
    form.values["document"] = "budget_book"

    page = clerk.send("/papers/upload", {"file": pdf("概算书")})

    assert (
        "材料已上传。“改造工程概算书”已更换，“概算审核”从头审核，下一步：科室审核（李国栋）。" in page.words
    )
    assert "不再有效" not in page.words, "nobody had said anything yet"


def test_a_paper_beside_the_review_sets_nothing_back(city: City, sign_in: SignIn) -> None:
    clerk = sign_in("liuchang")
    clerk.open(f"/projects/{city.projects['E']}{REVIEW}")

    page = clerk.send("/upload", {"file": pdf("报审函")}, document="budget_request")

    assert "“概算报审函”第1版已上传。" in page.words
    assert "从头审核" not in page.words


def test_a_paper_that_another_stands_for_is_uploaded_and_not_exchanged(city: City, sign_in: SignIn) -> None:
    clerk = sign_in("wuhaitao")

    page = clerk.open(f"/projects/{city.projects['A']}{LAND_PERMIT}")

    assert "由用地预审与选址意见书代替" in page.words
    assert "换一版" not in page.words


def test_what_may_be_uploaded_is_said_before_it_is_chosen(city: City, sign_in: SignIn) -> None:
    page = sign_in("liuchang").open(f"/projects/{city.projects['E']}")

    assert "改造工程概算书（pdf、xlsx）" in page.words
    assert "不超过50 MB；可收的格式见所选材料后的括号" in page.words


def test_what_is_wrong_with_a_file_leads_to_its_field(city: City, sign_in: SignIn) -> None:
    clerk = sign_in("liuchang")
    clerk.open(f"/projects/{city.projects['E']}{REVIEW}")

    page = clerk.send("/upload", {"file": ("概算.exe", b"MZ", "application/pdf")}, document="budget_book")

    assert page.status == 422
    assert "#paper-budget_book-upload-file" in page.links
    assert "paper-budget_book-upload-file" in page.ids


def test_who_checks_an_entry_has_it_since_it_was_entered(city: City, sign_in: SignIn) -> None:
    """The outside office has had it for two months; 杨帆 only since today."""
    clerk = sign_in("tanli")
    clerk.open(f"/projects/{city.projects['D']}/stages/land_filing")

    page = clerk.send("/record", what="special_began", on="2026-11-20", procedure="专家评审")

    assert "已登记，待杨帆核对原件后生效。" in page.words
    assert "在 杨帆（核对原件） 手里，自今日" in page.words


def test_a_refusal_in_between_does_not_lose_the_way_back_to_the_list(city: City, sign_in: SignIn) -> None:
    """李国栋 decides in place, forgets the items to fix, adds them, and is where he began."""
    chief = sign_in("liguodong")
    chief.open(f"/?open={city.projects['E']}/budget_review")

    refused = chief.send("/decide", outcome="returned", opinion="口径不清。")
    assert refused.status == 409, refused.words
    page = chief.send("/decide", outcome="returned", fixes="改造工程概算书：补工程量")

    assert page.address.partition("?")[0].endswith("127.0.0.1/")
    assert "已退回，现在在刘畅处" in page.words


def test_a_project_just_registered_does_not_point_to_another(sign_in: SignIn) -> None:
    """吴海涛 has older work; what he has just registered is what he goes on with."""
    clerk = sign_in("wuhaitao")

    page = register(clerk, "东山骨灰堂")

    assert "项目已登记。" in page.words
    assert "下一件" not in page.words
    assert "备齐“谋划入库”的材料" in page.words


def test_ending_the_taking_over_of_nothing_says_what_that_means(sign_in: SignIn) -> None:
    page = register(sign_in("wuhaitao"), "东山骨灰堂", taking_over="1")

    assert "还没有录入批复。现在结束，全部事项都从头办理、开始计时，以后不能再补录。" in page.words


def test_a_delegation_shows_its_reason_to_both(city: City, sign_in: SignIn) -> None:
    clerk = sign_in("tanli")
    clerk.open("/delegations")
    page = clerk.send(
        "/delegations",
        agent=str(city.people["yangfan"]),
        starts_on="2026-11-23",
        ends_on="2026-11-30",
        reason="外出培训",
    )

    assert "2026-11-23 至 2026-11-30 外出培训" in page.words
    assert "谭丽，2026-11-23 至 2026-11-30，外出培训" in sign_in("yangfan").open("/delegations").words
    assert "外出培训" in sign_in("admin").open("/admin/delegations").words


def test_whoever_has_nothing_to_do_sees_what_of_theirs_is_late_and_with_whom(sign_in: SignIn) -> None:
    """What 刘畅 has submitted lies with 李国栋, five working days too long."""
    page = sign_in("liuchang").open("/")

    assert "现在没有等您办理的事项。" in page.words
    assert "大院社区综合养老服务中心改造 · 概算审核 在李国栋手里" in page.words


def test_a_step_that_nobody_may_take_says_so_and_not_that_nobody_has_it(city: City, sign_in: SignIn) -> None:
    """李国栋 hands his review to 陈文娟, who then cannot sign as well."""
    address = f"/projects/{city.projects['E']}{REVIEW}"
    chief, deputy = sign_in("liguodong"), sign_in("chenwenjuan")
    chief.open(address)
    chief.send("/hand-over", to=str(city.people["chenwenjuan"]), reason="外出培训")
    assert "分管局领导空缺或均须回避，将报管理员" in deputy.open(address).words

    page = deputy.send("/decide", outcome="approved", opinion="同意。")

    assert "已同意；分管领导审签中，暂无人办理，已报管理员。" in page.words
    assert "暂无人办理，自今日" in page.words


def test_a_project_of_the_same_name_is_shown_before_a_second_is_begun(sign_in: SignIn) -> None:
    """吴海涛 registers a hall that is there already; then he means another one, in another village."""
    clerk = sign_in("wuhaitao")
    first = register(clerk, "城北公益性骨灰堂")

    page = register(clerk, "城北公益性骨灰堂", fact__total_investment="100")

    assert page.status == 409
    assert "该单位已有同名项目“城北公益性骨灰堂”。是同一项目的，请打开原项目办理" in page.words
    assert first.address.partition("?")[0].removeprefix("http://127.0.0.1") in page.links
    assert page.form("/projects/new?type=columbarium").values["fact.total_investment"] == "100"
    organisation, person = selected(page)[:2]
    chosen = {"organisation": organisation, "clerk": person}
    knowing = {"same_name": "城北公益性骨灰堂", **chosen}
    page = clerk.send("/projects/new?type=columbarium", **knowing, fact__total_investment="一百")
    assert "同名项目“" not in page.words
    assert page.form("/projects/new?type=columbarium").values["same_name"] == "城北公益性骨灰堂"
    page = clerk.send("/projects/new?type=columbarium", **chosen, fact__total_investment="100")
    assert "项目已登记。" in page.words
    page = register(clerk, "区公益性骨灰堂", same_name="城北公益性骨灰堂")
    assert "该单位已有同名项目“区公益性骨灰堂”" in page.words


def test_a_namesake_is_found_however_many_names_hold_its_own(sign_in: SignIn) -> None:
    """吴海涛 begins a second hall, with half a hundred newer ones that are called nearly so."""
    clerk = sign_in("wuhaitao")
    first = register(clerk, "城北公益性骨灰堂").address.partition("?")[0].removeprefix("http://127.0.0.1")
    for number in range(51):
        register(clerk, f"城北公益性骨灰堂{number}号塔")

    page = register(clerk, "城北公益性骨灰堂")

    assert first in page.links
    assert "号塔" not in page.html.partition("已登记的同名项目")[2].partition("</div>")[0]
    assert "确是另一个项目，同名登记" in page.words
