"""`shenpi calendar`: the years that are known, and loading one after showing what moves."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli import add_data

if TYPE_CHECKING:
    from workflow.calendar import Calendar

SHIPPED = Path(__file__).parent.parent.parent / "definitions" / "calendar"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|load")
    show = actions.add_parser("show", help="列出已知的年份、来源和状态")
    show.add_argument("year", nargs="?", type=int, metavar="年份", help="列出该年与周一至周五不同的日子")
    load = actions.add_parser("load", help="载入一年，先列出变动")
    load.add_argument("file", type=Path, metavar="FILE", help="日历文件（YAML）")
    load.add_argument("--yes", action="store_true", help="不再询问")
    for each in (show, load):
        add_data(each)


def run(options: argparse.Namespace) -> int:
    """Show or load."""
    return _load(options) if options.action == "load" else _show(options)


def known(data: Path | None) -> Calendar:
    """The calendar of the installation, if there is one; else the one that comes with the product."""
    from api.settings import load
    from workflow.calendar_file import load_calendar

    settings = load(data)
    if not settings.has_database:
        return load_calendar(SHIPPED)
    from api.commands.installation import reading
    from workflow.queries import snapshot

    with reading(settings) as store:
        return store.read(snapshot).calendar


def _show(options: argparse.Namespace) -> int:
    from workflow.calendar import STATUS_WORDS, weekday

    calendar = known(options.data)
    years = [year for year in calendar.years if options.year in {None, year.year}]
    for year in years:
        print(
            f"{year.year}  {STATUS_WORDS[year.status]}  {calendar.workdays_in(year.year)}个工作日  {year.source}"
        )
    if options.year is not None and years:
        for day, why in sorted({**years[0].off, **years[0].work}.items()):
            print(f"  {day} {weekday(day)}  {calendar.why(day) or why}")
    if not years:
        print(f"{options.year}年放假安排尚未载入：按法定节日推算，暂定。")
    return 0


def _load(options: argparse.Namespace) -> int:
    from api.commands.installation import operate
    from workflow.calendar import differences
    from workflow.calendar_file import read_year

    year = read_year(options.file)
    before = next((each for each in known(options.data).years if each.year == year.year), None)
    given = {"text": options.file.read_text(encoding="utf-8-sig"), "name": options.file.name}
    changes = differences(before, year)
    print(f"{year.year}年：{len(changes)}天有变动。")
    for change in changes:
        print(f"  {change}")
    moved = operate(options.data, "rehearse-calendar", given, now=options.now)["moved"]
    print(f"在办事项中有{moved}个到期日随之改变。")
    if not options.yes and not _agreed():
        print("未载入。", file=sys.stderr)
        return 1
    loaded = operate(options.data, "load-calendar", given, now=options.now)
    print(f"已载入{loaded['year']}年，{loaded['moved']}个到期日已重新计算。")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("确认载入请加 --yes。", file=sys.stderr)
        return False
    return input("载入？[y/N] ").strip().lower() in {"y", "yes", "是"}
