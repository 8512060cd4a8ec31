"""Points and distances. Inside the platform every point is WGS-84; phones may speak GCJ-02."""

from __future__ import annotations

import math
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_008.8
#: The ellipsoid of the GCJ-02 offset (Krasovsky 1940), and its first eccentricity squared.
_A, _EE = 6378245.0, 0.00669342162296594323


class Point(NamedTuple):
    """Longitude and latitude in degrees, WGS-84 unless said otherwise."""

    lng: float
    lat: float


def distance_m(one: Point, other: Point) -> float:
    """Great-circle distance in metres (haversine)."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    d_lat, d_lng = lat2 - lat1, math.radians(other.lng - one.lng)
    h = math.sin(d_lat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(d_lng / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def box_around(point: Point, metres: float) -> tuple[Point, Point]:
    """South-western and north-eastern corner of the square of that half side, for a query before the exact one."""
    up = math.degrees(metres / EARTH_RADIUS_M)
    across = up / max(math.cos(math.radians(point.lat)), 0.01)
    return Point(point.lng - across, point.lat - up), Point(point.lng + across, point.lat + up)


def to_wgs84(point: Point, datum: str) -> Point:
    """Convert what a client reports. `datum` is "wgs84" or "gcj02"; anything else raises ValueError.

    GCJ-02 is inverted by iteration: the residual error is below a metre.
    """
    if datum == "wgs84":
        return point
    if datum != "gcj02":
        raise ValueError(f"unknown datum {datum!r}")
    guess = point
    for _ in range(3):
        off = to_gcj02(guess)
        guess = Point(guess.lng + point.lng - off.lng, guess.lat + point.lat - off.lat)
    return guess


def to_gcj02(point: Point) -> Point:
    """The offset that Chinese maps apply, about 500 m; none outside the mainland's bounding box."""
    if not (73.66 < point.lng < 135.05 and 3.86 < point.lat < 53.55):
        return point
    x, y = point.lng - 105.0, point.lat - 35.0
    d_lat, d_lng = _shift_lat(x, y), _shift_lng(x, y)
    rad = math.radians(point.lat)
    magic = 1 - _EE * math.sin(rad) ** 2
    root = math.sqrt(magic)
    d_lat = math.degrees(d_lat / (_A * (1 - _EE) / (magic * root)))
    d_lng = math.degrees(d_lng / (_A / root * math.cos(rad)))
    return Point(point.lng + d_lng, point.lat + d_lat)


def _waves(t: float, *pairs: tuple[float, float]) -> float:
    return sum(size * math.sin(t * math.pi / length) for size, length in pairs) * 2 / 3


def _shift_lat(x: float, y: float) -> float:
    base = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    base += _waves(x, (20, 1 / 6), (20, 1 / 2))
    return base + _waves(y, (20, 1), (40, 3)) + _waves(y, (160, 12), (320, 30))


def _shift_lng(x: float, y: float) -> float:
    base = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    base += _waves(x, (20, 1 / 6), (20, 1 / 2))
    return base + _waves(x, (20, 1), (40, 3)) + _waves(x, (150, 12), (300, 30))
