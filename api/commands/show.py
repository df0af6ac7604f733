"""`shenpi show`: one project type as text, as a picture, or as data."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli import add_data

if TYPE_CHECKING:
    from workflow.definition import Definition

SHIPPED = Path(__file__).parent.parent.parent / "definitions"
FORMATS = ("text", "mermaid", "svg", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("type", metavar="TYPE", help="项目类型，如 columbarium，或一个定义文件")
    parser.add_argument("--format", choices=FORMATS, default="text", help="text|mermaid|svg|json")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Print it."""
    definition = find(options.type, options.data)
    print(_rendered(definition, options.format), end="")
    return 0


def find(name: str, data: Path | None) -> Definition:
    """The definition of that file, else the latest published of that type, else the one that is shipped."""
    from workflow.errors import Invalid, NotFound, Reason, reason
    from workflow.loader import load

    file = Path(name)
    if not file.is_file():
        if published := _published(name, data):
            return published
        file = SHIPPED / f"{name}.yaml"
    if not file.is_file():
        raise NotFound(reason("definition-not-found", type=name))
    loaded = load(file.read_text(encoding="utf-8"), str(file))
    if loaded.definition is None:
        raise Invalid(
            *(Reason(e.code, e.message, place=f"{e.file}:{e.line}:{e.column}") for e in loaded.findings)
        )
    return loaded.definition


def _published(name: str, data: Path | None) -> Definition | None:
    from api.settings import load

    settings = load(data)
    if not settings.has_database:
        return None
    from api.commands.installation import reading
    from workflow.errors import NotFound
    from workflow.queries import latest_definition

    with reading(settings) as store, suppress(NotFound):
        return store.read(latest_definition, type=name)
    return None


def _rendered(definition: Definition, kind: str) -> str:
    from api.graph import definition_graph, mermaid, outline, svg

    match kind:
        case "text":
            return outline(definition)
        case "mermaid":
            return mermaid(definition)
        case "svg":
            return svg(definition_graph(definition), alone=True)
        case _:
            return _json(definition)


def _json(definition: Definition) -> str:
    import msgspec

    plain = msgspec.to_builtins(definition, enc_hook=str)
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n"
