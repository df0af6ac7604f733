"""The stage graph, our signature: of a definition or of a project, as SVG, Mermaid or text."""

from api.graph.layout import lay_out
from api.graph.model import Graph
from api.graph.project import project_graph
from api.graph.strip import strip
from api.graph.svg import svg
from api.graph.types import definition_graph
from api.graph.words import mermaid, outline

__all__ = [
    "Graph",
    "definition_graph",
    "lay_out",
    "mermaid",
    "outline",
    "project_graph",
    "strip",
    "svg",
]
