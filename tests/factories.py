"""People and places for tests, made through the verbs of the platform where there is one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from accounts.models import User
from grids.models import Building, Compound, Grid, GridDuty
from organizations import tree
from organizations.models import Appointment, Member, Organization, Skill, Unit
from organizations.posts import Post, Tier

_numbers = itertools.count(1)
#: Posts and duties hold since then, so that a test may play on any day.
LONG_AGO = date(2020, 1, 1)


def a_phone() -> str:
    """A number of a range that nobody has."""
    return f"1990{next(_numbers):07d}"


def a_user(name: str = "", **extra: Any) -> User:
    return User.objects.create_user(a_phone(), name or f"居民{next(_numbers)}", **extra)


def appoint(user: User, post: str, place: Organization | Unit | None = None, **extra: Any) -> Appointment:
    """A post at an organization, at a unit, or (without a place) at the city."""
    where = {"at_city": True} if place is None else {}
    if isinstance(place, Organization):
        where = {"organization": place}
    elif isinstance(place, Unit):
        where = {"unit": place}
    return Appointment.objects.create(user=user, post=post, **where, **({"begins_on": LONG_AGO} | extra))


@dataclass
class Community:
    """A community with one second-tier grid, one building in it, and its secretary."""

    organization: Organization
    first_grid: Grid
    grid: Grid
    compound: Compound
    building: Building
    secretary: User
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class City:
    """A district with one street and two communities: `home`, and `next_door`, whose people are outsiders."""

    district: Organization
    street: Organization
    home: Community
    next_door: Community


def a_city(name: str = "武江") -> City:
    """One pass plants the whole tree: most tests begin with a city."""
    number = next(_numbers)
    code = f"{440000 + number}"
    district = tree.Seed(Tier.DISTRICT, f"{name}区委", None, f"{name}区", code)
    street = tree.Seed(Tier.STREET, "新华街道党工委", district, "新华街道", f"{code}001")
    home = _community_seeds(street, "花城", f"{code}001001")
    next_door = _community_seeds(street, "隔壁", f"{code}001002")
    nodes = _planted([district, street, *home, *next_door])
    return City(
        nodes[0],
        nodes[1],
        _furnished("花城", *nodes[2:4], lng=113.58),
        _furnished("隔壁", *nodes[4:6], lng=113.62),
    )


def a_community(
    street: Organization, name: str, *, code: str = "", lng: float = 113.58, lat: float = 24.80
) -> Community:
    code = code or f"99{next(_numbers):010d}"
    return _furnished(name, *_planted(_community_seeds(street, name, code)), lng=lng, lat=lat)


def _planted(seeds: list[tree.Seed]) -> list[Organization]:
    """The nodes as the database has them: MPTT takes a row that it has not read for one that moves."""
    made = [node.pk for node in tree.plant_many(seeds)]
    rows = Organization.objects.in_bulk(made)
    return [rows[pk] for pk in made]


def _community_seeds(street: Organization | tree.Seed, name: str, code: str) -> list[tree.Seed]:
    """A community and its one grid branch."""
    node = tree.Seed(Tier.COMMUNITY, f"{name}社区党委", street, f"{name}社区", code)
    return [node, tree.Seed(Tier.GRID_BRANCH, f"{name}第一网格党支部", node, "第一网格党支部")]


def _furnished(
    name: str, node: Organization, branch: Organization, *, lng: float, lat: float = 24.80
) -> Community:
    """Grids, a compound, a building and a secretary."""
    code = node.code
    first = Grid(tier=1, code=f"{code}-G", name=f"{name}社区网格")
    first.place_under(node)
    first.save()
    grid = _place(Grid(tier=2, code=f"{code}-G1", name="第一网格", parent=first, branch=branch), first)
    compound = _place(Compound(name=f"{name}小区", grid=grid), first)
    building = Building(
        code=f"{code}-B1", name=f"{name}小区 1 栋", compound=compound, grid=grid, lng=lng, lat=lat
    )
    _place(building, first)
    secretary = a_user(f"{name}书记")
    appoint(secretary, Post.SECRETARY, node)
    return Community(node, first, grid, compound, building, secretary)


def _place(row: Any, beside: Any) -> Any:
    """Placed where the other row is."""
    row.district, row.street, row.community = beside.district, beside.street, beside.community
    row.save()
    return row


def a_grid_worker(community: Community, part: str = "A", grid: Grid | None = None) -> User:
    worker = a_user("网格员")
    post = appoint(worker, Post.GRID_WORKER, community.organization, work_phone="0751-0000001")
    GridDuty.objects.create(appointment=post, grid=grid or community.grid, part=part, begins_on=LONG_AGO)
    return worker


def a_unit(city: City, name: str = "") -> Unit:
    return Unit.objects.create(
        name=name or f"单位{next(_numbers)}", kind=Unit.Kind.AGENCY, district=city.district
    )


def a_member(city: City, *, unit: Unit | None = None, skills: tuple[str, ...] = (), name: str = "") -> Member:
    """An employed member with an account that staff have linked."""
    user = a_user(name or f"党员{next(_numbers)}")
    member = Member.objects.create(
        user=user,
        name=user.name,
        phone=user.phone,
        phone_index=user.phone_index,
        unit=unit or a_unit(city),
        district=city.district,
    )
    member.skills.set(Skill.objects.get_or_create(name=skill)[0] for skill in skills)
    return member
