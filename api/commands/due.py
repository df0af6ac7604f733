"""`shenpi due`: the due date of a limit, explained day by day."""

from __future__ import annotations

import argparse
from datetime import date
from typing import TYPE_CHECKING

from api.cli import add_data

if TYPE_CHECKING:
    from workflow.clock import Limit, Span

UNITS = {"workdays": "工作日", "days": "自然日", "months": "月", "years": "年"}


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--from", dest="start", type=date.fromisoformat, required=True, metavar="日期",
                        help="起算日（第0日），如2026-09-18")  # fmt: skip
    limit = parser.add_mutually_exclusive_group(required=True)
    for unit, words in UNITS.items():
        limit.add_argument(f"--{unit}", type=_amount, metavar="N", help=f"时限：N个{words}")
    parser.add_argument("--pause", type=_span, action="append", default=[], metavar="A..B",
                        help="停表：A日停，B日恢复，A日至B日前不计；可多次")  # fmt: skip
    parser.add_argument(
        "--extend", type=_amount, action="append", default=[], metavar="N", help="延长N（同一单位）"
    )
    parser.add_argument("--explain", action="store_true", help="逐日说明")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Print the explanation if asked for, and the due date as the last line."""
    from api.commands.calendar import known
    from workflow.explain import describe_due

    limit = _limit(options)
    extensions = [type(limit)(amount, limit.unit) for amount in options.extend]
    lines = describe_due(known(options.data), options.start, limit, options.pause, extensions)
    if not options.explain:
        lines = [line for line in lines[:-1] if line.startswith("到期日暂定")] + lines[-1:]
    print("\n".join(lines))
    return 0


def _limit(options: argparse.Namespace) -> Limit:
    from workflow.clock import Limit, Unit

    unit = next(unit for unit in UNITS if getattr(options, unit) is not None)
    return Limit(getattr(options, unit), Unit(unit))


def _amount(text: str) -> int:
    amount = int(text)
    if amount < 1:
        raise argparse.ArgumentTypeError("须为正整数")
    return amount


def _span(text: str) -> Span:
    from workflow.clock import parse_span

    try:
        return parse_span(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
