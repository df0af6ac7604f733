"""The stage graph, our signature: of a definition or of a project, as SVG, Mermaid or text."""

from api.graph.differences import Difference, differences
from api.graph.layout import lay_out
from api.graph.model import Graph, definition_graph, project_graph
from api.graph.strip import strip
from api.graph.svg import svg
from api.graph.words import mermaid, outline

__all__ = [
    "Difference",
    "Graph",
    "definition_graph",
    "differences",
    "lay_out",
    "mermaid",
    "outline",
    "project_graph",
    "strip",
    "svg",
]
