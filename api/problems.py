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
)

log = logging.getLogger("shenpi.api")

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "not-signed-in": ("您尚未登录，或登录已过期。", "请登录后再试。"),
    "sign-in-failed": ("工号或密码不正确。", "请核对后重试；忘记密码请联系管理员。"),
    "password-wrong": ("您的密码不正确。", "请核对后重试。"),
    "password-again": (
        "登录已超过5分钟，办理此项须再输一次您自己的密码。",
        "请输入后再提交，或重新登录后再办。",
    ),
    "password-same": ("新密码与现在的相同。", "请另设一个只有您知道的密码。"),
    "password-given": ("您的密码由他人设置，更改后才能办理。", "请先更改密码，再用新密码登录。"),
    "too-many-attempts": ("密码错误次数过多。", "请在{wait}后再试，或请管理员重设密码。"),
    "too-many-requests": ("请求过于频繁，这一次没有受理。", "请在{wait}后再试。"),
    "tls-required": ("此连接没有加密，不能登录。", "请用 https 网址访问，或在本机登录。"),
    "csrf-token-wrong": ("页面已过期，操作未生效。", "请刷新页面后再办。"),
    "cross-site": ("请求来自别的网站，已拒绝。", "请从本系统页面办理。"),
    "host-not-allowed": ("不能用这个网址访问本系统。", "请使用管理员公布的网址。"),
    "not-found": ("没有这个页面。", "请核对链接，或从首页进入。"),
    "method-not-allowed": ("此地址不支持这种操作。", "请从页面上的按钮办理。"),
    "request-too-large": ("提交的内容超过{limit}。", "请压缩或拆分后再提交。"),
    "request-too-slow": ("网络过慢，内容未能收完，操作未生效。", "请检查网络后重试。"),
    "headers-too-large": ("请求头过长。", "请清除本站的浏览器数据后重试。"),
    "invalid-request": ("提交的内容有误。", "请按所列各项更正。"),
    "field-invalid": ("“{field}”有误：{why}。", "请更正。"),
    "json-malformed": ("JSON写法有误：{why}。", "请更正后重新提交。"),
    "address-malformed": ("网址中含有不能用的字符。", "请从页面上的链接进入。"),
    "form-malformed": ("表单内容无法读取。", "请刷新页面后重新提交。"),
    "too-many-phrases": ("常用语超过{most}条。", "请删去不用的。"),
    "nothing-ticked": ("没有勾选事项。", "请先勾选要办理的事项。"),
    "not-waiting-for-you": ("本件现在不在您的待办中。", "请刷新我的待办后再看。"),
    "too-many-ticked": ("一次最多一并办理{most}件。", "请分次办理。"),
    "upload-several": ("此处一次只收一个文件。", "请只选一个；有几个的，逐个上传。"),
    "upload-missing": ("没有收到文件。", "请选择文件后再上传。"),
    "too-many-views": ("您已保存{most}个视图。", "请先删除不再使用的视图。"),
    "view-name-used": ("您已有名为“{name}”的视图。", "请换一个名称，或先删除原视图。"),
    "view-not-found": ("没有这个视图。", "可能已被删除，请从项目列表重新选择。"),
    "view-too-long": ("筛选条件过长，不能保存。", "请缩短所填的名称或代码。"),
    "print-too-large": ("内容过多，不能排成一份打印件。", "请缩小筛选范围，或改用台账（xlsx）。"),
    "export-busy": ("有人正在导出台账，这一次没有开始。", "请过一两分钟再试。"),
    "print-busy": ("打印的人较多，这一份还没有排好。", "请稍后再试。"),
    "audit-whole-only": ("核验全部记录须有全部单位的审计范围。", "可逐个项目核验，或请上级督查核验全部。"),
    "mail-not-set": ("没有设置邮件服务器，无法测试。", "请在 shenpi.toml 的 [smtp] 中设置后重新启动。"),
    "mail-no-own-address": ("您自己没有邮箱地址。", "请先在“人员”中填写。"),
    "mail-test-failed": ("测试邮件没有发出：{where}，{said}。", "{remedy}"),
    "mail-not-failed": (
        "没有可以重新投递的邮件，可能已经重新投递，或收件人没有邮箱。",
        "请刷新页面，并核对收件人邮箱。",
    ),
    "text-file-unreadable": ("文件不是UTF-8编码的文本，或超过{limit}。", "请用UTF-8编码另存后再上传。"),
    "bundle-project-not-found": ("没有编号或代码为 {ref} 的项目。", "编号在项目页网址中：/projects/编号。"),
    "copy-damaged": ("{name} 不完整或已被改动：{why}。", "请换用另一份备份或导出文件；原有数据未变。"),
    "copy-newer": ("{name} 由更新版本的系统写出。", "请先把本机系统升级到同一版本。"),
    "copy-not-found": ("{name} 中没有备份。", "请核对目录；备份由 shenpi backup 写出。"),
    "copy-not-alike": ("装入后的数据与备份不符：{why}。", "原有数据未变。请保留现场，并换用另一份备份。"),
    "record-broken": (
        "现有记录不符，没有备份：{why}。",
        "请保留现场，运行 shenpi audit verify，并与以前的备份核对。",
    ),
    "newer-would-go": (
        "现有数据比备份新：{words}。",
        "确要放弃这些记录的，请加 --discard-newer；原有数据会另存。",
    ),
    "unexpected": ("系统出了故障，操作可能未生效。", "请把编号{reference}告诉管理员。"),
}
"""Code -> what is wrong and the remedy, for what only the edge can refuse."""


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


def refusal(code: str, /, place: str = "", **data: object) -> Reason:
    """The reason of one of this module's codes."""
    text, remedy = SENTENCES[code]
    return Reason(code, text.format_map(data), remedy.format_map(data), place)


def problem_of(error: WorkflowError) -> Problem:
    """The problem that this refusal is."""
    status, title = next(found for kind, found in TITLES.items() if isinstance(error, kind))
    extra = {"retry_after": RETRY_AFTER, **error.extra} if isinstance(error, Unavailable) else error.extra
    return _problem(status, title, error.reasons, extra)


def unexpected(reference: str) -> Problem:
    """The problem of something that nobody anticipated."""
    return _problem(500, "系统故障", (refusal("unexpected", reference=reference),), {"reference": reference})


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
    return answer(request, _problem(422, "内容有误", (refusal("invalid-request"), *reasons), {}))


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: no such route, no such method, an unreadable form."""
    if not isinstance(error, HTTPException):
        raise TypeError("only HTTP errors are handled here") from error
    status = 422 if error.status_code == 400 else error.status_code
    reason = refusal(_BY_STATUS.get(error.status_code, "invalid-request"))
    titles = {404: "没有找到", 405: "不支持此操作", 422: "内容有误"}
    response = answer(request, _problem(status, titles.get(status, "不能办理"), (reason,), {}))
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
    return refusal("field-invalid", ".".join(place), field=".".join(place) or "内容", why=why(error))


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
