"""What a new version of a definition changes, in words: fact by fact, paper by paper, stage by stage.

Compared are the sentences of the outline, so that a difference reads like the rule itself. Ladders and other
particulars that the outline does not tell are named as changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from api.graph.words import stage_lines
from workflow.definition import Definition, DocumentType, FactType


class Difference(Struct, frozen=True):
    """What changed about one thing: its name, the sentences that go, those that come."""

    title: str
    what: str
    was: tuple[str, ...] = ()
    now: tuple[str, ...] = ()


def differences(old: Definition, new: Definition) -> list[Difference]:
    """Everything that differs, in the order of the new version; what was removed stands at the end of its kind."""
    return [
        *_general(old, new),
        *_each("项目信息", old.facts, new.facts, lambda _, it: _fact(it)),
        *_each("材料", old.documents, new.documents, lambda _, it: _document(it)),
        *_each("事项", old.stages, new.stages, stage_lines, (old, new)),
    ]


def _general(old: Definition, new: Definition) -> Iterator[Difference]:
    was = (old.title, *(f"依据：{each}" for each in old.basis), f"阶段：{'、'.join(old.phases)}")
    now = (new.title, *(f"依据：{each}" for each in new.basis), f"阶段：{'、'.join(new.phases)}")
    if was != now:
        yield Difference("总则", "改动", _only(was, now), _only(now, was))


def _each(
    kind: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    told: Callable[[Any, Any], Any],
    within: tuple[Any, Any] = (None, None),
) -> Iterator[Difference]:
    for key, it in new.items():
        if key not in old:
            yield Difference(f"{kind}“{it.title}”", "新增", now=tuple(told(within[1], it)))
        elif old[key] != it:
            was, now = tuple(told(within[0], old[key])), tuple(told(within[1], it))
            if was != now:
                yield Difference(f"{kind}“{it.title}”", "改动", _only(was, now), _only(now, was))
            else:
                yield Difference(f"{kind}“{it.title}”", "改动", now=("预警梯度等细节有改动，详见文本",))
    for key, it in old.items():
        if key not in new:
            yield Difference(f"{kind}“{it.title}”", "删去", was=tuple(told(within[0], it)))


def _only(these: tuple[str, ...], those: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for each in these if each not in those)


def _fact(it: FactType) -> Iterator[str]:
    yield f"{it.title}（{it.kind}{'，' + it.unit if it.unit else ''}）"
    if it.options:
        yield f"可选：{'、'.join(it.options)}"


def _document(it: DocumentType) -> Iterator[str]:
    yield f"{it.title}，格式{'、'.join(it.formats)}{'，须填文号' if it.number else ''}"
    if it.valid is not None:
        yield f"有效期{it.valid}"
