"""Land with boundaries, for maps."""

from __future__ import annotations

from typing import Any

from django.test import Client

from dashboards import rolling
from grids.models import Grid
from ground import clock
from organizations.models import Organization
from organizations.posts import Post
from tests.desk.scenes import MORNING
from tests.factories import City, Community, a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers import scenes

NOW = MORNING.replace(hour=12)
#: South-western corners of the two communities; each is a square of SIDE degrees, side by side.
HOME, NEXT_DOOR, SIDE = (113.58, 24.80), (113.60, 24.80), 0.02


def square(west: float, south: float, side: float = SIDE) -> dict[str, Any]:
    east, north = round(west + side, 6), round(south + side, 6)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def bound(grid: Grid, boundary: dict[str, Any] | None) -> None:
    grid.boundary = boundary
    grid.save()


def draw(community: Community, corner: tuple[float, float]) -> None:
    """The community's own grid as a square, its second-tier grid as the quarter in the south-west."""
    bound(community.first_grid, square(*corner))
    bound(community.grid, square(*corner, SIDE / 2))


def a_drawn_city() -> City:
    city = scenes.a_city()
    draw(city.home, HOME)
    draw(city.next_door, NEXT_DOOR)
    return city


def count() -> None:
    with clock.at(NOW):
        rolling.rebuild()


def officer_at(node: Organization | None) -> Client:
    """Somebody of the city (None), the district or the street: requests in sight masked."""
    officer = a_user("谢科长")
    appoint(officer, Post.OFFICER, node)
    return strong_client(officer)


def map_of(client: Client, node: Organization, query: str = "") -> dict[str, Any]:
    with clock.at(NOW):
        answer = client.get(f"/dashboards/{node.pk}/map.json?{query}")
    assert answer.status_code == 200, answer.status_code
    return answer.json()


def values_of(data: dict[str, Any]) -> dict[str, Any]:
    return {each["properties"]["name"]: each["properties"]["value"] for each in data["features"]}
