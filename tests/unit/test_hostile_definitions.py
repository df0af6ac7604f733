"""Definition files made to hurt: every one gets findings or is plain data; none runs, hangs or crashes anything."""

from __future__ import annotations

import pytest

from tests.hostile import MARKUP, TEMPLATES
from tests.unit.test_conditions import HOSTILE
from tests.unit.test_loader import GOOD
from workflow.loader import load

TAGS = (
    "!!python/object/apply:os.system ['id']", "!!python/object/new:os.system ['id']", "!!python/name:os.system",
    "!!python/module:os", "!!python/tuple [1]", "!!python/object:os.Foo {}", "!!binary aWQ=", "!!set {a}", "!!omap [a: 1]",
    "!!timestamp 2026-01-01", "!!float 1e999", "!!int 0x7f", "!!null ''", "!!bool yes", "!!merge <<", "!!value =",
    "!foo bar", "!<tag:yaml.org,2002:python/object/apply:os.system> ['id']", "&a [*a]", "*a", "&a b", "<<: {a: 1}",
    "? [a]\n: b", "? {a: b}\n: c", "|\n  a", "%TAG ! x", "--- a", "...", "\ufeffa", "{{}: a}", "[[]]: a", "a: a: a",
    "no", "off", "~", "0o17", "0x1F", "1_000", "12:30:45", ".inf", ".nan", "-.inf", "=", "<<", "2026-01-01",
)  # fmt: skip
"""What YAML can say and a definition never means."""

PLACES = {
    "type: columbarium": "type: {}",
    "version: 1": "version: {}",
    "kind: money, unit: 万元}\n  building": "kind: {}, unit: 万元}}\n  building",
    "valid: 3 years": "valid: {}",
    "within: 15 workdays": "within: {}",
    "needs: [proposal]": "needs: [{}]",
    "issues: [proposal_reply]": "issues: [{}]",
    "by: section_chief": "by: {}",
    "minutes: minutes": "minutes: {}",
    "stands_for: [site_selection]": "stands_for: [{}]",
    "  proposal: {title: 项目建议书": "  {}: {{title: 项目建议书",
    "phase: 规划立项": "phase: {}",
}
"""Where only words of the language, names and limits may stand."""


def quoted(text: str) -> str:
    """The text as YAML holds any text."""
    return "'" + text.replace("'", "''") + "'"


def put(place: str, instead: str, text: str) -> str:
    assert place in GOOD
    return GOOD.replace(place, instead.format(text), 1)


TEXTS = (*TAGS, *map(quoted, (*TEMPLATES, *MARKUP, *HOSTILE)))


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_a_hostile_text_is_no_word_of_the_language(number: int) -> None:
    """Every text at one of the places, in turn."""
    place, instead = list(PLACES.items())[number]
    taken = []

    for text in TEXTS[number :: len(PLACES)]:
        loaded = load(put(place, instead, text), "x.yaml")
        taken += [text] if loaded.definition is not None or not loaded.findings else []

    assert len(TEXTS) >= 400
    assert taken == []


def test_a_label_is_its_text_or_refused_and_a_tag_is_never_obeyed() -> None:
    wrong = []

    for text in TEXTS:
        definition = load(put("title: 公益性骨灰堂建设", "title: {}", text), "x.yaml").definition
        if definition is not None and quoted(definition.title) != text and definition.title != text:
            wrong.append((text, definition.title))

    assert wrong == []
