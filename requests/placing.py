"""Choosing a place by words: what a search offers, and what a choice means ("b:12" a building, "c:3" a community)."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Q

from grids.models import Building
from ground.kept import A_KEY, Kept
from organizations.models import Organization
from organizations.posts import Tier
from requests.models import ServiceRequest

MOST_BUILDINGS, MOST_COMMUNITIES, MOST_RECENT = 12, 5, 3


class Choice(NamedTuple):
    """One radio button: value, what it is called, where that is."""

    value: str
    label: str
    where: str
    icon: str


def search(words: str) -> list[Choice]:
    """Buildings and communities whose names hold every word. Two queries."""
    parts = words.replace("\0", " ").split()[:4]
    if not parts:
        return []
    buildings, communities = Q(), Q()
    for part in parts:
        buildings &= (
            Q(name__icontains=part)
            | Q(compound__name__icontains=part)
            | Q(community__short_name__icontains=part)
        )
        communities &= Q(short_name__icontains=part) | Q(name__icontains=part)
    found = _buildings().filter(buildings).order_by("community", "code")[:MOST_BUILDINGS]
    places = _communities().filter(communities)[:MOST_COMMUNITIES]
    return [*map(_of_building, found), *map(_of_community, places)]


def recent(user: Any) -> list[Choice]:
    """Where this person's last requests were."""
    rows = (
        ServiceRequest.objects.own(user)
        .select_related("building__grid", "building__community", "community__parent")
        .order_by("-submitted_at")[:20]
    )
    choices: dict[str, Choice] = {}
    for row in rows:
        if row.building is not None:
            choice = _of_building(row.building)
        elif row.community is not None and row.community.closed_at is None:
            choice = _of_community(row.community)
        else:
            continue
        choices.setdefault(choice.value, choice)
    return list(choices.values())[:MOST_RECENT]


def chosen(value: str) -> Building | Organization | None:
    """What a choice stands for; None for anything that is not one."""
    kind, _, key = value.partition(":")
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        return None
    if kind == "b":
        return _BUILDING.first(pk=int(key))
    return _COMMUNITY.first(pk=int(key)) if kind == "c" else None


def choice_of(place: Building | Organization) -> Choice:
    return _of_building(place) if isinstance(place, Building) else _of_community(place)


def _buildings() -> Any:
    return Building.objects.select_related("grid", "community").defer("grid__boundary")


def _communities() -> Any:
    return Organization.objects.open().filter(tier=Tier.COMMUNITY).select_related("parent")


_BUILDING: Kept[Building] = Kept(lambda pk: _buildings().filter(pk=pk).order_by(), pk=A_KEY)
_COMMUNITY: Kept[Organization] = Kept(lambda pk: _communities().filter(pk=pk).order_by(), pk=A_KEY)


def _of_building(building: Building) -> Choice:
    community = building.community.short_name if building.community else ""
    return Choice(f"b:{building.pk}", building.name, f"{community} · {building.grid.name}", "building")


def _of_community(community: Organization) -> Choice:
    above = community.parent.short_name if community.parent else ""
    return Choice(f"c:{community.pk}", f"{community.short_name}（不在楼里或说不清）", above, "pin")
