"""A definition file as nodes that know their place: names and scalars exactly as written, no types yet."""

from __future__ import annotations

from msgspec import Struct

from workflow.loader.findings import Place


class Scalar(Struct, frozen=True, gc=False):
    """One piece of text. `plain` means without quotes; `source` is how it stands in the file."""

    text: str
    place: Place
    plain: bool
    source: str

    def place_of(self, column: int) -> Place:
        """Where character `column` (from 1) of the text stands in the file, if that is on one line."""
        line, start = self.place
        if self.source == self.text:
            return line, start + column - 1
        if self.source[1:-1] == self.text:
            return line, start + column
        if self.source[1:-1].replace("''", "'") == self.text:
            doubled = self.text[: column - 1].count("'")
            return line, start + column + doubled
        return self.place


class Sequence(Struct, frozen=True):
    """A list."""

    items: list[Node]
    place: Place


class Mapping(Struct, frozen=True):
    """Names with their contents, in order and each name once."""

    pairs: list[tuple[Scalar, Node]]
    place: Place


class Broken(Struct, frozen=True):
    """Something that was already refused: whoever reads it stays silent."""

    place: Place


Node = Scalar | Sequence | Mapping | Broken
