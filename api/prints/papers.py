"""The papers about one project: 材料清单, 呈批件, 商请函, 情况说明, 督办单. From views to sheets; pure.

Invariant: a draft says on its face that it is one, and nothing here is sent or signed by the system.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from api.prints.sheet import (
    Cell,
    Column,
    Imprint,
    Letter,
    Pair,
    Particulars,
    Sheet,
    Signature,
    Signatures,
    Statement,
    Table,
)
from workflow.queries.dossier import Dossier
from workflow.queries.views import ClockView, FieldView, NeedView, PaperView, ProjectView, StageFile
from workflow.queries.words import Due

HASH_SHOWN = 16
"""How much of a hash is printed: enough to compare by eye, and no other paper will share it."""

UNSENT = "代拟稿，未发"
_NOTHING = "—"
_MONEY = "money"
_BLANK_LINES = 8
_TO = ("：", ":")
"""How the line ends that says whom a letter is for."""

_PAPER_COLUMNS = (
    Column("序号", 2, "center"),
    Column("材料", 10),
    Column("状态", 5),
    Column("文号", 7),
    Column("日期", 4),
    Column("版本", 2, "center"),
    Column("存放", 6),
    Column("校验码", 7),
)


# 材料清单


def stage_papers(it: Dossier, imprint: Imprint) -> Sheet:
    """材料清单 of one stage: every requirement and how it stands."""
    file, project = it.file, it.project
    lacking = [need for need in file.needs if need.standing in {"missing", "expired", "unknown"}]
    needed = [need for need in lacking if not need.recommended]
    count = f"共{len(file.needs)}项，" + (f"尚缺{len(needed)}项" if needed else "已齐")
    about = (
        (Pair("项目", (project.title,)),),
        (Pair("事项", (file.stage.title,)), Pair("现状", (file.stage.state_words,))),
        (Pair("经办", (f"{project.clerk}（{project.unit}）",)), Pair("材料", (count,))),
    )
    rows = tuple(_need_row(number, need) for number, need in enumerate(file.needs, 1))
    return Sheet(
        title="材料清单",
        about=f"{project.title}·{file.stage.title}",
        blocks=(
            Particulars(about),
            Table("所需材料", _PAPER_COLUMNS, rows, "本事项不需要材料。"),
            *_replies(file.replies),
        ),
        imprint=imprint,
        remark=f"材料校验码 {file.content}。材料换版后本清单作废，请重新打印。" if file.content else "",
        format="a4-landscape",
    )


def project_papers(project: ProjectView, imprint: Imprint) -> Sheet:
    """材料清单 of a whole project: every paper at its present version."""
    own = [paper for paper in project.papers if not paper.reply]
    about = (
        (Pair("项目", (project.title,)), Pair("项目代码", (project.code or "尚无",))),
        (Pair("单位", (project.unit,)), Pair("经办", (project.clerk,))),
    )
    rows = tuple(_paper_row(number, paper) for number, paper in enumerate(own, 1))
    return Sheet(
        title="材料清单",
        about=project.title,
        blocks=(
            Particulars(about),
            Table("材料", _PAPER_COLUMNS, rows, "还没有材料。"),
            *_replies([paper for paper in project.papers if paper.reply]),
        ),
        imprint=imprint,
        remark=f"截至第{project.seq}条记录，校验码 {project.head[:HASH_SHOWN]}。",
        format="a4-landscape",
    )


def _replies(papers: Sequence[PaperView]) -> Iterator[Table]:
    if papers:
        rows = tuple(_paper_row(number, paper) for number, paper in enumerate(papers, 1))
        yield Table("批复", _PAPER_COLUMNS, rows, "")


def _need_row(number: int, need: NeedView) -> tuple[Cell, ...]:
    kind = "、".join(
        word
        for word, holds in (("推荐", need.recommended and need.paper), ("经批准可暂缺", need.soft))
        if holds
    )
    condition = f"当{need.condition}" if need.condition else ""
    standing = "✓ 已有" if need.standing == "ok" else need.words
    title = Cell(need.title, "；".join(each for each in (kind, condition) if each))
    if need.paper is None:
        return (Cell(str(number)), title, Cell(standing), *(Cell(_NOTHING),) * 5)
    instead = f"由{need.paper.title}代替" if need.paper.title not in need.title else ""
    return (Cell(str(number)), title, Cell(standing, instead), *_particulars(need.paper))


def _paper_row(number: int, paper: PaperView) -> tuple[Cell, ...]:
    standing = "✓ 有效" if paper.valid else "已失效"
    validity = f"至 {paper.valid_until}" if paper.valid_until else ""
    title = Cell(paper.title, "；".join(f"{name} {value}" for name, value in paper.fields))
    return (Cell(str(number)), title, Cell(standing, validity), *_particulars(paper))


def _particulars(paper: PaperView) -> tuple[Cell, ...]:
    """Number, day, version, where it is kept, hash."""
    kept = paper.kept_at or ("本系统" if paper.sha256 else _NOTHING)
    checked = f"{paper.checked_by}核对" if paper.checked_by else ""
    return (
        Cell(paper.number or _NOTHING, paper.issuer),
        Cell(str(paper.issued_on or _NOTHING)),
        Cell(str(paper.version)),
        Cell(kept, "、".join(each for each in (f"{paper.by}提交", checked) if each)),
        Cell(paper.sha256[:HASH_SHOWN] or ("仅登记" if paper.kept_at else _NOTHING)),
    )


# 呈批件


def signing_sheet(it: Dossier, imprint: Imprint) -> Sheet:
    """呈批件: everything that a chief needs to sign on one sheet, and what happens then."""
    file, project = it.file, it.project
    stage = file.stage
    rows: list[tuple[Pair, ...]] = [
        (Pair("项目", (project.title,)),),
        (Pair("项目代码", (project.code or "尚无",)), Pair("建设单位", (project.unit,))),
        (Pair("事项", (stage.title,)), Pair("当前环节", (file.step_title or stage.state_words,))),
        (Pair("经办", (file.clerk,)), Pair("办理期限", (_due_words(stage.due) or "未设时限",))),
    ]
    if money := _money(project.facts):
        rows.append((Pair("投资", money),))
    if file.clock is not None:
        rows.append((Pair("时限", tuple(_clock_lines(file.clock))),))
    if stage.basis:
        rows.append((Pair("依据", (stage.basis,)),))
    rows.append((Pair("所附材料", tuple(_attached(file)) or ("无。",)),))
    if lacking := [each.text for each in stage.missing] or list(file.passed):
        rows.append((Pair("所缺材料", tuple(lacking)),))
    if file.fixes:
        rows.append((Pair("上次退回", file.fixes),))
    signatures = tuple(
        Signature(step.title, step.who, step.done) for step in file.steps if not step.body or step.done
    )
    return Sheet(
        title="呈批件",
        about=f"{project.title}·{stage.title}",
        blocks=(
            Particulars(tuple(rows)),
            Signatures(signatures),
            Particulars(((Pair("同意后", (file.follows,)),),)),
        ),
        imprint=imprint,
        remark=f"第{stage.visit}次办理 · 材料校验码 {file.content} · 材料换版后本件作废，请重新打印。",
    )


def _money(facts: Sequence[FieldView]) -> tuple[str, ...]:
    """The sums of the project, two on a line."""
    sums = [f"{fact.title} {fact.words}" for fact in facts if fact.kind == _MONEY]
    return tuple(
        "　　".join(each for each in pair if each)
        for pair in zip_longest(sums[::2], sums[1::2], fillvalue="")
    )


def _attached(file: StageFile) -> Iterator[str]:
    papers = [need.paper for need in file.needs if need.paper]
    for number, paper in enumerate(papers, 1):
        kept = f"存{paper.kept_at}" if paper.kept_at and not paper.sha256 else ""
        parts = (paper.title, paper.number, f"第{paper.version}版", kept, paper.sha256[:HASH_SHOWN])
        yield f"{number}. " + " ".join(part for part in parts if part)


def _clock_lines(clock: ClockView) -> Iterator[str]:
    extended = f"，已延长 {'、'.join(clock.extensions)}" if clock.extensions else ""
    yield f"{clock.title} {clock.limit}，自 {clock.started_on} 起算{extended}"
    outside = "（本局推算，以对方为准）" if clock.outside else ""
    if words := _due_words(clock.due):
        yield f"{words}{outside}"
    if clock.statutory:
        yield f"法定时限 {clock.statutory}" + (f"，{clock.statutory_due}" if clock.statutory_due else "")


def _due_words(due: Due | None) -> str:
    if due is None:
        return ""
    return f"{due.light.shape} {due.words}" if due.light.shape else due.words


# 商请函


def letter(it: Dossier, imprint: Imprint) -> Sheet | None:
    """商请函, from the draft that was kept or the model text; None where there is nothing to ask for."""
    lines = [line.strip() for line in it.file.letter.splitlines()]
    lines = [line for line in lines if line and line.strip("（）()") != UNSENT]
    if not lines:
        return None
    title, body = f"关于商请加快办理{it.file.stage.title}事项的函", lines
    if not body[0].endswith(_TO) and body[0].endswith("函"):
        title = body.pop(0)
    addressee = body.pop(0) if body and body[0].endswith(_TO) else ""
    sender = body.pop() if body and body[-1] == it.project.unit else it.project.unit
    return Sheet(
        title=title,
        about=it.project.title,
        blocks=(Letter(addressee, tuple(body), sender),),
        imprint=imprint,
        mark=UNSENT,
        remark="本件由系统代拟，须经审核、编号、用印后由人工发出；系统不发出任何函件。",
    )


# 情况说明


def explanation(it: Dossier, imprint: Imprint) -> Sheet | None:
    """情况说明 of a late holder: the clock, and their own words; None where no clock ever asked for any."""
    file, stage = it.file, it.file.stage
    if file.clock is None and not it.explanations:
        return None
    rows: list[tuple[Pair, ...]] = [
        (Pair("项目", (it.project.title,)),),
        (Pair("事项", (stage.title,)), Pair("环节", (file.step_title or stage.state_words,))),
        (
            Pair("现在谁处", (stage.holders or _NOTHING,)),
            Pair("自何时", (stage.since or _NOTHING,)),
        ),
    ]
    if file.clock is not None:
        rows.append((Pair("时限", tuple(_clock_lines(file.clock))),))
    said = tuple(
        Statement("说明", tuple(each.text.splitlines()), f"{each.by}（{each.title}）{each.at}")
        for each in it.explanations
    )
    blank = Statement(
        "说明", (), "签名：　　　　　　　　　　　　　年　　月　　日", 0 if said else _BLANK_LINES
    )
    return Sheet(
        title="情况说明",
        about=f"{it.project.title}·{stage.title}",
        blocks=(Particulars(tuple(rows)), *(said or (blank,))),
        imprint=imprint,
        remark="本说明随事项入记录；上级收到提醒时可一并查看。",
    )


# 督办单


def order(it: Dossier, imprint: Imprint) -> Sheet | None:
    """督办单: the last one of the stage and its answer, or lines to answer on; None where there was none."""
    found, file, stage = it.order, it.file, it.file.stage
    if found is None:
        return None
    rows: list[tuple[Pair, ...]] = [
        (Pair("编号", ("　",)), Pair("发出", (found.at,))),
        (Pair("督办", (f"{found.by}（{found.title}）",)), Pair("承办", (found.to,))),
        (Pair("项目", (it.project.title,)),),
        (Pair("事项", (stage.title,)), Pair("经办", (file.clerk,))),
        (Pair("督办要求", tuple(found.wanted.splitlines())),),
        (Pair("答复期限", (str(found.due_on or _NOTHING),)), Pair("现在谁处", (stage.holders or _NOTHING,))),
    ]
    if file.clock is not None:
        rows.append((Pair("时限", tuple(_clock_lines(file.clock))),))
    answer = (
        Statement("办理情况", tuple(found.ended.splitlines()))
        if found.ended
        else Statement("办理情况", (), "承办人签名：　　　　　　　　　　　　　年　　月　　日", _BLANK_LINES)
    )
    return Sheet(
        title="督办单",
        about=f"{it.project.title}·{stage.title}",
        blocks=(Particulars(tuple(rows)), answer),
        imprint=imprint,
        remark=f"本单只用于局内督办；对外部门另拟商请函。记录在本项目经过第{found.seq}条，编号由办公室填写。",
    )
