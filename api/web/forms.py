"""What people type: read from a form field by field, every mistake named at its field, all at once.

Invariant: a field is taken as it was typed or refused with a sentence; nothing is guessed or repaired.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse

from api.auth import Newcomer
from api.desk import Desk
from api.security import read_form
from api.uploads import chosen, keep
from workflow import rules
from workflow.clock import Limit, Unit
from workflow.content import FORMATS
from workflow.errors import Invalid, Reason, reason, says
from workflow.files import Files, StoredFile
from workflow.queries.numbers import number_of
from workflow.queries.views import DocumentView, StageFile
from workflow.state import Fix, ReplyData

says(
    {
        "text-file-unreadable": ("文件不是UTF-8编码的文本，或超过{limit}。", "请用UTF-8编码另存后再上传。"),
        "nothing-ticked": ("没有勾选事项。", "请先勾选要办理的事项。"),
    }
)

LONGEST_FIXES = 20
LONGEST_LIMIT = 999
LONGEST_TEXT = 1024 * 1024
"""Bytes of a file that is read as text."""

_NUMBERING: Final = re.compile(r"^(?:[-·•](?!\d)|\d{1,2}[.、)）](?!\d))\s*")
"""How an item of a list begins, and not 3号楼, 3.5米 or 2026年."""

SECRETS: Final = frozenset({"password", "current"})
"""Fields whose content never stands in a page that gives a form back."""

WORDS: Final = {
    "about": "办理的是",
    "title": "项目名称",
    "code": "项目代码",
    "opinion": "意见",
    "fixes": "需修改事项",
    "reason": "理由",
    "text": "内容",
    "wanted": "督办要求",
    "outcome": "结论",
    "number": "文号",
    "issued_on": "成文日期",
    "issuer": "发文机关",
    "valid_until": "有效期至",
    "kept_at": "存放处",
    "on": "日期",
    "how": "怎样处理的",
    "to": "转交给",
    "agent": "代理人",
    "signer": "签批人",
    "clerk": "经办人",
    "due_on": "答复期限",
    "starts_on": "从",
    "ends_on": "到",
}
"""What the fields of all our forms are called, by the last part of their names."""


class Form:
    """One form as it was sent. Reading collects what is wrong; `check` refuses with all of it."""

    def __init__(self, data: FormData, files: Files, limit: int) -> None:
        self.data = data
        self.reasons: list[Reason] = []
        self._files = files
        self._limit = limit

    @classmethod
    async def read(cls, request: Request) -> Form:
        """The form of this request."""
        state = request.app.state
        return cls(await read_form(request), state.files, state.settings.upload_limit)

    def check(self) -> None:
        """Invalid with everything that was wrong so far."""
        if self.reasons:
            raise Invalid(*self.reasons)

    def wrong(self, field: str, title: str, why: str) -> None:
        """Note that a field is wrong."""
        self.reasons.append(reason("field-invalid", field, field=title, why=why))

    def _read(self, field: str, value: object) -> str:
        """What was typed, with the line ends of this side; nothing, with the reason noted once, for what no
        field may hold, so that no question is asked with it either.
        """
        text = value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""
        if rules.is_misleading(text):
            title = WORDS.get(field.rpartition(".")[2], "此项")
            found = reason("text-control-characters", field, title=title)
            self.reasons += [found] if found not in self.reasons else []
            return ""
        return text

    def _is_wrong(self, field: str) -> bool:
        return any(each.place == field for each in self.reasons)

    def values(self) -> dict[str, str]:
        """Everything typed, so that a page with an error can show it again; of a file its name, for it is gone."""
        return {
            key: value if isinstance(value, str) else value.filename or ""
            for key, value in self.data.multi_items()
        }

    def has(self, field: str) -> bool:
        """Whether anything was typed or ticked there."""
        return bool(self.text(field))

    def text(self, field: str) -> str:
        """What was typed; noted if it holds what is not there to be seen."""
        return self._read(field, self.data.get(field))

    def raw(self, field: str) -> str:
        """What was typed, to the letter: a password, or the text of a file."""
        value = self.data.get(field, "")
        return value if isinstance(value, str) else ""

    def texts(self, field: str) -> list[str]:
        """Everything that was ticked there."""
        return [self._read(field, value) for value in self.data.getlist(field)]

    def required(self, field: str, title: str) -> str:
        """The text, which must be there."""
        value = self.text(field)
        if not value and not self._is_wrong(field):
            self.reasons.append(reason("text-required", field, title=title))
        return value

    def number(self, field: str, title: str) -> int:
        """A whole number; 0 if it is none, with the reason noted."""
        value = self.required(field, title)
        number = number_of(value)
        if value and number is None:
            self.wrong(field, title, "应为整数")
        return number or 0

    def optional_number(self, field: str) -> int | None:
        """A whole number of ours, from a hidden field; None if it is not there."""
        return number_of(self.text(field))

    def day(self, field: str, title: str) -> date | None:
        """A date, or None if nothing was typed."""
        value = self.text(field).replace("/", "-").replace(".", "-")
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.wrong(field, title, "应为日期，如2026-09-18")
            return None

    def required_day(self, field: str, title: str, otherwise: date = date.min) -> date:
        """A date that must be there; a stand-in, with the reason noted, if it is not."""
        self.required(field, title)
        return self.day(field, title) or otherwise

    def limit(self, field: str, title: str) -> Limit:
        """A length of time: an amount and its unit."""
        amount = self.number(field, title)
        if not 1 <= amount <= LONGEST_LIMIT and not self._is_wrong(field):
            self.wrong(field, title, f"应为1至{LONGEST_LIMIT}的整数")
        unit = self.text(f"{field}_unit") or Unit.WORKDAYS.value
        if unit not in {each.value for each in Unit}:
            self.wrong(f"{field}_unit", title, "期限单位不在可选之列")
            unit = Unit.WORKDAYS.value
        return Limit(amount, Unit(unit))

    def fixes(self, papers: Mapping[str, str] | None = None) -> tuple[Fix, ...]:
        """Items to put right, one a line; one that begins 《title》 or “title：” is about that one of `papers`."""
        lines = [_NUMBERING.sub("", line.strip()) for line in self.text("fixes").splitlines()]
        found = tuple(Fix(line, _paper_of(line, papers or {})) for line in lines if line)
        if len(found) > LONGEST_FIXES:
            self.wrong("fixes", "需修改事项", f"最多{LONGEST_FIXES}项")
        return found

    async def file(self, field: str, formats: Collection[str] = tuple(FORMATS)) -> StoredFile | None:
        """The file that was chosen, stored; None if none was. What is wrong with it is noted."""
        try:
            found = chosen(self.data, field)
            return await keep(self._files, found, self._limit, formats) if found else None
        except Invalid as error:
            self.reasons += [Reason(each.code, each.text, each.remedy, field) for each in error.reasons]
            return None

    async def text_file(self, field: str) -> str:
        """The text of the file that was chosen; empty if none was. What is wrong with it is noted."""
        try:
            found = chosen(self.data, field)
        except Invalid as error:
            self.reasons += error.reasons
            return ""
        content = await found.read(LONGEST_TEXT + 1) if found else b""
        if found and not content:
            self.wrong(field, "文件", "是空文件")
        with suppress(UnicodeDecodeError):
            if len(content) <= LONGEST_TEXT:
                return content.decode("utf-8-sig")
        self.reasons.append(reason("text-file-unreadable", field, limit=f"{LONGEST_TEXT // 1024}KB"))
        return ""

    async def replies(self, file: StageFile) -> tuple[ReplyData, ...]:
        """What is written on the replies that the stage issues. A day that is missing is noted; today
        stands in for it, so that everything else can still be looked at.
        """
        return tuple([await self._reply(document, file.today) for document in file.issues])

    def reply_fields(self, document: DocumentView) -> dict[str, Any]:
        """What was typed into the fields of a reply: those that were filled in."""
        given = {field.key: self.text(f"reply.{document.key}.field.{field.key}") for field in document.fields}
        return {key: value for key, value in given.items() if value}

    async def _reply(self, document: DocumentView, today: date) -> ReplyData:
        prefix, title = f"reply.{document.key}.", document.title
        file = await self.file(f"{prefix}file", document.formats)
        return ReplyData(
            document=document.key,
            issued_on=self.required_day(f"{prefix}issued_on", f"{title}成文日期", today),
            number=rules.as_written(self.text(f"{prefix}number")),
            issuer=self.text(f"{prefix}issuer"),
            valid_until=self.day(f"{prefix}valid_until", f"{title}有效期"),
            fields=self.reply_fields(document),
            sha256=file.sha256 if file else "",
            name=file.name if file else "",
            size=file.size if file else 0,
            media=file.media if file else "",
            marks=file.marks if file else (),
            kept_at=self.text(f"{prefix}kept_at"),
        )


def _paper_of(line: str, papers: Mapping[str, str]) -> str:
    """The document whose title, among `papers` (title to document), the line begins with; empty for none."""
    named = (
        key for title, key in papers.items() if line.startswith((f"《{title}》", f"{title}：", f"{title}:"))
    )
    return next(named, "")


async def sent_form(request: Request, visitor: Newcomer) -> Form:
    """The form of somebody who is signed in; it lets newcomers in: what else a route depends on says whether
    they may go on.
    """
    del visitor
    return await Form.read(request)


Sent = Annotated[Form, Depends(sent_form)]


async def run(
    desk: Desk,
    form: Form,
    action: Callable[..., Any],
    /,
    *,
    drawn: dict[str, Any] | None = None,
    **arguments: Any,
) -> Any:
    """Run the action that a form asks for, under the id that the form was drawn with.

    The one way from a form to an action: Invalid with everything that was wrong with the form, before it begins.
    """
    attempt = desk.with_command(form.text("command"))
    form.check()
    return await attempt.run(action, drawn, **arguments)


def see(address: str) -> RedirectResponse:
    """Go and look at that page: what every form that succeeded answers, so that reloading repeats nothing."""
    return RedirectResponse(address, 303)
