"""`shenpi serve`: the service, on the configured database."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from api.cli import add_data
from workflow import failpoints

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn import Config

    from api.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--port", type=int, metavar="N", help="端口（默认8000）")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until told to stop."""
    from api.settings import load, with_port

    settings = load(options.data)
    if options.port is not None:
        settings = with_port(settings, options.port)
    if not is_free(settings.host, settings.port):
        print(f"端口{settings.port}已被占用。请用 --port 换一个，或停止占用它的程序。", file=sys.stderr)
        return 1
    if settings.fail_at:
        failpoints.arm(failpoints.at(settings.fail_at, _crash))
    return serve(settings, _announce)


def _announce(settings: Settings) -> None:
    print(f"审批系统：{settings.address}（数据目录 {settings.data}）", flush=True)


def _crash() -> None:
    """End as a power switch would: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


def serve(settings: Settings, announce: Callable[[Settings], None]) -> int:
    """Run the service of these settings; answers when it was told to stop.

    How mail goes out is looked at, and the store opened, before there is a server, so that a start that is refused is
    one sentence; then it is announced.
    What is built at the start stays for ever: looking through it for garbage would slow the start by a tenth, and
    later make every tenth page wait 100 ms; looking through what is kept since (definitions, states), 30 ms.
    """
    gc.disable()
    import uvicorn

    from api.mail import outgoing
    from api.main import create_app, open_store

    outgoing(settings)
    app = create_app(settings, store=open_store(settings))
    announce(settings)
    settle()
    server = uvicorn.Server(config_of(settings, app))
    server.run()
    return 0 if server.started else 1


def settle() -> None:
    """Keep what is there out of every collection from now on, and let collections come rarely."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


def config_of(settings: Settings, app: FastAPI) -> Config:
    """How uvicorn serves an application of these settings."""
    import uvicorn

    from api.logs import logging_of
    from api.protocol import PatientProtocol

    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        server_header=False,
        access_log=False,
        log_config=logging_of(settings.log),
        timeout_graceful_shutdown=10,
    )


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
