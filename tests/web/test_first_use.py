"""The first day: what an empty page tells people to do next, and what an administrator would stumble over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from api import passwords
from api.main import create_app
from api.settings import make
from tests.web.conftest import NOW, City, SignIn
from tests.web.desk import Desk
from workflow.actions import people
from workflow.people import SYSTEM

FIRST, OWN = "shan-qing-shui-xiu", "liu-shui-bu-zheng-xian"


def test_where_nobody_is_entered_yet_signing_in_says_how_to_begin(tmp_path: Path) -> None:
    app = create_app(make(data=tmp_path), clock=lambda: NOW, beating=False)
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000)) as client:
        page = Desk(client).open("/sign-in")

    assert "运行 shenpi setup" in page.words


def enter(client: TestClient, staff_number: str, password: str) -> Desk:
    desk = Desk(client)
    desk.open("/sign-in")
    desk.send("/sign-in", staff_number=staff_number, password=password)
    return desk


def test_a_new_house_leads_its_administrator_until_there_is_a_project(tmp_path: Path) -> None:
    """顾明 has run `shenpi setup`; entering the first colleague does not end the guide."""
    by: dict[str, Any] = {"actor": SYSTEM, "now": NOW}
    made = make(data=tmp_path, mailbox=False, smtp={"host": "127.0.0.1", "security": "plain"})
    app = create_app(made, clock=lambda: NOW, beating=False)
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000)) as client:
        store = app.state.door.store
        bureau = store.act(people.add_organisation, name="澴阳区民政局", parent=0, **by)
        kept = passwords.hash_password(OWN)
        guming = store.act(people.add_person, name="顾明", staff_number="gm", password_hash=kept, **by)
        store.act(people.grant_post, person=guming, organisation=bureau, key="administrator", **by)
        desk = enter(client, "gm", OWN)
        desk.open("/admin/people/new")
        desk.send("/new", name="何静", staff_number="hejing", password=FIRST)
        assert "/admin/people/new" in desk.send("/posts/grant", organisation=str(bureau), key="clerk").links

        page = desk.open("/admin")

        assert "开始使用 登记单位（现有1个）" in page.words
        assert "登记人员（现有2人）" in page.words
        assert "只有顾明一位系统管理员。" in page.words
        assert str(tmp_path) in desk.open("/admin/health").words
        page = desk.open("/admin/mail")
        assert str(tmp_path / "shenpi.toml") in page.words
        assert f"/admin/people/{guming}" in page.links


def test_a_house_at_work_needs_no_guide_any_more(sign_in: SignIn) -> None:
    assert "开始使用" not in sign_in("admin").open("/admin").words


def test_the_record_names_a_project_type_by_its_title(sign_in: SignIn) -> None:
    assert "系统发布了项目类型“公益性骨灰堂建设”第1版" in sign_in("admin").open("/audit?kind=settings").words


def test_whoever_has_no_post_is_told_whom_to_ask(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    admin.open("/admin/people/new")
    page = admin.send("/new", name="何静", staff_number="hejing", password=FIRST)
    assert "人员已登记，请为其授岗" in page.words
    hejing = sign_in("hejing", FIRST)
    hejing.send("/password", current=FIRST, password=OWN)

    hejing = sign_in("hejing", OWN)

    assert "您还没有岗位" in hejing.page.words
    assert "您还没有岗位" in hejing.open("/projects").words
    assert "/projects/new" not in hejing.page.links
    assert "您还没有岗位，不能登记项目" in hejing.open("/projects/new").words
    assert "还没有登记邮箱" in hejing.open("/notices").words


def test_projects_are_begun_by_those_who_then_work_on_them(city: City, sign_in: SignIn) -> None:
    """Whoever only oversees or administers is not invited to; whoever acts for a clerk is."""
    begun = {"/projects/new", "/projects/new?taking_over=1", "/projects/import"}
    for name in ("wuhaitao", "liguodong", "zhoujianping"):
        assert begun <= set(sign_in(name).open("/projects").links)
    for name in ("jianghui", "admin"):
        assert not begun & set(sign_in(name).open("/projects").links)
    clerk = sign_in("liuchang")
    clerk.open("/delegations")
    agent = str(city.people["jianghui"])
    clerk.send("/delegations", agent=agent, ends_on="2026-11-27", reason="外出培训")

    assert begun <= set(sign_in("jianghui").open("/projects").links)


def test_the_draft_of_a_new_version_carries_its_number(sign_in: SignIn) -> None:
    desk = sign_in("admin")

    page = desk.open("/admin/types?type=centre-conversion")

    assert "\nversion: 2\n" in page.form("/check").values["text"]


def test_a_unit_goes_below_the_bureau_and_has_a_code_of_six_figures(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    page = desk.open("/admin/units")
    chosen = [str(found["value"]) for tag, found in page.tags if tag == "option" and "selected" in found]

    page = desk.send("/units", name="婚姻登记处", parent=chosen[0], region="9901")
    assert "行政区划代码“9901”不是六位数字" in page.words
    page = desk.send("/units", name="婚姻登记处", parent=chosen[0], region="990100")

    assert "单位 › 澴川市民政局 婚姻登记处" in page.words


def test_the_audit_names_people_whose_account_is_disabled(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/admin/units")
    desk.send("/units", name="另一个局", parent="")
    desk.open(f"/admin/people/{city.people['liguodong']}")
    desk.send("/disable")

    assert "李国栋（已停用）" in desk.open("/audit").words
