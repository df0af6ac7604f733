"""What is on a sheet of paper: blocks of words, top to bottom. Pure data.

Invariant: the page for the browser's printer and the PDF both draw this and nothing else, so that no
paper says one thing here and another there.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Paper = Literal["a4", "a3"]
"""What somebody chooses to print on."""

Format = Literal["a4", "a4-landscape", "a3-landscape"]


class Pair(Struct, frozen=True):
    """A label and what belongs to it; several lines below each other."""

    label: str
    lines: tuple[str, ...]


class Particulars(Struct, frozen=True, tag="particulars", tag_field="kind"):
    """A ruled form: in each row one pair across, or two beside each other."""

    rows: tuple[tuple[Pair, ...], ...]


class Cell(Struct, frozen=True):
    """A cell of a table: words, a smaller remark below, and the colour if it is a light."""

    text: str
    note: str = ""
    light: str = ""


class Column(Struct, frozen=True):
    """A column: its title, its share of the width, and where its words stand."""

    title: str
    share: int
    align: Literal["left", "center", "right"] = "left"


class Table(Struct, frozen=True, tag="table", tag_field="kind"):
    """A table with a repeated header. `empty` is what it says without rows.

    `single` is for lists that must stand on one page: with few rows in large letters and whole, with many every
    row on one line, cutting words that do not fit.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    single: bool = False


class Signature(Struct, frozen=True):
    """Where one person signs, or what they already said: then there is nothing to sign."""

    label: str
    who: str
    done: str = ""


class Signatures(Struct, frozen=True, tag="signatures", tag_field="kind"):
    """The lines to sign on, in the order of signing."""

    rows: tuple[Signature, ...]


class Statement(Struct, frozen=True, tag="statement", tag_field="kind"):
    """Somebody's own words under a title; without words, as many blank lines to write on."""

    title: str
    lines: tuple[str, ...]
    signed: str = ""
    blank: int = 0


class Letter(Struct, frozen=True, tag="letter", tag_field="kind"):
    """The body of an official letter: to whom, what, from whom; the day is left to whoever sends it."""

    addressee: str
    paragraphs: tuple[str, ...]
    sender: str


Block = Particulars | Table | Signatures | Statement | Letter


class Imprint(Struct, frozen=True):
    """What stands at the foot of every page: when, for which unit and by whom it was printed."""

    day: str
    unit: str
    asker: str

    def __str__(self) -> str:
        """As one line."""
        return " · ".join(each for each in (self.day, self.unit, f"{self.asker} 打印") if each)


class Sheet(Struct, frozen=True):
    """A whole paper. `mark` stands out above the title; `about` says of what it is, `summary` what is in it; `remark` ends it."""

    title: str
    about: str
    blocks: tuple[Block, ...]
    imprint: Imprint
    mark: str = ""
    summary: str = ""
    remark: str = ""
    format: Format = "a4"

    @property
    def name(self) -> str:
        """Its file name, without the ending."""
        size = "A3" if self.format == "a3-landscape" else ""
        words = f"{self.title}{size}-{self.about}"
        kept = "".join(" " if sign in '\\/:*?"<>|\r\n\t' else sign for sign in words)
        return " ".join(kept.split())[:80].strip("- .") or "打印"
