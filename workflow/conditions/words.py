"""A condition in Chinese words, for screens and mails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from workflow.conditions.tree import (
    All,
    Any,
    Arithmetic,
    Comparison,
    Condition,
    Literal,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Readable,
    Sort,
    Value,
    sort_of,
    walk,
)

_SIGNS = {"<": "小于", "<=": "小于等于", ">": "大于", ">=": "大于等于", "==": "等于", "!=": "不等于"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_DATE_SIGNS = _SIGNS | {"<": "早于", "<=": "不晚于", ">": "晚于", ">=": "不早于"}
_TEXT_SIGNS = _SIGNS | {"==": "为", "!=": "不为"}
_OPERATIONS = {"+": "加", "-": "减", "*": "乘以"}


def explain(condition: Condition, types: Mapping[str, Readable]) -> str:
    """The condition in Chinese words for a screen: “占用林地 大于 0 公顷”."""
    return _Words(types).of(condition.tree)


class _Words:
    """Writes a checked tree in Chinese, with titles for names and units beside numbers."""

    def __init__(self, types: Mapping[str, Readable]) -> None:
        self.types = types

    def of(self, node: Node) -> str:
        """The words of something that is true or false."""
        match node:
            case Name(sort=Sort.TRUTH):
                return self._answer(node.name, "为是", "")
            case Not(operand=Name() as name):
                return self._answer(name.name, "为否", "不")
            case Not(operand=inner):
                return f"并非（{self.of(inner)}）"
            case All(parts=parts):
                return " 且 ".join(self._bracketed(part, Any) for part in parts)
            case Any(parts=parts):
                return " 或 ".join(self._bracketed(part, All) for part in parts)
            case Comparison():
                return self._comparison(node)
            case Membership():
                return self._membership(node)
        return self._quantity(node)

    def _answer(self, name: str, word: str, prefix: str) -> str:
        """当地是否要求审查 reads 当地要求审查 or 当地不要求审查; a title without 是否 keeps its 为是 or 为否."""
        title = self._title(name)
        return title.replace("是否", prefix, 1) if "是否" in title else f"{title}{word}"

    def _comparison(self, node: Comparison) -> str:
        if isinstance(node.left, Literal) and not isinstance(node.right, Literal):
            node = Comparison(_MIRRORED.get(node.operator, node.operator), node.right, node.left)
        sort = sort_of(node.left)
        signs = {Sort.NUMBER: _SIGNS, Sort.DATE: _DATE_SIGNS}.get(sort, _TEXT_SIGNS)
        unit = self._unit(node.left) or self._unit(node.right)
        left, right = (self._quantity(side, unit) for side in (node.left, node.right))
        return f"{left} {signs[node.operator]} {right}"

    def _membership(self, node: Membership) -> str:
        unit = self._unit(node.item)
        options = "、".join(self._written(option, unit) for option in node.options)
        verb = "不属于" if node.negated else "属于"
        return f"{self._quantity(node.item, unit)} {verb} {options}"

    def _quantity(self, node: Node, unit: str = "") -> str:
        match node:
            case Literal(value=value):
                return self._written(value, unit)
            case Name(name=name):
                return self._title(name)
            case Negative(operand=inner):
                return f"负（{self._quantity(inner)}）"
            case Arithmetic(operator=operator, left=left, right=right):
                return f"{self._operand(left, node)} {_OPERATIONS[operator]} {self._operand(right, node)}"
        return f"（{self.of(node)}）"

    def _operand(self, node: Node, parent: Arithmetic) -> str:
        words = self._quantity(node)
        plain = parent.operator == "+" or (parent.operator == "-" and node is parent.left)
        return words if plain or not isinstance(node, Arithmetic) else f"（{words}）"

    def _bracketed(self, node: Node, other: type[All | Any]) -> str:
        words = self.of(node)
        return f"（{words}）" if isinstance(node, other) else words

    def _written(self, value: Value, unit: str) -> str:
        match value:
            case bool():
                return "是" if value else "否"
            case str():
                return f"“{value}”"
            case date():
                return f"{value.year}年{value.month}月{value.day}日"
        return f"{value:,f} {unit}".rstrip() if isinstance(value, Decimal) else f"{value:,} {unit}".rstrip()

    def _unit(self, node: Node) -> str:
        named = (each.name for each in walk(node) if isinstance(each, Name))
        return next((self.types[name].unit for name in named if name in self.types), "")

    def _title(self, name: str) -> str:
        return self.types[name].title if name in self.types else name
