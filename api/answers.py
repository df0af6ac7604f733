"""Answers as JSON, and the OpenAPI document that says truly what they are.

Views are the queries' own structs: one encoder writes them and the same types describe them. Invariant:
every route says what it answers and how it refuses; the document is made from nothing else.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec import Struct
from starlette.responses import Response

from api.problems import TITLES, Problem

_REFERENCE: Final = "#/components/schemas/{name}"
_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)
_WORDS: Final = dict(TITLES.values())
_KINDS: list[Any] = []

PROBLEM: Final = "application/problem+json"


class Done(Struct, frozen=True):
    """A command was accepted and is on disk: the number of the project's last event."""

    seq: int


class Registered(Struct, frozen=True):
    """A project is followed from now on, under this reference."""

    ref: str


class Created(Struct, frozen=True):
    """Something was entered, under this id."""

    id: int


class Nothing(Struct, frozen=True):
    """A command was accepted and is on disk; there is nothing more to say."""


class Answer(Response):
    """A struct as JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The JSON of the struct."""
        return _ENCODER.encode(content)


class _Binary(Response):
    """For the document only: what a route that gives out a file answers with."""

    media_type = "application/octet-stream"


def answers(kind: Any, *refusals: int, status: int = 200) -> dict[str, Any]:
    """What a route's decorator says of its answers: one of `kind`, or a problem with one of these statuses.

    Every route may also say 401, 403, 413, 422, 429 and 503.
    """
    _KINDS.append(kind)
    (schema,), _ = msgspec.json.schema_components((kind,), schema_hook=_foreign, ref_template=_REFERENCE)
    return _says(status, {"application/json": {"schema": schema}}, refusals)


def gives_file(*refusals: int) -> dict[str, Any]:
    """The same for a route that gives out a file."""
    content = {_Binary.media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {**_says(200, content, refusals), "response_class": _Binary}


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the application."""
    made: dict[str, Any] = get_openapi(
        title="审批", version=app.version, routes=app.routes, description="政府投资项目审批流程接口"
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    _, ours = msgspec.json.schema_components(_KINDS, schema_hook=_foreign, ref_template=_REFERENCE)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(ours)
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return made


def _says(status: int, content: dict[str, Any], refusals: tuple[int, ...]) -> dict[str, Any]:
    problems = {each: _problem(each) for each in (401, 403, *refusals, 413, 422, 429, 503)}
    good = {"description": "好", "content": content}
    return {"status_code": status, "response_model": None, "responses": {status: good, **problems}}


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(name="Problem")}
    return {"description": _WORDS.get(status, "不能办理"), "content": {PROBLEM: {"schema": schema}}}


def _foreign(_: type) -> dict[str, Any]:
    """Foreign types are written as text by the encoder."""
    return {"type": "string"}
