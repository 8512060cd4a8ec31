"""Invented families for the registry of a place: who lives together, their documents, why some are looked after.

No number can be anybody's. Documents carry codes of the list of divisions under which nobody is registered (市辖区),
telephones begin with 154, which no operator gives out. The same people for the same seed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from desk.demo.names import FIRST, SECOND, SURNAMES
from grids.models import Resident
from grids.models.people import CareLevel
from grids.particulars import Particulars
from ground.identity import DocumentKind, check_sign

Relation, Residence = Resident.Relation, Resident.Residence

#: 市辖区 of the prefectures of 广东: entries of the list that no document carries.
REGIONS: Final = tuple(
    f"44{number:02d}01" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18)
)
#: Of a day, a region and a sex there are so many numbers.
ORDERS: Final = 499
FIRST_PHONE: Final = 15_400_000_000


class Role(NamedTuple):
    relation: str
    low: int
    high: int
    sex: str = ""


class Family(NamedTuple):
    share: float
    roles: tuple[Role, ...]
    #: Tenants are the floating population, in a dwelling that is let.
    is_tenant: bool = False


_HUSBAND, _WIFE = Role(Relation.HEAD, 30, 52, "M"), Role(Relation.SPOUSE, 28, 50, "F")
_CHILD, _YOUNGER = Role(Relation.CHILD, 3, 24), Role(Relation.CHILD, 0, 15)
FAMILIES: Final = (
    Family(0.10, (Role(Relation.HEAD, 62, 93),)),
    Family(0.15, (Role(Relation.HEAD, 60, 86, "M"), Role(Relation.SPOUSE, 58, 84, "F"))),
    Family(0.13, (Role(Relation.HEAD, 24, 58, "M"), Role(Relation.SPOUSE, 23, 57, "F"))),
    Family(0.26, (_HUSBAND, _WIFE, _CHILD)),
    Family(0.12, (_HUSBAND, _WIFE, _CHILD, _YOUNGER)),
    Family(0.13, (_HUSBAND, _WIFE, _CHILD, Role(Relation.PARENT, 58, 84, "F"))),
    Family(0.11, (Role(Relation.HEAD, 19, 45), Role(Relation.TENANT, 18, 44)), is_tenant=True),
)
#: Group → level, the graver one first, and what is written as the reason.
CARE: Final = {
    "失能老人": (CareLevel.RED, "生活不能自理，需上门照护"),
    "困境儿童": (CareLevel.RED, "家庭变故，孩子无人照看"),
    "独居老人": (CareLevel.YELLOW, "独居，子女不在本地"),
    "低保户": (CareLevel.YELLOW, "家庭困难，定期慰问"),
    "残疾人": (CareLevel.YELLOW, "行动不便，需要帮扶"),
}


class Person(NamedTuple):
    given: Particulars
    #: Names of special groups.
    groups: tuple[str, ...]


@dataclass(eq=False)
class Census:
    """Draws the people of one community, the `number`-th of `of`: each has document numbers and telephones of its
    own, so that communities can be drawn apart and no number comes twice."""

    chance: random.Random
    today: date
    number: int = 0
    of: int = 1
    births: Counter[tuple[date, str]] = field(default_factory=Counter)
    people: int = 0

    def family(self, most: int) -> tuple[list[Person], bool]:
        """Up to `most` people who live together, and whether they are tenants."""
        kind = self.chance.choices(FAMILIES, [family.share for family in FAMILIES])[0]
        surname = self.chance.choice(SURNAMES)
        poor = self.chance.random() < 0.012
        people = [self._person(role, kind, surname, poor=poor) for role in kind.roles[:most]]
        return people, kind.is_tenant

    def _person(self, role: Role, kind: Family, surname: str, *, poor: bool) -> Person:
        chance = self.chance
        days = chance.randrange(role.low * 365 + role.low // 4 + 1, role.high * 365 + role.high // 4 + 300)
        born, sex = self.today - timedelta(days=days), role.sex or chance.choice("FM")
        inherits = role.relation in (Relation.CHILD, Relation.HEAD)
        document_kind, number = self._document(born, sex)
        given = Particulars(
            name=self._name(surname if inherits else chance.choice(SURNAMES)),
            document_kind=document_kind,
            document_number=number,
            phone=self._phone(days // 365),
            birth_date=born,
            sex=sex,
            relation=role.relation,
            residence=self._residence(kind, document_kind),
        )
        return Person(given, tuple(self._groups(days // 365, sex, alone=len(kind.roles) == 1, poor=poor)))

    def _name(self, surname: str) -> str:
        name = surname + self.chance.choice(FIRST)
        return name + self.chance.choice(SECOND) if self.chance.random() < 0.85 else name

    def _document(self, born: date, sex: str) -> tuple[str, str]:
        """Four in a thousand have a permit of 港澳; odd orders are men's."""
        if self.chance.random() < 0.004:
            return DocumentKind.HK_MACAU_PERMIT, f"H{self.people * self.of + self.number:08d}"
        slot = self.births[born, sex] * self.of + self.number
        self.births[born, sex] += 1
        region, order = divmod(slot, ORDERS)
        stem = f"{REGIONS[region]}{born:%Y%m%d}{2 * order + 2 - (sex == 'M'):03d}"
        return DocumentKind.RESIDENT_ID, stem + check_sign(stem)

    def _phone(self, age: int) -> str:
        self.people += 1
        likely = 0.85 if 16 <= age <= 65 else 0.4 if age > 65 else 0.0
        if self.chance.random() >= likely:
            return ""
        return str(FIRST_PHONE + self.people * self.of + self.number)

    def _residence(self, kind: Family, document_kind: str) -> str:
        if document_kind == DocumentKind.HK_MACAU_PERMIT:
            return Residence.OVERSEAS
        if kind.is_tenant:
            return Residence.FLOATING
        usual = (Residence.REGISTERED, Residence.PRESENT_ONLY, Residence.AWAY)
        return self.chance.choices(usual, (80, 16, 4))[0]

    def _groups(self, age: int, sex: str, *, alone: bool, poor: bool) -> Iterator[str]:
        point = self.chance.random()
        if alone and age >= 65:
            yield "独居老人"
        if age >= 80:
            yield "高龄老人"
        if age >= 75 and point < 0.05:
            yield "失能老人"
        elif point < 0.014:
            yield "残疾人"
        elif sex == "M" and 35 <= age <= 80 and point > 0.97:
            yield "退役军人"
        if poor:
            yield "困境儿童" if age < 16 else "低保户"


def care_of(people: list[Person]) -> tuple[CareLevel, str]:
    """How often a household is looked after, and why: what is gravest among its people; "" for 放心户."""
    there = {group for person in people for group in person.groups}
    return next((care for group, care in CARE.items() if group in there), (CareLevel.GREEN, ""))
