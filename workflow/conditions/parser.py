"""From text to a checked tree: Python's grammar, our own whitelist over it, and a type for everything.

Invariant: whatever the text, the outcome is a `Condition` or a `ConditionError`; nothing is ever run.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

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
    checked,
    sort_of,
    walk,
)

LONGEST = 500
MOST_NODES = 100
DEEPEST = 16
LONGEST_TEXT = 200
LARGEST_NUMBER = 10**15
RESERVED = frozenset(keyword.kwlist) | {"true", "false", "none", "null"}
"""Words that no fact may be called, because a condition could not name it."""

_SORTS = {
    "text": Sort.TEXT,
    "choice": Sort.TEXT,
    "integer": Sort.NUMBER,
    "decimal": Sort.NUMBER,
    "money": Sort.NUMBER,
    "date": Sort.DATE,
    "bool": Sort.TRUTH,
}


class ConditionError(ValueError):
    """A condition that cannot be used: `column` (from 1) in its text, and what is wrong, in Chinese."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(column, message)
        self.column = column
        self.message = message

    def __str__(self) -> str:
        return self.message


def parse(text: str, types: Mapping[str, Readable]) -> Condition:
    """The checked condition of `text` over the names in `types`; ConditionError with column and remedy."""
    _check_characters(text)
    source = text.strip(" ")
    indent = len(text) - len(text.lstrip(" "))
    try:
        tree = _parsed(source)
        node = _Checker(source, types).condition(tree)
    except ConditionError as error:
        raise ConditionError(error.column + indent, error.message) from None
    return checked(text, node)


_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FULL_WIDTH = "“”‘’、。《》【】"


def _check_characters(text: str) -> None:
    """Refuse what must not even reach the parser: too long, invisible, or not what it looks like."""
    if len(text) > LONGEST:
        raise ConditionError(LONGEST + 1, f"条件超过 {LONGEST} 个字符，请拆开或改用一个是否类事实")
    for column, character in enumerate(text, 1):
        if unicodedata.category(character)[0] == "C":
            raise ConditionError(column, "条件里有看不见的控制字符或换行，请删去")
        if character == "\\":
            raise ConditionError(column, "条件里不能用反斜杠，请删去")
    bare = _QUOTED.sub(lambda quoted: '"' * len(quoted[0]), text)
    for column, character in enumerate(bare, 1):
        if character in _FULL_WIDTH or unicodedata.normalize("NFKC", character) != character:
            raise ConditionError(column, f"“{character}”是全角或变形字符，请改用英文半角字符")


def _parsed(source: str) -> ast.expr:
    if not source:
        raise ConditionError(1, "条件是空的；总是需要的，请删去 when")
    try:
        tree = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise _unreadable(source, error.offset or 0) from None
    except (RecursionError, MemoryError, ValueError):
        raise ConditionError(1, "条件嵌套太深，请拆开") from None
    _check_size(tree)
    return tree


def _unreadable(source: str, offset: int) -> ConditionError:
    """Python points before the text, or behind it, when the text ends too early."""
    if not 1 <= offset <= len(source):
        return ConditionError(len(source) + 1, "条件没有写完，请补上后半句")
    if source[offset - 1] == "=":
        return ConditionError(offset, "比较是否相等，要写两个等号 ==")
    return ConditionError(offset, f"条件写法不对，“{source[offset - 1 :][:12]}”这里读不懂")


def _check_size(tree: ast.expr) -> None:
    count, level = 0, [tree]
    for _ in range(DEEPEST):
        count += len(level)
        level = [
            child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
        ]
        if not level:
            break
    else:
        raise ConditionError(1, f"条件嵌套超过 {DEEPEST} 层，请拆开")
    if count > MOST_NODES:
        raise ConditionError(1, f"条件超过 {MOST_NODES} 个成分，请拆开")


_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


class _Checker:
    """Turns Python's tree into ours, admitting only what the language has and only where it fits."""

    def __init__(self, source: str, types: Mapping[str, Readable]) -> None:
        self.source = source
        self.bytes = source.encode()
        self.types = types

    def condition(self, tree: ast.expr) -> Node:
        """The whole condition: a truth about at least one name."""
        node = self.truth(tree)
        behind = self.bytes[tree.end_col_offset :].lstrip(b" )")
        if behind:
            column = len(self.source) - len(behind.decode()) + 1
            raise ConditionError(column, "条件后面还有别的内容，请删去")
        if not any(isinstance(each, Name) for each in walk(node)):
            raise self._error(tree, "条件里没有任何事实，结果永远不变；总是需要的，请删去 when")
        return node

    def truth(self, tree: ast.expr) -> Node:
        """An operand of `and`, `or`, `not`, or the whole: it must be true or false."""
        node = self.node(tree)
        if sort_of(node) is not Sort.TRUTH:
            raise self._error(tree, f"这里应能判断真假，{self._seen(tree)} 却是{sort_of(node)}；请写成比较")
        return node

    def number(self, tree: ast.expr) -> Node:
        """An operand of arithmetic."""
        node = self.node(tree)
        if sort_of(node) is not Sort.NUMBER:
            raise self._error(tree, f"只有数值能加、减、乘，{self._seen(tree)} 是{sort_of(node)}")
        return node

    def node(self, tree: ast.expr) -> Node:
        """The node of any admitted expression."""
        match tree:
            case ast.Constant():
                return Literal(self._literal(tree))
            case ast.Name() | ast.Attribute():
                return self._name(tree)
            case ast.BoolOp():
                return self._junction(tree)
            case ast.UnaryOp(op=ast.Not()):
                return Not(self.truth(tree.operand))
            case ast.UnaryOp(op=ast.USub()):
                return _negative(self.number(tree.operand))
            case ast.BinOp(op=operator) if type(operator) in _ARITHMETIC:
                return Arithmetic(
                    _ARITHMETIC[type(operator)], self.number(tree.left), self.number(tree.right)
                )
            case ast.Compare():
                is_membership = isinstance(tree.ops[0], ast.In | ast.NotIn) and len(tree.ops) == 1
                return self._membership(tree) if is_membership else self._comparison(tree)
        raise self._error(tree, f"条件里不能写“{self._seen(tree)}”；只能用 and or not、比较、in 和 + - *")

    def _junction(self, tree: ast.BoolOp) -> Node:
        parts = tuple(self.truth(part) for part in tree.values)
        return All(parts) if isinstance(tree.op, ast.And) else Any(parts)

    def _comparison(self, tree: ast.Compare) -> Node:
        operands = [tree.left, *tree.comparators]
        pairs = []
        for operator, left_tree, right_tree in zip(tree.ops, operands, operands[1:], strict=False):
            sign = _COMPARISONS.get(type(operator))
            if sign is None:
                raise self._error(right_tree, "这里只能用 < <= > >= == !=；in 不能与别的比较连写")
            left, right = self.node(left_tree), self.node(right_tree)
            left = self._fitted(left_tree, left, right)
            right = self._fitted(right_tree, right, left)
            self._check_order(right_tree, sign, left, right)
            pairs.append(Comparison(sign, left, right))
        return pairs[0] if len(pairs) == 1 else All(tuple(pairs))

    def _membership(self, tree: ast.Compare) -> Node:
        [choices] = tree.comparators
        if not isinstance(choices, ast.Tuple | ast.List) or not choices.elts:
            raise self._error(choices, 'in 后面应是写明的几个值，如 ("新建", "扩建")')
        item = self.node(tree.left)
        options: list[Value] = []
        for element in choices.elts:
            option = self._fitted(element, self.node(element), item)
            if not isinstance(option, Literal):
                raise self._error(element, "in 后面的括号里只能是写明的值，不能是事实")
            self._check_order(element, "==", item, option)
            options.append(option.value)
        if isinstance(item, Literal):
            raise self._error(tree.left, "in 前面应是一项事实")
        return Membership(item, tuple(options), isinstance(tree.ops[0], ast.NotIn))

    def _fitted(self, tree: ast.expr, node: Node, other: Node) -> Node:
        """`node` made comparable with `other`: quoted dates become dates, choices must be on the list."""
        if not isinstance(node, Literal):
            return node
        if sort_of(other) is Sort.DATE and isinstance(node.value, str):
            return Literal(self._date(tree, node.value))
        if isinstance(other, Name):
            self._check_choice(tree, node.value, self.types[other.name])
        return node

    def _check_order(self, tree: ast.expr, sign: str, left: Node, right: Node) -> None:
        sort = sort_of(right)
        if sort is not sort_of(left):
            raise self._error(tree, f"{self._seen(tree)} 是{sort}，不能与{sort_of(left)}比较")
        if sort in {Sort.TEXT, Sort.TRUTH} and sign not in {"==", "!="}:
            raise self._error(tree, f"{sort}不分大小，只能用 == 或 !=")

    def _check_choice(self, tree: ast.expr, value: Value, fact: Readable) -> None:
        if fact.kind == "choice" and isinstance(value, str) and value not in fact.options:
            options = "、".join(fact.options)
            raise self._error(tree, f"“{fact.title}”没有“{value}”这个选项，可选：{options}")

    def _name(self, tree: ast.expr) -> Node:
        name = _dotted(tree)
        seen = self._seen(tree)
        if name is None or name != seen:
            raise self._error(tree, f"条件里不能写“{seen}”；要读批复的字段，请写 批复.字段")
        if name in {"true", "false"}:
            return Literal(name == "true")
        if name in self.types:
            return Name(name, _SORTS[self.types[name].kind])
        raise self._error(tree, f"没有名为 {name} 的事实{self._guess(name)}")

    def _guess(self, name: str) -> str:
        titles = {fact.title: key for key, fact in self.types.items()}
        near = titles.get(name) or next(iter(get_close_matches(name, self.types, 1)), None)
        if near is not None:
            return f"；是否想写 {near}（{self.types[near].title}）？"
        return "；请先在 facts 下写明它，或写成 批复.字段"

    def _literal(self, tree: ast.Constant) -> Value:
        seen = self._seen(tree)
        match tree.value:
            case bool():
                return tree.value
            case str():
                if seen[1:-1] != tree.value or len(tree.value) > LONGEST_TEXT:
                    raise self._error(tree, f"文字请写在一对引号里，不超过 {LONGEST_TEXT} 字")
                return tree.value
            case int() | float():
                return self._number(tree, seen)
            case None:
                raise self._error(tree, "不能与空值比较；事实未知时，事项会等待有人补上")
        raise self._error(tree, f"条件里不能写“{seen}”")

    def _number(self, tree: ast.Constant, seen: str) -> Decimal | int:
        if not _NUMBER.fullmatch(seen):
            raise self._error(tree, f"数值请写成 5000 或 0.5 的样子，不能写“{seen}”")
        number = Decimal(seen)
        if number > LARGEST_NUMBER:
            raise self._error(tree, "数值太大，不能超过 10 的 15 次方")
        return number if "." in seen else int(seen)

    def _date(self, tree: ast.expr, text: str) -> date:
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self._error(tree, f'“{text}”不是日期；请写成 "2026-01-31" 的样子')

    def _error(self, tree: ast.expr, message: str) -> ConditionError:
        return ConditionError(self._characters(tree.col_offset) + 1, message)

    def _seen(self, tree: ast.expr) -> str:
        return self.bytes[tree.col_offset : tree.end_col_offset].decode()

    def _characters(self, offset: int) -> int:
        return len(self.bytes[:offset].decode())


def _dotted(tree: ast.expr) -> str | None:
    match tree:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=group), attr=name):
            return f"{group}.{name}"
    return None


def _negative(operand: Node) -> Node:
    if isinstance(operand, Literal) and isinstance(operand.value, int | Decimal):
        return Literal(-operand.value)
    return Negative(operand)
