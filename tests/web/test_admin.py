"""顾明 keeps the house in order: people, posts, units and delegations, as the pages let an administrator."""

from __future__ import annotations

import pytest

from tests.web.conftest import City, SignIn
from tests.web.desk import Desk

HOME = "/admin/people"


def person(city: City, name: str) -> str:
    return f"{HOME}/{city.people[name]}"


def test_only_an_administrator_is_shown_the_way_in(sign_in: SignIn) -> None:
    administrator, clerk = sign_in("admin").open("/"), sign_in("tanli").open("/")

    assert "/admin" in administrator.links
    assert "/admin" not in clerk.links


def test_a_new_colleague_is_entered_gets_a_post_and_signs_in(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    page = desk.open(f"{HOME}/new")
    password = page.form("/new").values["password"]
    page = desk.send("/new", name="何静", staff_number="hejing", email="hejing@huanchuan.example")
    assert "人员已登记，请为其授岗" in page.words
    assert password not in page.html
    page = desk.send("/posts/grant", organisation="2", key="section_chief", title="养老服务科科长")
    assert "岗位已授予" in page.words

    arrived = Desk(
        desk.client.__class__(desk.client.app, base_url="http://127.0.0.1", client=("127.0.0.1", 50001))
    )
    arrived.open("/sign-in")
    page = arrived.send("/sign-in", staff_number="hejing", password=password)

    assert "何静" in page.words
    assert "养老服务科科长" in page.words


def test_what_is_wrong_with_a_new_person_is_said_at_its_field_and_nothing_is_lost(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open(f"{HOME}/new")

    page = desk.send("/new", name="何静", staff_number="tanli", email="hejing at home")

    assert page.status == 409
    assert {"person-staff_number-wrong", "person-email-wrong"} <= set(page.ids)
    assert page.form("/new").values["name"] == "何静"
    page = desk.send("/new", staff_number="hejing", email="", password="123456")
    assert page.status == 422
    assert "密码不足12位" in page.words


def test_people_are_found_by_name_number_post_or_unit(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    found = {
        text: [name for name in ("谭丽", "杨帆", "吴海涛") if name in desk.open(f"{HOME}?text={text}").words]
        for text in ("谭丽", "yangfan", "殡葬管理所", "云河县", "无此人")
    }

    assert found == {
        "谭丽": ["谭丽"],
        "yangfan": ["杨帆"],
        "殡葬管理所": ["吴海涛"],
        "云河县": ["谭丽", "杨帆"],
        "无此人": [],
    }


def test_a_new_password_ends_the_sessions_of_the_old_one(city: City, sign_in: SignIn) -> None:
    clerk, desk = sign_in("tanli"), sign_in("admin")
    desk.open(person(city, "tanli"))

    page = desk.send("/password", password="shan-qing-shui-xiu")

    assert "密码已重设" in page.words
    assert "/sign-in" in clerk.open("/").address


def test_whoever_gets_a_password_chooses_their_own_before_anything_else(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open(person(city, "tanli"))
    desk.send("/password", password="shan-qing-shui-xiu")
    tanli = sign_in("tanli", "shan-qing-shui-xiu")

    page = tanli.open("/projects")

    assert page.address.endswith("/password")
    assert "由他人设置" in page.words
    assert "/projects" not in page.links
    page = tanli.send("/password", current="shan-qing-shui-xiu", password="shan-qing-shui-xiu")
    assert "新密码与现在的相同" in page.words
    page = tanli.send("/password", current="shan-qing-shui-xiu", password="liu-shui-bu-zheng-xian")
    assert "密码已更改，请用新密码登录" in page.words
    page = tanli.send("/sign-in", staff_number="tanli", password="liu-shui-bu-zheng-xian")
    assert "我的待办" in page.words


def test_people_choose_their_own_password_and_sign_in_again(sign_in: SignIn) -> None:
    desk = sign_in("tanli")
    desk.open("/password")
    page = desk.send("/password", current="wrong", password="shan-qing-shui-xiu")
    assert page.status == 422
    assert "您的密码不正确" in page.words
    assert "shan-qing" not in page.html
    page = desk.send("/password", current="demo-2026-shenpi", password="谭丽的密码谭丽的密码谭丽的")
    assert "密码中含有姓名" in page.words

    desk.send("/password", current="demo-2026-shenpi", password="shan-qing-shui-xiu")

    assert "/sign-in" in desk.page.address
    page = desk.send("/sign-in", staff_number="tanli", password="shan-qing-shui-xiu")
    assert "我的待办" in page.words


def test_before_an_account_is_disabled_the_page_says_what_would_be_left(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")

    page = desk.open(person(city, "liguodong"))

    assert "停用后，“科室审核”1件无人办理" in page.words
    assert "大院社区综合养老服务中心改造·概算审核" in page.words
    assert "科（股）室负责人空缺，上级也没有可以代替的人" in page.words


def test_disabling_the_only_holder_is_an_incident_that_filling_the_post_resolves(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("admin")
    desk.open(person(city, "liguodong"))
    page = desk.send("/disable")
    assert "账号已停用" in page.words
    page = desk.open("/admin/incidents")
    assert "“概算审核”在李国栋手中，其账号已停用或已不在岗，无人办理" in page.words
    held = desk.open(f"/projects/{city.projects['E']}/stages/budget_review").words
    assert "在 李国栋（账号已停用） 手里" in held
    assert "件待办只在已停用的账号手中" in desk.open("/admin").words
    desk.open(person(city, "chenwenjuan"))
    desk.send("/posts/grant", organisation="2", key="section_chief", title="兼规划财务科科长")
    page = desk.open("/admin/incidents")
    form = next(each for each in page.forms if "how" in each.fields)
    page = desk.send(form.action, how="陈文娟兼任科长")

    assert "异常已销号" in page.words
    assert "没有待处理的异常" in page.words
    assert "概算审核" in sign_in("chenwenjuan").open("/").words


def test_disabling_one_of_two_leaves_the_step_with_the_other(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open(person(city, "chenwenjuan"))
    desk.send("/posts/grant", organisation="2", key="section_chief", title="兼规划财务科科长")
    desk.open(person(city, "liguodong"))

    desk.send("/disable")

    assert "没有待处理的异常" in desk.open("/admin/incidents").words
    assert "概算审核" in sign_in("chenwenjuan").open("/").words
    desk.open(person(city, "liguodong"))
    assert "账号已恢复" in desk.send("/enable").words


def test_nobody_disables_himself_nor_grants_himself_a_post(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    page = desk.open(person(city, "admin"))
    assert not page.has_form("/disable")
    assert "不能停用自己的账号" in page.words

    page = desk.send("/posts/grant", organisation="1", key="director")

    assert page.status == 409
    assert "不能给自己授岗" in page.words
    assert "系统管理员不能兼任审核、签批岗位" in page.words


def test_a_post_is_taken_away_and_the_page_says_who_would_be_asked_instead(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("admin")
    page = desk.open(person(city, "chenwenjuan"))
    assert "澴阳区民政局的分管局领导空缺" in page.words

    page = desk.send("/posts/revoke")

    assert "岗位已收回" in page.words
    assert "没有岗位，看不到任何项目" in page.words


def test_the_last_administrator_keeps_the_post(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open(person(city, "admin"))

    page = desk.send("/posts/revoke")

    assert page.status == 409
    assert "顾明是最后一位系统管理员" in page.words


def test_a_person_is_renamed_and_gets_an_address(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open(person(city, "tanli"))
    page = desk.send("/change", name="谭莉", email="tanli2@huanchuan.example")
    assert "资料已更正" in page.words

    page = desk.open("/audit?kind=people")

    assert "顾明把工号tanli的姓名改为谭莉" in page.words
    assert "顾明更改了谭莉的邮箱" in page.words
    assert "tanli2@" not in page.words


@pytest.mark.parametrize(
    ("unit", "why"),
    [(2, "下还有启用的单位：养老服务科、区殡葬管理所"), (3, "还有在岗人员：刘畅"), (5, "个未归档的项目")],
)
def test_a_unit_is_not_disabled_while_anything_depends_on_it(sign_in: SignIn, unit: int, why: str) -> None:
    desk = sign_in("admin")
    desk.open(f"/admin/units/{unit}")

    page = desk.send("/disable")

    assert page.status == 409
    assert why in page.words


def test_a_unit_comes_is_renamed_and_goes(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/admin/units")
    desk.send("/admin/units", name="项目建设股", parent="5", region="990123")
    page = desk.send("/change", name="项目管理股", region="990123")
    assert "单位资料已更正" in page.words
    page = desk.send("/disable")
    assert "单位已停用" in page.words

    offered = sign_in("tanli").open("/projects/new?type=columbarium")

    assert "项目管理股" not in offered.words
    assert "恢复启用" in desk.page.words


def test_a_mistaken_region_is_corrected_and_on_the_record(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/admin/units/5")

    page = desk.send("/change", region="9901")
    assert page.status == 409
    assert "change-region-wrong" in page.ids
    page = desk.send("/change", region="990124")

    assert "单位资料已更正" in page.words
    assert page.form("/change").values["region"] == "990124"
    assert "顾明把“云河县民政局”的行政区划代码改为990124。" in desk.open("/audit").words


def test_a_section_without_a_region_lies_in_that_of_its_bureau(sign_in: SignIn) -> None:
    """So that its people and those of the bureau may act for each other, whatever was left out."""
    desk = sign_in("admin")
    desk.open("/admin/units")
    desk.send("/admin/units", name="项目建设股", parent="5")
    section = desk.page.address.split("/")[-1].split("?")[0]
    desk.open("/admin/people/new")
    desk.send("/new", name="何静", staff_number="hejing", password="shan-qing-shui-xiu")
    desk.send("/posts/grant", organisation=section, key="clerk")

    assert "何静（项目建设股经办人）" in sign_in("tanli").open("/delegations").words


def test_a_unit_says_whom_each_post_would_find(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    page = desk.open("/admin/units/5")
    assert "科（股）室负责人 杨帆（云河县民政局规划财务股股长）" in page.words
    assert "规划财务负责人 无人" in page.words
    desk.open(f"/admin/people/{city.people['yangfan']}")
    desk.send("/posts/revoke")

    page = desk.open("/admin/units/5")

    assert "科（股）室负责人 无人，用到这个岗位的环节将列为异常" in page.words


def test_an_administrator_enters_a_delegation_for_somebody_in_hospital(city: City, sign_in: SignIn) -> None:
    desk, deputy = sign_in("admin"), sign_in("chenwenjuan")
    desk.open(f"/admin/delegations?principal={city.people['liguodong']}")
    filled = {"principal": str(city.people["liguodong"]), "starts_on": "2026-11-23", "ends_on": "2026-11-27"}
    page = desk.send("/delegations", **filled, agent=str(city.people["admin"]), reason="住院")
    assert page.status == 409
    assert "不能给自己授岗，也不能把他人的权限委托给自己" in page.words
    page = desk.send("/delegations", **filled, agent=str(city.people["chenwenjuan"]), reason="住院，电话提出")
    assert "已委托" in page.words

    assert "代李国栋" in deputy.open("/").words
    desk.send("/delegations/end")
    assert "代李国栋" not in deputy.open("/").words
