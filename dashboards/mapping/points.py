"""Open requests as points on a map, within the powers of whoever looks (RULES 5).

Who may read a request sees it where it is: its own point, else its building's. Who has it in sight masked sees it in
the middle of its second-tier grid, never nearer: of self-built houses the building already is the dwelling, and a
third-tier grid may be one building. Neither names nor words of a masked one leave the server.
Requests at one spot are one circle with a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, Count, QuerySet, Value, When
from django.http import Http404
from django.urls import reverse

from dashboards import places
from dashboards.areas import Area
from dashboards.mapping.shapes import Ground
from grids.models import Grid
from grids.scope import reach
from ground import clock
from ground.templatetags.wenshao import due
from organizations.posts import Power
from organizations.scope import COLUMNS, scope_of
from requests.models import ServiceRequest
from requests.states import State

#: Points of one map; the overdue ones first, then those that fall due next. The others are counted by place.
MOST_POINTS = 500
#: Degrees: what lies closer together than about a metre is one spot.
DIGITS = 5
SIGHT = (Power.REQUESTS_SEE, Power.REQUESTS_MASKED)


@dataclass(slots=True)
class Spot:
    """One circle: where it is (WGS-84), whether it is a grid's middle, and the requests there."""

    at: tuple[float, float]
    is_coarse: bool
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def overdue(self) -> int:
        return sum(1 for each in self.requests if each["overdue"])


def may_see_points(user: Any) -> bool:
    return scope_of(user).has(*SIGHT)


def points_of(user: Any, ground: Ground, most: int = MOST_POINTS) -> dict[str, Any]:
    """The open requests of an area that the user has in sight. Two queries. Raises Http404 for who has none."""
    if not may_see_points(user):
        raise Http404
    moment, url = clock.now(), reverse("desk:request", args=[_ANY])
    rows = _in_sight(user, ground.area)
    found: list[Any] = list(_shown(rows, user)[: most + 1])
    shown = found[:most]
    beyond = _beyond(rows, ground, shown) if len(found) > most else []
    spots: dict[tuple[Any, ...], Spot] = {}
    nowhere = 0
    for row in shown:
        at = _where(row)
        if at is None:
            nowhere += 1
            continue
        key = (round(at[0], DIGITS), round(at[1], DIGITS), not row.is_exact)
        spots.setdefault(key, Spot(key[:2], not row.is_exact)).requests.append(_told(row, moment, url))
    return {
        "spots": [
            {
                "at": spot.at,
                "coarse": spot.is_coarse,
                "n": len(spot.requests),
                "overdue": spot.overdue,
                "requests": spot.requests,
            }
            for spot in spots.values()
        ],
        "nowhere": nowhere,
        "beyond": beyond,
        "words": _words(len(shown), nowhere, sum(each["n"] for each in beyond)),
    }


def _in_sight(user: Any, area: Area) -> QuerySet[ServiceRequest]:
    """Every matter once, like the figure 在办."""
    return ServiceRequest.objects.open().filter(area.requests, reach(user, *SIGHT), whole=None).order_by()


def _shown(rows: QuerySet[ServiceRequest], user: Any) -> QuerySet[Any, Any]:
    """What a circle says, as plain values: hundreds of rows with what they point at are seven times as many objects.
    Its text, its address and whoever asked are not even read."""
    exact = Case(
        When(reach(user, Power.REQUESTS_SEE), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    return (
        rows.annotate(is_exact=exact)
        .order_by("due", "id")
        .values_list(
            "id", "number", "state", "due", "lng", "lat", "title", "category__name", "is_exact", "grid__tier",
            "building__lng", "building__lat", "community__lng", "community__lat",
            *(f"{grid}__{side}" for grid in _AROUND for side in _BOX),
            named=True,
        )
    )  # fmt: skip


#: Stands for a number in an address that is made once for all of them.
_ANY = "0-any"
_AROUND = ("grid", "grid__parent", "grid__parent__parent")
_BOX = ("west", "south", "east", "north")


def _where(row: Any) -> tuple[float, float] | None:
    """Longitude and latitude of its circle; None where nothing around it has a place."""
    if row.is_exact:
        for lng, lat in ((row.lng, row.lat), (row.building__lng, row.building__lat)):
            if lng is not None and lat is not None:
                return lng, lat
    first = 1 if row.grid__tier == Grid.Tier.THIRD and not row.is_exact else 0
    for grid in _AROUND[first : first + 2]:
        west, south, east, north = (getattr(row, f"{grid}__{side}") for side in _BOX)
        if west is not None:
            return (west + east) / 2, (south + north) / 2
    if row.community__lng is not None and row.community__lat is not None:
        return row.community__lng, row.community__lat
    return None


def _told(row: Any, moment: datetime, url: str) -> dict[str, Any]:
    """Number, category and state; the title only to those who may read it."""
    is_late = row.due is not None and row.due < moment
    told = {
        "number": row.number,
        "category": row.category__name,
        "state": State(row.state).label,
        "overdue": is_late,
        "due": str(due(row.due) or ""),
        "url": url.replace(_ANY, row.number),
    }
    return told | {"title": row.title} if row.is_exact else told


def _beyond(rows: QuerySet[ServiceRequest], ground: Ground, shown: list[Any]) -> list[dict[str, Any]]:
    """Of those that are not shown one by one: how many lie in each polygon of the map."""
    rest = rows.exclude(pk__in=[row.id for row in shown])
    known = {child.key: child.name for child in ground.children}
    counted: dict[str, int] = {}
    columns = [f"{column}_id" for column in COLUMNS.values()]
    groups: Any = rest.values_list("grid", "grid__parent", "grid__parent__parent", *columns)
    for *line, n in groups.annotate(n=Count("pk")):
        keys = [places.of_grid(pk) for pk in line[:3] if pk] + [places.of_node(pk) for pk in line[3:] if pk]
        key = next((key for key in keys if key in known), "")
        counted[key] = counted.get(key, 0) + n
    return [{"place": key, "name": known.get(key, "其他"), "n": n} for key, n in counted.items()]


def _words(n: int, nowhere: int, beyond: int) -> str:
    said = [f"{n} 件在办" if n else "没有在办的点单"]
    if beyond:
        said = [f"先画最急的 {n} 件，其余 {beyond} 件按片区计数"]
    if nowhere:
        said.append(f"其中 {nowhere} 件没有位置，画不出来")
    return "；".join(said)
