"""Which other project a form means: written as a code or part of a name, and chosen from what is called so.

Invariant: a name is taken at once only if just one project in the person's sight bears it in full; a choice counts
only for the words it was offered for, so that whoever writes others never gets what they had chosen before.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from api.desk import Desk
from api.web.forms import Form
from api.web.render import Failure
from workflow import queries, rules
from workflow.errors import reason

LONGEST = 100


class Picker(Struct, frozen=True):
    """What the field of a page offers: the newest projects to complete by, and what was found for what was written."""

    newest: Sequence[queries.Called]
    found: Sequence[queries.Called] = ()


async def picked(desk: Desk, form: Form, field: str, title: str) -> str:
    """The reference of the project that the form means, empty for none; noted if one has first to be chosen.

    What nothing is called goes on as it was written: the action refuses it at this field.
    """
    words, chosen = form.text(field), form.text(f"{field}.ref")
    form.reasons += (wrong := rules.check_text(words, field, title, longest=LONGEST))
    if wrong or not words:
        return ""
    if chosen and form.text(f"{field}.of") == words:
        return chosen
    found = await desk.ask(queries.called, words=words)
    meant = _meant(found, words)
    if found and not meant:
        form.reasons.append(reason("project-to-choose", field, words=words))
    return meant or words


async def picker(desk: Desk, field: str, failure: Failure | None = None, exclude: str = "") -> Picker:
    """What the field offers on a page, also after a form was refused; never the project `exclude`."""
    newest = await desk.ask(queries.called)
    words = failure.typed.get(field, "").strip() if failure else ""
    found: Sequence[queries.Called] = ()
    if words and len(words) <= LONGEST and not rules.is_misleading(words):
        found = await desk.ask(queries.called, words=words)
        found = () if _meant(found, words) else found
    return Picker(*([each for each in group if each.ref != exclude] for group in (newest, found)))


def _meant(found: Sequence[queries.Called], words: str) -> str:
    """The one project of them that bears the words as its whole name or code; empty for none, or for several."""
    exact = [each.ref for each in found if words in {each.title, each.code}]
    return exact[0] if len(exact) == 1 else ""
