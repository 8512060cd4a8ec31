"""What the tests of the lists start from: rows to list, and the page as it is read."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from grids import residents
from grids.lists import LISTS
from grids.models import Building, Compound, Grid, Household, Resident
from grids.particulars import Particulars
from organizations.models import Unit, UnitBranch
from organizations.posts import Post
from tests.factories import City, Community, a_user, appoint
from tests.grids.people import a_household
from tests.signing_in import strong_client

SLUGS = [listing.slug for listing in LISTS]
REGISTRY = [listing.slug for listing in LISTS if listing.of_registry]


def officer_at(node: Any, name: str = "科长") -> Client:
    officer = a_user(name)
    appoint(officer, Post.OFFICER, node)
    return strong_client(officer)


def url_of(slug: str, **query: Any) -> str:
    said = "&".join(f"{name}={value}" for name, value in query.items())
    return reverse("grids:list", args=[slug]) + (f"?{said}" if said else "")


def listed(client: Client, slug: str, **query: Any) -> list[list[str]]:
    """The cells of the page, as read."""
    answer = client.get(url_of(slug, **query))
    assert answer.status_code == 200, (slug, query, answer.status_code)
    return [[cell.text for cell in row] for row in answer.context["rows"]]


def headline(client: Client, slug: str, **query: Any) -> str:
    return client.get(url_of(slug, **query)).context["headline"]


def sheet(client: Client, slug: str, **query: Any) -> list[list[Any]]:
    """The rows of the downloaded Excel, opened again."""
    said = "&".join(f"{name}={value}" for name, value in query.items())
    answer = client.get(reverse("grids:sheet", args=[slug]) + (f"?{said}" if said else ""))
    assert answer.status_code == 200
    return rows_in(answer)


def rows_in(answer: Any) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer)))
    return book.get_sheet_by_index(0).to_python()


def a_grid(community: Community, code: str, *, parent: Grid | None = None, **extra: Any) -> Grid:
    tier = 3 if parent is not None and parent.tier == 2 else 2
    grid = Grid(tier=tier, code=code, name=f"网格{code}", parent=parent or community.first_grid, **extra)
    grid.place_under(community.organization)
    grid.save()
    return grid


def a_compound(community: Community, name: str, **extra: Any) -> Compound:
    compound = Compound(name=name, grid=community.grid, **extra)
    compound.place_under(community.organization)
    compound.save()
    return compound


def a_company(city: City, name: str = "", *, branch: bool = False) -> Unit:
    """A property company of the street."""
    unit = Unit(kind=Unit.Kind.PROPERTY, name=name or f"第 {Unit.objects.count()} 物业")
    unit.place_under(city.street)
    unit.save()
    if branch:
        UnitBranch.objects.create(unit=unit, name=f"{name}党支部")
    return unit


def move_in(community: Community, count: int, grid: Grid | None = None) -> list[Household]:
    """So many households in a building of their own."""
    building = community.building
    if grid is not None:
        building = Building(code=f"{grid.code}-B", name=f"{grid.name} 1 栋", grid=grid)
        building.place_under(community.organization)
        building.save()
    return [a_household(building) for _ in range(count)]


def homeless_person(city: City, name: str = "欧阳无房") -> Resident:
    given = Particulars(name=name, document_kind="none", birth_date=date(1960, 1, 1), sex="M")
    return residents.enter(given, by=None, community=city.home.organization)
