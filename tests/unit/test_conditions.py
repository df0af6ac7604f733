"""The language of `when:`: what it takes, what it answers, what it refuses, and that it always ends."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow import conditions
from workflow.conditions import Condition, ConditionError, Unknown, evaluate, explain, names, parse
from workflow.definition import FactType, Kind

TYPES = {
    "forest": FactType("forest", "占用林地", Kind.DECIMAL, "公顷"),
    "total": FactType("total", "总投资", Kind.MONEY, "万元"),
    "beds": FactType("beds", "床位", Kind.INTEGER, "张"),
    "filed": FactType("filed", "备案日期", Kind.DATE),
    "urgent": FactType("urgent", "紧急", Kind.BOOL),
    "method": FactType("method", "采购方式", Kind.CHOICE, options=("公开招标", "询价")),
    "note": FactType("note", "备注", Kind.TEXT),
    "reply.estimate": FactType("reply.estimate", "可研批复·估算", Kind.MONEY, "万元"),
}
FACTS: dict[str, conditions.Value | None] = {
    "forest": Decimal("0.5"),
    "total": Decimal("2860.00"),
    "beds": 120,
    "filed": date(2026, 11, 20),
    "urgent": False,
    "method": "询价",
    "note": "一期",
    "reply.estimate": Decimal("2800.10"),
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("forest > 0", True),
        ("forest > 0.5", False),
        ("forest >= 0.5", True),
        ("total == 2860", True),
        ("total != 2860.00", False),
        ("0 < beds <= 120", True),
        ("0 < beds < 120", False),
        ("beds == 120 == beds", True),
        ("urgent", False),
        ("not urgent", True),
        ("urgent == false", True),
        ("urgent != True", True),
        ('method == "询价"', True),
        ("method in ('公开招标', '询价')", True),
        ('method not in ["询价"]', False),
        ("beds in (100, 120)", True),
        ("-beds < -100", True),
        ("-(-beds) == 120", True),
        ('filed >= "2026-11-20"', True),
        ('"2026-01-01" < filed < "2026-11-20"', False),
        ('filed in ("2026-11-20",)', True),
        ('filed == "2026-11-21"', False),
        ('note == "一期" and (urgent or beds - 20 == 100)', True),
        ("reply.estimate < total and total * 0.9 < reply.estimate", True),
        ("total - reply.estimate == 59.90", True),
        ("  beds > 1  ", True),
        ("not (urgent or not forest > 0)", True),
    ],
)
def test_a_condition_answers_over_known_facts(text: str, holds: bool) -> None:
    assert evaluate(parse(text, TYPES), FACTS) is holds


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("forest > 0", {"forest"}),
        ("forest > 0 and urgent", False),
        ("urgent and forest > 0", False),
        ("forest > 0 or not urgent", True),
        ("forest > 0 and not urgent", {"forest"}),
        ("forest > 0 or urgent", {"forest"}),
        ("not forest > 0", {"forest"}),
        ("forest + reply.estimate > 0", {"forest", "reply.estimate"}),
        ("forest > 0 and reply.estimate > 0", {"forest", "reply.estimate"}),
        ("0 < forest < beds", {"forest"}),
        ("0 < forest < beds and beds < 0", False),
        ("forest in (1, 2)", {"forest"}),
        ("forest == forest", {"forest"}),
        ("forest * 0 == 0", {"forest"}),
        ("-forest < 0", {"forest"}),
        ("beds > forest", {"forest"}),
    ],
)
def test_an_unknown_fact_is_never_guessed(text: str, answer: bool | set[str]) -> None:
    """A name that is absent and a name whose value is None are both unknown."""
    facts = {key: value for key, value in FACTS.items() if key != "forest"} | {"reply.estimate": None}
    expected = Unknown(frozenset(answer)) if isinstance(answer, set) else answer

    assert evaluate(parse(text, TYPES), facts) == expected


def test_an_unknown_answer_cannot_be_taken_for_a_truth() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(evaluate(parse("urgent", TYPES), {}))


def test_a_value_of_the_wrong_kind_is_an_error_and_not_an_answer() -> None:
    with pytest.raises(TypeError, match="beds is declared as number, but holds str"):
        evaluate(parse("beds > 1", TYPES), {"beds": "120"})
    with pytest.raises(TypeError, match="beds"):
        evaluate(parse("beds > 1", TYPES), {"beds": True})


def test_money_is_never_rounded_on_the_way() -> None:
    condition = parse("total * total * total * total - total * total * total * total + 0.01 == 0.01", TYPES)

    assert evaluate(condition, {"total": Decimal("999999999999999.99")}) is True


def test_a_condition_is_its_text() -> None:
    one, same = parse("urgent", TYPES), parse("urgent", TYPES)

    assert one == same
    assert hash(one) == hash(same)
    assert str(one) == "urgent"
    assert msgspec.json.encode(one) == b'{"text":"urgent"}'
    assert copy.deepcopy(one).tree == one.tree == pickle.loads(pickle.dumps(one)).tree
    with pytest.raises(AttributeError, match="never from its text alone"):
        _ = Condition("urgent").tree


def test_a_condition_knows_what_it_reads() -> None:
    assert names(parse("forest > 0 and (urgent or -reply.estimate in (1, 2))", TYPES)) == {
        "forest",
        "urgent",
        "reply.estimate",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("forest > 0", "占用林地 大于 0 公顷"),
        ("400 <= total", "总投资 大于等于 400 万元"),
        ("total > 12668.50", "总投资 大于 12,668.50 万元"),
        ("urgent", "紧急为是"),
        ("not urgent", "紧急为否"),
        ("urgent == true", "紧急 为 是"),
        ('method == "询价"', "采购方式 为 “询价”"),
        ('method in ("询价", "公开招标")', "采购方式 属于 “询价”、“公开招标”"),
        ("beds not in (100, 200)", "床位 不属于 100 张、200 张"),
        ('filed < "2026-03-30"', "备案日期 早于 2026年3月30日"),
        ("0 < beds <= 30", "床位 大于 0 张 且 床位 小于等于 30 张"),
        ("forest > 0 or urgent and beds > 1", "占用林地 大于 0 公顷 或 （紧急为是 且 床位 大于 1 张）"),
        ("not (forest > 0 or urgent)", "并非（占用林地 大于 0 公顷 或 紧急为是）"),
        ("reply.estimate > total * 1.1", "可研批复·估算 大于 总投资 乘以 1.1"),
        ("(total + 5) * 2 - (beds - 1) > 7", "（总投资 加 5） 乘以 2 减 （床位 减 1） 大于 7 万元"),
        ("-total < -5", "负（总投资） 小于 -5 万元"),
        ("urgent or false", "紧急为是 或 否"),
        ("(beds > 1) == urgent", "（床位 大于 1 张） 为 紧急"),
    ],
)
def test_a_condition_reads_as_chinese(text: str, words: str) -> None:
    assert explain(parse(text, TYPES), TYPES) == words


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("forst > 0", 1, "是否想写 forest（占用林地）"),
        ("占用林地 > 0", 1, "是否想写 forest（占用林地）"),
        ("beds > 1 and zzz", 14, "没有名为 zzz 的事实；请先在 facts 下写明它"),
        ("  forst > 0", 3, "forest"),
        ('"一期" == nte', 9, "note"),
        ("forest ＞ 0", 8, "半角"),
        ("note == “一期”", 9, "半角"),
        ("ｆorest > 0", 1, "半角"),
        ("forest > 0 & urgent", 10, "不能写"),
        ("forest >", 9, "没有写完"),
        ("(forest > 0", 1, "读不懂"),
        ("beds beds > 1", 6, "读不懂"),
        ("note > 1", 8, "1 是数值，不能与文字比较"),
        ('note > "a"', 8, "只能用 == 或 !="),
        ("urgent > false", 10, "只能用 == 或 !="),
        ("note * 10 == 1", 1, "只有数值能加、减、乘"),
        ("forest", 1, "却是数值"),
        ("urgent and note", 12, "却是文字"),
        ('method == "招标"', 11, "没有“招标”这个选项，可选：公开招标、询价"),
        ('method in ("询价", "招标")', 18, "没有“招标”这个选项"),
        ('filed > "2026-02-30"', 9, "不是日期"),
        ('filed > "20260230"', 9, "不是日期"),
        ("filed > note", 9, "note 是文字，不能与日期比较"),
        ("total > 1e5", 9, "数值请写成"),
        ("total > 1_000", 9, "数值请写成"),
        ("total > 10000000000000000", 9, "太大"),
        ("urgent == None", 11, "空值"),
        ("1 < 2", 1, "没有任何事实"),
        ("true", 1, "没有任何事实"),
        ("", 1, "是空的"),
        ("urgent # 备注", 8, "还有别的内容"),
        ('note == "a" "b"', 9, "一对引号"),
        ("beds in ()", 9, "in 后面"),
        ("beds in (1, total)", 13, "不能是事实"),
        ("beds in 5", 9, "in 后面"),
        ("1 in (1, 2) and urgent", 1, "应是一项事实"),
        ("1 < beds in (2, 3)", 13, "不能与别的比较连写"),
        ("reply . estimate > 1", 1, "批复.字段"),
        ("reply.estimate.real > 1", 1, "批复.字段"),
        ("urgent\n", 7, "控制字符"),
        ("note == 'a\\x41'", 11, "反斜杠"),
    ],
)
def test_a_refusal_names_the_column_and_the_remedy(text: str, column: int, says: str) -> None:
    with pytest.raises(ConditionError) as refused:
        parse(text, TYPES)

    assert (refused.value.column, says in str(refused.value)) == (column, True), refused.value.message


HOSTILE = """
__import__('os').system('id')
().__class__.__bases__[0].__subclasses__()
beds.__class__
note.format(beds)
total.real > 1
reply.estimate.__class__
reply.__class__
[].append(1)
{}.get(1)
eval('1')
exec('1')
open('/etc/passwd')
print(beds)
len(note) > 1
abs(beds) > 1
max(beds, 1) > 1
beds()
note[0] == 'a'
note[:] == 'a'
note[beds] == 'a'
{'a': 1}
{'a': 1}['a'] == 1
{1, 2}
beds in {1, 2}
beds in [x for x in (1, 2)]
[x for x in (1,)]
{x for x in (1,)}
{x: x for x in (1,)}
(x for x in (1,))
any(x for x in (1,))
lambda: 1
(lambda: 1)()
lambda x: x > beds
urgent if beds else urgent
1 if urgent else 2
(beds := 5) > 1
beds := 5
beds = 5
beds += 5
del beds
import os
from os import path
assert urgent
return urgent
yield urgent
(yield)
await urgent
raise urgent
pass
global beds
while True: pass
for x in (1,): pass
def f(): pass
class A: pass
with beds: pass
try: pass
beds; urgent
f"{beds}" == note
f"{beds!r}"
f"{__import__('os')}"
b"a" == note
rb"a" == note
r"a" == note
u"a" == note
'''a''' == note
"a" 'b' == note
"%s" % beds == note
beds % 2 == 0
beds / 2 > 1
beds // 2 > 1
beds ** 2 > 1
9**9**9**9 > beds
beds << 1 > 1
beds >> 1 > 1
beds | 1 > 1
beds & 1 > 1
beds ^ 1 > 1
beds @ 1 > 1
~beds > 1
+beds > 1
not beds
not note
beds is 1
beds is not None
beds is urgent
1j > beds
beds > 1j
beds > 1e400
beds > 0x10
beds > 0b1
beds > 0o7
beds > 007
beds > .5
beds > 5.
beds > 1_0
beds > 99999999999999999999999999
beds > inf
beds > nan
beds > ...
...
Ellipsis
NotImplemented
None
None == None
beds == None
True
False
__debug__
"a"
"a" == "a"
"a" * 10 == note
note + "a" == "b"
note * 1000000000 == "a"
note < "b"
note in "abc"
"a" in note
note in note
beds in (1, 2, beds)
beds in ()
beds in (1, "2")
beds in ((1, 2), 3)
beds in (*note,)
(1, 2)
(1, 2) == beds
[1, 2] > beds
beds == [1]
beds, urgent
*beds
beds > 1,
urgent,
print
urgent and
and urgent
or
not
urgent or or urgent
urgent urgent
beds > > 1
beds >< 1
beds <> 1
beds = = 1
beds === 1
beds !== 1
!urgent
urgent && urgent
urgent || urgent
beds > 1 ? 1 : 2
{{7*7}}
${7*7}
#{7*7}
{% raw %}
<script>alert(1)</script>
'; DROP TABLE projects; --
urgent -- x
urgent /* x */
urgent // x
urgent # x
# urgent
(urgent
urgent)
((urgent)
[urgent
urgent]
urgent) or (urgent
"urgent
'urgent
beds > '1
$beds > 1
@beds > 1
beds? > 1
beds.. > 1
.beds > 1
beds. > 1
reply. estimate > 1
reply .estimate > 1
(reply).estimate > 1
reply.estimate.amount > 1
reply > 1
reply.unknown > 1
unknown > 1
Beds > 1
BEDS > 1
beds1 > 1
ｂeds > 1
ⅷ > 1
bedſ > 1
𝐛eds > 1
беds > 1
beds＞1
beds > １
（urgent）
urgent，urgent
“a” == note
‘a’ == note
note == ＂a＂
""".strip().splitlines()
INVISIBLE = [
    "",
    " ",
    "\t",
    "\n",
    "urgent\n",
    "urgent\nor urgent",
    "\turgent",
    "urgent\x00",
    "\x00",
    "beds > 1\x1b[31m",
    "beds\u200b > 1",
    "\ufeffurgent",
    "urgent\u202e",
    "urgent\u2028or urgent",
    "urgent\x0c",
    "urgent\x85",
    "\ud800 > 1",
    "note == 'a\x00'",
    "note == '\u202e'",
    "note == 'a\\'b'",
    "note == '\\N{BULLET}'",
    "beds\\\n > 1",
    "beds\xa0> 1",
    "beds\u3000> 1",
    "note == '" + "a" * 201 + "'",
    "urgent or " * 60 + "urgent",
    " " * 501,
    "urgent" + " " * 500,
    "(" * 250 + "urgent" + ")" * 240,
    "(" * 100 + "urgent" + ")" * 99,
    "[" * 200 + "]" * 200,
    "{" * 400,
    "not " * 17 + "urgent",
    "not " * 120 + "urgent",
    "-" * 400 + "beds > 1",
    "-" * 20 + "beds > 1",
    "beds" + "+1" * 20 + " > 1",
    "beds" + "+1" * 240 + " > 1",
    "beds in (" + "1," * 120 + ")",
    "a." * 200 + "b",
    "9" * 480 + " > beds",
    "beds > 0." + "1" * 300,
    "1" + "**9" * 100 + " > beds",
    "lambda: " * 60 + "1",
    "x if y else " * 40 + "z",
    "beds" + "[0]" * 160,
    "beds" + "()" * 240,
    'f"' * 100,
    "'" * 499,
    "\\" * 499,
]


def test_the_hostile_corpus_is_large_enough() -> None:
    assert len({*HOSTILE, *INVISIBLE}) >= 200


@pytest.mark.parametrize("text", [*HOSTILE, *INVISIBLE], ids=range(len(HOSTILE) + len(INVISIBLE)))
def test_a_hostile_text_is_refused_at_once(text: str) -> None:
    with pytest.raises(ConditionError) as refused:
        parse(text, TYPES)

    assert 1 <= refused.value.column <= len(text) + 1


@pytest.mark.parametrize("word", ["and", "in", "None", "true", "null", "class"])
def test_words_of_the_language_are_reserved(word: str) -> None:
    assert word in conditions.RESERVED


def test_nothing_in_the_package_can_run_code() -> None:
    """S-63: parsed by `ast.parse`, walked by our own code, never compiled or evaluated."""
    source = "".join(path.read_text(encoding="utf-8") for path in Path(conditions.__path__[0]).glob("*.py"))

    for forbidden in ("eval(", "exec(", "compile(", "getattr(", "setattr(", "__import__", "importlib"):
        assert forbidden not in source.replace("re.compile(", "")


# --- an independent reference: the tree that the generator made, over three-valued sets ----------

Tree = tuple[Any, ...]
NUMBERS = ["forest", "total", "beds", "reply.estimate"]
DATES = [date(2026, 1, day) for day in range(1, 5)]
OPERATORS = ["<", "<=", ">", ">=", "==", "!="]
OPTIONS = ["公开招标", "询价"]


def _literals() -> st.SearchStrategy[Tree]:
    return st.one_of(
        st.integers(0, 9).map(lambda value: ("literal", str(value), Fraction(value))),
        st.decimals(0, 9, places=2).map(lambda value: ("literal", str(value), Fraction(value))),
    )


def _quantities() -> st.SearchStrategy[Tree]:
    leaves = st.one_of(_literals(), st.sampled_from(NUMBERS).map(lambda name: ("name", name)))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from("+-*"), inner, inner), inner.map(lambda each: ("minus", each))
        ),
        max_leaves=4,
    )


def _truths() -> st.SearchStrategy[Tree]:
    dates = st.sampled_from(DATES).map(lambda day: ("literal", f'"{day}"', day))
    choices = st.sampled_from(OPTIONS).map(lambda word: ("literal", f'"{word}"', word))
    signs, equality = st.sampled_from(OPERATORS), st.sampled_from(["==", "!="])
    leaves = st.one_of(
        st.tuples(
            st.just("chain"), _quantities(), st.lists(st.tuples(signs, _quantities()), min_size=1, max_size=2)
        ),
        st.tuples(
            st.just("chain"),
            st.just(("name", "filed")),
            st.lists(st.tuples(signs, dates), min_size=1, max_size=1),
        ),
        st.tuples(
            st.just("chain"),
            st.just(("name", "method")),
            st.lists(st.tuples(equality, choices), min_size=1, max_size=1),
        ),
        st.tuples(
            st.just("in"),
            st.sampled_from(NUMBERS).map(lambda name: ("name", name)),
            st.lists(_literals(), min_size=1, max_size=3),
            st.booleans(),
        ),
        st.tuples(
            st.just("in"),
            st.just(("name", "method")),
            st.lists(choices, min_size=1, max_size=2),
            st.booleans(),
        ),
        st.just(("name", "urgent")),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
            inner.map(lambda each: ("not", each)),
        ),
        max_leaves=5,
    )


def _text(tree: Tree) -> str:
    match tree:
        case ("literal", written, _):
            return str(written)
        case ("name", name):
            return str(name)
        case ("minus", inner):
            return f"-({_text(inner)})"
        case ("not", inner):
            return f"not ({_text(inner)})"
        case ("chain", first, rest):
            return f"{_text(first)} " + " ".join(f"{sign} {_text(each)}" for sign, each in rest)
        case ("in", item, options, negated):
            return f"{_text(item)} {'not ' * negated}in ({', '.join(map(_text, options))},)"
        case (("and" | "or") as word, parts):
            return f" {word} ".join(f"({_text(part)})" for part in parts)
    return f"({_text(tree[1])}) {tree[0]} ({_text(tree[2])})"


COMPARE = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def _possible(tree: Tree, facts: Mapping[str, Any]) -> tuple[bool | None, set[str]]:
    """True, False or None (not decided), and the names behind a None; arithmetic is in fractions."""
    match tree:
        case ("name", name):
            return facts[name], set() if facts[name] is not None else {name}
        case ("not", inner):
            answer, missing = _possible(inner, facts)
            return None if answer is None else not answer, missing
        case (("and" | "or") as word, parts):
            return _joined(word, [_possible(part, facts) for part in parts])
        case ("in", item, options, negated):
            value, missing = _quantity(item, facts)
            return None if missing else (value in [each[2] for each in options]) != negated, missing
    _, first, rest = tree
    sides = [_quantity(each, facts) for each in (first, *(each for _, each in rest))]
    links = []
    for (left, without), (sign, _), (right, lacking) in zip(sides, rest, sides[1:], strict=False):
        missing = without | lacking
        links.append((None if missing else COMPARE[sign](left, right), missing))
    return _joined("and", links)


def _joined(word: str, answers: list[tuple[bool | None, set[str]]]) -> tuple[bool | None, set[str]]:
    decisive = word == "or"
    if any(answer is decisive for answer, _ in answers):
        return decisive, set()
    if all(answer is not None for answer, _ in answers):
        return not decisive, set()
    return None, set().union(*(missing for answer, missing in answers if answer is None))


def _quantity(tree: Tree, facts: Mapping[str, Any]) -> tuple[Any, set[str]]:
    match tree:
        case ("literal", _, value):
            return value, set()
        case ("name", name):
            value = facts[name]
            number = isinstance(value, int | Decimal)
            return Fraction(value) if number else value, {name} if value is None else set()
        case ("minus", inner):
            value, missing = _quantity(inner, facts)
            return None if missing else -value, missing
    sign, (left, without), (right, lacking) = tree[0], _quantity(tree[1], facts), _quantity(tree[2], facts)
    if without | lacking:
        return None, without | lacking
    return {"+": left + right, "-": left - right, "*": left * right}[sign], set()


def _facts() -> st.SearchStrategy[dict[str, Any]]:
    decimals = st.none() | st.decimals(-9, 9, places=2)
    return st.fixed_dictionaries(
        {
            "forest": decimals,
            "total": decimals,
            "reply.estimate": decimals,
            "beds": st.none() | st.integers(-9, 9),
            "filed": st.none() | st.sampled_from(DATES),
            "method": st.none() | st.sampled_from(OPTIONS),
            "urgent": st.none() | st.booleans(),
        }
    )


@settings(max_examples=2500, deadline=None)
@given(_truths(), _facts())
def test_every_condition_answers_like_the_reference(tree: Tree, facts: dict[str, Any]) -> None:
    text = _text(tree)
    answer, missing = _possible(tree, facts)
    try:
        condition = parse(text, TYPES)
    except ConditionError as refused:
        assert any(word in refused.message for word in ("没有任何事实", "超过"))  # noqa: PT017
        return

    found = evaluate(condition, facts)

    assert found == (Unknown(frozenset(missing)) if answer is None else answer)
    assert (
        evaluate(parse(text, TYPES), {key: value for key, value in facts.items() if value is not None})
        == found
    )
    assert explain(condition, TYPES)


TOKENS = [
    *TYPES, *OPERATORS, "and", "or", "not", "in", "(", ")", "[", "]", ",", ".", "+", "-", "*", "/", "**", "%", ":",
    ":=", "=", "if", "else", "for", "lambda", "is", "None", "True", "0", "1.5", "1e9", '"a"', "'2026-01-01'", "f'{x}'",
    "b'a'", "{", "}", "#", "\\", " ", "\t", "；", "é", "中", "\x00", "...", "@", "~", "await", "yield", "'", '"',
]  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(TOKENS), max_size=20).map(" ".join)))
def test_no_text_raises_anything_but_our_own_error(text: str) -> None:
    try:
        condition = parse(text, TYPES)
    except ConditionError as refused:
        assert 1 <= refused.column <= len(text) + 1  # noqa: PT017
    else:
        assert evaluate(condition, {}) == Unknown(names(condition)) or not isinstance(
            evaluate(condition, {}), Unknown
        )
        assert isinstance(evaluate(condition, FACTS), bool)


def test_a_title_that_asks_whether_is_answered_in_plain_words() -> None:
    types = {"moved": FactType("moved", "是否改变外立面", Kind.BOOL)}

    assert conditions.explain(parse("moved", types), types) == "改变外立面"
    assert conditions.explain(parse("not moved", types), types) == "不改变外立面"
