"""Reads calendar years from their YAML files, which office administrators write.

Invariant: a year comes back whole and proved, or every finding is listed at FILE:LINE:COL; nothing is
guessed.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import yaml

from workflow.calendar import FIRST, LAST, SATURDAY, STATUS_WORDS, Calendar, Status, Year, weekday
from workflow.errors import Invalid, Reason, reason, says

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

says(
    {
        "calendar-encoding": ("文件不是UTF-8编码。", "请用UTF-8编码另存后再试。"),
        "calendar-yaml": ("YAML写法有误（{problem}）。", "请核对此处的缩进、冒号和括号。"),
        "calendar-shape": ("{what}应当是{shape}。", "请参照已有年份的文件改写。"),
        "calendar-key-unknown": ("{what}里没有“{key}”这一项。", "可用的项是{keys}。"),
        "calendar-key-repeated": ("“{key}”写了两次。", "请只保留一处。"),
        "calendar-key-missing": ("{what}缺少“{key}”。", "请补上{meaning}。"),
        "calendar-value": ("“{key}”不能是“{value}”。", "应当是{meaning}。"),
        "calendar-date": ("“{value}”不是日期。", "请写成{example}的样子。"),
        "calendar-range": ("起日{first}晚于止日{last}。", "请把早的一天写在前面。"),
        "calendar-other-year": ("{day}不是{year}年的日子。", "跨年假期请按日子分别写进各年的文件。"),
        "calendar-day-repeated": ("{day}在{part}中写了两次。", "请只保留一处。"),
        "calendar-day-both": ("{day}既写作放假又写作上班。", "请核对通知，只保留一处。"),
        "calendar-work-needless": ("{day}（{weekday}）本来就上班。", "请核对日期；调休上班只写周六、周日。"),
        "calendar-not-announced": (
            "状态写作official（已公布），依据却还写着“{found}”。",
            "请写明放假安排通知的名称和文号；尚未公布的，状态写provisional（暂定）。",
        ),
        "calendar-none": ("文件夹里没有日历文件。", "请放入各年的日历文件，如2026.yaml。"),
        "calendar-year-repeated": ("{year}年已写在{other}中。", "请删去其中一个文件。"),
        "calendar-file-name": ("文件名与其中的年份{year}不符。", "请把文件改名为{year}.yaml。"),
    }
)

_MEANINGS: Final = {
    "year": f"年份，{FIRST.year}至{LAST.year}",
    "status": "official（已公布）或 provisional（暂定）",
    "source": "依据的通知名称和文号",
    "off": "放假的日子",
    "work": "调休上班的日子",
    "days": "一天，或起止两天",
    "day": "一天",
    "why": "节日名称或原因",
}
_REQUIRED: Final = ("year", "status", "source")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNANNOUNCED: Final = re.compile(r"尚未公布|〔\d{4}〕\s*号")
_DEEPEST: Final = 8
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_calendar(directory: Path) -> Calendar:
    """The calendar of every `*.yaml` in `directory`; raises `Invalid` with the findings of all files."""
    return Calendar(load_years(directory))


def load_years(directory: Path) -> tuple[Year, ...]:
    """The years in `directory`, one per `*.yaml`, in order; raises `Invalid` with all their findings."""
    findings: list[Reason] = []
    found: dict[int, tuple[Year, str]] = {}
    for path in sorted(directory.glob("*.yaml")):
        try:
            year = read_year(path)
        except Invalid as invalid:
            findings.extend(invalid.reasons)
            continue
        if path.stem != str(year.year):
            findings.append(reason("calendar-file-name", f"{path.name}:1:1", year=year.year))
        if year.year in found:
            other = found[year.year][1]
            findings.append(reason("calendar-year-repeated", f"{path.name}:1:1", year=year.year, other=other))
        found[year.year] = year, path.name
    if not found and not findings:
        findings.append(reason("calendar-none", str(directory)))
    if findings:
        raise Invalid(*findings)
    return tuple(found[number][0] for number in sorted(found))


def read_year(path: Path) -> Year:
    """The year in that file; raises `Invalid` with every finding, and OSError if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(reason("calendar-encoding", f"{path.name}:1:1")) from None
    return parse_year(text, path.name)


def parse_year(text: str, name: str) -> Year:
    """The year that `text` describes; raises `Invalid` listing every finding at `name`:LINE:COL."""
    page = _Page(name)
    year = page.year(_compose(text, name))
    if year is None:
        raise Invalid(*(found for _, found in sorted(page.findings, key=lambda each: each[0])))
    return year


def check_announced(year: Year, text: str, name: str) -> None:
    """Invalid if an official year's source still says that nothing was announced, or has a gap for the number:
    what the beginning of its file said was kept. Years that were loaded so stay readable.
    """
    left = _UNANNOUNCED.search(year.source)
    if year.status is Status.OFFICIAL and left:
        lines = text.splitlines()
        line = next((number for number, each in enumerate(lines, 1) if each.startswith("source")), 1)
        raise Invalid(reason("calendar-not-announced", f"{name}:{line}:1", found=left[0]))


def _compose(text: str, name: str) -> yaml.Node | None:
    """The bare nodes with their marks, so that no YAML type is guessed and no tag is ever constructed."""
    try:
        _refuse_depth(text, name)
        return yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        place = _place(name, error.problem_mark)
        raise Invalid(reason("calendar-yaml", place, problem=error.problem)) from None
    except yaml.reader.ReaderError as error:
        raise Invalid(reason("calendar-yaml", f"{name}:1:1", problem=error.reason)) from None


def _refuse_depth(text: str, name: str) -> None:
    """Events come one by one, but composing recurses in C: deep nesting would end the whole process."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise Invalid(reason("calendar-yaml", _place(name, event.start_mark), problem="嵌套过深"))


def _place(name: str, mark: Any) -> str:
    return f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else f"{name}:1:1"


class _Page:
    """One file being read: collects findings by position instead of stopping at the first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.findings: list[tuple[tuple[int, int], Reason]] = []
        self.number: int | None = None

    def year(self, root: yaml.Node | None) -> Year | None:
        items = self._items(root, "日历文件", ("year", "status", "source", "off", "work"), _REQUIRED)
        self.number = self._number(items.get("year"))
        status = self._status(items.get("status"))
        source = self._text(items.get("source"), "source")
        off = self._off(items.get("off"))
        work = self._work(items.get("work"), off)
        if self.findings or self.number is None or status is None:
            return None
        return Year(self.number, status, source, off, work)

    def _number(self, node: yaml.Node | None) -> int | None:
        if node is None:
            return None
        text = self._text(node, "year")
        if re.fullmatch(r"[0-9]{4}", text) and FIRST.year <= int(text) <= LAST.year:
            return int(text)
        if text:
            self._find(node, "calendar-value", key="year", value=text, meaning=_MEANINGS["year"])
        return None

    def _status(self, node: yaml.Node | None) -> Status | None:
        if node is None:
            return None
        text = self._text(node, "status")
        if text in STATUS_WORDS:
            return Status(text)
        if text:
            self._find(node, "calendar-value", key="status", value=text, meaning=_MEANINGS["status"])
        return None

    def _off(self, node: yaml.Node | None) -> dict[date, str]:
        off: dict[date, str] = {}
        for entry in self._entries(node, "off"):
            items = self._items(entry, "off 的一条", ("days", "why"), ("days", "why"))
            why = self._text(items.get("why"), "why")
            if "days" in items:
                self._note(off, items["days"], self._stretch(items["days"]), why, "off")
        return off

    def _work(self, node: yaml.Node | None, off: dict[date, str]) -> dict[date, str]:
        work: dict[date, str] = {}
        for entry in self._entries(node, "work"):
            items = self._items(entry, "work 的一条", ("day", "why"), ("day", "why"))
            why = self._text(items.get("why"), "why")
            day = self._date(items["day"]) if "day" in items else None
            if day is None:
                continue
            self._note(work, items["day"], (day, day), why, "work")
            if day in off:
                self._find(items["day"], "calendar-day-both", day=day)
            elif day.weekday() < SATURDAY:
                self._find(items["day"], "calendar-work-needless", day=day, weekday=weekday(day))
        return work

    def _note(
        self, days: dict[date, str], node: yaml.Node, stretch: tuple[date, date] | None, why: str, part: str
    ) -> None:
        """Write the days of the stretch down, once each and only those of this year."""
        if stretch is None or self.number is None:
            return
        first, last = stretch
        strangers = [day for day in stretch if day.year != self.number]
        if strangers:
            self._find(node, "calendar-other-year", day=strangers[0], year=self.number)
            return
        for day in (first + timedelta(days=each) for each in range((last - first).days + 1)):
            if day in days:
                self._find(node, "calendar-day-repeated", day=day, part=part)
            days[day] = why

    def _stretch(self, node: yaml.Node) -> tuple[date, date] | None:
        if isinstance(node, yaml.ScalarNode):
            day = self._date(node)
            return (day, day) if day else None
        if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:
            self._find(node, "calendar-shape", what="days ", shape=_MEANINGS["days"])
            return None
        first, last = (self._date(each) for each in node.value)
        if first is None or last is None:
            return None
        if first > last:
            self._find(node, "calendar-range", first=first, last=last)
            return None
        return first, last

    def _date(self, node: yaml.Node) -> date | None:
        value = node.value if isinstance(node, yaml.ScalarNode) else "…"
        try:
            day = date.fromisoformat(value) if _DATE.fullmatch(value) else None
        except ValueError:
            day = None
        if day is None:
            self._find(node, "calendar-date", value=value, example=f"{self.number or FIRST.year}-10-01")
        return day

    def _text(self, node: yaml.Node | None, key: str) -> str:
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self._find(node, "calendar-shape", what=f"{key} ", shape=_MEANINGS[key])
            return ""
        text: str = node.value.strip()
        if not text:
            self._find(node, "calendar-value", key=key, value="", meaning=_MEANINGS[key])
        return text

    def _entries(self, node: yaml.Node | None, key: str) -> list[yaml.Node]:
        if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
            return []
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self._find(node, "calendar-shape", what=f"{key} ", shape="一列日子")
        return []

    def _items(
        self, node: yaml.Node | None, what: str, keys: tuple[str, ...], required: tuple[str, ...]
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._find(node, "calendar-shape", what=what, shape=f"含有{'、'.join(keys)}的若干项")
            return {}
        items: dict[str, yaml.Node] = {}
        for key, at, value in _pairs(node):
            if key not in keys:
                self._find(at, "calendar-key-unknown", what=what, key=key, keys="、".join(keys))
            elif key in items:
                self._find(at, "calendar-key-repeated", key=key)
            else:
                items[key] = value
        for key in required:
            if key not in items:
                self._find(node, "calendar-key-missing", what=what, key=key, meaning=_MEANINGS[key])
        return items

    def _find(self, node: yaml.Node | None, code: str, **data: object) -> None:
        at = (node.start_mark.line + 1, node.start_mark.column + 1) if node else (1, 1)
        self.findings.append((at, reason(code, f"{self.name}:{at[0]}:{at[1]}", **data)))


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    for key, value in node.value:
        yield (key.value if isinstance(key, yaml.ScalarNode) else "…"), key, value
