"""`shenpi audit`: whether the record still is what was recorded."""

from __future__ import annotations

import argparse

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify")
    verify = actions.add_parser("verify", help="逐条核验全部记录")
    verify.add_argument(
        "--against", default="", metavar="HEAD", help="另存的校验码（邮件末尾所印，16位以上）"
    )
    add_data(verify)


def run(options: argparse.Namespace) -> int:
    """Re-derive every chain; 1 and the first bad entry if one does not hold."""
    from api.commands.installation import reading
    from api.settings import load
    from workflow.doctor import audit

    with reading(load(options.data)) as store:
        found = store.read(audit, against=options.against.strip().lower())
    print(f"已核验{found.chains}条链、{found.events}条记录、{found.seals}个封签。")
    if found.broken is not None:
        print(f"不符：{found.broken}")
        return 1
    print("全部相符。")
    return 0
