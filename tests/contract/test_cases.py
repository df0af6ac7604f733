"""Nothing is red, stuck or found wrong without words for what to do: the codes in the source are those of api.cases."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from api.cases import CONCERNS, FINDINGS, INCIDENTS, Case

ROOT = Path(__file__).parents[2]
USED = {
    "concerns": (CONCERNS, ["api/condition.py"], [r'_concern\(\s*"([a-z-]+)"']),
    "findings": (
        FINDINGS,
        ["workflow/doctor.py", "api/examinations.py"],
        [r'Finding\(\s*"(?:error|warning)",\s*"([a-z-]+)"'],
    ),
    "incidents": (
        INCIDENTS,
        [
            *map(str, sorted((ROOT / "workflow").rglob("*.py"))),
            *map(str, sorted((ROOT / "notifications").rglob("*.py"))),
        ],
        [r'IncidentRaised\(\s*"([a-z-]+)"', r'code="([a-z-]+)", text_', r'\(\s*"(mail-[a-z-]+)",\s'],
    ),
}
"""What may be named, where its codes stand in the source, and how they look there."""

ALL = {code: case for group in (CONCERNS, INCIDENTS, FINDINGS) for code, case in group.items()}


@pytest.mark.parametrize("kind", USED)
def test_every_code_in_the_source_has_its_case_and_every_case_is_used(kind: str) -> None:
    cases, files, shapes = USED[kind]
    source = "\n".join((ROOT / each).read_text(encoding="utf-8") for each in files)

    found = set(chain.from_iterable(re.findall(shape, source) for shape in shapes))

    assert found == set(cases)


def test_no_concern_goes_round_the_table() -> None:
    source = (ROOT / "api" / "condition.py").read_text(encoding="utf-8")

    assert len(re.findall(r"(?<!class )\bConcern\(", source)) == 1


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_a_case_says_what_to_do(case: Case) -> None:
    assert case.words
    assert case.remedy.endswith("。")
