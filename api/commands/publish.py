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

    loaded = [report(file) for file in options.files]
    if None in loaded:
        return 1
    for file in options.files:
        given = {"text": file.read_text(encoding="utf-8"), "name": str(file)}
        digest = operate(options.data, "publish", given)["digest"]
        print(f"已发布 {file}，指纹 {digest[:12]}。在办项目仍按原版本办理。")
    return 0
