"""Addresses and headers: rejected, never repaired; and the same mail is always the same bytes."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP, default
from email.utils import parseaddr

import pytest
from msgspec.structs import replace

from notifications.message import Message, check_address
from tests.hostile import LINES
from tests.notifications.bureau import at

GOOD = Message(
    "s1@mz.example",
    "刘畅",
    "【待审】概算审核",
    "正文",
    "<p>正文</p>",
    "<1.ab@mz.example>",
    at("2026-11-05 12:00"),
)


@pytest.mark.parametrize("address", ["li@mz.example", "li.guo-dong+x@mail.mz.example", "li@localhost"])
def test_one_plain_mailbox_is_an_address(address: str) -> None:
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "", "li", "li@", "@mz.example", "li@mz.example,chen@mz.example", "a b@mz.example", "li@mz..example",
        "li@mz.example\r\nRCPT TO:<e@x>", '"x\r\nRCPT TO:<e@x>"@h', "li@mz.example\n", "li\x00@mz.example",
        "li\u2028@mz.example", "=?utf-8?q?li?=@mz.example>", "<li@mz.example>", "li@[127.0.0.1]", "li@-mz.example",
        "l" * 65 + "@mz.example", "li@" + "m" * 252,
    ],
)  # fmt: skip
def test_anything_else_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="不是一个邮箱地址"):
        check_address(address)


@pytest.mark.parametrize("broken", LINES, ids=range(len(LINES)))
def test_a_header_is_one_line_or_there_is_no_mail(broken: str) -> None:
    for place in ("address", "name", "subject"):
        with pytest.raises(ValueError):
            replace(GOOD, **{place: broken}).encode("a@mz.example", "审批提醒")
    with pytest.raises(ValueError):
        GOOD.encode("a@mz.example", broken)


@pytest.mark.parametrize(
    "name",
    ["=?utf-8?b?DQpCY2M6IGVAeA==?=", '"刘畅" <e@x>', "刘畅, e@x", "<e@x>", "刘;畅:", "\\", '"', "\u202e畅刘"],
)
def test_a_name_is_a_name_whatever_it_looks_like(name: str) -> None:
    read = message_from_bytes(
        replace(GOOD, name=name, subject=name).encode("a@mz.example", name), policy=SMTP
    )

    assert [each.addr_spec for each in read["To"].addresses] == ["s1@mz.example"]
    assert [each.addr_spec for each in read["From"].addresses] == ["a@mz.example"]
    shown = [read["Subject"], read["To"].addresses[0].display_name, read["From"].addresses[0].display_name]
    assert [str(each).replace("\u200b", "") for each in shown] == [name] * 3
    assert set(read.keys()) == set(
        message_from_bytes(GOOD.encode("a@mz.example", "审批提醒"), policy=SMTP).keys()
    )


def test_the_same_mail_is_the_same_bytes_and_fits_the_oldest_server() -> None:
    first, second = (GOOD.encode("a@mz.example", "审批提醒") for _ in range(2))
    assert first == second
    assert first.isascii()
    assert max(len(line) for line in first.split(b"\r\n")) <= 998
    assert b"\n" not in first.replace(b"\r\n", b"")


def test_lines_inside_a_part_end_as_mail_demands() -> None:
    """RFC 2046 §4.1.1: text is CRLF before it is encoded too; some programs show one endless line otherwise."""
    mail = replace(GOOD, text="第一行\n第二行\n", html="<p>\n</p>", name='李, "国栋"')
    parsed = message_from_bytes(mail.encode("a@mz.example", "审批提醒"), policy=default)
    raw = [part.get_payload(decode=True) for part in parsed.iter_parts()]
    assert raw == ["第一行\r\n第二行\r\n".encode(), b"<p>\r\n</p>"]
    assert parsed["To"].addresses[0].display_name == '李, "国栋"'


@pytest.mark.parametrize("length", range(1, 60))
def test_a_header_of_any_length_is_read_as_it_was_written(length: int) -> None:
    words = "【待报送】第1社区养老中心·概算审核，请于12月17日（周四）前备齐材料" * 2
    mail = replace(GOOD, subject=words[:length], name=words[:length])
    parsed = message_from_bytes(mail.encode("a@mz.example", words[:length]))
    read = {each: str(make_header(decode_header(parsed[each]))) for each in ("Subject", "From", "To")}
    assert read["Subject"] == words[:length]
    assert {parseaddr(read[each])[0] for each in ("From", "To")} == {words[:length]}
