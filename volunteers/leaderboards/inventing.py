"""Invented rows at the size of a whole city, for `manage.py bench_boards` only. Writes straight into the tables."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from grids.models import Grid
from ground import clock
from ground.fields import phone_index
from organizations import tree
from organizations.models import Member, Organization, Unit
from organizations.posts import Tier
from organizations.tree import Seed
from requests.models import Category, Rating, ServiceRequest
from requests.states import State, Track
from volunteers.leaderboards.naming import first_day
from volunteers.models import Claim, LedgerEntry, Registration, Thanks, Volunteer, Whistle
from volunteers.states import ClaimState, EntryKind, Period, RegistrationState, VolunteerKind, WhistleState

BATCH = 4000
#: Each whistle has that many claims and thanks; one in ten was asked for by a request that is rated.
CLAIMS, THANKS, ASKED = 10, 2, 10
SEED = 1795
Step = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much to invent: 韶关 has 10 districts, 295 communities, 1,795 units, 60,000 members, 600,000 services."""

    entries: int = 600_000
    members: int = 60_000
    districts: int = 10
    communities: int = 295
    units: int = 1_795


@dataclass
class Town:
    communities: list[Organization] = field(default_factory=list)
    lines: dict[int, tuple[int, int]] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    volunteers: list[Volunteer] = field(default_factory=list)
    homes: list[Organization] = field(default_factory=list)


class Inventor:
    """Writes a city of the size; `tell` hears of every batch: what it was and how many rows."""

    def __init__(self, size: Size, tell: Step = lambda what, rows: None) -> None:
        self.size, self.tell, self.town = size, tell, Town()
        self.chance = random.Random(SEED)  # noqa: S311 - invented data, the same every time
        self.begins = clock.midnight(first_day(Period.YEAR))

    def write(self) -> None:
        self._land()
        self._units()
        self._people()
        self._registrations()
        self._services()

    def _land(self) -> None:
        seeds: list[Seed] = []
        streets: list[Seed] = []
        for number in range(self.size.districts):
            root = Seed(Tier.DISTRICT, f"第{number}区委", None, f"第{number}区", f"44{number:04d}")
            street = Seed(Tier.STREET, "街道党工委", root, "街道", f"44{number:04d}001")
            seeds += [root, street]
            streets.append(street)
        for number in range(self.size.communities):
            street = streets[number % len(streets)]
            name = f"社区{number}"
            seeds.append(Seed(Tier.COMMUNITY, f"{name}党委", street, name, f"{street.code}{number:03d}"))
        nodes = tree.plant_many(seeds)
        roots = {node.tree_id: node.pk for node in nodes if node.tier == Tier.DISTRICT}
        self.town.communities = [node for node in nodes if node.tier == Tier.COMMUNITY]
        self.town.lines = {node.pk: (roots[node.tree_id], node.parent_id) for node in self.town.communities}
        self.tell("党组织", len(nodes))

    def _place(self, community: Organization) -> dict[str, int]:
        district, street = self.town.lines[community.pk]
        return {"district_id": district, "street_id": street, "community_id": community.pk}

    def _units(self) -> None:
        places = [self._place(self.chance.choice(self.town.communities)) for _ in range(self.size.units)]
        self.town.units = self._written(
            Unit,
            (
                Unit(name=f"单位{number}", kind=Unit.Kind.AGENCY, district_id=place["district_id"])
                for number, place in enumerate(places)
            ),
        )

    def _people(self) -> None:
        numbers, town = range(self.size.members), self.town
        town.homes = [town.communities[number % len(town.communities)] for number in numbers]
        town.users = self._written(User, (_user(number) for number in numbers))
        units = [self.chance.choice(town.units) for _ in numbers]
        members = self._written(
            Member,
            (
                Member(
                    user=user, name=user.name, phone=user.phone, phone_index=user.phone_index, unit=unit,
                    district_id=town.lines[home.pk][0],
                )
                for user, unit, home in zip(town.users, units, town.homes, strict=True)
            ),
        )  # fmt: skip
        town.volunteers = self._written(
            Volunteer,
            (
                Volunteer(
                    user_id=member.user_id, member=member, kind=VolunteerKind.EMPLOYED,
                    district_id=member.district_id,
                )
                for member in members
            ),
        )  # fmt: skip

    def _registrations(self) -> None:
        grids = self._written(
            Grid,
            (
                Grid(tier=1, code=f"G{node.pk}", name=node.short_name, **self._place(node))
                for node in self.town.communities
            ),
        )
        grid_of = {grid.community_id: grid for grid in grids}
        self._written(
            Registration,
            (
                Registration(
                    volunteer=volunteer, state=RegistrationState.CONFIRMED, grid=grid_of[home.pk],
                    requested_at=self.begins, confirmed_at=self.begins, **self._place(home),
                )
                for volunteer, home in zip(self.town.volunteers, self.town.homes, strict=True)
            ),
        )  # fmt: skip

    # What was served

    def _services(self) -> None:
        whistles = self._written(Whistle, self._whistles(self._requests()))
        claims = self._written(Claim, self._claims(whistles))
        by_pk = {whistle.pk: whistle for whistle in whistles}
        self._written(
            LedgerEntry, (self._entry(claim, by_pk[claim.whistle_id]) for claim in claims), keep=False
        )
        self._written(Thanks, self._thanks(whistles), keep=False)

    def _requests(self) -> list[ServiceRequest]:
        category, _ = Category.objects.get_or_create(
            code="bench", defaults={"name": "其他", "track": Track.IMPORTANT}
        )
        count = self.size.entries // CLAIMS // ASKED
        rows = self._written(
            ServiceRequest,
            (
                ServiceRequest(
                    number=f"B{number}", submitter=self.chance.choice(self.town.users), category=category,
                    track=Track.IMPORTANT, title="点单", text="", handler=place, state=State.CLOSED,
                    **self._place(place),
                )
                for number, place in ((n, self.chance.choice(self.town.communities)) for n in range(count))
            ),
        )  # fmt: skip
        self._written(
            Rating,
            (
                Rating(
                    service_request=row, contacted=True, solved=True, satisfied=self.chance.randrange(1, 6),
                    by_id=row.submitter_id,
                )
                for row in rows
            ),
            keep=False,
        )  # fmt: skip
        return rows

    def _whistles(self, asked: list[ServiceRequest]) -> Iterator[Whistle]:
        span = max(int((clock.now() - self.begins).total_seconds() // 60), 1)
        for number in range(self.size.entries // CLAIMS):
            start = self.begins + timedelta(minutes=self.chance.randrange(span))
            request = asked[number] if number < len(asked) else None
            place = request.handler if request else self.chance.choice(self.town.communities)
            yield Whistle(
                number=f"W{number}", service_request=request, title="服务", text="", place="此处", lng=113.5,
                lat=24.8, places_max=CLAIMS, starts_at=start, ends_at=start + timedelta(hours=2), claim_by=start,
                state=WhistleState.DONE, created_by=self.town.users[0], key=uuid.UUID(int=number + 1),
                **self._place(place),
            )  # fmt: skip

    def _claims(self, whistles: list[Whistle]) -> Iterator[Claim]:
        people: dict[int | None, list[Volunteer]] = defaultdict(list)
        for volunteer, home in zip(self.town.volunteers, self.town.homes, strict=True):
            people[home.pk].append(volunteer)
        for whistle in whistles:
            here = people[whistle.community_id]
            for volunteer in self.chance.sample(here, min(CLAIMS, len(here))):
                yield Claim(
                    whistle=whistle,
                    volunteer=volunteer,
                    state=ClaimState.CREDITED,
                    claimed_at=whistle.starts_at,
                )

    def _entry(self, claim: Claim, whistle: Whistle) -> LedgerEntry:
        return LedgerEntry(
            volunteer_id=claim.volunteer_id, claim_id=claim.pk, whistle_id=whistle.pk,
            unit=claim.volunteer.unit, district_id=whistle.district_id, street_id=whistle.street_id,
            community_id=whistle.community_id, kind=EntryKind.CREDIT, minutes=self.chance.randrange(30, 121),
            off_hours_minutes=0, duty_area=whistle.duty_area, attested="location", served_at=whistle.starts_at,
            by_id=self.town.users[0].pk, at=_later(whistle.ends_at, self.chance),
        )  # fmt: skip

    def _thanks(self, whistles: list[Whistle]) -> Iterator[Thanks]:
        for whistle in whistles:
            for user in self.chance.sample(self.town.users, THANKS):
                stars = self.chance.choice((None, 3, 4, 5, 5))
                yield Thanks(whistle=whistle, by=user, is_like=stars != 3, stars=stars)

    def _written(self, model: Any, rows: Iterable[Any], *, keep: bool = True) -> list[Any]:
        found: list[Any] = []
        for batch in _batches(rows):
            model.objects.bulk_create(batch)
            self.tell(str(model._meta.verbose_name), len(batch))
            found += batch if keep else []
        return found


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _user(number: int) -> User:
    phone = f"1991{number:07d}"
    return User(phone=phone, phone_index=phone_index(phone), name=f"党员{number}", password="!")  # noqa: S106


def _later(moment: datetime, chance: random.Random) -> datetime:
    return moment + timedelta(minutes=chance.randrange(60, 3000))
