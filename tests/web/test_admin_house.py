"""顾明 sees that the house runs: calendar, project types, incidents, mail, health."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.testclient import TestClient

from api import demo
from api.mail import mail_reason
from api.main import create_app
from api.operations import OPERATIONS
from notifications.mailer import Failure as MailFailure
from notifications.mailer import Fault, Phase
from tests.notifications.servers import Office, serving
from tests.web.conftest import NOW, City, SignIn
from tests.web.desk import Desk, Page
from workflow.actions.seals import seal
from workflow.people import SYSTEM
from workflow.record import stamp
from workflow.store import Store

DEFINITIONS = Path(__file__).parent.parent.parent / "definitions"
DECEMBER = """year: 2026
status: official
source: 国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）
off:
  - {days: [2026-12-10, 2026-12-11], why: 试点假期}
"""


@contextmanager
def with_mail(city: City, **smtp: object) -> Iterator[Desk]:
    """顾明 at a desk whose office has a mail server."""
    settings = city.settings(smtp={"sender": "shenpi@huanchuan.example", **smtp})
    app = create_app(settings, clock=lambda: NOW, beating=False)
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000)) as client:
        desk = Desk(client)
        desk.open("/sign-in")
        desk.send("/sign-in", staff_number="admin", password=demo.PASSWORD)
        yield desk


# The calendar


def test_a_calendar_shows_what_it_moves_before_it_is_loaded(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    before = sign_in("tanli").open(f"/projects/{city.projects['A']}").words
    desk.open("/admin/calendar?year=2026")

    page = desk.send("/calendar/check", text=DECEMBER)

    assert "载入2026年会改变什么" in page.words
    assert "2026-12-10 周四：工作日 → 试点假期放假" in page.words
    assert "2026-10-01 周四：国庆节放假 → 工作日" in page.words
    assert sign_in("tanli").open(f"/projects/{city.projects['A']}").words == before
    assert "试点假期" not in desk.open("/admin/calendar?year=2026").html
    desk.send("/calendar/check", text=DECEMBER)
    page = desk.send("/admin/calendar")
    assert "工作日历已载入" in page.words
    assert "试点假期" in desk.open("/admin/calendar?year=2026").words


def test_whoever_writes_a_year_finds_the_form_first_and_old_years_folded(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    page = desk.open("/admin/calendar")
    assert page.words.index("2027年 暂定") < page.words.index("载入一年")
    assert page.words.index("更早的") < page.words.index("2015年")

    page = desk.open("/admin/calendar?year=2027")

    assert (
        page.words.index("修改2027年") < page.words.index("与平常不同的日子") < page.words.index("已知的年份")
    )


def test_a_provisional_year_that_becomes_official_says_so_beforehand(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    page = desk.open("/admin/calendar?year=2027")
    text = page.form("/calendar/check").values["text"].replace("status: provisional", "status: official")

    page = desk.send("/calendar/check", text=text)
    assert page.status == 422
    assert "状态写作official（已公布），依据却还写着“尚未公布”。请写明放假安排通知的名称和文号" in page.words
    page = desk.send(
        "/calendar/check",
        text=text.replace("国务院办公厅尚未公布2027年放假安排\n", "国办发明电〔2026〕9号\n"),
    )

    assert "状态 暂定改为已公布" in page.words


def test_a_year_begun_from_the_empty_form_needs_the_number_of_its_notice(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    text = desk.open("/admin/calendar?year=2028").form("/calendar/check").values["text"]

    page = desk.send("/calendar/check", text=text.partition("work:")[0])

    assert page.status == 422
    assert "依据却还写着“〔2027〕 号”" in page.words


def test_a_calendar_names_the_due_dates_that_move(sign_in: SignIn) -> None:
    """概算审核 was due on 11月13日 after two working days from 11月11日: with the 12th and 13th off it is not."""
    desk = sign_in("admin")
    desk.open("/admin/calendar")

    page = desk.send(
        "/calendar/check", text=DECEMBER.replace("2026-12-10, 2026-12-11", "2026-11-12, 2026-11-13")
    )

    assert "大院社区综合养老服务中心改造" in page.words
    assert "概算审核" in page.words
    assert "2026-11-13 2026-11-17" in page.words


def test_a_faulty_calendar_is_named_by_line_and_column_and_changes_nothing(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/admin/calendar")

    page = desk.send(
        "/calendar/check", text=DECEMBER.replace("12-11]", "12-33]").replace("official", "maybe")
    )

    assert page.status == 422
    assert "第2行第9列：" in page.words
    assert "第5行第25列：“2026-12-33”不是日期。请写成2026-10-01的样子。" in page.words
    assert "12-33" in page.form("/calendar/check").values["text"]
    assert "试点假期" not in desk.open("/admin/calendar?year=2026").html


def test_a_calendar_may_come_as_a_file(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/admin/calendar")

    page = desk.send("/calendar/check", {"file": ("2026.yaml", DECEMBER.encode(), "application/yaml")})

    assert "载入2026年会改变什么" in page.words
    page = desk.send("/calendar/check", {"file": ("2026.yaml", DECEMBER.encode("gbk"), "application/yaml")})
    assert page.status == 422
    assert "请用UTF-8编码另存" in page.words


def test_a_year_that_nobody_wrote_begins_with_a_form_that_holds(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/admin/calendar?year=2028")

    page = desk.send("/calendar/check")

    assert "“2028-01-04”" not in page.words
    assert page.status in {200, 422}
    assert desk.open("/admin/calendar?year=2031").status == 404


# Project types


def test_a_new_version_is_compared_in_words_then_published_and_running_projects_keep_theirs(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("admin")
    page = desk.open("/admin/types?type=centre-conversion")
    text = page.form("/types/check").values["text"]
    old = (DEFINITIONS / "centre-conversion.yaml").read_text(encoding="utf-8")
    assert text.strip() == old.replace("version: 1", "version: 2").strip()
    new = text.replace("title: 概算审核", "title: 投资概算审核", 1)

    page = desk.send("/types/check", text=new)
    assert "尚未归档的1个项目不变" in page.words
    assert "/projects?type=centre-conversion" in page.links

    assert "第2版" in page.words
    assert "由“概算审核意见”改为“投资概算审核意见”" in page.words
    page = desk.send("/admin/types")
    assert "项目类型已发布" in page.words
    assert "投资概算审核" not in sign_in("liguodong").open(f"/projects/{city.projects['E']}").words
    assert "投资概算审核" in desk.open("/types/centre-conversion").words


def test_a_faulty_definition_is_named_place_by_place(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/admin/types")

    page = desk.send("/types/check", text="type: hall\nversion: one\ntitel: 便民服务点\n")

    assert "这个文件还不能发布" in page.words
    assert "第2行第10列：" in page.words
    assert "version: one" in page.words.partition("检查并发布")[0], "the line itself stands beside its number"
    assert page.words.index("检查并发布") < page.words.index("已发布的版本"), (
        "what is to be mended comes first"
    )
    assert "是否想写 title" in page.words


def test_a_published_version_is_not_published_with_another_text(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/admin/types")
    old = (DEFINITIONS / "centre-conversion.yaml").read_text(encoding="utf-8")
    changed = old.replace("title: 概算审核", "title: 投资概算审核", 1)

    page = desk.send("/types/check", text=changed)

    assert "第1版已经发布，已发布的版本不得改动。请把 version 改为2" in page.words
    assert not page.has_form("/admin/types")


# Incidents


def test_an_incident_says_what_to_do_and_is_settled_with_how(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open(f"/admin/people/{city.people['liguodong']}")
    desk.send("/disable")
    page = desk.open("/notices")
    assert "/admin/incidents" in page.links
    page = desk.open("/admin/incidents")
    assert "先在“人员”中为其岗位另授一人，销号时系统把环节派给现在的任职人" in page.words
    form = next(each for each in page.forms if "how" in each.fields)

    page = desk.send(form.action, how="")

    assert page.status == 409
    assert "处理说明不能为空" in page.words
    desk.open(f"/admin/people/{city.people['liguodong']}")
    desk.send("/enable")
    desk.open("/admin/incidents")
    page = desk.send(form.action, how="李国栋已返岗")
    assert "没有待处理的异常" in page.words
    assert "李国栋手中" in desk.open("/admin/incidents?closed=1").words


def test_whoever_takes_over_from_a_disabled_person_has_it_from_that_day(city: City, sign_in: SignIn) -> None:
    """李国栋 leaves with 概算审核 six working days late: it is 吴海涛's from the day he is given it, and 周建平 may see to it."""
    stage = f"/projects/{city.projects['E']}/stages/budget_review"
    director, desk = sign_in("zhoujianping"), sign_in("admin")
    desk.open(f"/admin/people/{city.people['liguodong']}")
    desk.send("/disable")
    page = director.open(stage)
    assert "现在在 李国栋（账号已停用） 处，自11月11日 周三。 要换人办理的，请转办。" in page.words
    assert "可由办理人转办" not in page.words.partition("所需材料")[0]
    desk.open(f"/admin/people/{city.people['wuhaitao']}")
    desk.send("/posts/grant", organisation="2", key="section_chief")
    desk.send(
        next(each.action for each in desk.open("/admin/incidents").forms if "how" in each.fields),
        how="已授岗",
    )

    assert "现在在 吴海涛 处，自今日" in director.open(stage).words
    assert "吴海涛 今日" in director.open("/warnings").words


def test_others_see_on_their_notices_what_is_stuck_in_their_scope(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open(f"/admin/people/{city.people['liguodong']}")
    desk.send("/disable")

    page = sign_in("chenwenjuan").open("/notices")

    assert "由系统管理员处理后销号" in page.words
    assert not any("incidents" in each.action for each in page.forms)


# Mail


def test_the_demo_says_that_it_sends_nothing(sign_in: SignIn) -> None:
    page = sign_in("admin").open("/admin/mail")

    assert "演示环境不外发邮件" in page.words
    assert not page.has_form("/mail/test")


def test_a_test_mail_that_fails_says_so_in_words_with_a_remedy(city: City) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with with_mail(
            city, host="127.0.0.1", port=port, security="plain", password="s3cret-of-mail"
        ) as desk:
            page = desk.open("/admin/mail")
            assert "s3cret-of-mail" not in page.html
            assert "已设置，不显示" in page.words

            page = desk.send("/mail/test")

            assert page.status == 409
            assert (
                "测试邮件没有发出：连接和登录邮件服务器时，对方拒绝连接，该端口上没有邮件服务。" in page.words
            )
            assert "请核对主机名和端口" in page.words


@pytest.mark.parametrize(
    ("fault", "remedy"), [(Fault.PERMANENT, "请核对收件地址"), (Fault.RETRY, "这是暂时的，请过几分钟再试")]
)
def test_an_address_is_doubted_only_if_the_server_refuses_it_for_good(fault: Fault, remedy: str) -> None:
    said = MailFailure(Phase.RCPT, fault, "451 4.7.1 greylisted", replied=True)

    assert remedy in str(mail_reason(said))


@contextmanager
def post_office(office: Office) -> Iterator[int]:
    """A mail server at work beside the desk; its port."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving(office)) as port:
        yield port


def deliver(desk: Desk) -> None:
    """One pass of the mailer."""
    state = desk.client.app.state  # type: ignore[attr-defined]
    OPERATIONS["deliver"](state.door.store, state.settings, {}, NOW)


def test_a_test_mail_really_goes_out(city: City) -> None:
    office = Office()
    with post_office(office) as port, with_mail(city, host="127.0.0.1", port=port, security="plain") as desk:
        desk.open("/admin/mail")

        page = desk.send("/mail/test")

        assert "测试邮件已由邮件服务器收下" in page.words
        assert [mail["Subject"] for mail in office.arrived] == ["【测试】审批系统邮件设置"]


def test_a_refused_mail_goes_out_again_to_the_address_that_was_mended(city: City) -> None:
    office = Office({"RCPT": ["550 no such user"]})
    with post_office(office) as port, with_mail(city, host="127.0.0.1", port=port, security="plain") as desk:
        deliver(desk)
        assert "有1封邮件未能送达" in desk.open("/admin").words
        page = desk.open("/admin/mail")
        assert "550 no such user" in page.words
        person = next(each for each in page.links if each.startswith("/admin/people/"))
        page = desk.open(person)
        desk.send("/change", email="mended@huanchuan.example")
        assert "现地址 mended@huanchuan.example" in desk.open("/admin/mail").words

        page = desk.send("/mail/again")

        assert "已放回发送队列" in page.words
        assert "未送达 0" in page.words
        assert "没有待处理的异常" in desk.open("/admin/incidents").words
        assert "重新投递了1封未送达的邮件" in desk.open("/audit?kind=settings").words
        deliver(desk)
        assert any("mended@huanchuan.example" in str(mail["To"]) for mail in office.arrived)


def test_whoever_a_mail_did_not_reach_reads_so_on_their_notices(city: City) -> None:
    office = Office({"RCPT": ["550 no such user"]})
    with post_office(office) as port, with_mail(city, host="127.0.0.1", port=port, security="plain") as admin:
        deliver(admin)
        [(name, address)] = city.execute(
            "SELECT person.staff_number, mail.address FROM mail JOIN person ON person.id = mail.person_id"
            " WHERE mail.state = 'failed'"
        )
        theirs = Desk(TestClient(admin.client.app, "http://127.0.0.1", client=("127.0.0.1", 50000)))
        theirs.client.portal = admin.client.portal
        theirs.open("/sign-in")
        theirs.send("/sign-in", staff_number=name, password=demo.PASSWORD)

        page = theirs.open("/notices")

        assert f"有1封邮件未能确认送达您的邮箱 {address}，最近一封的原因：550 no such user。" in page.words
        assert "请系统管理员重新投递，地址有误的先更正" in page.words
        admin.open("/admin/mail")
        admin.send("/mail/again")
        assert "未能确认送达" not in theirs.open("/notices").words
        assert "未能确认送达" not in admin.open("/notices").words


# Health


def test_health_is_red_while_the_record_is_unsealed_and_green_after(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")

    def monitored() -> str:
        said: str = desk.client.get("/api/health/details").json()["status"]
        return said

    page = desk.open("/admin/health")
    assert "■ 需要处理" in page.words
    assert "以来的记录尚未封签" in page.words
    assert monitored() == "attention"

    store: Store = desk.client.app.state.door.store  # type: ignore[attr-defined]
    store.act(seal, actor=SYSTEM, now=NOW)
    deliver(desk)

    page = desk.open("/admin/health")
    assert "● 正常" in page.words
    assert monitored() == "ok"
    assert ("SQLite" if city.url.startswith("sqlite") else "PostgreSQL") in page.words


def test_a_house_that_sends_no_mail_is_well_without_it(city: City) -> None:
    with with_mail(city, host="") as desk:
        store: Store = desk.client.app.state.door.store  # type: ignore[attr-defined]
        store.act(seal, actor=SYSTEM, now=NOW)

        page = desk.open("/admin/health")

        assert "● 正常" in page.words
        assert "没有设置邮件服务器，提醒只在系统内显示" in page.words
        assert "未投递" not in examined(desk).words


def examined(desk: Desk) -> Page:
    """What the doctor says, also on a machine on which the page does not wait until he has said it."""
    page = desk.send("/examine")
    assert "已办完，结果见下" in page.words or "已开始，办完后结果显示在本页" in page.words
    given_up = monotonic() + 120
    while "办完：" not in page.words and monotonic() < given_up:
        page = desk.open("/admin/health")
    return page


def test_the_doctor_comes_when_called(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/admin/health")

    assert "没有错误" in examined(desk).words
    paper = next(each for each in (city.data / "documents").rglob("*") if each.is_file())
    paper.chmod(0o600)
    paper.write_bytes(b"changed")
    page = examined(desk)
    assert "发现错误" in page.words
    assert "请从备份恢复" in page.words


def test_an_examination_that_died_with_the_service_keeps_nobody_from_the_next(city: City) -> None:
    city.execute(
        "INSERT INTO examination (kind, subject, by_id, began_at, outcome, words)"
        " VALUES ('doctor', 0, 0, :at, '', '[]')",
        at=stamp(NOW),
    )
    with with_mail(city) as desk:
        page = desk.open("/admin/health")

        if city.url.startswith("sqlite"):  # a second process may carry on there
            assert "没有办完就中断了，请重新开始" in page.words
            assert "没有错误" in examined(desk).words


@pytest.mark.parametrize(
    "address", ["/admin", "/admin/people", "/admin/people/4", "/admin/units", "/admin/mail"]
)
def test_pages_have_one_heading_labelled_fields_and_every_id_once(sign_in: SignIn, address: str) -> None:
    page = sign_in("admin").open(address)

    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == tags.count("main") == 1
    assert len(page.ids) == len(set(page.ids))
    assert not [found for _, found in page.tags if "style" in found]
