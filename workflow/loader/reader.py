"""Reads nodes by the table of fields into plain values, noting where each stands.

Invariant: whatever the nodes, reading goes on to the end; what could not be read becomes None in its
place, so that positions stay true and nothing behind it is blamed for it.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from workflow.conditions import RESERVED
from workflow.loader.fields import KEY, RECORDS, Listing, Nested, Record, Reference, Shape, Table, Tagged
from workflow.loader.findings import Findings, Place, hint
from workflow.loader.nodes import Broken, Mapping, Node, Scalar, Sequence
from workflow.loader.scalars import Misread, check_key, read_scalar
from workflow.loader.text import is_empty

Path = tuple[str | int, ...]
"""The way from the root to a value: ("stages", "proposal", "needs", 0)."""

Values = dict[str, Any]
"""The fields that were written in one record; None for those that could not be read."""

_NAMED_IN_CONDITIONS = frozenset({"fact", "document"})


class Mention(Struct, frozen=True):
    """A name that somebody wrote and that must be declared somewhere in the file."""

    of: str
    name: str
    place: Place


class Reader:
    """Reads one file.

    `places` knows where every value stands, `holes` which of them could not be read, and `mentions` the
    names that the file refers to.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.places: dict[Path, Place] = {(): (1, 1)}
        self.holes: set[Path] = set()
        self.mentions: list[Mention] = []

    def definition(self, root: Node) -> Values:
        """The whole file, by the record named `definition`."""
        try:
            return {} if isinstance(root, Broken) else self._record("definition", root, ())
        except Misread as wrong:
            self._note(wrong)
            return {}

    def _read(self, shape: Shape, node: Node, path: Path) -> Any:
        """The value at `path`; None, with a finding, if it is not of that shape."""
        self.places.setdefault(path, node.place)
        try:
            if not isinstance(node, Broken):
                return self._value(shape, node, path)
        except Misread as wrong:
            self._note(wrong)
        self.holes.add(path)
        return None

    def _value(self, shape: Shape, node: Node, path: Path) -> Any:
        if isinstance(node, Scalar) and is_empty(node):
            raise Misread(node, "empty-value", key=_owner(path))
        match shape:
            case Listing():
                return self._listing(shape, node, path)
            case Table():
                return self._table(shape, node, path)
            case Tagged():
                return self._tagged(shape, node, path)
            case Nested():
                return self._nested(shape, node, path)
        if not isinstance(node, Scalar):
            raise Misread(node, "expected-text")
        value = read_scalar(shape, node)
        if isinstance(shape, Reference):
            self.mentions.append(Mention(shape.of, value, node.place))
        return value

    def _record(self, name: str, node: Node, path: Path) -> Values:
        """The written fields of a record; what is missing is reported where the record begins."""
        record = RECORDS[name]
        if not isinstance(node, Mapping):
            raise Misread(node, "expected-mapping", example=_example(record))
        values: Values = {}
        meant: set[str] = set()
        for key, value in node.pairs:
            if key.text in record.fields:
                values[key.text] = self._read(record.fields[key.text].shape, value, (*path, key.text))
            else:
                meant.update(self._unknown_key(key, record))
        self._check_missing(record, values.keys() | meant, self.places[path])
        self._check_companions(record, values.keys() | meant, path)
        return values

    def _unknown_key(self, key: Scalar, record: Record) -> list[str]:
        """Refuse a key; answers what was probably meant, so that it is not reported as missing too."""
        names = dict.fromkeys(record.fields, "")
        self._note(Misread(key, "unknown-key", key=key.text, hint=hint(key.text, names)))
        return get_close_matches(key.text, names, 1)

    def _check_missing(self, record: Record, written: set[str], owner: Place) -> None:
        for name, field in record.fields.items():
            if field.required and name not in written:
                self.findings.add(owner, "missing-key", key=name, meaning=field.meaning)
        if record.one_of and len(written.intersection(record.one_of)) != 1:
            first, second = record.one_of
            self.findings.add(owner, "one-of-two", first=first, second=second)

    def _check_companions(self, record: Record, written: set[str], path: Path) -> None:
        for name, companion in record.companions.items():
            if name in written and companion not in written and (*path, name) in self.places:
                self.findings.add(
                    self.places[*path, name], "missing-companion", key=name, companion=companion
                )

    def _nested(self, shape: Nested, node: Node, path: Path) -> Values:
        if shape.short and isinstance(node, Scalar):
            field = RECORDS[shape.record].fields[shape.short]
            return {shape.short: self._read(field.shape, node, (*path, shape.short))}
        return self._record(shape.record, node, path)

    def _tagged(self, shape: Tagged, node: Node, path: Path) -> tuple[str, Values] | None:
        """A record and its kind. The path leaves the kind out: (…, "steps", 0, "by")."""
        if not isinstance(node, Mapping) or len(node.pairs) != 1:
            raise Misread(node, "expected-step", options="、".join(shape.kinds))
        [(kind, body)] = node.pairs
        if kind.text not in shape.kinds:
            raise Misread(kind, "unknown-word", text=kind.text, hint=hint(kind.text, shape.kinds))
        if isinstance(body, Broken):
            return None
        return kind.text, self._record(kind.text, body, path)

    def _table(self, shape: Table, node: Node, path: Path) -> dict[str, Values | None]:
        if not isinstance(node, Mapping):
            raise Misread(node, "expected-mapping", example="名称: {title: …}")
        if len(node.pairs) < shape.least:
            raise Misread(node, "too-few", key=_owner(path), least=shape.least)
        return {key.text: self._entry(shape, key, body, (*path, key.text)) for key, body in node.pairs}

    def _entry(self, shape: Table, key: Scalar, body: Node, path: Path) -> Values | None:
        """One row of a table, whose place is that of its name."""
        self.places[path] = key.place
        try:
            check_key(key, KEY)
        except Misread as wrong:
            self._note(wrong)
        if shape.record in _NAMED_IN_CONDITIONS and key.text in RESERVED:
            self._note(Misread(key, "reserved-key", key=key.text))
        entry: Values | None = self._read(Nested(shape.record), body, path)
        return entry

    def _listing(self, shape: Listing, node: Node, path: Path) -> tuple[Any, ...]:
        if not isinstance(node, Sequence):
            raise Misread(node, "expected-list")
        if len(node.items) < shape.least:
            raise Misread(node, "too-few", key=_owner(path), least=shape.least)
        seen: set[str] = set()
        for item in node.items:
            if isinstance(item, Scalar) and item.text in seen:
                self._note(Misread(item, "duplicate-item", text=item.text))
            seen.add(item.text if isinstance(item, Scalar) else "")
        return tuple(self._read(shape.item, item, (*path, index)) for index, item in enumerate(node.items))

    def _note(self, wrong: Misread) -> None:
        self.findings.add(wrong.place, wrong.code, **wrong.data)


def _example(record: Record) -> str:
    """How the required fields of a record are written on one line."""
    wanted = [f"{name}: …" for name, field in record.fields.items() if field.required] or ["名称: …"]
    return "{" + ", ".join(wanted) + "}"


def _owner(path: Path) -> str:
    """The name that a value, or the list around it, stands under."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")
