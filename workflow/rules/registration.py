"""Whether a project may begin to be followed: what is wrong with its name, unit, clerk, code and facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from workflow.definition import POSTS, Definition
from workflow.errors import Reason, reason
from workflow.people import Directory
from workflow.rules.facts import check_sums, check_text, read_facts
from workflow.rules.people import SUPERVISORS
from workflow.rules.replies import check_code


def registers(directory: Directory, person: int, day: date) -> bool:
    """Whether projects are that person's work, or of somebody whom they act for on that day: a clerk's or a
    supervisor's. Who only oversees or administers is not kept from registering, and not invited to.
    """
    who = (person, *directory.principals(person, day))
    return any(held.key in {"clerk", *SUPERVISORS} for each in who for held in directory.posts_of(each))


def registers_for(directory: Directory, person: int, organisation: int, day: date) -> int:
    """For whom the person registers a project of that unit: 0 in their own standing, else the first who lends it (代)."""
    who = (person, *directory.principals(person, day))
    lender = next((each for each in who if directory.has_post(each, POSTS, organisation)), person)
    return 0 if lender == person else lender


def read_registration(
    directory: Directory,
    definition: Definition,
    *,
    title: str,
    organisation: int,
    clerk: int,
    code: str,
    facts: Mapping[str, Any],
) -> tuple[dict[str, Any], list[Reason]]:
    """The known facts in stored form, and every reason against registering that project."""
    values, wrong = read_facts(definition.facts, facts)
    values = {key: value for key, value in values.items() if value is not None}
    reasons = [*check_text(title, "title", "项目名称", required=True, longest=100, one_line=True), *wrong]
    reasons += check_sums(definition, values)
    if code:
        reasons += check_code(code)
    unit = directory.organisations.get(organisation)
    if unit is None:
        reasons.append(reason("organisation-not-found", "organisation"))
    elif not unit.active:
        reasons.append(reason("organisation-disabled", "organisation", name=unit.name))
    if not directory.is_active(clerk):
        reasons.append(reason("person-not-found", "clerk"))
    elif not directory.belongs(clerk, organisation):
        reasons.append(reason("receiver-out-of-scope", "clerk"))
    return values, reasons
