"""Errors as answers: RFC 9457 problems for programs, the same words as a page for browsers.

Invariant: every refusal has one shape, {type, title, status, detail, code, reasons}, wherever it arose;
what nobody anticipated shows a reference number and nothing else.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.mistyped import why
from api.refusals import name_refusal
from workflow.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Reason,
    Refused,
    Unavailable,
    WorkflowError,
    reason,
    says,
)

says(
    {
        "not-found": ("没有这个页面。", "请核对链接，或从首页进入。"),
        "method-not-allowed": ("此地址不支持这种操作。", "请从页面上的按钮办理。"),
        "invalid-request": ("提交的内容有误。", "请按所列各项更正。"),
        "form-malformed": ("表单内容无法读取。", "请刷新页面后重新提交。"),
        "unexpected": ("系统出了故障，操作可能未生效。", "请把编号{reference}告诉管理员。"),
    }
)

log = logging.getLogger("shenpi.api")


class Unauthenticated(WorkflowError):
    """Nobody is signed in here."""


class TooManyAttempts(WorkflowError):
    """It was tried too often; `retry_after` says in how many seconds it may be tried again."""


class Oversized(WorkflowError):
    """The request is larger than this route takes."""


class TooSlow(WorkflowError):
    """The request did not come in time."""


TITLES: Final[dict[type[WorkflowError], tuple[int, str]]] = {
    Unauthenticated: (401, "尚未登录"),
    Forbidden: (403, "不能办理"),
    NotFound: (404, "没有找到"),
    TooSlow: (408, "网络过慢"),
    Conflict: (409, "已有变动"),
    Refused: (409, "暂不能办理"),
    Oversized: (413, "内容过大"),
    Invalid: (422, "内容有误"),
    TooManyAttempts: (429, "请稍后再试"),
    Unavailable: (503, "暂时不可用"),
}
"""Which status each kind of refusal answers with, and its title."""

RETRY_AFTER: Final = 5
"""Seconds after which it is worth asking again what the store could not answer."""

_BY_STATUS: Final = {404: "not-found", 405: "method-not-allowed", 400: "form-malformed"}


class ReasonView(BaseModel):
    """One reason: its stable code, the sentence, who can lift it and how, and the place it is about."""

    code: str
    text: str
    remedy: str
    place: str


class Problem(BaseModel):
    """A refusal. `code` is the one a program looks at; `reasons` lists every reason there is."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    reasons: list[ReasonView]


ProblemPage = Callable[[Request, Problem], Response | None]
"""How a problem looks to a browser; None leaves it to JSON."""


def problem_of(error: WorkflowError) -> Problem:
    """The problem that this refusal is."""
    status, title = next(found for kind, found in TITLES.items() if isinstance(error, kind))
    extra = {"retry_after": RETRY_AFTER, **error.extra} if isinstance(error, Unavailable) else error.extra
    return _problem(status, title, error.reasons, extra)


def unexpected(reference: str) -> Problem:
    """The problem of something that nobody anticipated."""
    return _problem(500, "系统故障", (reason("unexpected", reference=reference),), {"reference": reference})


def answer(request: Request, problem: Problem) -> Response:
    """The problem as this client can read it: a page for browsers, JSON for all others."""
    name_refusal(request, problem.code)
    page: ProblemPage | None = getattr(request.app.state, "problem_page", None)
    response = page(request, problem) if page is not None and _wants_page(request) else None
    if response is None:
        content = problem.model_dump(mode="json")
        response = JSONResponse(content, problem.status, media_type="application/problem+json")
    retry_after = (problem.model_extra or {}).get("retry_after")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def record_crash(error: BaseException) -> str:
    """Log what went wrong, whole, and answer the number under which it can be found."""
    reference = secrets.token_hex(4).upper()
    log.error("unexpected error %s", reference, exc_info=error)
    return reference


async def on_refusal(request: Request, error: Exception) -> Response:
    """Answer an anticipated refusal."""
    if not isinstance(error, WorkflowError):
        raise TypeError("only refusals are handled here") from error
    return answer(request, problem_of(error))


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """Answer a request whose fields do not fit, naming each of them."""
    if not isinstance(error, RequestValidationError):
        raise TypeError("only validation errors are handled here") from error
    reasons = tuple(_field_reason(each) for each in error.errors())
    return answer(request, _problem(422, "内容有误", (reason("invalid-request"), *reasons), {}))


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: no such route, no such method, an unreadable form."""
    if not isinstance(error, HTTPException):
        raise TypeError("only HTTP errors are handled here") from error
    status = 422 if error.status_code == 400 else error.status_code
    found = reason(_BY_STATUS.get(error.status_code, "invalid-request"))
    titles = {404: "没有找到", 405: "不支持此操作", 422: "内容有误"}
    response = answer(request, _problem(status, titles.get(status, "不能办理"), (found,), {}))
    response.headers.update(error.headers or {})
    return response


def _problem(status: int, title: str, reasons: tuple[Reason, ...], extra: Mapping[str, Any]) -> Problem:
    code = reasons[0].code
    return Problem(
        type=f"/api/problems/{code}",
        title=title,
        status=status,
        detail="".join(str(each) for each in reasons),
        code=code,
        reasons=[
            ReasonView(code=each.code, text=each.text, remedy=each.remedy, place=each.place)
            for each in reasons
        ],
        **extra,
    )


def _field_reason(error: Mapping[str, Any]) -> Reason:
    place = [str(each) for each in error["loc"] if each not in {"body", "query", "path", "header"}]
    return reason("field-invalid", ".".join(place), field=".".join(place) or "内容", why=why(error))


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
