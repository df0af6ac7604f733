"""Addresses and headers: rejected, never repaired; and the same mail is always the same bytes."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest
from msgspec.structs import replace

from notifications.message import Message, check_address
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


@pytest.mark.parametrize("broken", ["a\r\nBcc: e@x", "a\nb", "a\x00b"])
def test_a_header_is_one_line_or_there_is_no_mail(broken: str) -> None:
    with pytest.raises(ValueError):
        Message("s1@mz.example", broken, "s", "t", "h", "<1@x>", GOOD.at).encode("a@mz.example", "审批提醒")
    with pytest.raises(ValueError):
        Message("s1@mz.example", "刘畅", broken, "t", "h", "<1@x>", GOOD.at).encode(
            "a@mz.example", "审批提醒"
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
