"""What the OpenAPI document says of an answer, held against the answer: as much of JSON Schema as it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


class Document:
    """The document of a running application."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self.seen: set[tuple[str, str]] = set()

    def lies(self, answer: httpx2.Response) -> list[str]:
        """How the answer differs from what was promised; its route is noted as seen."""
        method, path = answer.request.method.lower(), answer.request.url.path
        template = next((each for each in self.content["paths"] if _is(each, path)), None)
        if template is None:
            return [f"{path} is not documented"]
        self.seen.add((method, template))
        promised = self.content["paths"][template][method]["responses"].get(str(answer.status_code))
        if promised is None:
            return [f"{method} {template} does not promise {answer.status_code}"]
        kind = answer.headers["content-type"].partition(";")[0]
        if kind not in promised["content"]:
            return [f"{method} {template} promises {list(promised['content'])}, not {kind}"]
        return list(self._differences(promised["content"][kind]["schema"], answer.json(), template))

    def _differences(self, schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/components/schemas/")
            yield from self._differences(self.content["components"]["schemas"][name], value, f"{at}:{name}")
        elif "anyOf" in schema:
            if all(list(self._differences(each, value, at)) for each in schema["anyOf"]):
                yield f"{at} is none of its kinds: {value!r}"
        elif "enum" in schema:
            if value not in schema["enum"]:
                yield f"{at} is not in the list: {value!r}"
        elif "type" in schema:
            yield from self._of_type(schema, value, at)

    def _of_type(self, schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        kinds = TYPES[schema["type"]]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            yield f"{at} is no {schema['type']}: {value!r}"
        elif isinstance(value, dict):
            yield from self._of_object(schema, value, at)
        elif isinstance(value, list):
            first = schema.get("prefixItems", [])
            for number, each in enumerate(value):
                inner = first[number] if number < len(first) else schema.get("items") or {}
                yield from self._differences(inner, each, f"{at}[{number}]")

    def _of_object(self, schema: dict[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
        known = schema.get("properties", {})
        yield from (f"{at} lacks {name}" for name in schema.get("required", []) if name not in value)
        for name, each in value.items():
            if name in known:
                yield from self._differences(known[name], each, f"{at}.{name}")
            elif schema.get("additionalProperties") is not True and "additionalProperties" not in schema:
                yield f"{at} says more than was promised: {name}"


def _is(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) is not None
