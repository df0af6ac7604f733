"""Every way of saying no has its Chinese sentence, and every sentence is said somewhere with all that it names."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from api import passwords, problems, tickets
from workflow import calendar_file, content, errors, files
from workflow.actions import once

ROOT = Path(__file__).resolve().parents[2]
SPEAKERS = (errors, problems, passwords, files, content, once, tickets, calendar_file)
SAID = {code: said for module in SPEAKERS for code, said in module.SENTENCES.items()}
SAYING = {"reason", "refusal", "_reason"}


class Use(NamedTuple):
    """One place that says no."""

    code: str
    place: str
    given: frozenset[str]
    more: bool


def uses(source: str, place: str) -> Iterator[Use]:
    """Every call in that source whose first argument is a literal code."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        first = node.args[0]
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in SAYING and isinstance(first, ast.Constant) and isinstance(first.value, str):
            given = frozenset(each.arg for each in node.keywords if each.arg)
            more = len(node.args) > 2 or any(not each.arg for each in node.keywords)
            yield Use(first.value, f"{place}:{node.lineno}", given, more)


def all_uses() -> list[Use]:
    sources = [path for part in ("workflow", "notifications", "api") for path in (ROOT / part).rglob("*.py")]
    return [
        use
        for path in sources
        for use in uses(path.read_text("utf-8"), str(path.relative_to(ROOT)))
        if re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", use.code)
    ]


USES = all_uses()


def named_in(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def unsaid(found: list[Use]) -> list[str]:
    """Codes without a sentence, by the place that uses them."""
    return [f"{use.place} {use.code}" for use in found if use.code not in SAID]


def gaps(found: list[Use]) -> list[str]:
    """Sentences that name something which the place that says them does not give."""
    return [
        f"{use.place} {use.code} {sorted(lacking)}"
        for use in found
        if use.code in SAID and not use.more
        if (lacking := (named_in(SAID[use.code][0]) | named_in(SAID[use.code][1])) - use.given)
    ]


def test_every_code_that_is_used_has_its_sentence() -> None:
    assert len(USES) > 100
    assert unsaid(USES) == []


def test_every_sentence_is_given_all_that_it_names() -> None:
    assert gaps(USES) == []


def test_every_sentence_is_said_somewhere() -> None:
    everything = "\n".join(
        path.read_text("utf-8")
        for part in ("workflow", "notifications", "api")
        for path in (ROOT / part).rglob("*.py")
    )

    assert [code for code in SAID if everything.count(f'"{code}"') < 2] == []


@pytest.mark.parametrize("code", SAID)
def test_a_sentence_is_short_official_chinese_and_says_what_to_do(code: str) -> None:
    text, remedy = SAID[code]
    bare = re.sub(r"\{[^}]*\}", "", text + remedy)

    assert text.endswith("。")
    assert remedy.endswith("。") or remedy == "{remedy}"
    assert len(bare) <= 70
    assert not re.search(r"失败|错误代码|非法|无效操作|[a-z]{12,}", bare)


def test_a_planted_code_without_a_sentence_is_found() -> None:
    planted = list(uses('raise Refused(reason("no-such-code", "here"))', "planted"))
    silent = list(uses('reason("own-submission")', "planted"))

    assert unsaid(planted) == ["planted:1 no-such-code"]
    assert gaps(silent) == ["planted:1 own-submission ['other']"]
