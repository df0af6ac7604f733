"""What is wrong with a value that a model refused, in words: of a request's body, and of the settings.

Invariant: what has a word here is said in Chinese; anything else in the library's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_WHY: Final[dict[str, str]] = {
    "missing": "必须填写",
    "extra_forbidden": "没有这一项",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "float_type": "应为数值",
    "float_parsing": "应为数值",
    "string_type": "应为文字",
    "string_too_long": "文字过长",
    "string_too_short": "文字过短",
    "string_unicode": "含有不能用的字符",
    "string_pattern_mismatch": "写法不对",
    "date_parsing": "应为日期，如2026-09-18",
    "date_from_datetime_parsing": "应为日期，如2026-09-18",
    "date_type": "应为日期，如2026-09-18",
    "list_type": "应为一列内容",
    "tuple_type": "应为一列内容",
    "path_type": "应为路径",
    "model_type": "应为一组内容",
    "dict_type": "应为一组内容",
    "literal_error": "应为 {expected}",
    "enum": "不在可选之列",
    "union_tag_invalid": "不在可选之列",
    "union_tag_not_found": "缺少种类",
    "greater_than": "应大于{gt}",
    "greater_than_equal": "不得小于{ge}",
    "less_than_equal": "不得大于{le}",
    "too_long": "项数过多",
    "too_short": "项数过少",
    "json_invalid": "不是 JSON",
    "model_attributes_type": "应为 JSON 对象，且 Content-Type 为 application/json",
}


def why(error: Mapping[str, Any]) -> str:
    """One of a ValidationError's errors in words: 应为整数, 不得小于1."""
    words = _WHY.get(error["type"])
    return words.format_map(error.get("ctx", {})).replace(" or ", " 或 ") if words else str(error["msg"])
