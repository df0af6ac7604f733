"""What may be written in a definition: every record, every field, its shape and its Chinese explanation.

Invariant: this table is the only source. `reader` reads files by it and `workflow.schema` turns it
into the JSON Schema for editors, so neither can know a field that the other does not.
"""

from __future__ import annotations

from msgspec import Struct

from workflow.definition import LISTENERS, POSTS

KEY = r"^[a-z][a-z0-9_]{0,39}$"
TYPE_KEY = r"^[a-z][a-z0-9_-]{0,39}$"
LIMIT = r"^[1-9][0-9]{0,3} (workday|day|month|year)s?$"
RENEWAL = r"^[1-9][0-9]{0,3} (workday|day|month|year)s? before$"
OFFSET = r"^(due|[+-][1-9][0-9]{0,2} workdays?)$"


class Text(Struct, frozen=True):
    """Free text, on one line unless `lines`."""

    longest: int = 200
    lines: bool = False


class Integer(Struct, frozen=True):
    """A whole number, not below `least`."""

    least: int = 1


class Flag(Struct, frozen=True):
    """`true` or `false`."""


class Word(Struct, frozen=True):
    """One of a closed list of words (word -> Chinese)."""

    options: dict[str, str]
    code: str = "unknown-word"


class NewKey(Struct, frozen=True):
    """A name given here, for others to refer to."""

    pattern: str = KEY


class Reference(Struct, frozen=True):
    """The name of a document, stage, fact or phase declared elsewhere in the file."""

    of: str


class Duration(Struct, frozen=True):
    """A limit: `20 workdays`."""


class Renewal(Struct, frozen=True):
    """How long before its end a reply must be renewed: `3 months before`."""


class Offset(Struct, frozen=True):
    """When a rung takes effect: `due`, `-3 workdays`, `+3 workdays`."""


class Expression(Struct, frozen=True):
    """A condition."""


class Listing(Struct, frozen=True):
    """A list without repetitions, of at least `least` items."""

    item: Shape
    least: int = 1


class Nested(Struct, frozen=True):
    """A record; with `short`, a bare text stands for the record with only that field."""

    record: str
    short: str = ""


class Table(Struct, frozen=True):
    """Names chosen by the author, each with a record."""

    record: str
    least: int = 0


class Tagged(Struct, frozen=True):
    """One record under the name of its kind: `- review: {…}`."""

    kinds: dict[str, str]


Shape = (
    Text
    | Integer
    | Flag
    | Word
    | NewKey
    | Reference
    | Duration
    | Renewal
    | Offset
    | Expression
    | Listing
    | Nested
    | Table
    | Tagged
)


class Field(Struct, frozen=True):
    """One field of a record: its shape, and what it means in Chinese."""

    shape: Shape
    meaning: str
    required: bool = False


class Record(Struct, frozen=True):
    """The fields that belong together, and how they depend on each other.

    Of the fields in `one_of` exactly one is written; a field in `companions` needs its companion.
    """

    meaning: str
    fields: dict[str, Field]
    one_of: tuple[str, ...] = ()
    companions: dict[str, str] = {}


KINDS = {
    "text": "文字",
    "integer": "整数",
    "decimal": "小数",
    "money": "金额",
    "date": "日期",
    "bool": "是否",
    "choice": "选择",
}
FORMATS = {
    "pdf": "PDF",
    "docx": "Word 文档",
    "xlsx": "Excel 表格",
    "jpg": "照片",
    "png": "图片",
    "ofd": "OFD 版式文件",
}
STEPS = {
    "review": "审核",
    "sign": "审签",
    "meeting": "会议审议",
    "external": "外部门审批",
    "publicity": "公示",
}

_TITLE = Field(Text(100), "中文名称，显示在页面和通知里", required=True)
_BASIS = Field(Text(300), "依据，写明法规名称和条款；参照的写“参照…”")
_HELP = Field(Text(2000, lines=True), "给办事人看的说明")
_LADDER = Field(Listing(Nested("rung")), "预警梯度，由早到晚；不写则用上一级的")
_WITHIN = Field(Duration(), "办理时限，如 2 workdays")
_BY = Field(Word(POSTS, "undefined-post"), "由哪个岗位办理", required=True)
_CLERK = Field(Word(POSTS, "undefined-post"), "由哪个岗位办理，缺省 clerk（经办人）")
_WHEN = Field(Expression(), "条件，如 forest_land > 0；不成立则不适用")
_STEP = {"key": Field(NewKey(), "环节名称，缺省为种类；同种环节有两个时须写"), "title": _TITLE}
_STEP_END = {"basis": _BASIS, "ladder": _LADDER}

RECORDS: dict[str, Record] = {
    "definition": Record(
        "一个项目类型的定义",
        {
            "type": Field(NewKey(TYPE_KEY), "类型代号，用小写字母，如 columbarium", required=True),
            "version": Field(Integer(), "版本号，从 1 起；发布后不改，只出新版本", required=True),
            "title": _TITLE,
            "basis": Field(Listing(Text(300)), "总的依据"),
            "phases": Field(Listing(Text(20)), "阶段，按先后排列，只用于页面分组", required=True),
            "facts": Field(Table("fact"), "登记项目时询问的事实，可以暂不知道，供条件使用"),
            "sums": Field(Listing(Nested("sum")), "合计关系：各分项之和应等于合计"),
            "documents": Field(Table("document", 1), "材料和批复", required=True),
            "ladder": Field(Listing(Nested("rung")), "本单位时限的预警梯度；不写用缺省"),
            "outside_ladder": Field(Listing(Nested("rung")), "外部门时限的预警梯度；不写用缺省"),
            "stages": Field(Table("stage", 1), "事项", required=True),
        },
    ),
    "fact": Record(
        "一项事实，或批复上的一个字段",
        {
            "title": _TITLE,
            "kind": Field(Word(KINDS), "种类", required=True),
            "unit": Field(Text(20), "单位，如 万元、公顷"),
            "options": Field(Listing(Text(50), 2), "选择类的可选项"),
            "help": _HELP,
            "caps": Field(Reference("fact"), "批复的字段才写：哪项事实不应超过它；超过时项目页给出提示"),
        },
    ),
    "sum": Record(
        "一个合计关系",
        {
            "total": Field(Reference("fact"), "合计是哪项事实", required=True),
            "parts": Field(Listing(Reference("fact"), 2), "分项是哪几项事实", required=True),
        },
    ),
    "document": Record(
        "一种材料；由事项办出的就是批复",
        {
            "title": _TITLE,
            "formats": Field(Listing(Word(FORMATS)), "可上传的格式，缺省 [pdf]"),
            "number": Field(Word({"required": "必须登记文号"}), "写 required 表示必须登记文号"),
            "valid": Field(Duration(), "有效期，如 2 years"),
            "renew": Field(Renewal(), "须在到期前多久办理延续，如 3 months before"),
            "used_by": Field(Listing(Reference("stage")), "哪些事项办结后不再担心它过期"),
            "fields": Field(Table("fact", 1), "批复上要登记的字段，条件里写作 批复.字段"),
            "stands_for": Field(Listing(Reference("document")), "可代替哪些材料"),
            "register_only": Field(
                Word({"no": "须上传", "allowed": "可仅登记不上传", "always": "只能登记，不得上传（涉密等）"}),
                "仅登记不上传，缺省 no",
            ),
            "basis": _BASIS,
            "help": _HELP,
        },
        companions={"renew": "valid"},
    ),
    "rung": Record(
        "预警梯度的一级",
        {
            "at": Field(Offset(), "何时：due 到期当天，-1 workday 到期前，+3 workdays 逾期后", required=True),
            "tell": Field(
                Listing(Word(LISTENERS, "undefined-post")),
                "告诉谁：holder 是当前办理人，其余是岗位",
                required=True,
            ),
        },
    ),
    "stage": Record(
        "一个事项",
        {
            "title": _TITLE,
            "phase": Field(Reference("phase"), "属于哪个阶段", required=True),
            "nature": Field(Text(20), "性质，如 许可、其他权力、内部、备案"),
            "basis": _BASIS,
            "help": _HELP,
            "when": _WHEN,
            "needs": Field(Listing(Nested("requirement", "document")), "所需材料；先后次序由此而来"),
            "issues": Field(Listing(Reference("document")), "办出哪些批复"),
            "after": Field(Listing(Nested("after", "stage")), "材料体现不出的先后次序"),
            "prepare": Field(Nested("within"), "材料准备的时限"),
            "steps": Field(Listing(Tagged(STEPS)), "环节，按先后排列", required=True),
            "ladder": _LADDER,
        },
    ),
    "requirement": Record(
        "一项所需材料",
        {
            "document": Field(Reference("document"), "哪种材料"),
            "any_of": Field(Listing(Reference("document"), 2), "几种材料有一种即可"),
            "when": Field(Expression(), "条件成立时才需要"),
            "recommended": Field(Flag(), "true 表示推荐提供，缺了也能报送"),
            "soft": Field(Flag(), "true 表示可以写明理由、经签字后先行"),
            "basis": _BASIS,
        },
        one_of=("document", "any_of"),
    ),
    "after": Record(
        "排在另一事项之后",
        {
            "stage": Field(Reference("stage"), "哪个事项", required=True),
            "wait": Field(Duration(), "它办出后至少再等多久，如 30 days"),
            "basis": _BASIS,
        },
    ),
    "within": Record("一个时限", {"within": Field(Duration(), "时限，如 15 workdays", required=True)}),
    "review": Record("审核", {**_STEP, "by": _BY, "within": _WITHIN, **_STEP_END}),
    "sign": Record("审签", {**_STEP, "by": _BY, "within": _WITHIN, **_STEP_END}),
    "meeting": Record(
        "会议审议",
        {
            **_STEP,
            "by": _BY,
            "minutes": Field(Reference("document"), "会议纪要是哪种材料"),
            "within": _WITHIN,
            **_STEP_END,
        },
    ),
    "external": Record(
        "外部门审批：由外部门决定，本单位登记并核对",
        {
            **_STEP,
            "body": Field(Text(50), "哪个部门决定，如 发展和改革局", required=True),
            "by": Field(Word(POSTS, "undefined-post"), "由哪个岗位登记，缺省 clerk（经办人）"),
            "confirm": Field(Word(POSTS, "undefined-post"), "由哪个岗位对照原件核对，缺省 section_chief"),
            "file": Field(Nested("within"), "我方报送的时限，内部签批完毕起算；缺省 3 workdays"),
            "accept": Field(Nested("within"), "对方受理的时限"),
            "correct": Field(Nested("within"), "我方补正的时限"),
            "promised": Field(Duration(), "承诺时限"),
            "statutory": Field(Duration(), "法定时限"),
            "extend": Field(Duration(), "法律允许的一次最长延期"),
            **_STEP_END,
        },
    ),
    "publicity": Record(
        "公示",
        {
            **_STEP,
            "by": _CLERK,
            "minimum": Field(Duration(), "至少公示多久，如 7 days", required=True),
            "within": Field(Duration(), "连公示在内，多久办结；缺省比 minimum 多一周"),
            **_STEP_END,
        },
    ),
}
"""Every record of the language by name; `definition` is the whole file."""
