"""`shenpi deliver`: one pass of the mailer."""

from __future__ import annotations

import argparse
import sys

from api.cli import add_data

WORDS = {"sent": "已发出", "waiting": "待重试", "failed": "失败", "held": "待人工处理"}


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Write the mails of all open notices and send what is due."""
    from api.commands.installation import operate

    outcomes = operate(options.data, "deliver", {}, now=options.now)["outcomes"]
    if outcomes is None:
        print(
            "没有设置邮件服务器，通知只在网页显示。请在 shenpi.toml 的 [smtp] 中设置 host。", file=sys.stderr
        )
        return 1
    counts = [f"{words}{outcomes[key]}封" for key, words in WORDS.items() if outcomes.get(key)]
    print("，".join(counts) + "。" if counts else "没有要发的邮件。")
    return 1 if outcomes.get("failed") else 0
