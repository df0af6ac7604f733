"""The guard around every request: host, origin, sizes, pace of the body, strict JSON, and strict headers.

It stands outside all routes, so that no route can forget it. Invariant: every answer, errors too, carries
the security headers; nothing larger than its limit is ever held in memory.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from time import perf_counter
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Oversized, Problem, TooSlow, answer, problem_of, record_crash, unexpected
from api.refusals import note
from api.settings import Settings
from workflow.errors import Forbidden, Invalid, WorkflowError, reason, says
from workflow.files import saying_what_the_disk_said

says(
    {
        "cross-site": ("请求来自别的网站，已拒绝。", "请从本系统页面办理。"),
        "host-not-allowed": ("不能用这个网址访问本系统。", "请使用管理员公布的网址。"),
        "request-too-large": ("提交的内容超过{limit}。", "请压缩或拆分后再提交。"),
        "request-too-slow": ("网络过慢，内容未能收完，操作未生效。", "请检查网络后重试。"),
        "headers-too-large": ("请求头过长。", "请清除本站的浏览器数据后重试。"),
        "json-malformed": ("JSON写法有误：{why}。", "请更正后重新提交。"),
        "address-malformed": ("网址中含有不能用的字符。", "请从页面上的链接进入。"),
    }
)

_HOST: Final = re.compile(r"([^:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""A name or a bracketed address, perhaps with a port."""

_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL as JSON spells it, which no database keeps in a text."""

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_HEAD: Final = 16 * 1024
LARGEST_BODY: Final = 256 * 1024
"""For everything but a document that is uploaded."""

LARGEST_FORM: Final = 2 * 1024 * 1024
"""For what is typed into a form: so much that a text far too long still comes back with its sentence."""

SMALL: Final = frozenset({"/sign-in", "/api/session"})
"""Open to anybody, and never with a document."""

DEEPEST: Final = 20
"""How deep JSON may be nested."""

FORM_FIELDS, FORM_FILES, FORM_PART = 300, 5, LARGEST_FORM

_FORM: Final = "shenpi.form"

SLOWEST: Final = 1024
"""Bytes per second below which, after GRACE seconds, a body is no longer waited for."""
GRACE: Final = 10.0

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
"""What every answer carries unless its route says otherwise (reliability.md S-35)."""

PREVIEW_POLICY: Final = "default-src 'none'; object-src 'self'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""For a paper shown inside one of our own pages: the browser's own viewer styles itself."""

DOWNLOAD_POLICY: Final = "sandbox; default-src 'none'"
STRICT_TRANSPORT: Final = "max-age=31536000"


class Guard:
    """ASGI middleware; `settings` name the hosts and the largest document."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        body = _Body(receive, self._limit(request))
        out = _Answer(send, body, tls=scope["scheme"] == "https")
        try:
            self._check(request)
            body.check_announced(request.headers)
            if _is_json(request.headers):
                await body.read_json()
            await self._pass(scope, body, out)
        except WorkflowError as error:
            await self._refuse(request, problem_of(error), out)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the edge: the client learns a number and no more
            await self._refuse(request, unexpected(record_crash(error)), out)
        if out.status >= 400:
            note(request, out.status)

    async def _pass(self, scope: Scope, body: _Body, out: _Answer) -> None:
        try:
            await self._app(scope, body.receive, out.send)
        except Exception:
            if body.refused is None:
                raise
        finally:
            if _FORM in scope:
                await scope[_FORM].close()
        if body.refused is not None and not out.started:
            raise body.refused

    async def _refuse(self, request: Request, problem: Problem, out: _Answer) -> None:
        if out.started:
            raise RuntimeError("the answer was cut off")
        out.open()
        response = answer(request, problem)
        if problem.status in {408, 413}:
            response.headers["Connection"] = "close"  # what is still coming is not read
        await response(request.scope, _nothing, out.send)

    def _check(self, request: Request) -> None:
        check_head(request)
        check_text(request)
        check_host(request, self._settings)
        if request.method not in SAFE_METHODS:
            check_origin(request, self._settings)

    def _limit(self, request: Request) -> int:
        kind = request.headers.get("content-type", "")
        if kind.startswith("multipart/") and request.url.path not in SMALL:
            return self._settings.upload_limit + LARGEST_FORM
        return LARGEST_FORM if kind.startswith("application/x-www-form-urlencoded") else LARGEST_BODY


def check_head(request: Request) -> None:
    """Oversized if the request line and headers together are longer than anything honest."""
    length = len(request.scope.get("raw_path") or b"") + len(request.scope["query_string"])
    if length + sum(len(name) + len(value) + 4 for name, value in request.scope["headers"]) > LARGEST_HEAD:
        raise Oversized(reason("headers-too-large"))


def check_text(request: Request) -> None:
    """Invalid for an address with a NUL in it, which no database keeps."""
    if "\0" in request.url.path or b"%00" in request.scope["query_string"]:
        raise Invalid(reason("address-malformed"))


def check_host(request: Request, settings: Settings) -> None:
    """Forbidden for a name that is not ours: no link is ever made from a forged one."""
    named = [_hostname(each) for each in request.headers.getlist("host")]
    if len(named) != 1 or named[0] not in settings.hosts:
        raise Forbidden(reason("host-not-allowed"))


def check_origin(request: Request, settings: Settings) -> None:
    """Forbidden if a browser says that another site sends this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forbidden(reason("cross-site"))
    origin = request.headers.get("origin")
    ours = {f"{request.scope['scheme']}://{request.headers.get('host', '')}", _origin(settings.address)}
    if origin is not None and origin.lower() not in ours:
        raise Forbidden(reason("cross-site"))


def came_from_here(request: Request) -> bool:
    """Whether the browser itself says that one of our pages sends this; `check_origin` has looked at what it says."""
    return "origin" in request.headers or request.headers.get("sec-fetch-site") == "same-origin"


async def read_form(request: Request) -> FormData:
    """The form that was sent, within limits; Invalid if it cannot be read. Read once, however often asked.

    The guard closes its files when the request is over. Unavailable if the disk has no room for them.
    """
    with saying_what_the_disk_said():
        form = await request.form(max_files=FORM_FILES, max_fields=FORM_FIELDS, max_part_size=FORM_PART)
    request.scope[_FORM] = form
    return form


def form_of(request: Request) -> FormData | None:
    """The form of this request, if it was read already."""
    found: FormData | None = request.scope.get(_FORM)
    return found


def is_form(headers: Headers) -> bool:
    """Whether the body is a form as browsers send it."""
    kind = headers.get("content-type", "")
    return kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))


def strict_json(body: bytes) -> None:
    """Invalid unless the body is one JSON value that every reader understands alike."""
    try:
        value = json.loads(body, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise Invalid(reason("json-malformed", why="嵌套过深")) from None
    except ValueError as error:
        raise Invalid(reason("json-malformed", why=str(error)[:100])) from None
    if _is_deep(value):
        raise Invalid(reason("json-malformed", why="嵌套过深"))
    if _NUL.search(body):
        raise Invalid(reason("json-malformed", why="含有不能用的字符"))


def _is_deep(value: Any) -> bool:
    """Whether it is nested deeper than DEEPEST, looked at level by level."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
    return any(isinstance(each, dict | list) for each in level)


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


class _Body:
    """What comes in: counted, timed, and if need be read ahead."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.refused: WorkflowError | None = None
        self._receive = receive
        self._limit = limit
        self._size = 0
        self._began = perf_counter()
        self._over = False
        self._ahead: list[Message] = []

    def check_announced(self, headers: Headers) -> None:
        """Oversized by its own announcement."""
        announced = headers.get("content-length", "0")
        if not announced.isascii() or not announced.isdigit() or int(announced) > self._limit:
            raise self._oversized()

    async def receive(self) -> Message:
        """The next piece; Oversized beyond the limit, TooSlow if it does not come."""
        if self._ahead:
            return self._ahead.pop(0)
        if self._over:
            return await self._receive()
        message = await self._next()
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._over = not message.get("more_body", False)
            waited = perf_counter() - self._began
            if self._size > self._limit:
                raise self._refuse(self._oversized())
            if waited > GRACE and self._size < SLOWEST * waited:
                raise self._refuse(TooSlow(reason("request-too-slow")))
        return message

    async def read_json(self) -> None:
        """Read all of it and look at it, then give it out again."""
        pieces: list[Message] = []
        while not self._over:
            message = await self.receive()
            pieces.append(message)
            if message["type"] != "http.request":
                break
        body = b"".join(piece.get("body", b"") for piece in pieces)
        self._ahead = pieces
        if body:
            strict_json(body)

    async def _next(self) -> Message:
        try:
            return await asyncio.wait_for(self._receive(), GRACE)
        except TimeoutError:
            raise self._refuse(TooSlow(reason("request-too-slow"))) from None

    def _oversized(self) -> Oversized:
        """With files, the limit that forms name: what is left for the other fields is nobody's concern."""
        most = self._limit - LARGEST_FORM if self._limit > LARGEST_FORM else self._limit
        return Oversized(reason("request-too-large", limit=f"{most / 1024 / 1024:g} MB"))

    def _refuse(self, error: WorkflowError) -> WorkflowError:
        """Remembered, because a framework between here and the guard may take it for something else."""
        self.refused = error
        return error


class _Answer:
    """What goes out: always with the headers that keep a browser on its guard.

    What the application says of a body that the guard cut off is not passed on: the guard says it itself.
    """

    def __init__(self, send: Send, body: _Body, *, tls: bool) -> None:
        self.started = False
        self.status = 0
        self._send = send
        self._body = body
        self._tls = tls
        self._opened = False

    def open(self) -> None:
        """Let through what the guard itself has to say."""
        self._opened = True

    async def send(self, message: Message) -> None:
        """Pass on a message, completing the headers of the first."""
        if self._body.refused is not None and not self.started and not self._opened:
            return
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self._tls:
                headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
        await self._send(message)


def as_download(name: str) -> dict[str, str]:
    """The headers of a file that is kept under that name, and in which nothing runs."""
    return _named("attachment", name, DOWNLOAD_POLICY)


def as_preview(name: str) -> dict[str, str]:
    """The headers of a file that is shown inside our own page, and kept under that name."""
    return _named("inline", name, PREVIEW_POLICY)


def _named(how: str, name: str, policy: str) -> dict[str, str]:
    """The name as browsers of the last years read it."""
    kept = f"{how}; filename*=UTF-8''{quote(name, safe='')}"
    return {"Content-Disposition": kept, "Content-Security-Policy": policy}


def _hostname(host: str) -> str:
    found = _HOST.fullmatch(host)
    return found[1].lower() if found else ""


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _is_json(headers: Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"“{key}”写了两次")
        found[key] = value
    return found


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} 不是 JSON 数值")


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"数值 {text[:20]} 过大")
    return value


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
