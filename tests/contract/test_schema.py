"""The language of definitions stands in one table; schema, README and files must keep in step with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow.definition import LISTENERS
from workflow.loader import load
from workflow.loader.fields import FORMATS, KINDS, RECORDS
from workflow.schema import json_schema, schema_text

DEFINITIONS = Path(__file__).parents[2] / "definitions"
README = (DEFINITIONS / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"^```yaml\n(.*?)^```", README, re.DOTALL | re.MULTILINE)[0]
FILES = sorted(DEFINITIONS.glob("*.yaml"))


def test_the_schema_file_is_current() -> None:
    """After a change of fields.py, write workflow.schema.schema_text() to definitions/schema.json."""
    assert schema_text() == (DEFINITIONS / "schema.json").read_text(encoding="utf-8")


def test_the_example_of_the_readme_loads_without_a_finding() -> None:
    loaded = load(EXAMPLE, "README.md")

    assert loaded.findings == ()
    assert loaded.definition is not None
    assert loaded.definition.predecessors["acceptance"] == ("plan", "moving")


@pytest.mark.parametrize("name", sorted({name for record in RECORDS.values() for name in record.fields}))
def test_the_readme_explains_every_field(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("word", [*LISTENERS, *KINDS, *FORMATS])
def test_the_readme_names_every_word_of_the_closed_lists(word: str) -> None:
    assert f"`{word}`" in README


@pytest.mark.parametrize(
    "text",
    [EXAMPLE, *[path.read_text(encoding="utf-8") for path in FILES]],
    ids=["README", *[path.name for path in FILES]],
)
def test_what_the_loader_takes_the_schema_takes(text: str) -> None:
    schema = json_schema()

    assert load(text, "definition").errors == ()
    assert list(_violations(schema, yaml.load(text, Loader=yaml.BaseLoader), schema)) == []


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ("titel: 一", "titel"),
        ("type: Repair", "type"),
        ("facts: {total: {title: 总投资, kind: mony}}", "kind"),
        ("facts: {total: {kind: money}}", "title"),
        ("documents: {a: {title: 甲, renew: 3 months before}}", "valid"),
        ("stages: {a: {title: 甲, phase: 一, steps: []}}", "steps"),
        ("stages: {a: {title: 甲, phase: 一, steps: [{external: {title: 外}}]}}", "body"),
        (
            "stages: {a: {title: 甲, phase: 一, needs: [{soft: true}], steps: [{sign: {title: 签, by: clerk}}]}}",
            "needs",
        ),
        ("ladder: [{at: 3 days, tell: [clerk]}]", "at"),
    ],
)
def test_the_schema_marks_what_the_loader_refuses(broken: str, where: str) -> None:
    schema = json_schema()
    schema.pop("required")

    assert load(broken, "broken").errors
    assert any(
        where in each for each in _violations(schema, yaml.load(broken, Loader=yaml.BaseLoader), schema)
    )


def _violations(schema: dict[str, Any], value: Any, root: dict[str, Any], path: str = "$") -> list[str]:
    """As much of JSON Schema as ours uses; scalars are read as text, so `1` and `true` pass as such."""
    schema = root["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    kind = {"object": dict, "array": list}.get(schema.get("type", ""), str if "type" in schema else object)
    if not isinstance(value, kind):
        return [f"{path}: not {schema['type']}"]
    found = [f"{path}: not {schema['const']}"] if schema.get("const", value) != value else []
    for group in schema.keys() & {"anyOf", "oneOf"}:
        fails = all(_violations(each, value, root, path) for each in schema[group])
        found += [f"{path}: {group}"] * fails
    if isinstance(value, dict):
        found += _object_violations(schema, value, root, path)
    elif isinstance(value, list):
        found += [f"{path}: too few"] * (len(value) < schema.get("minItems", 0))
        for index, item in enumerate(value):
            found += _violations(schema.get("items", {}), item, root, f"{path}[{index}]")
    elif isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{path}: pattern")
    return found


def _object_violations(
    schema: dict[str, Any], value: dict[str, Any], root: dict[str, Any], path: str
) -> list[str]:
    wanted = [*schema.get("required", [])]
    wanted += [
        each
        for name, others in schema.get("dependentRequired", {}).items()
        if name in value
        for each in others
    ]
    found = [f"{path}: no {name}" for name in wanted if name not in value]
    found += [f"{path}: size"] * (
        not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", 999)
    )
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties", {})
    for name, item in value.items():
        if name not in properties and rest is False:
            found.append(f"{path}: unknown {name}")
        else:
            found += _violations(properties.get(name, rest), item, root, f"{path}.{name}")
        found += [f"{path}: name {name}"] * (
            not re.search(schema.get("propertyNames", {}).get("pattern", ""), name)
        )
    return found
