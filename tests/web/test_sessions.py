"""我的登录: 谭丽 sees where she is signed in, ends what she does not know, and nobody else sees it."""

from __future__ import annotations

import pytest

from api import demo
from api.browsers import browser_words
from tests.web.conftest import City, SignIn

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.0.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/107.0 Mobile Safari/537.36 MicroMessenger/8.0.44"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WINDOWS, "Chrome（Windows）"),
        (f"{WINDOWS} Edg/108.0.1462.54", "Edge（Windows）"),
        (f"{WINDOWS} QIHU 360SE", "360浏览器（Windows）"),
        (f"{WINDOWS} Qaxbrowser", "奇安信浏览器（Windows）"),
        (PHONE, "微信（安卓）"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0", "Firefox（Linux）"),
        ("curl/8.0", "其他程序"),
        ("", "其他程序"),
        ("<script>", "其他程序"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, words: str) -> None:
    assert browser_words(agent) == words


def test_tan_li_sees_where_she_is_signed_in_and_ends_one_that_she_left_open(sign_in: SignIn) -> None:
    hall, office = sign_in("tanli"), sign_in("tanli")
    page = office.open("/sessions")
    assert "本次登录" in page.words
    assert page.html.count("其他程序") == 2
    assert page.html.count(">本机<") == 2

    page = office.send("/sessions/end")

    assert "该处登录已结束" in page.words
    assert not page.has_form("/sessions/end-others")
    assert "/sign-in" in hall.open("/").address
    assert "我的待办" in office.open("/").words


def test_all_others_end_together_and_this_one_stays(sign_in: SignIn) -> None:
    left = [sign_in("tanli") for _ in range(3)]
    other, here = sign_in("yangfan"), sign_in("tanli")
    here.open("/sessions")

    here.send("/end-others")

    assert all("/sign-in" in each.open("/").address for each in left)
    assert "我的待办" in here.open("/").words
    assert "我的待办" in other.open("/").words


def test_nobody_sees_or_ends_the_session_of_another(sign_in: SignIn) -> None:
    tanli, admin = sign_in("tanli"), sign_in("admin")
    sign_in("tanli")
    hers = tanli.open("/sessions").form("/sessions/end").values["session"]
    sign_in("admin")
    assert hers not in admin.open("/sessions").html

    admin.send("/sessions/end", session=hers)

    assert hers in tanli.open("/sessions").html


def test_a_session_that_another_password_has_ended_is_not_shown(city: City, sign_in: SignIn) -> None:
    sign_in("tanli")
    desk = sign_in("admin")
    desk.open(f"/admin/people/{city.people['tanli']}")
    desk.send("/password", password="shan-qing-shui-xiu")
    tanli = sign_in("tanli", "shan-qing-shui-xiu")
    tanli.open("/password")
    tanli.send("/password", current="shan-qing-shui-xiu", password="liu-shui-bu-zheng-xian")

    page = sign_in("tanli", "liu-shui-bu-zheng-xian").open("/sessions")

    assert "没有其他登录" in page.words


def test_whoever_was_disabled_is_not_signed_in_again_by_being_enabled(city: City, sign_in: SignIn) -> None:
    """A computer was lost: the account is shut at once, and opened again when all is well."""
    lost, desk = sign_in("tanli"), sign_in("admin")
    desk.open(f"/admin/people/{city.people['tanli']}")
    desk.send("/disable")
    desk.send("/enable")

    assert "/sign-in" in lost.open("/").address
    assert "我的待办" in sign_in("tanli").open("/").words


def test_whoever_was_signed_out_meanwhile_is_told_so_at_the_door(city: City, sign_in: SignIn) -> None:
    """谭丽 is given another post while she works: the next page is the door, and it says why, and leads back."""
    hall, desk = sign_in("tanli"), sign_in("admin")
    desk.open(f"/admin/people/{city.people['tanli']}")
    desk.send("/posts/grant", organisation="5", key="office")

    page = hall.open("/projects")
    assert "登录已结束：太久没有操作，或您的密码、岗位、账号刚有变动。请重新登录。" in page.words
    page = hall.send("/sign-in", staff_number="tanli", password=demo.PASSWORD)
    assert page.address.endswith("/projects")
    hall.open("/")
    page = hall.send("/sign-out")
    assert "登录已结束" not in page.words
