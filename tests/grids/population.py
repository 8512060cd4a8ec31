"""Thousands of invented people in a moment: as the verbs would have written them, but many rows at a time.

The same people for the same seed. Documents carry 440201, under which nobody is registered, and right check signs;
telephones are of a range that no operator gives out, and repeat. Shares are those of an ordinary community.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from grids import dwellings, particulars, residents
from grids.groups import begin
from grids.models import (
    Building,
    CareAssessment,
    Compound,
    Dwelling,
    Grid,
    Home,
    Household,
    Resident,
    SpecialGroup,
)
from grids.models.people import CareLevel
from grids.particulars import Particulars
from ground import clock
from ground.fields import phone_index
from ground.identity import DocumentKind, check_sign
from organizations.models import Member
from tests.factories import Community

#: Under this code nobody is registered; it has stood in the list of divisions since 1988 as 市辖区.
REGION = "440201"
#: 199 0000 0000 to 8999 for residents, 199 0001 xxxx and up for members, whose numbers are unique in a district.
PHONES, MEMBER_PHONES = 19900000000, 19900010000
#: The day on which everybody has the age that was drawn.
AS_OF = date(2026, 1, 1)

STAIRCASES, FLOORS, DOORS = 3, 10, 2
DWELLINGS = STAIRCASES * FLOORS * DOORS  # of a building
BUILDINGS = 16  # of a grid of the second tier
BATCH = 2000  # rows of one statement
CONTACTS = 10  # households of a member, "1+10" (C5)

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余"
    "叶蒋杜苏魏程吕丁沈任姚卢单欧仇"
)
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲华红玉建国志海燕晓春梅云飞鹏宇浩然子轩雨欣怡佳俊"
)

#: Share of households → (relation, age from, age to) of who lives there. What is left of one stands empty.
FAMILIES: tuple[tuple[float, tuple[tuple[str, int, int], ...]], ...] = (
    (0.10, (("head", 62, 93),)),
    (0.14, (("head", 60, 86), ("spouse", 58, 84))),
    (0.12, (("head", 24, 58), ("spouse", 23, 57))),
    (0.26, (("head", 28, 52), ("spouse", 27, 51), ("child", 0, 24))),
    (0.12, (("head", 30, 52), ("spouse", 29, 51), ("child", 5, 24), ("child", 0, 15))),
    (0.12, (("head", 32, 52), ("spouse", 31, 51), ("child", 0, 22), ("parent", 58, 84), ("parent", 57, 83))),
    (0.09, (("head", 19, 45), ("tenant", 18, 44), ("tenant", 18, 44))),
)
RESIDENCES = (
    ("registered", 0.62),
    ("present_only", 0.2),
    ("floating", 0.14),
    ("away", 0.03),
    ("overseas", 0.01),
)


@dataclass
class Cast:
    """Draws people; one of them for a whole database, so that no document comes twice."""

    chance: random.Random = field(default_factory=lambda: random.Random(3))
    births: Counter[date] = field(default_factory=Counter)
    members: int = 0
    permits: int = 0

    def somebody(self, relation: str, low: int, high: int) -> Particulars:
        chance = self.chance
        born = AS_OF - timedelta(
            days=chance.randrange(low * 365 + low // 4 + 1, high * 365 + high // 4 + 300)
        )
        sex = chance.choice("FM")
        kind, number = self._document(born, sex)
        return Particulars(
            name=chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2, 2)))),
            document_kind=kind,
            document_number=number,
            phone=str(PHONES + chance.randrange(9_000)) if low >= 14 and chance.random() < 0.8 else "",
            birth_date=born,
            sex=sex,
            relation=relation,
            residence=_drawn(chance, RESIDENCES),
        )

    def _document(self, born: date, sex: str) -> tuple[str, str]:
        """Two in a hundred have a permit, a passport or nothing; odd orders are men's."""
        self.births[born] += 1
        order, point = self.births[born], self.chance.random()
        if point < 0.98:
            stem = f"{REGION}{born:%Y%m%d}{order * 2 - (sex == 'M'):03d}"
            return DocumentKind.RESIDENT_ID, stem + check_sign(stem)
        if point < 0.99:
            return DocumentKind.HK_MACAU_PERMIT, f"H{self._permit():08d}"
        if point < 0.995:
            return DocumentKind.PASSPORT, f"EQ{self._permit():07d}"
        return DocumentKind.NONE, ""

    def _permit(self) -> int:
        self.permits += 1
        return self.permits

    def contact(self, community: Community) -> Member:
        """An unsaved member of the community's district."""
        self.members += 1
        phone = str(MEMBER_PHONES + self.members)
        name = self.chance.choice(SURNAMES) + "".join(self.chance.choices(GIVEN, k=2))
        return Member(
            name=name,
            phone=phone,
            phone_index=phone_index(phone),
            district_id=community.first_grid.district_id,
        )


def _drawn(chance: random.Random, shares: tuple[tuple[Any, float], ...]) -> Any:
    point = chance.random()
    for value, share in shares:
        point -= share
        if point < 0:
            return value
    return shares[0][0]


def fill(community: Community, count: int, cast: Cast | None = None) -> int:
    """Let `count` people live in a community: grids, compounds, buildings and homes are put up as they are needed.

    The community's own grid and building of `tests.factories` stay empty. Gives the number of new buildings.
    Some 2 s for 10,000 people.
    """
    cast, wanted, number = cast or Cast(), count, 0
    begin()
    groups = list(SpecialGroup.objects.order_by("order"))
    while wanted > 0:
        number += 1
        houses = _houses(community, number, chance=cast.chance)
        wanted -= _settle(_homes(houses, cast.chance), wanted, cast, community, groups)
    return number * BUILDINGS


def _houses(community: Community, number: int, *, chance: random.Random) -> list[Building]:
    """A second-tier grid with its compound; every building is a grid of the third tier."""
    code, first = community.organization.code, community.first_grid
    grid = _placed(Grid(tier=2, code=f"{code}-P{number}", name=f"第{number}片", parent=first), first)
    grid.save()
    compound = _placed(Compound(name=f"第{number}苑", grid=grid), first)
    compound.save()
    third = Grid.objects.bulk_create(
        _placed(Grid(tier=3, code=f"{grid.code}-{door}", name=f"{door}栋网格", parent=grid), first)
        for door in range(1, BUILDINGS + 1)
    )
    return Building.objects.bulk_create(
        _placed(
            Building(
                code=f"{code}-{number:02d}{door:02d}",
                name=f"{compound.name} {door} 栋",
                compound=compound,
                grid=here,
                floors=FLOORS,
                staircases=STAIRCASES,
                lng=113.5 + chance.random() / 10,
                lat=24.75 + chance.random() / 10,
            ),
            first,
        )
        for door, here in enumerate(third, start=1)
    )


def _placed(row: Any, like: Any) -> Any:
    row.district_id, row.street_id, row.community_id = like.district_id, like.street_id, like.community_id
    return row


def _homes(houses: list[Building], chance: random.Random) -> list[Dwelling]:
    rows = []
    for house in houses:
        for place in range(DWELLINGS):
            level = place // DOORS % FLOORS + 1
            home = Dwelling(
                building=house,
                staircase=str(place // (FLOORS * DOORS) + 1),
                floor=level,
                door=f"{level}{place % DOORS + 1:02d}",
                use=Dwelling.Use.LET if chance.random() < 0.1 else Dwelling.Use.OWN,
            )
            dwellings.stand_in(home, house)
            rows.append(home)
    return rows


def _settle(
    homes: list[Dwelling], most: int, cast: Cast, community: Community, groups: list[SpecialGroup]
) -> int:
    """Families for these homes, `most` people at the most; gives how many came."""
    families, left = [], most
    for home in homes:
        family = list(_family(cast))[: max(left, 0)]
        left -= len(family)
        if not family:
            home.use = Dwelling.Use.EMPTY
        families.append(family)
    Dwelling.objects.bulk_create(homes, batch_size=BATCH)
    lived_in = [(home, family) for home, family in zip(homes, families, strict=True) if family]
    households = _households([home for home, _ in lived_in], cast, community)
    people, flags, now = [], [], clock.now()
    for household, (_, family) in zip(households, lived_in, strict=True):
        for given in family:
            people.append(_resident(given, household, cast.chance, now))
            flags.append(_group(given, cast.chance, groups))
    Resident.objects.bulk_create(people, batch_size=BATCH)
    link = Resident.groups.through
    link.objects.bulk_create(
        link(resident=one, specialgroup=group)
        for one, group in zip(people, flags, strict=True)
        if group is not None
    )
    return len(people)


def _family(cast: Cast) -> Iterator[Particulars]:
    point = cast.chance.random()
    for share, roles in FAMILIES:
        point -= share
        if point < 0:
            yield from (cast.somebody(*role) for role in roles)
            return


def _resident(given: Particulars, household: Household, chance: random.Random, now: datetime) -> Resident:
    """One in fifty has moved out."""
    one = Resident(entered_at=now, changed_at=now)
    residents.put_into(one, household)
    particulars.write_to(one, given)
    if chance.random() < 0.02:
        one.standing, one.left_on, one.left_why = Resident.Standing.LEFT, AS_OF, "搬到外地"
    return one


def _group(given: Particulars, chance: random.Random, groups: list[SpecialGroup]) -> SpecialGroup | None:
    """The first half of the list is for the old, the rest for anybody."""
    old = given.birth_date is not None and given.birth_date.year <= AS_OF.year - 70
    if chance.random() >= (0.5 if old else 0.03):
        return None
    return chance.choice(groups[: len(groups) // 2] if old else groups[len(groups) // 2 :])


def _households(homes: list[Dwelling], cast: Cast, community: Community) -> list[Household]:
    """Six in ten have a contact member, seven in a hundred are looked after more often."""
    chance = cast.chance
    members = Member.objects.bulk_create(
        cast.contact(community) for _ in range(len(homes) * 6 // 10 // CONTACTS)
    )
    Home.objects.bulk_create(
        Home(member=member, building=homes[place * CONTACTS].building) for place, member in enumerate(members)
    )
    rows = []
    for place, home in enumerate(homes):
        row = Household(dwelling=home, grid_id=home.grid_id)
        if place // CONTACTS < len(members):
            row.contact_member = members[place // CONTACTS]
        row.care_level = _drawn(
            chance, ((CareLevel.GREEN, 0.93), (CareLevel.YELLOW, 0.05), (CareLevel.RED, 0.02))
        )
        if row.care_level != CareLevel.GREEN:
            row.care_days = 7 if row.care_level == CareLevel.RED else 30
            row.care_review_on = clock.today() + timedelta(days=chance.randrange(-10, 80))
        rows.append(_placed(row, home))
    Household.objects.bulk_create(rows, batch_size=BATCH)
    CareAssessment.objects.bulk_create(
        CareAssessment(
            household=row,
            level=row.care_level,
            reason="独居，行动不便",
            days=row.care_days,
            review_on=row.care_review_on,
        )
        for row in rows
        if row.care_level != CareLevel.GREEN
    )
    return rows
