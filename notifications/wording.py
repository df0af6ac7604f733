"""Titles, days and instants as our mails write them, where the pages' own words do not fit a sentence. Pure.

Invariant: a day that rests on a provisional calendar year says 暂定; no amount of money gets through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from unicodedata import east_asian_width

from workflow.calendar import weekday
from workflow.clock import SHANGHAI

SHORT_TITLE = 22
"""How many characters of a project's title a subject line can spare."""

COLUMNS = 76
"""How wide a line of plain text may be: 38 Chinese characters."""

_START = re.compile(r"(?:.{2}：|\d+\. |\s+)")
"""What a line begins with that its continuation is to stand under: a label, a number, spaces."""

_TOKEN = re.compile(r"[（“]?(?:[!-~]+|[^（“])[）”，。；、：]*")
"""What is never broken in two: a number, word or link, and a character with its punctuation."""

_AMOUNT = re.compile(r"[¥￥]?\s*\d[\d,，]*(?:\.\d+)?\s*(?:[十百千]?[万亿]|[百千])?\s*元")


def short(title: str) -> str:
    """The title, cut where a subject would end on a phone."""
    return title if len(title) <= SHORT_TITLE else f"{title[: SHORT_TITLE - 1]}…"


def plain(day: date, today: date) -> str:
    """11月13日, or 2027年1月5日 when it lies in another year."""
    return f"{day.month}月{day.day}日" if day.year == today.year else f"{day.year}年{day.month}月{day.day}日"


def running(day: date, today: date, *, provisional: bool = False) -> str:
    """A day inside a sentence: 11月13日（周五）."""
    return f"{plain(day, today)}（{weekday(day)}{'，暂定' if provisional else ''}）"


def moment(at: datetime, today: date) -> str:
    """An instant as the clock on the wall showed it: 11月13日09:00."""
    local = at.astimezone(SHANGHAI)
    return f"{plain(local.date(), today)}{local:%H:%M}"


def listed(words: Sequence[str], most: int) -> str:
    """The words joined; 甲、乙等5项 when there are too many to name."""
    return "、".join(words) if len(words) <= most else f"{'、'.join(words[:most])}等{len(words)}项"


def without_amounts(text: str) -> str:
    """What somebody wrote, with amounts of money left to the system's own pages."""
    return _AMOUNT.sub("（金额见系统）", text)


def folded(text: str, columns: int = COLUMNS) -> str:
    """The text in lines of that many columns, a Chinese character being two; numbers, words and links stay whole."""
    return "\n".join("\n".join(_folded(line, columns)) for line in text.split("\n"))


def _folded(line: str, columns: int) -> Iterator[str]:
    start = _START.match(line)
    indent = " " * (_columns(start[0]) if start else 0)
    rest = ""
    for token in _TOKEN.findall(line):
        if rest.strip() and _columns((rest + token).rstrip()) > columns:
            yield rest.rstrip()
            rest = indent + token.lstrip()
        else:
            rest += token
    yield rest


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WFA" else 1 for character in text)
