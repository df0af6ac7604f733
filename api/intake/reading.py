"""From a filled-in workbook to the rows that the engine plans by, with everything wrong named by its cell.

Invariant: a row that has a finding is never passed on as if it had none; an example row is never imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from api.intake.cells import code_of, read_cell
from api.intake.columns import (
    EXAMPLE,
    IDENTITY,
    PROJECTS,
    REPLIES,
    YES,
    Column,
    fingerprint,
    project_columns,
    reply_columns,
    reply_titles,
)
from api.intake.names import Names
from api.intake.template import EXAMPLE_NUMBER, EXAMPLE_TITLE
from api.intake.workbook import Sheet, address, read_sheets, refused
from workflow.definition import Definition
from workflow.rules.intake import PROJECTS as PROJECT_TABLE
from workflow.rules.intake import GivenProject, GivenReply, Plan
from workflow.state import ReplyData


class Identity(Struct, frozen=True):
    """What a template says it was made from."""

    type: str
    version: int
    digest: str
    fingerprint: str


class Finding(Struct, frozen=True):
    """Something to put right: the sheet, the cell (D7) with its row, and the sentence."""

    sheet: str
    row: int
    cell: str
    text: str
    remedy: str = ""


class Table(Struct, frozen=True):
    """A workbook as read: rows for the engine, what is wrong in cells, and where each field stands."""

    projects: tuple[GivenProject, ...]
    findings: tuple[Finding, ...]
    places: dict[str, dict[str, int]]
    partial: frozenset[int]
    lines: int
    examples: int

    def faults(self, plan: Plan) -> Iterator[Finding]:
        """The plan's faults by their cells; nothing follows from a reply that itself could not be read."""
        for fault in plan.faults:
            sheet = PROJECTS if fault.table == PROJECT_TABLE else REPLIES
            if fault.reason.code == "reply-not-given" and fault.row in self.partial:
                continue
            column = self.places[sheet].get(fault.field, 1)
            yield Finding(
                sheet, fault.row, address(column, fault.row), fault.reason.text, fault.reason.remedy
            )


class Book(Struct, frozen=True):
    """A workbook that says it is a template of ours."""

    name: str
    identity: Identity
    sheets: dict[str, Sheet]


def open_book(content: bytes, name: str) -> Book:
    """Open a workbook; Invalid if it cannot be read or is no template of ours."""
    sheets = read_sheets(content, name, (PROJECTS, REPLIES, IDENTITY))
    lacking = [title for title in (PROJECTS, REPLIES) if title not in sheets]
    if lacking:
        raise refused("workbook-not-template", name, what=f"缺少“{'、'.join(lacking)}”表")
    marks = [row[0] if row else None for row in sheets[IDENTITY].rows] if IDENTITY in sheets else []
    match marks:
        case ["shenpi", str(type_), int(version), str(digest), str(print_)]:
            return Book(name, Identity(type_, version, digest, print_), sheets)
        case _:
            raise refused("workbook-not-template", name, what="没有模板标识")


def check_version(book: Book, definition: Definition) -> None:
    """Invalid if the template asks something else than this version of its type.

    An older template that asks the same is as good: a new version mostly changes limits, and people fill in
    such tables for weeks.
    """
    if book.identity.fingerprint != fingerprint(definition):
        version, now = book.identity.version, definition.version
        raise refused("workbook-other-version", book.name, version=version, title=definition.title, now=now)


def read_table(book: Book, definition: Definition, names: Names) -> Table:
    """The rows of the workbook; Invalid only if there are none, or the headings are not the template's."""
    check_version(book, definition)
    reader = _Reader(definition, names)
    projects = _Lines(book, PROJECTS, project_columns(definition))
    replies = _Lines(book, REPLIES, reply_columns(definition))
    given = [each for line in projects.lines("row", reader.findings) if (each := reader.project(line))]
    by_row: dict[int, list[GivenReply]] = {}
    for line in replies.lines("project", reader.findings):
        reader.reply(line, by_row)
    if not reader.rows and not reader.findings:
        raise refused("workbook-empty", book.name)
    whole = tuple(_with_replies(each, by_row.get(each.row, [])) for each in given)
    places = {PROJECTS: projects.places, REPLIES: replies.places}
    partial = {reply.row for row in reader.partial for reply in by_row.get(row, ())}
    return Table(
        whole, tuple(reader.findings), places, frozenset(partial), len(reader.rows), projects.examples
    )


def _with_replies(given: GivenProject, replies: Sequence[GivenReply]) -> GivenProject:
    return GivenProject(
        given.row, given.title, given.organisation, given.clerk, given.code, given.facts, tuple(replies)
    )


class _Line:
    """One row of a sheet: reads its cells by field, and notes what is wrong with each."""

    def __init__(
        self, sheet: str, row: int, columns: Mapping[str, Column], places: Mapping[str, int]
    ) -> None:
        self.sheet = sheet
        self.row = row
        self.columns = columns
        self._places = places
        self.texts: dict[str, str] = {}
        self.wrong: list[Finding] = []

    def read(self, values: Sequence[Any]) -> None:
        """Take every cell as text."""
        for key, column in self.columns.items():
            place = self._places[key] - 1
            try:
                self.texts[key] = read_cell(column, values[place] if place < len(values) else None)
            except ValueError as error:
                self.fault(key, f"{column.title}{error}。")

    def require(self) -> None:
        """Note every cell that must be filled in and is not."""
        for key, column in self.columns.items():
            if column.required and self.texts.get(key) == "":
                self.fault(key, f"{column.title}没有填写。", "请填写。")

    def fault(self, key: str, text: str, remedy: str = "") -> None:
        """Note what is wrong with a cell."""
        self.wrong.append(Finding(self.sheet, self.row, address(self._places[key], self.row), text, remedy))


class _Lines:
    """The rows of one sheet, with its columns found by their headings, in whatever order they stand."""

    def __init__(self, book: Book, title: str, columns: Sequence[Column]) -> None:
        self.title = title
        self.examples = 0
        self._sheet = book.sheets[title]
        self._columns = {column.key: column for column in columns}
        head = self._sheet.rows[0] if self._sheet.rows else ()
        places = {_heading(value): place for place, value in reversed([*enumerate(head, 1)]) if value}
        lacking = [each.heading for each in columns if _heading(each.heading) not in places]
        if lacking:
            what = f"“{title}”表第1行缺少“{'、'.join(lacking[:5])}”"
            raise refused("workbook-not-template", book.name, what=what)
        self.places = {column.key: places[_heading(column.heading)] for column in columns}
        self._other = [place for place in range(1, len(head) + 1) if place not in self.places.values()]

    def lines(self, marked: str, findings: list[Finding]) -> Iterator[_Line]:
        """Every row that says something and is not an example (`marked` is the field that says so)."""
        for number, values in enumerate(self._sheet.rows[1:], 2):
            if all(value is None or str(value).strip() == "" for value in values):
                continue
            line = _Line(self.title, number, self._columns, self.places)
            line.read(values)
            line.wrong += self._strays(number, values)
            if line.texts.get(marked) == EXAMPLE:
                self.examples += 1
                self._check_example(line, marked)
            else:
                line.require()
                yield line
            findings += line.wrong

    def _check_example(self, line: _Line, marked: str) -> None:
        """An example that was written over was meant to be imported."""
        line.wrong.clear()
        sample = EXAMPLE_TITLE if self.title == PROJECTS else EXAMPLE_NUMBER
        if line.texts.get("title" if self.title == PROJECTS else "number") not in {sample, ""}:
            line.fault(marked, "这一行标着“示例”，不会导入，但内容已改动。", "要导入的，请改掉“示例”二字。")

    def _strays(self, number: int, values: Sequence[Any]) -> Iterator[Finding]:
        """What stands in columns that are not the template's would silently be lost."""
        for place in (*self._other, *range(len(self._sheet.rows[0]) + 1, len(values) + 1)):
            if place <= len(values) and values[place - 1] not in {None, ""}:
                cell = address(place, number)
                yield Finding(
                    self.title,
                    number,
                    cell,
                    "这一列不是模板里的列，内容不会导入。",
                    "请移到对应的列，或删去。",
                )


def _heading(value: Any) -> str:
    return "".join(str(value).split()).rstrip("*＊")


class _Reader:
    """Goes through the lines once; remembers which project each reply may be put under."""

    def __init__(self, definition: Definition, names: Names) -> None:
        self.findings: list[Finding] = []
        self.rows: list[int] = []
        self.partial: set[int] = set()
        self._definition = definition
        self._names = names
        self._documents = {title: key for key, title in reply_titles(definition).items()}
        self._called: dict[str, set[int]] = {}

    def project(self, line: _Line) -> GivenProject | None:
        """The project of that line; None if its name, unit or clerk is not clear."""
        texts = line.texts
        self.rows.append(line.row)
        self._remember(line)
        organisation = self._named(line, "organisation", self._names.unit)
        clerk = self._named(line, "clerk", self._names.clerk)
        if not organisation or not clerk or not texts.get("title"):
            return None
        facts = {
            key.removeprefix("fact."): text for key, text in texts.items() if key.startswith("fact.") and text
        }
        return GivenProject(line.row, texts["title"], organisation, clerk, texts.get("code", ""), facts)

    def reply(self, line: _Line, by_row: dict[int, list[GivenReply]]) -> None:
        """Put the reply of that line under its project, if it can be read and is said whose it is."""
        row = self._project_of(line)
        document = self._documents.get(line.texts.get("document", ""), "")
        if line.texts.get("document") and not document:
            written = line.texts["document"][:30]
            line.fault("document", f"没有“{written}”这种批复。", "请从下拉列表中选。")
        if line.wrong:
            self.partial |= {row} if row else set()
        elif row:
            by_row.setdefault(row, []).append(self._reply(line, document))

    def _reply(self, line: _Line, document: str) -> GivenReply:
        texts = line.texts
        until = texts["valid_until"]
        fields = {
            key.partition(".")[2]: text
            for key, text in texts.items()
            if key.startswith(f"{document}.") and text
        }
        for key, text in texts.items():
            if "." in key and text and not key.startswith(f"{document}."):
                line.fault(
                    key, f"{line.columns[key].title}不是本批复的内容。", "请删去，或填到对应批复的行。"
                )
        data = ReplyData(
            document=document,
            issued_on=date.fromisoformat(texts["issued_on"]),
            number=texts["number"],
            issuer=texts["issuer"],
            valid_until=date.fromisoformat(until) if until else None,
            fields=fields,
            kept_at=texts["kept_at"],
        )
        return GivenReply(line.row, data, texts["as_printed"] == YES)

    def _named(self, line: _Line, key: str, resolve: Any) -> int:
        written = line.texts.get(key, "")
        if not written:
            return 0
        found, why = resolve(written)
        if not found:
            line.fault(key, f"{why}。", "请从下拉列表中选。")
        return int(found)

    def _remember(self, line: _Line) -> None:
        """A project may be called by the name of its row, its code or its title."""
        name = line.texts.get("row", "")
        if name and line.row not in self._called.setdefault(name, {line.row}):
            line.fault("row", f"行名“{name}”与第{min(self._called[name])}行重复。", "请另起一个。")
        for key in ("code", "title"):
            if line.texts.get(key):
                self._called.setdefault(line.texts[key], set()).add(line.row)

    def _project_of(self, line: _Line) -> int:
        written = line.texts.get("project", "")
        if not written:
            return 0
        rows = self._called.get(written) or self._called.get(code_of(written), set())
        if len(rows) == 1:
            return min(rows)
        if rows:
            where = "、".join(f"第{row}行" for row in sorted(rows))
            line.fault(
                "project", f"“{written[:30]}”在“{PROJECTS}”表有多行（{where}）。", "请填行名或项目代码。"
            )
        else:
            line.fault(
                "project", f"“{PROJECTS}”表没有“{written[:30]}”。", "请填那里的行名、项目代码或项目名称。"
            )
        return 0
