"""From a template to a page: one environment, strict and escaping, and what every page has in common.

Invariant: whatever a person or a definition wrote is escaped; an unknown name in a template is an error.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.auth import Visitor, now
from api.problems import Problem
from api.refusals import name_refusal
from workflow.clock import SHANGHAI, local_day
from workflow.errors import SENTENCES, Reason
from workflow.projection import REJECTED
from workflow.queries.audit import audited
from workflow.queries.stages import NOBODY
from workflow.queries.views import PaperView
from workflow.queries.worklist import WorkItem
from workflow.record import instant
from workflow.rules import CODE, CODE_CHECKED_SINCE, CODE_DIGITS, NUMBER, scales
from workflow.state import ORDER

HERE: Final = Path(__file__).parent
MEDIA: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
STYLES: Final = (
    "base",
    "parts",
    "forms",
    "deciding",
    "leaders",
    "prints",
    "types",
    "intake",
    "admin",
    "graph",
    "narrow",
    "print",
)
"""The sheets that make up desk.css, in the order in which they may overrule each other."""
SCRIPTS: Final = ("keys", "live", "forms", "deciding")
"""The scripts that make up desk.js. Each only makes quicker what works without it."""


def _joined(folder: str, names: Sequence[str], kind: str) -> bytes:
    return b"\n".join((HERE / "static" / folder / f"{name}.{kind}").read_bytes() for name in names)


STATIC: Final = {
    "desk.css": _joined("style", STYLES, "css"),
    "desk.js": _joined("script", SCRIPTS, "js"),
    "icon.svg": (HERE / "static" / "icon.svg").read_bytes(),
}

NAVIGATION: Final = (
    ("/", "我的待办"),
    ("/projects", "项目"),
    ("/warnings", "预警"),
    ("/board", "看板"),
    ("/notices", "通知"),
    ("/types", "项目类型"),
)
FOR_LEADERS: Final = frozenset({"/board"})
"""What only those find in the navigation who answer for the work of others."""


SHAPES: Final = {
    "number": NUMBER.pattern,
    "code": CODE.pattern,
    "digits": CODE_DIGITS,
    "since": CODE_CHECKED_SINCE,
}
"""The rules of numbers and codes as the script sees them. The server asks them again."""


class Failure:
    """A form that was refused: which one, why, what had been typed, and what is wrong at which field."""

    def __init__(
        self, form: str, problem: Problem, typed: Mapping[str, str], wrong: Mapping[str, list[Reason]]
    ) -> None:
        self.form = form
        self.problem = problem
        self.typed = typed
        self.wrong = wrong

    def context(self) -> dict[str, Any]:
        """What the templates know of it."""
        return {
            "problem": self.problem,
            "failed": self.form,
            "typed": self.typed,
            "wrong": self.wrong,
            "anchors": {
                (each.text, each.place): f"{self.form}-{field}"
                for field, reasons in self.wrong.items()
                for each in reasons
            },
        }


def page(
    request: Request,
    template: str,
    visitor: Visitor | None,
    *,
    status: int = 200,
    failure: Failure | None = None,
    done: str = "",
    **context: Any,
) -> Response:
    """The page of that template.

    Each form carries a fresh name for one attempt, so that a second click is answered with the first one's
    answer. The mark of a page is the hash of all it shows but those names: a page that is left open asks
    with it whether anything has changed, and is answered 304 while nothing has.
    """
    known: dict[str, Any] = {
        "visitor": visitor,
        "navigation": _navigation(request, visitor),
        "here": _here(request, visitor),
        "today": local_day(now(request)).isoformat(),
        "most_megabytes": request.app.state.settings.upload_megabytes,
        "done": done,
        "onwards": None,
        "problem": None,
        "failed": "",
        "typed": {},
        "wrong": {},
        "anchors": {},
        "begun": {},
        **(failure.context() if failure else {}),
        **context,
    }
    if failure is not None:
        name_refusal(request, failure.problem.code)
    nonce = secrets.token_urlsafe(12)
    attempts = count(1)
    known["new_command"] = lambda: f"{nonce}{next(attempts)}"
    known["live"] = nonce if visitor and request.method == "GET" else ""
    text = _TEMPLATES.get_template(template).render(known)
    drawn = {key: id_ for key, id_ in known["anchors"].items() if f'id="{id_}"' in text}
    if drawn != known["anchors"]:  # a reason that is about no field of the page leads nowhere
        text = _TEMPLATES.get_template(template).render({**known, "anchors": drawn})
    mark = sha256(text.replace(nonce, "").encode()).hexdigest()[:16]
    if known["live"] and request.headers.get("if-none-match") == f'"{mark}"':
        return Response(status_code=304, headers={"ETag": f'"{mark}"'})
    text = text.replace(f'data-live="{nonce}"', f'data-live="{mark}"', 1)
    return HTMLResponse(text, failure.problem.status if failure else status, headers={"ETag": f'"{mark}"'})


def _navigation(request: Request, visitor: Visitor | None) -> tuple[tuple[str, str], ...]:
    mailbox = (("/mailbox", "演示邮箱"),) if request.app.state.settings.mailbox else ()
    leads = visitor is not None and visitor.directory.oversees(visitor.id)
    common = tuple(each for each in NAVIGATION if leads or each[0] not in FOR_LEADERS)
    return (*common, *_duties(visitor), *mailbox, ("/help", "帮助"))


def _duties(visitor: Visitor | None) -> tuple[tuple[str, str], ...]:
    """What only some have: the record for who audits it, the house for who administers it."""
    if visitor is None:
        return ()
    audits = (("/audit", "审计"),) if audited(visitor.directory, visitor.id) else ()
    administers = visitor.directory.is_administrator(visitor.id)
    return (*audits, *((("/admin", "管理"),) if administers else ()))


def _here(request: Request, visitor: Visitor | None) -> str:
    """The address in the navigation that this page belongs to."""
    path = request.url.path
    known = [address for address, _ in _navigation(request, visitor) if address != "/"]
    inside = [address for address in known if path.startswith(address)]
    return inside[0] if inside else ("/" if path == "/" else "")


def static(name: str) -> str:
    """The address of a file of ours: with its fingerprint, so that browsers may keep it."""
    return f"/static/{name}?v={sha256(STATIC[name]).hexdigest()[:12]}"


def paper_url(ref: str, paper: PaperView) -> str:
    """Where the content of a paper is shown."""
    return f"/api/projects/{quote(ref)}/files/{paper.sha256}/preview"


_PLACES: Final = {REJECTED: "not-confirmed", ORDER: "order"}
"""Where on the page of its stage something is done, if not where one acts."""


def item_url(item: WorkItem) -> str:
    """Where a thing that waits for somebody is done."""
    place = f"entry-{item.entry}" if item.entry else _PLACES.get(item.what, "act")
    return f"/projects/{quote(item.ref)}/stages/{quote(item.stage)}#{place}"


def scan_url(ref: str, digest: str) -> str:
    """Where the scan that came with an entry is shown."""
    return f"/api/projects/{quote(ref)}/files/{digest}/preview"


def at(stamped: str) -> str:
    """A stored instant as a clock in Shanghai shows it."""
    return instant(stamped).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def pairs(options: Sequence[str]) -> list[tuple[str, str]]:
    """Options whose words are their values."""
    return [(option, option) for option in options]


def with_query(path: str, values: Mapping[str, Any]) -> str:
    """The address with those values that are not empty."""
    given = {key: value for key, value in values.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def sentence(code: str) -> str:
    """The sentence of that refusal with its gaps, for the script to say while somebody types."""
    return "".join(SENTENCES[code])


def markup(text: str) -> Markup:
    """SVG and HTML that this package made and escaped itself."""
    return Markup(text)  # noqa: S704 - only ever called with the output of our own graph


_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(
    static=static,
    shapes=SHAPES,
    sentence=sentence,
    paper_url=paper_url,
    item_url=item_url,
    scan_url=scan_url,
    at=at,
    pairs=pairs,
    scales=scales,
    nobody=NOBODY,
)
