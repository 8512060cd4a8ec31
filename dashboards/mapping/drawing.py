"""A map: the figure of every child of an area, its step of colour, its polygons, and what is not on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

import shapely
from django.urls import reverse
from shapely.geometry import mapping as as_geojson
from shapely.geometry.base import BaseGeometry

from dashboards import places, reading
from dashboards.areas import Area
from dashboards.mapping.figures import DEFAULT, Figure
from dashboards.mapping.shapes import Child, Ground
from dashboards.mapping.steps import Key, legend_of, steps_of
from dashboards.measures import Counts
from dashboards.page.numbers import Number
from dashboards.periods import Window, query_of
from organizations.posts import Power, Tier
from organizations.scope import scope_of

#: Digits of a coordinate: a tenth of a metre.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """One child on the map. url: its own page, else the rows that are counted, else nothing."""

    key: str
    name: str
    number: Number
    unit: str
    basis: str
    url: str
    step: int | None
    shape: BaseGeometry | None

    @property
    def text(self) -> str:
        """“12 件”, “97.6%”, “—”."""
        return (
            f"{self.number.text} {self.unit}"
            if self.unit and self.number.value is not None
            else self.number.text
        )

    @property
    def words(self) -> str:
        return f"{self.name}：{self.text}" + (f"（{self.basis}）" if self.basis else "")

    @property
    def label(self) -> Label | None:
        return None if self.shape is None else label_of(self.shape)


class Label(NamedTuple):
    """Where a name is written, and how much room there is to all sides; degrees."""

    lng: float
    lat: float
    aside: float
    up: float


def label_of(shape: BaseGeometry) -> Label:
    """At the height of the roomiest spot of the largest part, in the middle between its edges."""
    part = max(getattr(shape, "geoms", [shape]), key=lambda each: each.area)
    circle = shapely.maximum_inscribed_circle(part)
    middle = shapely.get_point(circle, 0)
    west, _, east, _ = part.bounds
    line = shapely.LineString([(west - 1, middle.y), (east + 1, middle.y)]).intersection(part)
    pieces = [each for each in getattr(line, "geoms", [line]) if each.length]
    chord = min(pieces, key=lambda each: each.distance(middle), default=circle)
    west, _, east, _ = chord.bounds
    room = (round(each, DIGITS) for each in ((west + east) / 2, middle.y, (east - west) / 2, circle.length))
    return Label(*room)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that a map says. total: of the area; rest: what belongs to none of the places, in words."""

    area: Area
    window: Window
    figure: Figure
    places: list[Place]
    legend: list[Key]
    total: Number
    rest: str
    undrawn: list[tuple[int, str]]
    undrawn_url: str
    as_of: datetime | None

    @property
    def is_drawn(self) -> bool:
        return any(place.shape is not None for place in self.places)

    @property
    def undrawn_words(self) -> str:
        return f"{len(self.undrawn)} 个网格还没有画边界" if self.undrawn else ""

    @property
    def when(self) -> str:
        """What the numbers are about: "本月提交的点单", or how it stands."""
        return f"{self.window.label}提交的点单" if self.figure.happened else "现在"

    def geojson(self) -> dict[str, Any]:
        """A FeatureCollection (RFC 7946, WGS-84); those without boundary have no geometry."""
        return {
            "type": "FeatureCollection",
            "features": [_feature(place) for place in self.places],
            "figure": {
                "key": self.figure.key,
                "label": self.figure.label,
                "note": str(self.figure.tone),
                "when": self.when,
            },
            "legend": [{"class": key.step, "words": key.words, "n": key.n} for key in self.legend],
            "total": self.figure.say(self.total.value),
            "rest": self.rest,
            "undrawn": {"n": len(self.undrawn), "words": self.undrawn_words, "url": self.undrawn_url},
            "period": {"label": self.window.label, "from": self.window.first, "to": self.window.last},
            "as_of": self.as_of,
        }


def draw(user: Any, ground: Ground, window: Window, figure: Figure, as_of: datetime | None) -> Drawing:
    """Two queries: the counts, the polygons. Before the first round no place has a number."""
    node = ground.area.node
    here = places.of_node(node.pk if node else None)
    counts = _counts([here, *(child.key for child in ground.children)], window, figure, as_of)
    numbers = {key: figure.number(key, window, found) for key, found in counts.items()}
    if as_of is None:
        numbers = {key: replace(number, value=None, text="—") for key, number in numbers.items()}
    values = [numbers[child.key].value for child in ground.children]
    steps = steps_of(values, figure)
    outlines, links = ground.outlines(), _Links(user, ground.area, window, figure)
    shown = [
        Place(
            child.key, child.name, numbers[child.key], figure.unit, figure.basis(counts[child.key]),
            links.to(child), step, outlines.shapes.get(child.key),
        )
        for child, step in zip(ground.children, steps, strict=True)
    ]  # fmt: skip
    total = numbers[here]
    return Drawing(
        ground.area, window, figure, shown, legend_of(values, steps, figure), total,
        _rest(total.value, values, figure), outlines.undrawn, links.to_draw(outlines.undrawn), as_of,
    )  # fmt: skip


def _counts(keys: list[str], window: Window, figure: Figure, as_of: datetime | None) -> dict[str, Counts]:
    """Of every key, also of those where nothing is."""
    found = reading.read(keys, window)[0] if figure.happened else reading.stand_at(keys, as_of)
    return {key: found[key] for key in keys}


def _rest(total: float | None, values: list[float | None], figure: Figure) -> str:
    """What the children do not add up to: a community's own matters, those of nodes that are closed."""
    if figure.is_rate or total is None:
        return ""
    rest = total - sum(value or 0 for value in values)
    return f"其中 {figure.say(rest)}不在下面任何一块" if rest > 0 else ""


class _Links:
    """From a polygon to the page of its node, or to the rows it counts, with period and figure."""

    def __init__(self, user: Any, area: Area, window: Window, figure: Figure) -> None:
        self.area, self.figure, self.window = area, figure, window
        scope = scope_of(user)
        self.sees_rows = scope.has(Power.REQUESTS_SEE, Power.REQUESTS_MASKED)
        self.lays_out = scope.has(Power.TREE_CHANGE)
        self.query = query_of(window)
        if figure.key != DEFAULT:
            self.query += f"&figure={figure.key}"

    def to(self, child: Child) -> str:
        is_here = self.area.node is not None and child.node_id == self.area.node.pk
        if child.node_id is not None and not is_here:
            return f"{reverse('dashboards:node', args=[child.node_id])}?{self.query}"
        if child.grid_id is None or not self.figure.rows or not self.sees_rows:
            return ""
        query: dict[str, Any] = {"which": self.figure.rows, "grid": child.grid_id}
        if self.figure.happened:
            query |= {"from": self.window.first, "to": self.window.last}
        return f"{reverse('desk:requests')}?{urlencode(query)}"

    def to_draw(self, undrawn: list[tuple[int, str]]) -> str:
        """Where the missing boundaries are drawn, for those who lay out grids."""
        if not undrawn or not self.lays_out:
            return ""
        if len(undrawn) == 1:
            return reverse("admin:grids_grid_change", args=[undrawn[0][0]])
        tier = Tier.COMMUNITY if not self.area.goes_by_grid else None
        query = {"boundary__isempty": "1"} | ({"tier__exact": "1"} if tier else {})
        return f"{reverse('admin:grids_grid_changelist')}?{urlencode(query)}"


def _feature(place: Place) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": place.key,
        "geometry": _rounded(as_geojson(place.shape)) if place.shape is not None else None,
        "properties": {
            "name": place.name,
            "value": place.number.value,
            "text": place.text,
            "words": place.words,
            "url": place.url,
            "class": place.step,
            "label": place.label,
        },
    }


def _rounded(geometry: Any) -> Any:
    """Coordinates with as many digits as they deserve."""
    if isinstance(geometry, dict):
        return geometry | {"coordinates": _rounded(geometry["coordinates"])}
    if isinstance(geometry, float):
        return round(geometry, DIGITS)
    return [_rounded(each) for each in geometry]
