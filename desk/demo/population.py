"""Invented households for the houses of the demo: plausible ages, families, rents; written as rows of a sheet.

No number can be anybody's: documents carry 440201, under which nobody is registered, telephones a range that no
operator gives out.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from stdnum.cn import ric

from desk.demo.names import FIRST, SECOND, SURNAMES, Cast
from grids.models import Building
from ground import clock

NOBODYS_REGION = "440201"
#: Family → share of the dwellings. The rest stands empty.
FAMILIES = {
    "elder": 0.09,
    "old_couple": 0.13,
    "couple": 0.09,
    "parents": 0.33,
    "generations": 0.12,
    "tenant": 0.07,
    "shared": 0.07,
}
DOORS_PER_FLOOR = 2
Row = dict[str, str]


@dataclass
class Census:
    """Invents people; keeps the documents apart by counting the births of a day."""

    chance: random.Random
    cast: Cast
    births: Counter[date] = field(default_factory=Counter)

    def name(self, surname: str = "") -> str:
        given = self.chance.choice(FIRST) + (
            self.chance.choice(SECOND) if self.chance.random() < 0.85 else ""
        )
        return (surname or self.chance.choice(SURNAMES)) + given

    def born(self, low: int, high: int) -> date:
        """A birthday of somebody between so many years old."""
        return clock.today() - timedelta(days=self.chance.randint(low * 365 + low // 4 + 2, high * 365 + 300))

    def document(self, born: date, sex: str) -> str:
        """A number whose check digit is right; odd orders are men's."""
        self.births[born] += 1
        order = self.births[born] * 2 - (1 if sex == "男" else 0)
        stem = f"{NOBODYS_REGION}{born:%Y%m%d}{order:03d}"
        return stem + ric.calc_check_digit(stem + "0")

    def phone(self, age: int) -> str:
        likely = 0.9 if 16 <= age <= 65 else 0.45 if age > 65 else 0.0
        return self.cast.phone() if self.chance.random() < likely * 0.75 else ""


@dataclass(frozen=True, slots=True)
class Somebody:
    relation: str
    low: int
    high: int
    sex: str = ""
    surname: str = ""


def dwellings_of(house: Building) -> Iterator[tuple[str, int, str]]:
    """(staircase, floor, door) of every dwelling: two to a landing."""
    for staircase in range(1, (house.staircases or 1) + 1):
        for number in range(1, (house.floors or 6) + 1):
            for door in range(1, DOORS_PER_FLOOR + 1):
                yield str(staircase), number, f"{number}{door:02d}"


def rows_of(house: Building, census: Census, heads: list[tuple[str, str]]) -> Iterator[Row]:
    """The rows of a house. `heads`: names and telephones of known people who head its first households."""
    waiting = list(heads)
    for staircase, number, door in dwellings_of(house):
        place = {"楼栋编码": house.code, "单元": staircase, "楼层": str(number), "房号": door}
        if waiting:
            yield from _known(place, waiting.pop(0), census)
            continue
        kind = _kind(census.chance)
        use = {"": "空置", "tenant": "出租", "shared": "出租"}.get(kind, "自住")
        people = _family(kind, census)
        if not people:
            yield {**place, "房屋用途": use}
        poor = census.chance.random() < 0.012
        for somebody in people:
            yield {**place, "房屋用途": use, **_person(somebody, kind, census, poor=poor)}


def _kind(chance: random.Random) -> str:
    """A family by its share; "" for an empty dwelling."""
    point = chance.random()
    for kind, share in FAMILIES.items():
        point -= share
        if point < 0:
            return kind
    return ""


def _known(place: Row, head: tuple[str, str], census: Census) -> Iterator[Row]:
    """The account of the sign-in page and its like: a head in her sixties with a husband."""
    name, phone = head
    wife = _person(Somebody("户主", 61, 68, "女"), "old_couple", census, poor=False)
    yield {**place, "房屋用途": "自住", **wife, "姓名": name, "手机号": phone}
    husband = _person(Somebody("配偶", 63, 71, "男"), "old_couple", census, poor=False)
    yield {**place, "房屋用途": "自住", **husband}


def _family(kind: str, census: Census) -> list[Somebody]:
    chance, surname = census.chance, census.chance.choice(SURNAMES)
    if kind == "elder":
        return [Somebody("户主", 62, 92)]
    if kind == "old_couple":
        return [Somebody("户主", 60, 84, "男", surname), Somebody("配偶", 58, 82, "女")]
    if kind == "tenant":
        return [Somebody("户主", 19, 45)]
    if kind == "shared":
        return [Somebody("户主", 19, 40), *[Somebody("租户", 18, 42)] * chance.randint(1, 3)]
    return list(_couple(kind, surname, chance)) if kind else []


def _couple(kind: str, surname: str, chance: random.Random) -> Iterator[Somebody]:
    """Husband and wife, their children, and his parents where three generations live together."""
    age = chance.randint(26, 55) if kind == "couple" else chance.randint(30, 52)
    yield Somebody("户主", age, age, "男", surname)
    yield Somebody("配偶", max(22, age - 4), age + 2, "女")
    if kind != "couple":
        for _ in range(1 if chance.random() < 0.6 else 2):
            yield Somebody("子女", max(0, age - 34), max(1, age - 25), "", surname)
    if kind == "generations":
        yield Somebody("父母", age + 23, age + 32, "女")
        if chance.random() < 0.6:
            yield Somebody("父母", age + 24, age + 34, "男", surname)


def _person(somebody: Somebody, kind: str, census: Census, *, poor: bool) -> Row:
    chance = census.chance
    sex = somebody.sex or chance.choice("男女")
    born = census.born(somebody.low, somebody.high)
    age = (clock.today() - born).days // 365
    row = {
        "姓名": census.name(somebody.surname),
        "证件类型": "居民身份证",
        "证件号码": census.document(born, sex),
        "手机号": census.phone(age),
        "与户主关系": somebody.relation,
        "居住类型": _residence(kind, chance),
        "重点人群": "、".join(_groups(kind, age, sex, chance, poor=poor)),
    }
    if chance.random() < 0.004:
        permit = f"H{chance.randint(10_000_000, 99_999_999)}"
        row |= {"证件类型": "港澳居民来往内地通行证", "证件号码": permit, "居住类型": "境外人员"}
        row |= {"出生日期": born.isoformat(), "性别": sex}
    return row


def _residence(kind: str, chance: random.Random) -> str:
    if kind in ("tenant", "shared"):
        return "流动人口"
    return chance.choices(("户籍常住", "常住非户籍", "户在人不在"), (80, 16, 4))[0]


def _groups(kind: str, age: int, sex: str, chance: random.Random, *, poor: bool) -> Iterator[str]:
    if kind == "elder" and age >= 65:
        yield "独居老人"
    if age >= 80:
        yield "高龄老人"
    if kind == "old_couple" and age >= 65 and chance.random() < 0.5:
        yield "空巢老人"
    if age >= 75 and chance.random() < 0.05:
        yield "失能老人"
    if chance.random() < 0.014:
        yield "残疾人"
    if poor:
        yield "困境儿童" if age < 16 else "低保户"
    if sex == "男" and 35 <= age <= 80 and chance.random() < 0.03:
        yield "退役军人"
