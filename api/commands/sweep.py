"""`shenpi sweep`: one pass of the clock."""

from __future__ import annotations

import argparse
from datetime import datetime

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument(
        "--at", type=_instant, metavar="时刻", help="当作这个时刻（默认现在），如2026-11-22T09:00"
    )
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Let everything that is due take effect."""
    from api.commands.installation import operate

    given = {"at": options.at} if options.at else {}
    places = operate(options.data, "sweep", given, now=options.now)["places"]
    print(f"已处理{places}处到点的时限。" if places else "没有到点的时限。")
    return 0


def _instant(text: str) -> str:
    """The instant with its zone: a bare one is the time on the office's clock."""
    from workflow.clock import SHANGHAI

    named = datetime.fromisoformat(text)
    return (named if named.tzinfo else named.replace(tzinfo=SHANGHAI)).isoformat()
