"""请确认提交: what somebody typed when their session had ended comes back to them, and is sent again.

Invariant: nothing is kept on the server, no password is given back, and nothing is sent by itself; the form goes only
to an address of ours that takes forms, with a fresh token, the same command id, and as whoever is signed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from api.auth import CSRF_FIELD, Visitor, now
from api.problems import Problem
from api.security import form_of
from api.web.forms import SECRETS, WORDS
from api.web.render import page
from workflow.clock import local_day
from workflow.queries.numbers import number_of

ADDRESS, BACK, TYPED, CHOSEN = "kept.address", "kept.back", "kept.typed.", "kept.chosen."
"""The names under which a sign-in form carries another form along."""

WRITER: Final = "writer"
_LEFT_OUT: Final = SECRETS | {CSRF_FIELD, WRITER}
_QUIET: Final = frozenset({"command", "turn", "step", "content", "digest", "as_printed", "same_name", "was"})

_PEOPLE: Final = frozenset({"to", "agent", "signer", "clerk"})

ACTS: Final = {
    "submit": "报送",
    "withdraw": "撤回",
    "reapply": "重新申报",
    "decide": "签批",
    "sign-paper": "代录纸质签批",
    "record": "登记外部门办理情况",
    "hand-over": "转办",
    "pass-gate": "同意暂缺先行办理",
    "extend": "延长时限",
    "pause": "暂停计时",
    "resume": "恢复计时",
    "explanation": "情况说明",
    "supervise": "发督办单",
    "withdraw-order": "撤回督办单",
    "letter": "起草商请函",
    "take-over": "补录批复",
    "complete": "补登",
    "confirm": "确认登记",
    "reject": "登记与原件不符",
    "withdraw-entry": "撤回录入",
    "upload": "上传材料",
    "register": "登记材料",
    "facts": "更新项目信息",
    "delegations": "委托",
}
"""What a form does, by the last word of its address, where that is not said by what was typed."""

OUTCOMES: Final = {"approved": "同意", "returned": "退回", "refused": "不予批准"}


class Kept(Struct, frozen=True):
    """A form that was not taken: where it goes, the page it was on, what was typed, which files were chosen."""

    address: str
    back: str
    typed: tuple[tuple[str, str], ...]
    chosen: tuple[tuple[str, str], ...]
    writer: str

    @property
    def carried(self) -> list[tuple[str, str]]:
        """The hidden fields of a sign-in form that carries it along."""
        return [
            (ADDRESS, self.address),
            (BACK, self.back),
            (TYPED + WRITER, self.writer),
            *((TYPED + name, value) for name, value in self.typed),
            *((CHOSEN + name, value) for name, value in self.chosen),
        ]

    @property
    def act(self) -> str:
        """What it would do, in a word; empty where that is plain."""
        return ACTS.get(urlsplit(self.address).path.rpartition("/")[2], "")

    def told(self, names: Mapping[str, str]) -> list[tuple[str, str]]:
        """What was typed, as far as it has a word, for the eye; `names` are those of the people that it may name."""
        named = (
            (WORDS.get(name.rpartition(".")[2], ""), _shown(name, value, names)) for name, value in self.typed
        )
        return [(word, shown) for word, shown in named if word and shown]

    def others(self, names: Mapping[str, str]) -> int:
        """How many more fields were filled in."""
        return sum(1 for name, value in self.typed if value and name not in _QUIET) - len(self.told(names))


def _shown(name: str, value: str, names: Mapping[str, str]) -> str:
    if name in _PEOPLE:
        return names.get(value, "")
    return OUTCOMES.get(value, value) if name == "outcome" else value


def kept_of(request: Request) -> Kept | None:
    """The form of a request that was refused; None if there was none, or it could not be read."""
    form = form_of(request)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if form is None or not _takes_forms(request, target):
        return None
    return _kept(target, urlsplit(request.headers.get("referer", "")).path, form.multi_items())


def kept_in(request: Request, data: FormData) -> Kept | None:
    """The form that a sign-in form carries along; None if there is none, or it leads elsewhere."""
    address, back = str(data.get(ADDRESS, "")), str(data.get(BACK, ""))
    if not _takes_forms(request, address):
        return None
    typed = [
        (name.removeprefix(TYPED), value)
        for name, value in data.multi_items()
        if name.startswith(TYPED) and isinstance(value, str)
    ]
    chosen = [
        (name.removeprefix(CHOSEN), value)
        for name, value in data.multi_items()
        if name.startswith(CHOSEN) and isinstance(value, str)
    ]
    return replace(_kept(address, back, typed), chosen=tuple(chosen))


def confirm_page(request: Request, visitor: Visitor, kept: Kept, problem: Problem | None = None) -> Response:
    """The form once more, to be sent by whoever is signed in now."""
    other = bool(kept.writer) and kept.writer != str(visitor.id)
    return page(
        request,
        "confirm.html",
        visitor,
        status=problem.status if problem else 200,
        kept=kept,
        other=other,
        names=_names(kept, visitor, local_day(now(request))),
        fault=problem,
    )


def _names(kept: Kept, visitor: Visitor, day: date) -> dict[str, str]:
    """The people chosen in it, by number: whoever sees something that the visitor sees, and nobody else."""
    directory = visitor.directory
    chosen = {value: number_of(value) for name, value in kept.typed if name in _PEOPLE}
    seen = directory.scope(visitor.id, day)
    return {
        value: directory.name(person)
        for value, person in chosen.items()
        if person is not None and not seen.isdisjoint(directory.scope(person, day))
    }


def _kept(address: str, back: str, items: list[tuple[str, Any]]) -> Kept:
    typed = [(name, value) for name, value in items if isinstance(value, str)]
    chosen = [
        (name, value.filename) for name, value in items if isinstance(value, UploadFile) and value.filename
    ]
    return Kept(
        address=address,
        back=inside(back),
        typed=tuple((name, value) for name, value in typed if name not in _LEFT_OUT),
        chosen=tuple(chosen),
        writer=dict(typed).get(WRITER, ""),
    )


def _takes_forms(request: Request, address: str) -> bool:
    """Whether that is an address of our own pages, other than signing in and out, that takes a form."""
    path = unquote(urlsplit(address).path)
    if inside(address) != address or path.startswith(("/api/", "/sign-")):
        return False
    scope = {"type": "http", "method": "POST", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)


def inside(address: str) -> str:
    """The address if it leads to a page of ours; else the first page. Never to another site."""
    is_ours = address.startswith("/") and not address.startswith("//")
    return address if is_ours and address.isprintable() and "\\" not in address else "/"
