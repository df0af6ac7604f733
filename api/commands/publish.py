"""`shenpi publish`: check, then make a version available; running projects keep theirs."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="定义文件（YAML）")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Publish all of them, or, if one has an error, none."""
    from api.commands.check import report
    from api.commands.installation import operate

    # Read once: what is published is what was checked, even if somebody is just saving the file anew.
    checked = {file: report(file) for file in options.files}
    if None in checked.values():
        return 1
    for file, content in checked.items():
        text = (content or b"").decode().replace("\r\n", "\n")
        given = {"text": text, "name": str(file)}
        published = operate(options.data, "publish", given, now=options.now)
        print(f"已发布 {file}，指纹 {published['digest'][:12]}。在办项目仍按原版本办理。")
    return 0
