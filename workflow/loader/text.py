"""From the text of a file to nodes, strictly. The only importer of YAML beside `calendar_file`.

Invariant: nothing is resolved, expanded or constructed: no aliases, merges, tags or types, so a small
file stays small, and what is written is what is read.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING, Any

import yaml

from workflow.loader.nodes import Broken, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.loader.findings import Findings, Place

LARGEST = 1_000_000
DEEPEST = 20

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_IMPLICIT = yaml.SafeLoader.yaml_implicit_resolvers
_MEANINGS = {
    "bool": "“是或否”",
    "int": "“数字”",
    "float": "“数字”",
    "timestamp": "“日期”",
    "null": "“空值”",
    "merge": "“合并”",
    "value": "“缺省值”",
}
_PROBLEMS = (
    ("found character '\\t'", "缩进不能用制表符（Tab）；请改为空格"),
    ("found a tab character", "缩进不能用制表符（Tab）；请改为空格"),
    ("cannot start any token", "这个字符不能开头；请给这段文字加引号"),
    ("mapping values are not allowed", "这里不应有冒号；文字中有冒号的，请给整段加引号"),
    ("could not find expected ':'", "名称后面缺冒号和空格；请写成“名称: 内容”"),
    ("expected ',' or", "括号里缺逗号，或括号没有配对；含逗号的文字和条件请加引号"),
    ("unexpected end of stream", "引号没有配对；请检查"),
    ("found unexpected end", "引号没有配对；请检查"),
    ("expected <block end>", "缩进没有对齐；请与上面同级的行对齐"),
    ("did not find expected key", "缩进没有对齐，或括号引号没有配对；请与上面同级的行对齐"),
    ("expected '-' indicator", "列表没有对齐；请与上面的“-”对齐"),
)


def decode(content: bytes | str, findings: Findings) -> str | None:
    """The text of the file; None, with findings, if it cannot be read at all."""
    octets = content if isinstance(content, bytes) else content.encode(errors="surrogatepass")
    if len(octets) > LARGEST:
        findings.add((1, 1), "too-large")
        return None
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        before = octets[: error.start].decode()
        findings.add(_place(before, len(before)), "not-utf8")
        return None
    if text.startswith("\ufeff"):
        findings.add((1, 1), "byte-order-mark")
        text = text[1:]
    return None if _refuse_invisible(text, findings) else text


def compose(text: str, findings: Findings) -> Node | None:
    """The root node of the text; None, with findings, if there is none to speak of."""
    composer = _Composer(text, findings)
    try:
        root = composer.run(yaml.parse(text, Loader=_PARSER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        findings.add(place, "yaml-syntax", problem=_problem(str(error)))
        return None
    if root is None and not composer.stopped:
        findings.add((1, 1), "empty-file")
    return root


def twisted(scalar: Scalar) -> str | None:
    """What YAML 1.1 would take a plain word for (是否, 数字, 日期), or None."""
    if not scalar.plain or not scalar.text:
        return None
    for tag, pattern in _IMPLICIT.get(scalar.text[0], ()):
        if pattern.match(scalar.text):
            return _MEANINGS.get(tag.rpartition(":")[2], "别的内容")
    return None


def is_empty(scalar: Scalar) -> bool:
    """Whether nothing is written: an empty value, `~` or `null`."""
    return scalar.plain and (not scalar.text or twisted(scalar) == _MEANINGS["null"])


class _Composer:
    """Builds nodes from parser events, refusing what a definition must not contain."""

    def __init__(self, text: str, findings: Findings) -> None:
        self.text = text
        self.findings = findings
        self.stopped = False
        self.root: Node | None = None
        self.open: list[tuple[Sequence | Mapping, dict[str, int], list[Node]]] = []

    def run(self, events: Iterator[yaml.Event]) -> Node | None:
        """The root; None if the file is empty or must not be read further."""
        for event in events:
            match event:
                case yaml.DocumentStartEvent() if self.root is not None:
                    self._stop(event, "several-documents")
                case yaml.NodeEvent():
                    self._node(event)
                case yaml.CollectionEndEvent():
                    self._close()
            if self.stopped:
                return None
        return self.root

    def _node(self, event: yaml.NodeEvent) -> None:
        place = _at(event)
        if isinstance(event, yaml.AliasEvent):
            self.findings.add(place, "alias", name=event.anchor)
            self._put(Broken(place))
            return
        if event.anchor is not None:
            self.findings.add(place, "anchor", name=event.anchor)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.findings.add(place, "tag", name=_short(tag))
        if isinstance(event, yaml.ScalarEvent):
            self._put(Scalar(event.value, place, event.implicit[0], self._source(event)))
        else:
            self._open(event, place)

    def _source(self, event: yaml.ScalarEvent) -> str:
        start: Any = event.start_mark
        end: Any = event.end_mark
        return self.text[start.index : end.index]

    def _open(self, event: yaml.NodeEvent, place: Place) -> None:
        if len(self.open) >= DEEPEST:
            self._stop(event, "too-deep")
            return
        node = Sequence([], place) if isinstance(event, yaml.SequenceStartEvent) else Mapping([], place)
        self.open.append((node, {}, []))

    def _close(self) -> None:
        self._put(self.open.pop()[0])

    def _put(self, node: Node) -> None:
        """Hand a finished node to what contains it."""
        if not self.open:
            self.root = node
            return
        parent, lines, waiting = self.open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif waiting:
            self._pair(parent, lines, waiting.pop(), node)
        else:
            waiting.append(node)

    def _pair(self, parent: Mapping, lines: dict[str, int], key: Node, value: Node) -> None:
        if isinstance(key, Broken):
            return
        if not isinstance(key, Scalar):
            self.findings.add(key.place, "key-not-text")
        elif key.text == "<<" and key.plain:
            self.findings.add(key.place, "merge-key")
        elif key.text in lines:
            self.findings.add(key.place, "duplicate-key", key=key.text, line=lines[key.text])
        else:
            lines[key.text] = key.place[0]
            parent.pairs.append((key, value))

    def _stop(self, event: yaml.Event, code: str) -> None:
        self.findings.add(_at(event), code)
        self.stopped = True


def _refuse_invisible(text: str, findings: Findings) -> bool:
    """Whether there were characters that nobody can see; the first twenty are named."""
    found = list(islice(_INVISIBLE.finditer(text), 20))
    for character in found:
        name = unicodedata.name(character[0], f"U+{ord(character[0]):04X}")
        findings.add(_place(text, character.start()), "control-character", name=name)
    return bool(found)


def _at(event: yaml.Event) -> Place:
    mark: Any = event.start_mark  # only events made by hand have none
    return mark.line + 1, mark.column + 1


def _place(text: str, index: int) -> Place:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _short(tag: str) -> str:
    return "!!" + tag.rpartition(":")[2] if tag.startswith("tag:yaml.org") else tag


def _problem(text: str) -> str:
    return next(
        (chinese for english, chinese in _PROBLEMS if english in text), "这里读不懂；请检查缩进、冒号和引号"
    )
