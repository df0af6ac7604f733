"""`shenpi check`: parse and prove definition files; every finding at its line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="定义文件（YAML）")


def run(options: argparse.Namespace) -> int:
    """Print every finding; 1 if any is an error."""
    failed = [file for file in options.files if report(file) is None]
    return int(bool(failed))


def report(file: Path) -> bytes | None:
    """Print all findings of the file; what was read of it, or None if it cannot be used."""
    from workflow.loader import load

    try:
        content = file.read_bytes()
    except OSError as error:
        print(f"{file}:1:1: unreadable: 文件读不了（{error.strerror}）；请核对路径")
        return None
    loaded = load(content, str(file))
    for finding in loaded.findings:
        print(finding)
    definition = loaded.definition
    if definition is None:
        return None
    print(
        f"{definition.title} 第{definition.version}版：通过，{len(definition.stages)}个事项。",
        file=sys.stderr,
    )
    return content
