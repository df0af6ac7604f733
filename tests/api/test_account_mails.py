"""Whoever's password or address is changed hears of it by mail, at the address of before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.mail import deliverer
from tests.api.office import PASSWORD, Office, open_office
from tests.databases import Copies

OWN = "he-liu-jing-guo-shan"
TYPED = {"Accept": "text/html"}


@pytest.fixture
def office(bureaus: Copies, tmp_path: Path) -> Iterator[Office]:
    """The bureau, with a mailbox where mail would go; 谭丽 has an address."""
    with open_office(bureaus, tmp_path, mailbox=True) as made:
        _change(made, email="tanli@mz.example")
        yield made


def _change(office: Office, **what: str) -> None:
    tanli = office.world.people["谭丽"]
    assert office.seat("顾明").ask("PATCH", f"/api/people/{tanli}", json=what).status_code == 200


def mails(office: Office) -> list[tuple[str, str, str]]:
    return office.world.rows("SELECT address, subject, text FROM mail ORDER BY id")


def test_a_password_changed_by_its_owner(office: Office) -> None:
    tanli = office.seat("谭丽")
    tanli.ask("PUT", "/api/session/password", json={"current": PASSWORD, "password": OWN})

    ((address, subject, text),) = mails(office)
    assert (address, subject) == ("tanli@mz.example", "【账号】您的登录密码已更改")
    assert text.startswith(
        "您的登录密码已更改，如非本人所为，请立即联系管理员。\n\n时间：9月1日10:00\n更改：您本人\n\n"
    )
    assert f"{office.settings.address}/sessions" in text
    assert PASSWORD not in text
    assert OWN not in text


def test_a_password_set_by_an_administrator(office: Office) -> None:
    _change(office, password=OWN)

    ((address, subject, text),) = mails(office)
    assert (address, subject) == ("tanli@mz.example", "【账号】您的登录密码已重设")
    assert text.startswith("您的登录密码已重设，如您不知情，请立即联系管理员。")
    assert "更改：管理员顾明\n" in text


def test_an_address_that_was_changed_is_told_at_the_old_one(office: Office) -> None:
    _change(office, email="elsewhere@mz.example")
    _change(office, email="elsewhere@mz.example")

    ((address, subject, text),) = mails(office)
    assert (address, subject) == ("tanli@mz.example", "【账号】您的通知邮箱已更改")
    assert "今后的通知不再发到这里" in text
    assert "elsewhere" not in text


def test_the_pages_of_the_administrator_tell_it_too(office: Office) -> None:
    gu, tanli = office.seat("顾明"), office.world.people["谭丽"]
    form = {"csrf": gu.csrf, "command": "one", "name": "谭丽", "email": "elsewhere@mz.example"}
    for _ in range(2):  # a second click is the first one's
        assert gu.post(f"/admin/people/{tanli}/change", data=form, headers=TYPED).status_code == 303
    form = {"csrf": gu.csrf, "command": "two", "password": OWN}
    assert gu.post(f"/admin/people/{tanli}/password", data=form, headers=TYPED).status_code == 303

    assert [(address, subject) for address, subject, _ in mails(office)] == [
        ("tanli@mz.example", "【账号】您的通知邮箱已更改"),
        ("elsewhere@mz.example", "【账号】您的登录密码已重设"),
    ]


def test_both_at_once_are_two_mails_to_the_old_address(office: Office) -> None:
    _change(office, email="elsewhere@mz.example", password=OWN)

    assert [address for address, _, _ in mails(office)] == ["tanli@mz.example"] * 2


def test_an_address_that_takes_no_mail_is_not_written_to(office: Office) -> None:
    """Or mending it would be the next thing that fails."""
    _change(office, password=OWN)
    with office.world.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE mail SET state = 'failed', next_at = NULL")

    _change(office, email="mended@mz.example")

    assert len(mails(office)) == 1


def test_it_goes_out_with_all_other_mail(office: Office) -> None:
    _change(office, password=OWN)
    deliver = deliverer(office.world.store, office.settings)
    assert deliver is not None

    deliver(office.world.now)

    assert office.world.rows("SELECT state FROM mail") == [("sent",)]


def test_what_was_refused_or_changed_nothing_is_not_told(office: Office) -> None:
    tanli = office.seat("谭丽")
    tanli.ask("PUT", "/api/session/password", json={"current": "not the password", "password": OWN})
    _change(office, name="谭丽丽")
    _change(office, email="tanli@mz.example")

    assert mails(office) == []


def test_without_a_mail_server_or_an_address_nothing_waits_to_be_sent(
    bureaus: Copies, tmp_path: Path, office: Office
) -> None:
    _change(office, email="")
    told = len(mails(office))
    _change(office, password=OWN)
    assert len(mails(office)) == told

    (tmp_path / "alone").mkdir()
    with open_office(bureaus, tmp_path / "alone") as alone:
        _change(alone, email="tanli@mz.example")
        _change(alone, password=OWN)
        assert mails(alone) == []
