"""`shenpi restore`: put a backup in the place of what is there, once all of it has proved whole."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument(
        "directory", type=Path, metavar="DIR", help="备份目录（取其中最新的），或其中某一次备份"
    )
    parser.add_argument(
        "--discard-newer", action="store_true", help="现有数据比备份新时，放弃新的记录（原数据另存）"
    )
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Verify, build beside, switch."""
    from api.keeping.restoring import latest, restore
    from api.settings import load

    settings = load(options.data)
    copy = latest(options.directory.resolve())
    done = restore(settings, copy, options.now, discard_newer=options.discard_newer)
    manifest = done.verified.manifest
    print(
        f"已从 {copy.name} 恢复到 {settings.data}：记录{manifest.events}条，材料{manifest.documents}份，全部核对相符。"
    )
    if done.lost is not None:
        print(f"已放弃其后的{done.lost.entries}条记录，并已记入管理事项。")
    if done.aside is not None:
        print(f"原数据另存在 {done.aside}，确认无误后可以删除。")
    return 0
