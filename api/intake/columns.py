"""Which columns the two sheets of a template have, made from a definition.

Invariant: writing and reading ask the same columns, and the fingerprint changes when one of them does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from workflow.definition import Definition, FactType, Kind

PROJECTS: Final = "项目"
REPLIES: Final = "批复"
GUIDE: Final = "怎样填"
CHOICES: Final = "选项"
IDENTITY: Final = "模板"
EXAMPLE: Final = "示例"
"""What the first column of an example row says: such a row is never imported."""

YES: Final = "是"
NO: Final = "否"

_LAYOUT: Final = 1
"""Raised when the sheets themselves change."""


class Column(Struct, frozen=True):
    """One column: its field, its heading, what may stand in it, and what the note on the heading says.

    `choices` names the list that it is chosen from: units, clerks, replies, or a fact's own options.
    """

    key: str
    title: str
    kind: Kind = Kind.TEXT
    unit: str = ""
    options: tuple[str, ...] = ()
    required: bool = False
    choices: str = ""
    help: str = ""

    @property
    def heading(self) -> str:
        """What stands in the first row: 总投资（万元）, 项目名称*."""
        unit = f"（{self.unit}）" if self.unit else ""
        return f"{self.title}{unit}{'*' if self.required else ''}"


def project_columns(definition: Definition) -> tuple[Column, ...]:
    """The columns of the sheet 项目: one row a project."""
    fixed = (
        Column("row", "行名", help="给本行起个短名，“批复”表用它指明是哪个项目；已有项目代码的可不填"),
        Column("title", "项目名称", required=True, help="与批复一致的全称"),
        Column("code", "项目代码", help="二十四位，如2406-990102-04-01-317469；尚未赋码的不填"),
        Column("organisation", "建设单位", required=True, choices="units"),
        Column("clerk", "经办人", required=True, choices="clerks"),
    )
    facts = (_of_fact(f"fact.{key}", fact) for key, fact in definition.facts.items())
    return tuple(_distinct((*fixed, *facts)))


def reply_columns(definition: Definition) -> tuple[Column, ...]:
    """The columns of the sheet 批复: one row an existing reply."""
    fixed = (
        Column("project", "项目", required=True, help="“项目”表中的行名、项目代码或项目名称"),
        Column("document", "批复名称", required=True, choices="replies"),
        Column("number", "文号", help="与原件一致，如澴发改审〔2024〕61号"),
        Column("issued_on", "成文日期", Kind.DATE, required=True, help="如2024-07-16"),
        Column("issuer", "发文机关", help="不填的，按该事项的办理部门"),
        Column("valid_until", "有效期至", Kind.DATE, help="原件写明的才填；不填的，按规定的有效期推算"),
        Column("kept_at", "原件存放处", required=True, help="原件在哪里，核对人据此找到原件"),
        Column("as_printed", "文号写法特殊", Kind.BOOL, help="文号不合一般写法、但与原件一致的，填“是”"),
    )
    fields = (
        replace(_of_fact(f"{key}.{name}", field), title=f"{definition.documents[key].title}·{field.title}")
        for key in definition.issuers
        for name, field in definition.documents[key].fields.items()
    )
    return tuple(_distinct((*fixed, *fields)))


def reply_titles(definition: Definition) -> dict[str, str]:
    """Reply -> what it is called in the list; two of one name are told apart by their stage."""
    titles = [definition.documents[key].title for key in definition.issuers]
    return {
        key: title if titles.count(title) == 1 else f"{title}（{definition.stages[stage].title}）"
        for (key, stage), title in zip(definition.issuers.items(), titles, strict=True)
    }


def fingerprint(definition: Definition) -> str:
    """The same for two versions of a type that ask the same: a template of the one then serves the other."""
    asked = [
        _LAYOUT,
        [_asked(each) for each in project_columns(definition)],
        [_asked(each) for each in reply_columns(definition)],
        reply_titles(definition),
    ]
    return sha256(msgspec.json.encode(asked)).hexdigest()


def _asked(column: Column) -> tuple[object, ...]:
    return (column.key, column.heading, column.kind.value, column.options)


def _of_fact(key: str, fact: FactType) -> Column:
    return Column(
        key,
        fact.title,
        fact.kind,
        fact.unit,
        fact.options,
        choices=key if fact.options else "",
        help=fact.help,
    )


def _distinct(columns: Iterable[Column]) -> Iterator[Column]:
    """The same columns, with headings that are all different."""
    seen: dict[str, int] = {}
    for column in columns:
        seen[column.heading] = seen.get(column.heading, 0) + 1
        again = seen[column.heading]
        yield column if again == 1 else replace(column, title=f"{column.title}（{again}）")
