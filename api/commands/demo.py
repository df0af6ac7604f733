"""`shenpi demo`: a fresh city with its projects, the pages served, the mails in a local mailbox."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import shutil
import signal
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.settings import Settings
    from workflow.store import Store

FIRST_PORT = 8000
TRIES = 100
MARK = "demo.txt"
"""Stands in a directory that a demo made: only such a one is emptied for the next demo."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--port", type=int, metavar="N", help="端口（默认8000起第一个空闲的）")
    parser.add_argument("--data", type=Path, metavar="DIR", help="数据目录（默认：临时目录，结束后删除）")


def run(options: argparse.Namespace) -> int:
    """Build the demo and serve it until told to stop."""
    from api.commands.serve import serve

    port = _port(options.port)
    if port is None:
        print(f"端口{options.port}已被占用。请换一个，或不写 --port。", file=sys.stderr)
        return 1
    directory = options.data or Path(tempfile.mkdtemp(prefix="shenpi-demo-"))
    if not _emptied(directory):
        print(f"{directory} 中已有别的内容，演示不会改动它。请另指定一个空目录。", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: _end(None if options.data else directory))
    try:
        settings = _settings(directory, port)
        print("正在准备演示数据……", flush=True)
        _build(settings, options.now)
        return serve(settings, _welcome)
    finally:
        if options.data is None:
            shutil.rmtree(directory, ignore_errors=True)


def _end(temporary: Path | None) -> None:
    """End at once, and take the temporary directory along.

    Not by an exception: one that is raised while a library tidies up (a finaliser, a callback) is swallowed there.
    What was acknowledged is on disk, and the service itself ends in its own order before this is called.
    """
    if temporary is not None:
        shutil.rmtree(temporary, ignore_errors=True)
    os._exit(0)


def _settings(directory: Path, port: int) -> Settings:
    from api.settings import NO_LIMITS, make

    return make(
        data=directory.resolve(),
        port=port,
        mailbox=True,
        idle_minutes=12 * 60,
        absolute_hours=24,
        limits=NO_LIMITS,
    )


def _build(settings: Settings, now: datetime) -> None:
    from api.commands.installation import alone
    from api.demo import PASSWORD, build
    from api.passwords import hash_password
    from workflow.files import Files

    with alone(settings) as store:
        build(
            store,
            Files(settings.documents),
            now=now,
            password_hash=hash_password(PASSWORD),
            new_ref=lambda: secrets.token_urlsafe(16),
            after_sweep=_postman(store, settings),
        )


def _postman(store: Store, settings: Settings) -> Callable[[datetime], None]:
    """Write and keep the mails of the moment, as the service would have done then."""
    from api.mail import mail_settings
    from notifications.delivery import deliver
    from notifications.mailbox import LocalMailbox
    from notifications.outbox import expand

    mail, mailbox = mail_settings(settings), LocalMailbox()

    def post(now: datetime) -> None:
        expand(store, settings=mail, now=now, quiet=timedelta(0))
        asyncio.run(deliver(store, mailbox, settings=mail, now=now))

    return post


def _welcome(settings: Settings) -> None:
    from api.demo import ORGANISATIONS, PASSWORD, PEOPLE

    print(f"\n演示已就绪：{settings.address}")
    print(f"密码都是 {PASSWORD}，工号任选：")
    for number, (name, posts) in PEOPLE.items():
        places = "；".join(f"{ORGANISATIONS[organisation][0]} {title}" for organisation, _, title in posts)
        print(f"  {number:<14}{name}  {places}")
    print(f"邮件不外发，见 {settings.address}/mailbox\n按 Ctrl+C 结束。", flush=True)


def _port(wanted: int | None) -> int | None:
    from api.commands.serve import is_free

    if wanted is not None:
        return wanted if is_free("127.0.0.1", wanted) else None
    return next((port for port in range(FIRST_PORT, FIRST_PORT + TRIES) if is_free("127.0.0.1", port)), None)


def _emptied(directory: Path) -> bool:
    """Make the directory empty if it is ours to empty; False if it holds anything else."""
    mark = directory / MARK
    if mark.is_file():
        shutil.rmtree(directory)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()):
        return False
    mark.write_text("演示数据目录：下次以此目录运行 shenpi demo 时会清空重建。\n", encoding="utf-8")
    return True
