"""Everybody who lives the year: staff with their posts, residents who ask, members who register with a community.

Written community by community; what stays in memory is what the year asks for: the accounts of those who act and ask,
and a few numbers of each member.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from accounts.models import User
from desk.demo.history.crowd import Neighbourhood
from grids.models import Building, GridDuty
from operations.simulating import members, signins
from operations.simulating.accounts import Accounts
from operations.simulating.copying import Writer
from operations.simulating.land import Land, Place, shared
from operations.simulating.members import Helper
from operations.simulating.rhythm import Rhythm
from operations.simulating.units import DistrictUnits, Founding
from organizations.models import Appointment, Organization
from organizations.posts import Post

#: Everybody with a post has held it so long before the year begins.
BEFORE: Final = timedelta(days=65)
#: One in three requests is somebody's first; a place has a few who ask in any case.
FIRST_TIMES, FEWEST, MOST = 3, 4, 25_000
#: Of ten matters that the community does itself so many are done by the grid worker of the place.
BY_GRID_WORKERS: Final = 0.4


@dataclass(slots=True, eq=False)
class Neighbours(Neighbourhood):
    """One community: who asks, who acts, who helps. `workers`: grid (second tier) → its grid worker on the A post."""

    land: Place = None  # type: ignore[assignment]
    workers: dict[int, User] = field(default_factory=dict)
    members: list[Helper] = field(default_factory=list)
    chance: random.Random = field(default_factory=random.Random)
    #: Building → the grid of the second tier in which it stands.
    grid_of: dict[int, int] = field(default_factory=dict)

    def handler_of(self, house: Building, by: User) -> User:
        worker = self.workers.get(self.grid_of.get(house.pk, 0))
        return worker if worker is not None and self.chance.random() < BY_GRID_WORKERS else by


@dataclass(eq=False)
class Crowd:
    """All people of a place."""

    land: Land
    neighbours: list[Neighbours]
    #: By id of the district.
    units: dict[int, DistrictUnits]


class Gathering:
    """Makes the crowd of a place. place: which one of the database it is (`signins`)."""

    def __init__(self, land: Land, rhythm: Rhythm, writer: Writer, chance: random.Random, place: int) -> None:
        self.land, self.rhythm, self.writer, self.chance = land, rhythm, writer, chance
        self.since = rhythm.begins - BEFORE
        self.accounts = Accounts(writer, chance, rhythm.now, place)
        self._posts: list[Appointment] = []

    def gather(self, requests: int) -> Crowd:
        """requests: how many will be filed; so many people ask for them."""
        units = Founding(self.land, self.accounts, self.since).found()
        placers = self._above()
        weights = [place.weight for place in self.land.places]
        asking = max(min(requests // FIRST_TIMES, MOST), FEWEST * len(weights))
        residents = shared(asking, weights, least=min(FEWEST, asking // len(weights)))
        joining = shared(self.land.preset.members, weights)
        found = [self._settle(place, count) for place, count in zip(self.land.places, residents, strict=True)]
        enrolling = members.Enrolling(self.accounts, self.rhythm)
        for each, count in zip(found, joining, strict=True):
            district = each.land.district_id
            each.members = enrolling.enrol(each, units[district], placers[district], count)
        return Crowd(self.land, found, units)

    # Posts

    def _seat(self, post: Post, seat: Organization | None, role: str = "", phone: str = "") -> User:
        """A new account with a post; no seat is the city's."""
        user = self.accounts.user(self.since, role)
        self._posts.append(
            Appointment(
                id=self.accounts.keys.next(Appointment), user_id=user.pk, post=post, at_city=seat is None,
                organization_id=seat.pk if seat else None, work_phone=phone, begins_on=self.since.date(),
            )
        )  # fmt: skip
        return user

    def _above(self) -> dict[int, User]:
        """City, districts and streets; gives who places members in each district."""
        self.accounts.user(self.since, signins.ADMINISTRATOR, is_administrator=True)
        self._seat(Post.OFFICER, None, signins.CITY)
        self._seat(Post.LEADER_IN_CHARGE, None)
        placers = {}
        for node in self.land.districts:
            placers[node.pk] = self._seat(Post.OFFICER, node, signins.DISTRICT)
            self._seat(Post.SECRETARY, node)
            self._seat(Post.LEADER_IN_CHARGE, node)
        self.officers, self.leaders = {}, {}
        for node in self.land.streets:
            self.officers[node.pk] = self._seat(Post.OFFICER, node, signins.STREET)
            self.leaders[node.pk] = self._seat(Post.LEADER_IN_CHARGE, node, signins.LEADER)
        self._write()
        return placers

    def _settle(self, place: Place, residents: int) -> Neighbours:
        node = place.node
        secretary = self._seat(Post.SECRETARY, node, signins.SECRETARY)
        workers = [self._seat(Post.COMMUNITY_WORKER, node, signins.WORKER) for _ in range(2)]
        first = self._seat(Post.FIRST_SECRETARY, node)
        found = Neighbours(
            place, [], [secretary, *workers, first], self.officers[place.street_id], self.leaders[place.street_id],
            land=place, chance=self.chance,
        )  # fmt: skip
        duties = self._grid_workers(found)
        for branch in place.branches:
            self._seat(Post.SECRETARY, branch)
        for group in place.groups:
            self._seat(Post.BUILDING_HEAD, group)
        for _ in range(residents):
            user = self.accounts.user(self.since, signins.RESIDENT)
            found.residents.append((user, self.chance.choice(place.buildings)))
        self._write()
        self.writer.write(GridDuty, duties)
        return found

    def _grid_workers(self, found: Neighbours) -> list[GridDuty]:
        """An A and a B post for each grid of the second tier and what lies below it (N6)."""
        place, duties = found.land, []
        second = {grid.pk: grid.pk for grid in place.grids}
        second |= {grid.pk: grid.parent_id for grid in place.third_grids if grid.parent_id is not None}
        found.grid_of = {house.pk: second[house.grid_id] for house in place.buildings}
        for number, grid in enumerate(place.grids):
            for part in GridDuty.Part:
                phone = f"0751-{place.node.pk % 10000:04d}{number % 1000:03d}"
                role = signins.GRID_WORKER if part == GridDuty.Part.A else ""
                user = self._seat(Post.GRID_WORKER, place.node, role, phone)
                below = [each for each, above in second.items() if above == grid.pk]
                duties += [
                    GridDuty(
                        appointment_id=self._posts[-1].pk,
                        grid_id=each,
                        part=part,
                        begins_on=self.since.date(),
                    )
                    for each in below
                ]
                if part == GridDuty.Part.A:
                    found.workers[grid.pk] = user
        return duties

    def _write(self) -> None:
        self.accounts.write()
        self.writer.write(Appointment, self._posts)
        self._posts = []
