"""What is wrong with a definition file: where, which code, and in Chinese what to write instead.

Invariant: a code is public, kebab-case, listed in `FINDINGS` and never renamed.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

Place = tuple[int, int]
"""Line and column, both from 1."""

FINDINGS: dict[str, str] = {
    # the text
    "not-utf8": "文件不是 UTF-8 编码；请用编辑器另存为 UTF-8",
    "byte-order-mark": "文件开头有 BOM 标记；请另存为“UTF-8（无 BOM）”",
    "too-large": "文件超过 1 MB；请检查是否混入了别的内容",
    "control-character": "有看不见的控制字符 {name}；请删去",
    "empty-file": "文件是空的；请从 type、version、title 写起",
    "yaml-syntax": "YAML 写法不对：{problem}",
    "several-documents": "一个文件只写一个定义；请删去 --- 以后的内容，或另存为一个文件",
    "too-deep": "嵌套超过 20 层；定义不需要这么深，请检查括号和缩进",
    "anchor": "不能用锚点 &{name}；请删去，重复的内容请照写",
    "alias": "不能用引用 *{name}；请把内容照写一遍",
    "tag": "不能用类型标记 {name}；请删去",
    "merge-key": "不能用合并键 <<；请把内容照写一遍",
    "key-not-text": "冒号前应是一个名称；请检查括号和缩进",
    "duplicate-key": "“{key}”在第 {line} 行已写过；请合并或删去一处",
    # the shape
    "expected-mapping": "这里应是若干行“名称: 内容”；请检查缩进，或写成 {example}",
    "expected-list": "这里应是一个列表；请写成 [甲, 乙]，或每行以“- ”开头",
    "expected-text": "这里应是一段文字；请检查缩进",
    "expected-line": "这里应写在一行内；请去掉换行",
    "expected-integer": "这里应是不小于 {least} 的整数，不加引号，如 {least}",
    "expected-flag": "这里应写 true 或 false，不加引号",
    "expected-limit": "“{text}”不是时限；请写成 20 workdays、30 days、3 months 或 2 years",
    "expected-renewal": "“{text}”不是提前量；请写成 3 months before",
    "expected-offset": "“{text}”不是提醒时点；请写成 due（到期当天）、-3 workdays 或 +3 workdays",
    "expected-condition": "条件应写在一行内；请加引号写成 '…'",
    "expected-step": "每个环节应写成“- 种类: {{…}}”，种类为 {options}；请检查缩进",
    "bare-word": '“{text}”不加引号会被当作{meaning}；请写成 "{text}"',
    "empty-value": "“{key}”后面没有内容；请补上，或删去这一行",
    "too-long": "文字超过 {longest} 字；请缩短",
    "too-few": "“{key}”至少写 {least} 项；请补上",
    "unknown-key": "这里没有“{key}”这一项{hint}",
    "missing-key": "缺少“{key}”（{meaning}）；请补上",
    "missing-companion": "写了“{key}”，还须写“{companion}”；请补上，或删去“{key}”",
    "one-of-two": "“{first}”与“{second}”须写且只写一项",
    "unknown-word": "“{text}”不在可选之列{hint}",
    "bad-key": "“{key}”不能作名称；请以小写字母开头，只用小写字母、数字{also}，不超过 40 个字符",
    "reserved-key": "“{key}”是条件里的保留字，不能作名称；请换一个，如 {key}_1",
    "options-missing": "选择类（choice）须写明 options；请补上可选的几项",
    "options-unwanted": "只有选择类（kind: choice）才写 options；请改 kind，或删去 options",
    # the meaning
    "undefined-document": "没有名为 {name} 的材料{hint}",
    "undefined-stage": "没有名为 {name} 的事项{hint}",
    "undefined-fact": "没有名为 {name} 的事实{hint}",
    "undefined-phase": "没有名为 {name} 的阶段{hint}",
    "undefined-post": "没有名为 {text} 的岗位{hint}",
    "bad-condition": "{problem}",
    "condition-not-reply": "条件读到了{document}的字段，但没有事项办出它；请改读事实，或在某事项的 issues 里写上 {key}",
    "condition-reads-itself": "{stage}的条件读到了它自己要办出的{document}；请改读更早的批复或事实",
    "condition-reads-absent": "{stage}的条件读到了{document}，而办出它的{issuer}可能不适用，那时答不出来；请在前面先写上 {when} and",
    "condition-reads-later": "{stage}的条件读到了在它之后才有的批复，走不下去：{cycle}；请改读更早的批复或事实",
    "reply-issued-twice": "{document}已由{stage}（第 {line} 行）办出；一份批复只能由一个事项办出",
    "needs-own-reply": "{stage}需要的材料正是它自己办出的{document}；请改为更早的材料，或从 issues 中删去",
    "after-itself": "{stage}不能排在自己之后；请删去",
    "cycle": "事项互相等待，谁也开始不了：{cycle}；请断开其中一处",
    "duplicate-step": "本事项已有名为 {key} 的环节（第 {line} 行）；请用 key: 另起一个名称",
    "duplicate-item": "“{text}”写了两次；请删去一处",
    "stands-for-itself": "{document}不必写代替自己；请删去",
    "sum-not-numeric": "{fact}不是数值，不能参与合计；请改用 money、decimal 或 integer 类的事实",
    "sum-mixed-units": "{fact}的单位是“{unit}”，合计{total}的单位是“{other}”；请统一单位",
    "sum-of-itself": "合计的分项里不能有合计本身{fact}；请删去",
    "cap-not-on-reply": "只有事项办出的批复，其字段才能写 caps；请删去，或写到批复的字段上",
    "cap-unlike": "{fact}与{field}须都是数值、单位相同，才能比较；请核对",
    "publicity-without-time": "办结时限（{within}）不比公示期（{minimum}）长，期满才能办结，必然超期；请写长些，或删去",
    "ladder-order": "提醒时点须由早到晚排列；请把这一行移到前面",
    "ladder-repeats": "这个提醒时点已写过；请合并，tell 可写多个岗位",
    # warnings
    "unused-document": "{document}没有事项需要，也没有事项办出；若确不需要，请删去",
    "promised-beyond-statutory": "承诺时限（{promised}）比法定时限（{statutory}）还长；请核对",
    "step-without-limit": "{step}没有时限，停在这里不会提醒任何人；请写 {limit}",
}
"""Code -> what is wrong and the remedy."""

WARNINGS = frozenset({"unused-document", "promised-beyond-statutory", "step-without-limit"})
"""Findings that are shown but do not stop a definition."""


class Finding(Struct, frozen=True):
    """One thing wrong in one place of a definition file. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    code: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.code}: {self.message}"


class Findings:
    """Collects every finding of one file; reading goes on after each."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[Finding] = []

    def add(self, place: Place, code: str, **data: object) -> None:
        """Note what is wrong at `place`; KeyError for an unlisted code."""
        message = FINDINGS[code].format_map(data)
        severity: Literal["error", "warning"] = "warning" if code in WARNINGS else "error"
        self._found.append(Finding(self._file, *place, code, message, severity))

    @property
    def has_errors(self) -> bool:
        """Whether the file is wrong so far, and not only doubtful."""
        return any(each.severity == "error" for each in self._found)

    def sorted(self) -> tuple[Finding, ...]:
        """All findings in the order of the file."""
        return tuple(sorted(self._found, key=lambda each: (each.line, each.column)))


def hint(word: str, known: Mapping[str, str], otherwise: str = "") -> str:
    """“；是否想写 …？” if a known word (word -> Chinese) or its Chinese is near; else what may be written."""
    titles = {title: key for key, title in known.items()}
    near = titles.get(word) or next(iter(get_close_matches(word, known, 1)), None)
    if near is not None:
        title = f"（{known[near]}）" if known[near] not in {"", near} else ""
        return f"；是否想写 {near}{title}？"
    return otherwise or f"；可写：{'、'.join(known)}"
