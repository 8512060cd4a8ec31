"""The map tile of a dashboard (N7): the next level of a node as polygons, coloured by one figure of its table.

figures: what may be shown; shapes: whose polygons, how they lie; steps: five colours and their legend;
drawing: all of it together; picture: as SVG by the server; points: open requests within powers.
"""

from dashboards.mapping.drawing import Drawing, Place, draw
from dashboards.mapping.figures import DEFAULT, FIGURES, Figure, figure_of
from dashboards.mapping.picture import svg
from dashboards.mapping.points import points_of
from dashboards.mapping.shapes import Ground, ground_of

__all__ = [
    "DEFAULT",
    "FIGURES",
    "Drawing",
    "Figure",
    "Ground",
    "Place",
    "draw",
    "figure_of",
    "ground_of",
    "points_of",
    "svg",
]
