"""Units of a district and of the city, their branches, and who answers for them: liaisons and case officers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from typing import Final

from accounts.models import User
from operations.simulating import signins
from operations.simulating.accounts import Accounts
from operations.simulating.land import Land, shared
from organizations.models import Appointment, Organization, Unit, UnitBranch
from organizations.posts import Post

K = Unit.Kind
#: What requests are dispatched to (`desk.demo.history.inventing`): the name there → what it is called here.
ANSWERING: Final = {
    "区城市管理局": ("{0}城市管理局", K.DEPARTMENT),
    "武江供电所": ("{0}供电所", K.ENTERPRISE),
    "新华供水服务站": ("{0}供水服务站", K.ENTERPRISE),
    "新华派出所": ("{0}公安分局", K.DEPARTMENT),
    "和顺物业服务有限公司": ("{0}和顺物业服务有限公司", K.PROPERTY),
    "区住房和城乡建设局": ("{0}住房和城乡建设局", K.DEPARTMENT),
    "区司法局": ("{0}司法局", K.AGENCY),
}
#: What else there is, again and again under other numbers. How many of a hundred are of which sort.
OTHERS: Final = (
    ("{0}第{1}中学", K.INSTITUTION, 6), ("{0}第{1}小学", K.INSTITUTION, 12), ("{0}第{1}人民医院", K.INSTITUTION, 4),
    ("{0}第{1}幼儿园", K.INSTITUTION, 6), ("{0}机关第{1}工委", K.AGENCY, 22), ("{0}税务第{1}分局", K.AGENCY, 6),
    ("{0}银行第{1}支行", K.ENTERPRISE, 8), ("{0}建设集团第{1}公司", K.ENTERPRISE, 10),
    ("{0}第{1}物业服务公司", K.PROPERTY, 8), ("{0}第{1}社会工作服务中心", K.SOCIAL, 5),
    ("{0}第{1}科技有限公司", K.NEW_ECONOMY, 8), ("{0}驻区第{1}单位", K.RESIDENT, 5),
)  # fmt: skip
#: How many of ten have a Party organization of their own.
WITH_BRANCH: Final = 0.85
#: What the people of a kind of unit are good at (S8); the others have what anybody may have.
SKILLS: Final = {
    K.INSTITUTION: ("教师", "医生", "护士", "心理咨询", "文艺"), K.AGENCY: ("律师", "调解", "计算机", "书法"),
    K.DEPARTMENT: ("调解", "安全巡查", "律师"), K.ENTERPRISE: ("电工", "水暖工", "驾驶"),
    K.PROPERTY: ("水暖工", "电工", "安全巡查"), K.SOCIAL: ("心理咨询", "助老"),
    K.NEW_ECONOMY: ("计算机", "摄影"),
}  # fmt: skip


@dataclass(eq=False)
class DistrictUnits:
    """The units of one district. `weights` is how many members each has beside the others; `units` and
    `case_officers` are what `inventing.Answering` asks for."""

    district: Organization
    all: list[Unit] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)
    case_officers: dict[str, User] = field(default_factory=dict)


class Founding:
    """Founds the units of a place: as many as the preset says, by the size of the districts."""

    def __init__(self, land: Land, accounts: Accounts, since: datetime) -> None:
        self.land, self.accounts, self.since = land, accounts, since
        self.chance: random.Random = accounts.chance
        self.writer, self.keys = accounts.writer, accounts.keys

    def found(self) -> dict[int, DistrictUnits]:
        """By id of the district."""
        sizes = [
            sum(each.weight for each in self.land.places if each.district_id == node.pk)
            for node in self.land.districts
        ]
        counts = shared(max(self.land.preset.units, len(sizes)), sizes, least=1)
        return {
            node.pk: self._of_district(node, count)
            for node, count in zip(self.land.districts, counts, strict=True)
        }

    def _of_district(self, district: Organization, count: int) -> DistrictUnits:
        found = DistrictUnits(district)
        for name, kind in self._names(district.short_name, count):
            found.all.append(Unit(id=self.keys.next(Unit), name=name, kind=kind, district_id=district.pk))
            found.weights.append(self.chance.uniform(0.3, 1) ** 2)
        self.writer.write(Unit, found.all)
        self._branches(found)
        officers = self._posts(found)
        for name, unit in zip(ANSWERING, cycle(found.all), strict=False):
            found.units[name], found.case_officers[unit.name] = unit, officers[unit.pk]
        return found

    def _names(self, district: str, count: int) -> Iterator[tuple[str, str]]:
        """Those that are dispatched to come first."""
        for name, kind in list(ANSWERING.values())[:count]:
            yield name.format(district), kind
        given: dict[str, int] = {}
        shares = [share for _, _, share in OTHERS]
        for name, kind, _ in self.chance.choices(OTHERS, shares, k=max(0, count - len(ANSWERING))):
            given[name] = given.get(name, 0) + 1
            yield name.format(district, given[name]), kind

    def _branches(self, found: DistrictUnits) -> None:
        self.writer.write(
            UnitBranch,
            [
                UnitBranch(unit_id=unit.pk, name=f"{unit.name}党支部", superior_id=found.district.pk)
                for unit in found.all
                if self.chance.random() < WITH_BRANCH
            ],
        )

    def _posts(self, found: DistrictUnits) -> dict[int, User]:
        """A liaison and a case officer each; gives the case officers by unit."""
        posts, officers = [], {}
        for unit in found.all:
            officers[unit.pk] = self.accounts.user(self.since, signins.CASE_OFFICER)
            liaison = self.accounts.user(self.since, signins.LIAISON)
            for user, post in ((officers[unit.pk], Post.CASE_OFFICER), (liaison, Post.UNIT_LIAISON)):
                posts.append(
                    Appointment(user_id=user.pk, post=post, unit_id=unit.pk, begins_on=self.since.date())
                )
        self.accounts.write()
        self.writer.write(Appointment, posts)
        return officers
