"""The only file that knows Jinja2 for mail: plain dicts in, subject, text and HTML out.

Invariant: what people typed is never compiled, in HTML it is always escaped, and a name that a template
uses and nobody gave is an error, never an empty space.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications.message import check_line
from notifications.wording import folded

TEMPLATES = Path(__file__).parent / "templates"


class Rendered(NamedTuple):
    """One mail's content, three times the same."""

    subject: str
    text: str
    html: str


class Said(NamedTuple):
    """The sentences of one kind of notice for one person."""

    subject: str
    lead: str
    why: str


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
        keep_trailing_newline=True,
    )
    made.globals.clear()
    return made


_TEMPLATES = _environment()


def say(kind: str, context: dict[str, Any]) -> Said:
    """The subject, the first line and the reason for that kind of notice; ValueError for an unfit subject."""
    words = _TEMPLATES.get_template("words.j2")
    view = words.new_context(context)
    subject, lead, why = ("".join(words.blocks[f"{kind}_{part}"](view)).strip() for part in Said._fields)
    return Said(check_line(subject), lead, why)


def render(kind: str, context: dict[str, Any]) -> Rendered:
    """The mail of that kind of notice."""
    said = say(kind, context)
    whole = {**context, **said._asdict()}
    text = folded(_TEMPLATES.get_template("mail.txt.j2").render(whole))
    return Rendered(said.subject, text, _TEMPLATES.get_template("mail.html.j2").render(whole))
