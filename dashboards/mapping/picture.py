"""A map as SVG, drawn by the server: without JavaScript, on paper, on the big screen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import shapely
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from shapely.geometry.base import BaseGeometry

from dashboards.mapping.drawing import Drawing, Place

WIDTH, LEAST_HEIGHT, MOST_HEIGHT = 760, 300, 560
MARGIN = 6
#: Of labels, in units of the picture; a Chinese sign is as wide as it is high.
TYPE, LINE = 14, 17


@dataclass(frozen=True, slots=True)
class _Frame:
    """From degrees to the picture: equirectangular around its middle, north above."""

    west: float
    north: float
    across: float
    up: float
    left: float
    top: float
    height: int

    def at(self, lng: float, lat: float) -> tuple[float, float]:
        return (
            round(self.left + (lng - self.west) * self.across, 1),
            round(self.top + (self.north - lat) * self.up, 1),
        )


def svg(drawing: Drawing, width: int = WIDTH, most_height: int = MOST_HEIGHT) -> SafeString:
    """The picture, as wide as `width` and at most as high as `most_height`; empty where nothing is drawn."""
    shown = [place for place in drawing.places if place.shape is not None]
    if not shown:
        return SafeString("")
    frame = _frame([place.shape for place in shown], width, most_height)
    paths = mark_safe("".join(_path(place, frame) for place in shown))  # noqa: S308 - each is made by format_html
    labels = mark_safe("".join(_labels(shown, frame)))  # noqa: S308
    return format_html(
        '<svg class="map-svg" viewBox="0 0 {} {}" role="group" aria-label="地图：{}，下面有表">{}'
        '<g class="labels" aria-hidden="true">{}</g></svg>',
        width, frame.height, drawing.figure.label, paths, labels,
    )  # fmt: skip


def _frame(shapes: list[BaseGeometry | None], width: int, most_height: int) -> _Frame:
    west, south, east, north = shapely.total_bounds(shapes)
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, high = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    least = min(LEAST_HEIGHT, most_height)
    height = round(min(max(width * high / wide, least), most_height))
    scale = min((width - 2 * MARGIN) / wide, (height - 2 * MARGIN) / high)
    left, top = (width - wide * scale) / 2, (height - high * scale) / 2
    return _Frame(west, north, scale * squeeze, scale, left, top, height)


def _path(place: Place, frame: _Frame) -> SafeString:
    tone = "h-none" if place.step is None else f"h{place.step}"
    path = format_html(
        '<path class="{}" d="{}" fill-rule="evenodd"><title>{}</title></path>',
        tone, _line(place.shape, frame), place.words,
    )  # fmt: skip
    if not place.url:
        return path
    return format_html('<a href="{}" aria-label="{}">{}</a>', place.url, place.words, path)


def _line(shape: BaseGeometry | None, frame: _Frame) -> str:
    return "".join(
        "M" + "L".join(f"{x:g} {y:g}" for x, y in (frame.at(*at[:2]) for at in ring.coords[:-1])) + "Z"
        for part in getattr(shape, "geoms", [shape])
        for ring in (part.exterior, *part.interiors)
    )


def _labels(shown: Iterable[Place], frame: _Frame) -> Iterable[SafeString]:
    """Name and number where there is room, the larger polygons first; the table below has all of them."""
    taken: list[BaseGeometry] = []
    for place in sorted(shown, key=lambda each: -(each.shape.area if each.shape is not None else 0)):
        box = _room(place, frame)
        if box is None or any(box.intersects(other) for other in taken):
            continue
        taken.append(box)
        x, y = box.centroid.x, box.centroid.y
        yield format_html(
            '<text class="{}" x="{}" y="{}">{}<tspan x="{}" dy="{}">{}</tspan></text>',
            f"on{place.step}", round(x, 1), round(y - 3, 1), place.name, round(x, 1), LINE, place.text,
        )  # fmt: skip


def _room(place: Place, frame: _Frame) -> BaseGeometry | None:
    """The box of its two lines, None where they are wider or higher than its polygon."""
    label = place.label
    if label is None:
        return None
    wide = max(_width(place.name), _width(place.text))
    if wide > 2 * label.aside * frame.across or label.up * frame.up < LINE * 0.8:
        return None
    x, y = frame.at(label.lng, label.lat)
    return shapely.box(x - wide / 2, y - LINE, x + wide / 2, y + LINE)


def _width(text: str) -> float:
    return sum(TYPE if ord(sign) > 0x2E80 else TYPE * 0.6 for sign in text)
