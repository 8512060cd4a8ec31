"""A district whose tree and territory have every tier, and what can happen in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from grids.models import Building, Grid
from ground import clock
from organizations import tree
from organizations.models import Organization
from organizations.posts import Post, Tier
from requests.models import Category
from requests.states import Track
from tests.factories import Community, a_community, a_user, appoint
from tests.grids.homes import a_resident
from tests.volunteers.scenes import a_plain_volunteer, a_volunteer
from tests.workflow import a_category, chances
from volunteers.models import Volunteer


class World(chances.World):
    """Two streets with communities, grids of three tiers, groups and zones, buildings, volunteers, residents."""

    other_street: Organization
    far: Community
    groups: list[Organization]
    zones: list[Organization]
    corner: Grid
    buildings: list[Building]
    volunteers: list[Volunteer]
    officer: User
    categories: list[Category]

    @property
    def communities(self) -> list[Community]:
        return [self.city.home, self.city.next_door, self.far]


def a_world() -> World:
    """Call at the moment from which on people have been there."""
    plain = chances.a_world()
    world = World(**vars(plain))
    city, home = world.city, world.city.home
    world.other_street = planted(city.district, Tier.STREET, "西城街道党工委")
    world.far = a_community(world.other_street, "远山")
    branch = home.grid.branch
    assert branch is not None
    world.groups = [planted(branch, Tier.BUILDING_GROUP, f"第{name}楼栋党小组") for name in "一二"]
    world.zones = [planted(world.groups[0], Tier.DUTY_ZONE, "一单元责任区")]
    planted(home.organization, Tier.GRID_BRANCH, "第二网格党支部")
    world.corner = a_grid(home.grid, "G1-1", 3)
    world.buildings = [
        a_building(home, home.grid, "B2", world.groups[0]),
        a_building(home, world.corner, "B3", world.zones[0]),
        a_building(home, home.first_grid, "B4", None),
        home.building,
        city.next_door.building,
        world.far.building,
    ]
    world.volunteers = [a_volunteer(city) for _ in range(3)] + [a_volunteer(city, city.next_door)]
    world.volunteers.append(a_plain_volunteer(city))
    world.officer = a_user("组织科长")
    appoint(world.officer, Post.OFFICER, city.district)
    world.categories = [a_category(), a_category("urgent", name="急修", track=Track.URGENT)]
    for place in world.communities:
        a_resident(place)
    world.people.extend([world.officer, world.far.secretary, *(each.user for each in world.volunteers)])
    return world


def planted(parent: Organization, tier: int, name: str) -> Organization:
    made = tree.plant(parent=parent, tier=tier, name=name, by=None)
    return Organization.objects.get(pk=made.pk)


def a_grid(parent: Grid, code: str, tier: int) -> Grid:
    grid = Grid(tier=tier, code=f"{parent.code}-{code}", name=f"网格 {code}", parent=parent)
    grid.place_under(_of(parent))
    grid.save()
    return grid


def a_building(place: Community, grid: Grid, code: str, group: Organization | None) -> Building:
    building = Building(
        code=f"{grid.code}-{code}", name=f"{code} 栋", grid=grid, group=group, lng=113.58, lat=24.80
    )
    building.place_under(place.organization)
    building.save()
    return building


def _of(grid: Grid) -> Organization:
    assert grid.community is not None
    return grid.community


def at_least(moment: datetime, minutes: int) -> datetime:
    return max(clock.now(), moment) + timedelta(minutes=minutes)


def keyed(found: Any) -> list[str]:
    """Differences as a failing test shows them."""
    return [str(each) for each in found]
