"""Every way of saying no has its Chinese sentence, and every sentence is said somewhere with all that it names."""

from __future__ import annotations

import ast
import pkgutil
import re
import string
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import grimp
import pytest

import api
from workflow.errors import SENTENCES as SAID

ROOT = Path(__file__).resolve().parents[2]
SAYING = {"reason", "_reason"}

for module in pkgutil.walk_packages(api.__path__, "api."):
    import_module(module.name)


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


SOURCES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for part in ("workflow", "notifications", "api")
    for path in sorted((ROOT / part).rglob("*.py"))
}
USES = [
    use
    for place, source in SOURCES.items()
    for use in uses(source, place)
    if re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", use.code)
]


def module_of(place: str) -> str:
    """The module of a source file, as imports name it."""
    return place.partition(".py")[0].replace("/", ".").removesuffix(".__init__")


def added(source: str) -> set[str]:
    """The codes whose sentences a module adds to those of the rules."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {
        code
        for call in calls
        if getattr(call.func, "id", "") == "says"
        for code in ast.literal_eval(call.args[0])
    }


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


def test_whoever_says_a_code_has_imported_its_sentence() -> None:
    """A sentence stands beside what raises it; somebody else who says it would find nothing without the import."""
    graph = grimp.build_graph("api", "notifications", "workflow")
    where = {code: module_of(place) for place, source in SOURCES.items() for code in added(source)}

    def unheard(use: Use) -> bool:
        module = module_of(use.place)
        return where.get(use.code, module) not in {module, *graph.find_upstream_modules(module)}

    assert len(where) > 90
    assert [f"{use.place} {use.code}" for use in USES if unheard(use)] == []


def test_every_sentence_is_given_all_that_it_names() -> None:
    assert gaps(USES) == []


def test_every_sentence_is_said_somewhere() -> None:
    everything = "\n".join(SOURCES.values())

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
