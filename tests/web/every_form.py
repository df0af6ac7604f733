"""Every form that somebody can reach by their links: found by walking, filled in rightly, then wrongly field by field.

The forms are found, not listed, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

from api import demo
from tests.papers import pdf, png
from tests.web.desk import Control, Desk, FormOnPage, Page

FRAMED = re.compile(
    r"/preview$|/files/|^/api/|^/mailbox/\d+/html$|^/static/|\.(pdf|xlsx|ics)$|/print$|/text$"
)
"""Shown inside a page, or not for people."""

NOT_OPEN = re.compile(r'g-node g-(?:plain|faint|done)"><a href="([^"]+)"')
"""Stages of a graph where nothing is going on: their pages are alike."""

MOST_ALIKE = 3
"""How many pages of one shape are opened, unless they are of stages under way, whose forms differ with what happened."""

WHO_AND_WHICH = frozenset({"csrf", "writer"})
HEADERS = {"Accept": "text/html", "Origin": "http://127.0.0.1"}
NUMBERS = count(1)

Values = list[tuple[str, Any]]
"""A form as it is sent, field by field; a file is a tuple of its name, content and type."""


@dataclass
class Found:
    """A form, and who found it."""

    who: str
    form: FormOnPage

    @property
    def what(self) -> str:
        """What tells forms of one address apart."""
        return " ".join(
            self.form.values.get(each, "") for each in ("what", "document", "requirement")
        ).strip()

    def is_like(self, other: Found) -> bool:
        """Whether it is the same form, on whichever page."""
        return (self.form.action, self.what) == (other.form.action, other.what)

    @property
    def name(self) -> str:
        """How a finding calls it."""
        return f"{self.who} {self.form.method} {shape_of(self.form.action)} {self.what}".strip()

    @property
    def signature(self) -> tuple[str, str, str, frozenset[str]]:
        """Forms alike in it are one."""
        alike = frozenset(_alike(name) for name in self.form.fields)
        return self.form.method, shape_of(self.form.action), self.form.values.get("what", ""), alike

    @property
    def controls(self) -> list[Control]:
        """The fields that can go wrong, each once."""
        fields = {each.name: each for each in reversed(self.form.controls)}
        return [each for each in reversed(fields.values()) if each.name not in WHO_AND_WHICH]


def shape_of(address: str) -> str:
    """The address with what names one project, stage or thing left out."""
    path = re.sub(r"project-\d+", "{}", urlsplit(address).path)
    return re.sub(r"(?<=/stages/)\w+|(?<=/take-over/)\w+|(?<=^/types/)[\w-]+|(?<=/)\d+(?=/|$)", "{}", path)


def _alike(name: str) -> str:
    if name.startswith("fact."):
        return "fact"
    return re.sub(r"^reply\.\w+\.(field\.\w+)?", lambda each: "reply.field" if each[1] else "reply.", name)


# Finding


def walk(who: str, desk: Desk) -> Iterator[Found]:
    """Every form on every page that the links, and the forms that only look, lead to."""
    waiting, seen, shapes = ["/"], set(), dict[str, int]()
    not_open = set[str]()
    while waiting:
        address = waiting.pop(0)
        shape = shape_of(address) + "?".join(sorted(re.findall(r"[?&](\w+)=", address)))
        going_on = "/stages/" in address and address not in not_open
        shapes[shape] = shapes.get(shape, 0) + (not going_on)
        if address in seen or (shapes[shape] > MOST_ALIKE and not going_on):
            continue
        seen.add(address)
        page = _open(desk, address)
        for form in page.forms:
            yield Found(who, form)
            if form.method == "get":
                waiting.append(f"{form.action}?{urlencode(filled(form))}")
            if form.action.endswith("/check"):
                answer = send(desk, form, filled(form))
                yield from (Found(who, each) for each in Page(answer.status_code, answer.text, "").forms)
        not_open |= set(NOT_OPEN.findall(page.html))
        waiting += [each.partition("#")[0] for each in page.links if _leads_inside(each)]


def _open(desk: Desk, address: str) -> Page:
    answer = desk.client.get(address, headers=HEADERS)
    is_page = answer.headers["content-type"].startswith("text/html")
    assert answer.status_code == 200, (address, answer.status_code)
    return Page(answer.status_code, answer.text if is_page else "", address)


def _leads_inside(link: str) -> bool:
    return link.startswith("/") and not FRAMED.search(urlsplit(link).path)


# Filling in


RIGHT = {
    "code": "", "number": "澴民函〔2026〕3号", "by": "2", "email": "somebody@huanchuan.example", "against": "",
    "staff_number": "zhangwei", "password": "horse battery staple 9", "current": demo.PASSWORD, "region": "990102",
    "issued_on": "2026-11-20", "valid_until": "2027-11-20", "on": "2026-11-23", "starts_on": "2026-12-01",
    "ends_on": "2026-12-09", "since": "2026-11-01", "until": "2026-11-23",
}  # fmt: skip
"""What is right in a field that does not take just any words, by the last part of its name."""


def filled(form: FormOnPage) -> Values:
    """The form as somebody fills it in who makes no mistake."""
    values: Values = []
    pressed = False
    for each in form.controls:
        if each.kind == "button":
            if not pressed and "disabled" not in each.attributes:
                pressed = True
                values.append((each.name, "returned" if each.name == "outcome" else each.chosen))
        elif each.kind in {"checkbox", "radio"}:
            must = each.kind == "checkbox" and "required" in each.attributes
            if must or each.name in {"item", "entry"} or "checked" in each.attributes:
                values.append((each.name, each.chosen))
        elif each.kind != "file" or "text" not in form.fields:
            values.append((each.name, right(form, each)))
    return values


def right(form: FormOnPage, control: Control) -> Any:
    """What is right in that field."""
    last = control.name.rpartition(".")[2]
    if control.name == "command":
        return f"attempt-{next(NUMBERS)}"
    if control.kind == "hidden":
        return control.chosen or form.values[control.name]
    if control.kind == "file":
        return ("批复.pdf", pdf(str(next(NUMBERS))), "application/pdf")
    if control.kind == "select" or "list" in control.attributes:
        options = [each for each in control.options if each] or [""]
        if last == "agent":
            return options[-1]
        return "returned" if last == "outcome" else control.chosen or options[0]
    if control.name.startswith("fact."):
        return form.values.get(control.name, "")
    if control.attributes.get("data-check") in {"money", "decimal", "integer"}:
        return "120"
    return form.values.get(control.name) or RIGHT.get(last, "按规定办理")


def send(desk: Desk, form: FormOnPage, values: Values) -> Any:
    """Send it as a browser would; the answer as it comes, without going where it leads."""
    words = [(name, value) for name, value in values if isinstance(value, str)]
    if form.method == "get":
        return desk.client.get(form.action, params=dict(words), headers=HEADERS, follow_redirects=False)
    data: dict[str, list[str]] = {}
    for name, value in words:
        data.setdefault(name, []).append(value)
    files = [(name, value) for name, value in values if not isinstance(value, str)]
    return desk.client.post(form.action, data=data, files=files, headers=HEADERS, follow_redirects=False)


# Going wrong


MARKUP = "<script>alert(1)</script>"

WRONG = {
    "missing": "", "empty": "", "5,001 characters": "概" * 5_001, "100,000 characters": "概" * 100_000,
    "a NUL": "甲\0乙", "control characters": "\x1b[31m红\x07\x08", "turned about": "李国栋\u202e意同不\u2066",
    "zero width": "同\u200b意\u2060", "markup": MARKUP, "a template": "{{7*7}}{% raw %}${7*7}",
    "a formula": '=HYPERLINK("http://example.org")', "emoji": "👨\u200d👩\u200d👧🏗️", "words": "后天上午",
    "no day": "0000-00-00", "a far day": "99999-01-01", "negative": "-5", "1e400": "1e400",
    "64 bits": "9223372036854775808", "15 digits": "999999999999999", "twice": "另一个", "foreign": "4711",
}  # fmt: skip
"""What is sent instead of what is right, by what it is."""

WRONG_FILES = {
    "missing": (), "empty": (b"",), "cut off": (pdf()[:-20],), "another kind": (png(),), "too large": (pdf() + b" " * 1_100_000,),
    "two": (pdf("一"), pdf("二")),
}  # fmt: skip
"""What is chosen instead of one PDF, by what it is; all of it is called a PDF. One megabyte is the limit here."""

NO_FIELD_TAKES = frozenset({"5,001 characters", "100,000 characters", "a NUL", "control characters", "turned about"})  # fmt: skip
TICKED_OR_PRESSED = frozenset({"hidden", "button", "checkbox", "radio"})


def spoilt(values: Values, control: Control, wrong: str) -> Values:
    """The same form with that one field wrong."""
    name = control.name
    others = [each for each in values if each[0] != name]
    if control.kind == "file":
        return others + [(name, ("批复.pdf", content, "application/pdf")) for content in WRONG_FILES[wrong]]
    if wrong == "missing":
        return others
    return [*(values if wrong == "twice" else others), (name, WRONG[wrong])]


def is_taken_wrongly(control: Control, wrong: str) -> bool:
    """Whether no form may be taken with that in that field."""
    if control.kind in TICKED_OR_PRESSED or control.name.startswith(("phrase", "reply.land_filing")):
        return False  # an opinion goes before a phrase; who returns a paper issues none
    if control.kind == "file" and wrong != "missing":
        return True
    if wrong in {"missing", "empty"}:
        return "required" in control.attributes
    if control.kind == "date":
        return wrong != "twice"
    return wrong in NO_FIELD_TAKES or (control.kind == "select" and wrong in {"foreign", "words", "markup"})


def faults(answer: Any, found: Found, control: Control, sent: Values) -> Iterator[str]:
    """What is wrong with the answer to a form that was refused for that field."""
    page = Page(answer.status_code, answer.text, "")
    again = [each for each in page.forms if Found(found.who, each).is_like(found)]
    if control.kind in TICKED_OR_PRESSED:  # nothing that anybody can type
        if 'class="why"' not in page.html and "problem-title" not in page.ids:
            yield "refused without a sentence"
    elif not again or "problem-title" not in page.ids:
        yield f"{answer.status_code} and not the page again"
    else:
        yield from lost(again[0], sent)
        yield from unnamed(page, control)


def lost(again: FormOnPage, sent: Values) -> Iterator[str]:
    """What was typed or chosen and is not in the form any more."""
    typed: dict[str, list[str]] = {}
    for name, value in sent:
        if isinstance(value, str):
            typed.setdefault(name, []).append(flat(value))
    for each in again.controls:
        given = typed.get(each.name, [])
        if each.kind == "select" and given and {*given} <= {*each.options[1:]} and each.chosen not in given:
            yield f"forgot what was chosen at {each.name}"
        is_words = each.kind in {"text", "date", "email", "search", "textarea"} and each.name != "password"
        if is_words and given and flat(again.values[each.name]) not in given:
            yield f"forgot what was typed at {each.name}"


def flat(text: str) -> str:
    """The text as any browser sends and reads it: one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def unnamed(page: Page, control: Control) -> Iterator[str]:
    """Whether the summary leads to the field, and the field to its sentence."""
    links = {each[1:] for each in page.links if each.startswith("#")}
    led_to = [found for _, found in page.tags if found.get("name") and found.get("id") in links]
    fields = [
        each
        for each in led_to
        if each["name"] == control.name or _alike(str(each["name"])) == _alike(control.name) == "fact"
    ]
    if not fields:
        yield f"no way to the field: {page.words[page.words.find('退出') + 2 :][:60]}"
    for each in fields:
        told = (each.get("aria-describedby") or "").split()
        if f"{each['id']}-wrong" not in {*told} & {*page.ids} or each.get("aria-invalid") != "true":
            yield "the field does not say what is wrong"
