"""管理: the frame that all pages of an administrator share, and the first one: what needs attention.

Invariant: every route below names the administrator's policy; nothing is decided here.
"""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Visitor, administrator, prove
from api.desk import Desk
from api.web.commands import done_words
from api.web.forms import Form, see
from api.web.pages import failure_of
from api.web.render import Failure, page
from workflow.errors import Reason, WorkflowError
from workflow.people import Directory, PersonView

ADMINISTRATOR: Final = (Depends(administrator),)
"""What every router of this area is made with."""

SECTIONS: Final = (
    ("/admin", "概况"),
    ("/admin/people", "人员"),
    ("/admin/units", "单位"),
    ("/admin/delegations", "委托"),
    ("/admin/calendar", "工作日历"),
    ("/admin/types", "类型发布"),
    ("/admin/mail", "邮件"),
    ("/admin/incidents", "异常"),
    ("/admin/health", "运行状态"),
)
"""The pages of the area, in the order of the line below the navigation."""

_PLACE: Final = re.compile(r":(\d+):(\d+)$")


def admin_page(
    request: Request,
    template: str,
    visitor: Visitor,
    *,
    failure: Failure | None = None,
    done: str = "",
    **context: Any,
) -> Response:
    """A page of this area, with its own line of sections."""
    path = request.url.path
    inside = [address for address, _ in SECTIONS[1:] if path.startswith(address)]
    return page(
        request,
        template,
        visitor,
        failure=failure,
        done=done_words(done),
        sections=SECTIONS,
        section=inside[0] if inside else "/admin",
        **context,
    )


def refused(name: str, error: WorkflowError, form: Form, places: dict[str, str] | None = None) -> Failure:
    """The form that was refused; `places` says which field a reason is about, if not the one it names."""

    def field_of(each: Reason) -> str:
        return (places or {}).get(each.place, each.place)

    return failure_of(name, error, form.values(), field_of)


async def proved(request: Request, desk: Desk, form: Form) -> None:
    """Forbidden unless the administrator has lately typed their own password, be it in this form."""
    form.check()
    await prove(request, desk.visitor, form.raw("current"), desk.now)


async def file_or_text(form: Form, title: str) -> str:
    """The text of the file that was chosen, else what was typed; noted if there is neither."""
    content = await form.text_file("file") or form.raw("text").replace("\r\n", "\n").lstrip("\n")
    if not content.strip() and not form.reasons:
        form.wrong("text", title, "请选择文件，或在框内填写")
    return content


def placed(error: WorkflowError, field: str) -> WorkflowError:
    """The same refusal with each finding of a text naming its line and column at that field; what is wrong with
    the chosen file as such stays there.
    """
    reasons = []
    for each in error.reasons:
        found = _PLACE.search(each.place)
        where = f"第{found[1]}行第{found[2]}列：" if found else ""
        place = each.place if each.place == "file" else field
        reasons.append(Reason(each.code, f"{where}{each.text}", each.remedy, place))
    return type(error)(*reasons)


def done_at(address: str, word: str, anchor: str = "") -> Response:
    """Go back to that page, which says what was done."""
    return see(f"{address}?done={word}{f'#{anchor}' if anchor else ''}")


def unit_choices(directory: Directory) -> list[tuple[int, str]]:
    """The units in use, as a tree of words."""
    found = sorted(directory.organisations.values(), key=lambda each: each.path)
    return [(each.id, f"{'　' * (each.path.count('/') - 2)}{each.name}") for each in found if each.active]


def people_choices(directory: Directory) -> list[tuple[int, str]]:
    """Active people with what they are called, unit by unit."""

    def place(person: PersonView) -> tuple[str, int]:
        held = directory.posts_of(person.id)
        return (
            min(directory.organisations[each.organisation].path for each in held) if held else "~",
            person.id,
        )

    return [
        (each.id, directory.in_full(each.id))
        for each in sorted(directory.people.values(), key=place)
        if each.active
    ]
