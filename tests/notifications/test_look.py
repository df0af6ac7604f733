"""How mails look and read: readable in both schemes, the same facts as text and as HTML, one link, no amounts."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from unicodedata import east_asian_width

import pytest

from notifications.content import describe
from notifications.render import Rendered, render
from notifications.wording import COLUMNS, folded, without_amounts
from tests.notifications.bureau import Bureau
from tests.notifications.samples import causes
from tests.notifications.test_render import BASE, TODAY
from workflow.notices import NOTICES

DARK = re.compile(r"@media \(prefers-color-scheme: dark\) \{(.*?)\n\}", re.DOTALL)
RULE = re.compile(r"\.(\w+) \{ ([^}]*) \}")
COLOUR = re.compile(r"(?<![-\w])(color|background-color):\s*(#[0-9a-f]{6})")


@pytest.fixture
def mails(bureau: Bureau) -> dict[str, Rendered]:
    """Every kind of mail."""
    bureau.register("2026-11-05 09:00")
    written = causes(bureau)
    assert set(written) == set(NOTICES)
    return {kind: render(kind, describe(each, base_url=BASE, today=TODAY)) for kind, each in written.items()}


class Seen(HTMLParser):
    """All text of a mail with the colours that it has in light and in dark."""

    VOID = frozenset({"br", "meta", "img"})

    def __init__(self, html: str) -> None:
        super().__init__()
        block = DARK.search(html)
        assert block is not None
        self.dark = {name: dict(COLOUR.findall(rule)) for name, rule in RULE.findall(block[1])}
        self.stack: list[tuple[str, dict[str, str], dict[str, str]]] = [("", {}, {})]
        self.found: set[tuple[str, str, str, str]] = set()
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.VOID:
            return
        given = {name: value or "" for name, value in attrs}
        _, light, dark = self.stack[-1]
        light = light | dict(COLOUR.findall(given.get("style", "")))
        dark = dark | dict(COLOUR.findall(given.get("style", "")))
        for name in given.get("class", "").split():
            dark = dark | self.dark.get(name, {})
        self.stack.append((tag, light, dark))

    def handle_endtag(self, tag: str) -> None:
        while self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, light, dark = self.stack[-1]
        if not data.strip() or tag in {"style", "title"}:
            return
        self.words.append(data)
        if "color" in light:
            self.found |= {
                ("light", data.strip(), light["color"], light["background-color"]),
                ("dark", data.strip(), dark["color"], dark["background-color"]),
            }


def contrast(one: str, two: str) -> float:
    """The contrast of two colours as WCAG 2.2 counts it, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dim = sorted((luminance(one), luminance(two)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_everything_can_be_read_in_light_and_in_dark(mails: dict[str, Rendered]) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for kind, mail in mails.items():
        seen = Seen(mail.html)

        assert {scheme for scheme, *_ in seen.found} == {"light", "dark"}
        for scheme, words, ink, ground in seen.found:
            assert contrast(ink, ground) >= 4.5, (kind, scheme, words, ink, ground)


def test_text_and_html_carry_the_same_facts(mails: dict[str, Rendered]) -> None:
    for kind, mail in mails.items():
        written = "".join(mail.text.split())
        shown = "".join("".join(Seen(mail.html).words).split())

        for line in describe_lines(mail.text):
            assert line in shown, (kind, line)
        for words in Seen(mail.html).words:
            bare = "".join(words.split())
            assert bare in written or bare == "打开查看", (kind, bare)


def describe_lines(text: str) -> list[str]:
    """The facts of the plain text: each line's words without its label, number or light."""
    joined = re.sub(r"\n +", "", text)
    lines = (re.sub(r"^(.{2}：|\d+\. |[●▲■◌✓] )+", "", line.strip()) for line in joined.splitlines())
    kept = ("".join(line.split()) for line in lines if "http" not in line and not line.endswith("："))
    return [line.strip("（）") for line in kept if line.strip("-")]


def test_a_mail_is_short_to_read_has_one_link_and_tells_no_amount(mails: dict[str, Rendered]) -> None:
    for kind, mail in mails.items():
        assert len(mail.subject) <= 60, kind
        assert re.match(r"【.{2,5}】(大院社区|刘畅批量补录)", mail.subject), kind
        assert mail.html.count("<a ") == mail.html.count("href=") == 1, kind
        assert without_amounts(mail.text) == mail.text, kind
        for line in mail.text.splitlines():
            wide = sum(2 if east_asian_width(each) in "WFA" else 1 for each in line)
            assert wide <= COLUMNS or "http" in line, (kind, line)


def test_a_mail_is_laid_out_so_that_old_programs_show_it(mails: dict[str, Rendered]) -> None:
    for kind, mail in mails.items():
        assert '<meta name="color-scheme" content="light dark">' in mail.html, kind
        assert "mso-padding-alt" in mail.html, kind
        for trick in ("float:", "position:", "flex", "grid-", "url(", "<script", "<link"):
            assert trick not in mail.html, (kind, trick)


def test_a_long_line_is_folded_under_its_label_and_a_link_never() -> None:
    link = "https://shenpi.example.gov.cn/projects/" + "a" * 60
    text = f"时限：{'一二三四五六七八九十' * 4}，11月13日起\n查看：{link}"

    assert folded(text).splitlines() == [
        f"时限：{'一二三四五六七八九十' * 3}一二三四五",
        "      六七八九十，11月13日起",
        "查看：",
        f"      {link}",
    ]
