"""The bugs that are put in on purpose still fit the product, and each has tests that could see it.

Whether those tests do see it is asked by `python -m tests.seeded`, which takes a while.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.seeded import ROOT, Bug, read_bugs

BUGS = read_bugs()


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_can_still_be_put_in(bug: Bug) -> None:
    assert bug.times_in(ROOT) == 1, f"the text has moved or changed in {bug.file}: move it in seeded.toml too"
    assert bug.old != bug.new


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_names_tests_that_there_are(bug: Bug) -> None:
    assert bug.tests
    for test in bug.tests:
        file, _, name = test.partition("[")[0].partition("::")
        text = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name or 'test_.*'}\(", text, re.MULTILINE), test


def test_no_two_bugs_are_the_same() -> None:
    assert max(Counter(bug.name for bug in BUGS).values()) == 1
    assert max(Counter((bug.file, bug.old, bug.new) for bug in BUGS).values()) == 1
