"""The JSON Schema of definition files, for completion and marking in editors.

Invariant: it is derived from `workflow.loader.fields` alone and refuses nothing that the loader takes;
the loader is stricter still, because a schema cannot follow names.
"""

from __future__ import annotations

import json
from functools import singledispatch
from typing import Any

from workflow.loader.fields import (
    KEY,
    LIMIT,
    OFFSET,
    RECORDS,
    RENEWAL,
    Duration,
    Expression,
    Field,
    Flag,
    Integer,
    Listing,
    Nested,
    NewKey,
    Offset,
    Record,
    Reference,
    Renewal,
    Shape,
    Table,
    Tagged,
    Text,
    Word,
)

__all__ = ["json_schema", "schema_text"]

Schema = dict[str, Any]


def json_schema() -> Schema:
    """The schema (draft 2020-12) of a whole definition file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "审批项目类型定义",
        **_record(RECORDS["definition"]),
        "$defs": {name: _record(record) for name, record in RECORDS.items() if name != "definition"},
    }


def schema_text() -> str:
    """The exact text of `definitions/schema.json`."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def _record(record: Record) -> Schema:
    schema: Schema = {
        "description": record.meaning,
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _field(field) for name, field in record.fields.items()},
    }
    required = [name for name, field in record.fields.items() if field.required]
    if required:
        schema["required"] = required
    if record.one_of:
        schema["oneOf"] = [{"required": [name]} for name in record.one_of]
    if record.companions:
        schema["dependentRequired"] = {name: [other] for name, other in record.companions.items()}
    return schema


def _field(field: Field) -> Schema:
    return {"description": field.meaning, **_shape(field.shape)}


@singledispatch
def _shape(shape: Shape) -> Schema:
    raise TypeError(f"no schema for {type(shape).__name__}")


@_shape.register
def _(shape: Text) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": shape.longest}


@_shape.register
def _(shape: Integer) -> Schema:
    return {"type": "integer", "minimum": shape.least}


@_shape.register
def _(_: Flag) -> Schema:
    return {"type": "boolean"}


@_shape.register
def _(shape: Word) -> Schema:
    return {"oneOf": [{"const": word, "description": chinese} for word, chinese in shape.options.items()]}


@_shape.register
def _(shape: NewKey) -> Schema:
    return {"type": "string", "pattern": shape.pattern}


@_shape.register(Reference)
@_shape.register(Expression)
def _(_: Reference | Expression) -> Schema:
    return {"type": "string", "minLength": 1}


@_shape.register
def _(_: Duration) -> Schema:
    return {"type": "string", "pattern": LIMIT}


@_shape.register
def _(_: Renewal) -> Schema:
    return {"type": "string", "pattern": RENEWAL}


@_shape.register
def _(_: Offset) -> Schema:
    return {"type": "string", "pattern": OFFSET}


@_shape.register
def _(shape: Listing) -> Schema:
    return {"type": "array", "minItems": shape.least, "uniqueItems": True, "items": _shape(shape.item)}


@_shape.register
def _(shape: Nested) -> Schema:
    whole = _named(shape.record)
    if not shape.short:
        return whole
    return {"anyOf": [_shape(RECORDS[shape.record].fields[shape.short].shape), whole]}


@_shape.register
def _(shape: Table) -> Schema:
    return {
        "type": "object",
        "minProperties": shape.least,
        "propertyNames": {"pattern": KEY},
        "additionalProperties": _named(shape.record),
    }


@_shape.register
def _(shape: Tagged) -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {kind: _named(kind) for kind in shape.kinds},
    }


def _named(record: str) -> Schema:
    return {"$ref": f"#/$defs/{record}"}
