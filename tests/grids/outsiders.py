"""People from elsewhere, what they can ask of the registry, and what they could learn from the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from grids import api
from grids.admin.filters import InSight
from grids.api.answers import KeyFilter
from grids.lists import BY_SLUG
from grids.models import Grid
from ground.identity import check_sign
from organizations.models import AccessLogEntry
from organizations.posts import Post
from tests.factories import a_city, a_grid_worker, a_unit, a_user, appoint
from tests.grids import marked
from tests.grids.alike import Answer
from tests.grids.people import a_household, a_resident
from tests.grids.registry_routes import address_of, registry_of, without_rows
from tests.signing_in import strong_client


def a_number(order: int) -> str:
    """Of one of the men who were born on that day; they differ in nothing that is shown."""
    first = f"44020319310411{order}"
    return first + check_sign(first)


WORD = "密语"
NUMBER, PHONE = a_number(551), "13975313975"
#: What no answer may hold, whatever was asked.
MARKS = (WORD, "欧阳", "司马", "诸葛", NUMBER, PHONE, f"********{NUMBER[-4:]}", f"****{PHONE[-4:]}")
#: An id that nobody has.
NOBODY = 10**12
PEOPLE = ("dwelling", "household", "resident", "careassessment", "importjob")
#: What the lists of the territory are narrowed by.
AREA = ("community", "street", "grid")
#: Where people can be entered by somebody, if not about our marked ones.
WRITERS = ("worker of the next grid", "secretary of the next community", "secretary of another district")
VIEWERS = (*WRITERS, "liaison of a unit", "street officer", "resident", "system administrator")


class _Views(dict[str, Any]):
    """The viewsets of the registry by their basenames."""

    def register(self, prefix: str, viewset: Any, basename: str) -> None:
        self[basename] = viewset


VIEWS = _Views()
api.register(VIEWS)  # type: ignore[arg-type]


@dataclass
class Scene:
    city: Any
    rows: dict[str, Any]
    viewers: dict[str, Any]
    own: dict[str, Any]  # whose household somebody may write in


def build() -> Scene:
    city, far = a_city(), a_city("别处")
    a_grid_worker(city.home)
    rows = marked.rows_of(city, WORD, document_number=NUMBER, phone=PHONE)
    next_grid = Grid(tier=2, code="G-NEXT", name="隔壁网格", parent=city.home.first_grid)
    building = type(city.home.building)(code="B-NEXT", name="隔壁楼", grid=next_grid)
    for row in (next_grid, building):
        row.place_under(city.home.organization)
        row.save()
    places = (building, city.next_door.building, far.home.building)
    own = {who: a_household(place) for who, place in zip(WRITERS, places, strict=True)}
    for household in own.values():
        a_resident(household, "本处人")
    liaison, street = a_user("联络员"), a_user("街道干部")
    appoint(liaison, Post.UNIT_LIAISON, a_unit(city))
    appoint(street, Post.OFFICER, city.street)
    viewers = {
        "worker of the next grid": a_grid_worker(city.home, grid=next_grid),
        "secretary of the next community": city.next_door.secretary,
        "secretary of another district": far.home.secretary,
        "liaison of a unit": liaison,
        "street officer": street,
        "resident": a_user("居民"),
        "system administrator": a_user("管理员", is_administrator=True),
    }
    return Scene(city, rows, viewers, own)


def clients(scene: Scene, *only: str) -> Iterator[tuple[str, Any, Client]]:
    for who, user in scene.viewers.items():
        if not only or who in only:
            yield who, user, client_of(user)


def client_of(user: Any) -> Client:
    client = strong_client(user)
    client.get("/me/")  # what a session does once is done
    return client


class Findings:
    """What somebody could have learnt."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.asked = 0

    def look(self, what: str, real: Answer, other: Answer | None = None, *, asked: str = "") -> None:
        self.asked += 1
        if found := [mark for mark in MARKS if mark in real.body and mark not in asked]:
            self.told.append(f"{what} shows {found}")
        if real.status >= 500:
            self.told.append(f"{what}: {real.status}")
        if other is not None and (difference := real.unlike(other)):
            self.told.append(f"{what}: {difference}")

    def are_none(self, at_least: int) -> None:
        assert not self.told, "\n".join(self.told[:25])
        assert self.asked >= at_least


def in_sight(user: Any, row: Any) -> bool:
    """Grids and buildings are, for the street; people for nobody here. Lists that are common are for all."""
    rows, fresh = type(row)._default_manager.all(), type(user).objects.get(pk=user.pk)
    if hasattr(rows, "visible_to"):
        return rows.visible_to(fresh).filter(pk=row.pk).exists()
    registry: Any = admin.site._registry[type(row)]
    return registry.is_open_to(fresh)


#: What the verbs ask, as far as no row is named by it.
BODY: dict[str, Any] = {
    "name": "改名",
    "reason": "上门走访核实",
    "field": "phone",
    "level": "yellow",
    "use": "let",
    "post": "yes",
    "on": "2026-01-05",
    "why": "搬家",
    "relation": "other",
    "words": "改名",
    "member": None,
    "document_kind": "none",
    "document_number": "",
    "residence": "registered",
    "floor": 1,
    "door": "9",
}


def filters() -> Iterator[tuple[str, str, str]]:
    """(address, what it is narrowed by, name of the parameter) of every list that can be narrowed by a row."""
    for route in without_rows():
        yield from ((address_of(route), *each) for each in _parameters(route))
    for name in ("grid", "building", "group"):
        yield reverse("grids:residents"), name, name
    for slug in BY_SLUG:
        for name in AREA:
            yield reverse("grids:list", kwargs={"slug": slug}), name, name


def _parameters(route: Any) -> Iterator[tuple[str, str]]:
    if route.name.startswith("v1:") and route.name.endswith("-list"):
        shape = getattr(VIEWS[route.name[3:-5]], "filterset_class", None)
        for name, each in shape.base_filters.items() if shape else ():
            if isinstance(each, KeyFilter):
                yield name, name
    elif route.name.endswith("_changelist"):
        for each in registry_of(route).list_filter:
            if isinstance(each, tuple) and each[1] is InSight:
                yield each[0].removesuffix("s"), f"{each[0]}__id__exact"


def forget_exports() -> None:
    """So that the daily limit answers none of them."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {AccessLogEntry._meta.db_table}")
