"""边界: loading the boundaries of many grids from one GeoJSON file. All of them or none."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from shapely.geometry import shape as shape_of

from grids.edges import geometry_of
from grids.models import Grid
from ground.geo import Point, to_wgs84

PORTION = 500
#: Where longitudes and latitudes of the country lie; what is beyond has its numbers the wrong way round.
WEST, SOUTH, EAST, NORTH = 73.0, 3.0, 136.0, 54.0


class BadFile(Exception):
    """What is wrong with the file as a whole, as a sentence for whoever made it."""


@dataclass(slots=True)
class Outcome:
    """faults: (number of the feature from 1, why), in their order. n_new: boundaries of grids that had none."""

    n: int = 0
    n_new: int = 0
    is_saved: bool = False
    faults: list[tuple[int, str]] = field(default_factory=list)


def load(content: bytes, *, name: str = "code", datum: str = "wgs84", only_looks: bool = False) -> Outcome:
    """Boundaries by the code of their grid, which stands in the property `name` of each feature.

    datum: "wgs84" or "gcj02", of the file; WGS-84 is stored. With any fault, or `only_looks`, nothing is saved.
    Raises BadFile.
    """
    outcome = Outcome()
    wanted: dict[str, Any] = {}
    numbers: dict[str, int] = {}
    for number, (code, shape) in enumerate(_features(content, name), 1):
        outcome.n += 1
        fault = _fault(code, shape, name) or (f"网格编号 {code} 前面已经有了" if code in wanted else "")
        if fault:
            outcome.faults.append((number, fault))
        else:
            wanted[code], numbers[code] = _converted(shape, datum), number
    with transaction.atomic():
        grids = {grid.code: grid for grid in _grids(list(wanted))}
        missing = [(numbers[code], f"没有编号为 {code} 的网格") for code in wanted if code not in grids]
        outcome.faults = sorted([*outcome.faults, *missing])
        outcome.n_new = sum(1 for grid in grids.values() if not grid.boundary)
        if not outcome.faults and not only_looks:
            _save(grids, wanted)
            outcome.is_saved = True
    return outcome


def _features(content: bytes, name: str) -> Iterator[tuple[str, Any]]:
    """(code, geometry) of every feature, whatever they are."""
    try:
        whole = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadFile("这不是 JSON 文件；请用 UTF-8 编码的 GeoJSON。") from None
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list) or whole.get("type") != "FeatureCollection":
        raise BadFile("这不是 GeoJSON 的 FeatureCollection；请在制图软件里导出为 GeoJSON。")
    for feature in features:
        feature = feature if isinstance(feature, dict) else {}
        properties = feature.get("properties")
        code = properties.get(name) if isinstance(properties, dict) else None
        yield ("" if code is None else str(code).strip()), feature.get("geometry")


def _fault(code: str, shape: Any, name: str) -> str:
    """Why a feature cannot be a boundary; "" where it can."""
    if not code:
        return f"没有网格编号（属性 {name}）；编号在别的属性里时用 --property 指出"
    kind = shape.get("type") if isinstance(shape, dict) else None
    if kind not in {"Polygon", "MultiPolygon"}:
        return f"{code} 的图形是 {kind or '空的'}，要 Polygon 或 MultiPolygon"
    area = geometry_of(shape)
    if area is None:
        return f"{code} 的边界不成立：环没有闭合、自己相交，或坐标不是数字"
    if not all(math.isfinite(side) for side in area.bounds):
        return f"{code} 的坐标不是数字"
    west, south, east, north = area.bounds
    if west < WEST or south < SOUTH or east > EAST or north > NORTH:
        return f"{code} 的坐标不在国内：经度在前、纬度在后，单位是度"
    return ""


def _converted(shape: dict[str, Any], datum: str) -> dict[str, Any]:
    """Type and coordinates alone, in WGS-84, without heights."""

    def turn(each: Any) -> Any:
        if isinstance(each[0], (int, float)):
            at = to_wgs84(Point(each[0], each[1]), datum)
            return [round(at.lng, 7), round(at.lat, 7)]
        return [turn(inner) for inner in each]

    return {"type": shape["type"], "coordinates": turn(shape["coordinates"])}


def _grids(codes: list[str]) -> Iterator[Grid]:
    for start in range(0, len(codes), PORTION):
        yield from Grid.objects.filter(code__in=codes[start : start + PORTION]).order_by("code")


def _save(grids: dict[str, Grid], wanted: dict[str, Any]) -> None:
    """With the edges around them, which a bulk of rows does not compute by itself."""
    for code, grid in grids.items():
        grid.boundary = wanted[code]
        grid.west, grid.south, grid.east, grid.north = shape_of(grid.boundary).bounds
    Grid.objects.bulk_update(
        grids.values(), ["boundary", "west", "south", "east", "north"], batch_size=PORTION
    )
