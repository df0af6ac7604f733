"""`shenpi grant`: what the owner of a PostgreSQL database does before a service runs on it under a weaker role."""

from __future__ import annotations

import argparse

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("role", metavar="账号", help="服务所用的数据库账号，须已建立")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Bring the database to today's shape, and give the role its rights; again after each upgrade."""
    from api.commands.installation import alone
    from api.settings import load

    with alone(load(options.data)) as store:
        store.grant(options.role)
    print(
        f"数据格式已是最新。账号 {options.role} 可以办理一切业务，但不能修改、删除记录，也不能改表。\n"
        "请让服务改用这个账号的地址（SHENPI_DATABASE_URL）启动。"
    )
    return 0
