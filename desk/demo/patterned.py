"""未诉先办: the same thing asked for again and again in a few houses; two proposals wait, one was filed, one not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accounts.models import User
from dashboards.models import Pattern
from dashboards.patterns import deciding, finding
from desk.demo.asked import Asked, weighted_rating
from desk.demo.stories import Story
from grids.models import Building
from requests import workflow
from requests.models import Category, ServiceRequest
from requests.states import Track

if TYPE_CHECKING:
    from desk.demo.past import Stage

LIGHTS = (
    ("三楼楼道灯又不亮了", "上星期才换的灯泡，今天又不亮，老人晚上不敢出门。"),
    ("二单元楼道灯坏了", "二单元一楼到三楼都不亮，上楼要打手电。"),
    ("楼道灯一闪一闪", "四楼的灯一直在闪，声音也响，怕是线路有问题。"),
    ("五楼楼道灯不亮", "下班回来楼道漆黑，差点踩空。"),
    ("一单元门口灯不亮", "门口的灯又坏了，这个月第二次。"),
)
RUBBISH = (
    ("楼下垃圾桶满了没人收", "两天没收，味道很大。"),
    ("垃圾堆在绿化带", "垃圾桶太少，大家都堆在绿化带边上。"),
    ("垃圾点有污水", "垃圾点的污水流到路上，小孩上学要绕着走。"),
    ("晚上有人乱扔垃圾", "桶满了以后就扔在地上，早上很脏。"),
    ("垃圾桶盖坏了", "盖子坏了招苍蝇，请换一个。"),
    ("垃圾清运太早", "清运完不到中午又满了，能不能加一次。"),
)
PIPES = (
    ("下水道又堵了", "厨房下水反水，这栋楼这个月好几家了。"),
    ("一楼卫生间返水", "楼上一用水一楼就冒。"),
    ("主管道渗水", "地下室顶上一直滴水。"),
    ("下水慢，有臭味", "找人通过，过几天又慢了。"),
)
BIKES = (
    ("电动车堵住楼道口", "几辆电动车停在单元门口，推婴儿车过不去。"),
    ("单元门口停满电动车", "早上出门要先搬车。"),
    ("有人占着消防通道停车", "小车停在楼头，消防车进不来。"),
    ("电动车乱停", "晚上又停了一排。"),
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """What was asked again and again: category, where, when (days ago), in which words."""

    category: str
    answer: str
    houses: Sequence[Building]
    days: Sequence[float]
    words: Sequence[tuple[str, str]]


class Patterned:
    """Adds the clusters, the rounds that find them and the decisions to the script."""

    def __init__(self, stage: Stage, kinds: dict[str, Category]) -> None:
        self.stage, self.kinds, self.script = stage, kinds, stage.script
        self.houses = stage.land.huacheng.buildings

    def write(self) -> None:
        lights, pipes, bikes = self.houses[18], self.houses[35], self.houses[52]
        self._ask(
            Cluster("repair", "换了灯泡，请电工再看线路", [lights], (19.4, 13.2, 8.6, 4.3, 1.6), LIGHTS)
        )
        around = self.houses[72:75]
        self._ask(Cluster("clean", "已清运，地面冲洗了", around, (22.5, 17.1, 12.4, 9.2, 5.5, 2.2), RUBBISH))
        self._ask(Cluster("repair", "疏通了下水", [pipes], (36.3, 29.4, 22.2, 16.4), PIPES))
        self._ask(Cluster("parking", "劝离了车主，贴了提示", [bikes], (31.2, 25.3, 18.4, 12.1), BIKES))
        self._file(pipes)
        self._dismiss(bikes)
        for days in (15.5, 11.5, 7.5, 3.5):
            self.script.at(self.script.by_day(self.script.ago(days=days)), finding.look_around)
        self.script.at(self.script.ago(minutes=30), finding.look_around)

    def _ask(self, cluster: Cluster) -> None:
        for number, (days, (title, text)) in enumerate(zip(cluster.days, cluster.words, strict=True)):
            house = cluster.houses[number % len(cluster.houses)]
            story = Story(cluster.category, Track.IMPORTANT, title, text, "", cluster.answer)
            by = self._neighbours(house)[number]
            asked = Asked(self.script, self.kinds, story, by, house, self.stage.staff)
            asked.submit(self.script.by_day(self.script.ago(days=days))).accept().contact().handle()
            if days > 6:
                asked.resolve().rate(weighted_rating(self.script.chance))

    def _neighbours(self, house: Building) -> list[User]:
        """Those who live nearest: of the house, of its compound, of everywhere."""
        residents = self.stage.people.residents[1:]
        order = sorted(
            range(len(residents)),
            key=lambda at: (
                residents[at][1] != house,
                residents[at][1].compound_id != house.compound_id,
                at,
            ),
        )
        return [residents[at][0] for at in order]

    def _pattern(self, house: Building, category: str) -> Pattern:
        return Pattern.objects.proposed().get(building=house, category__code=category)

    def _file(self, house: Building) -> None:
        """Filed a fortnight ago, in hand since."""
        filed: list[ServiceRequest] = []
        secretary = self.stage.people.secretary
        at = self.script.by_day(self.script.ago(days=14.6))

        def file() -> None:
            pattern = self._pattern(house, "repair")
            text = f"{deciding.text_for(pattern)}请物业一起查主管道，需要更换的列入小修计划。"
            filed.append(deciding.file(pattern, by=secretary, text=text, title=f"{house.name}下水主管道整修"))

        self.script.at(at, file)
        self.script.at(
            at + timedelta(minutes=20), lambda: workflow.accept(filed[0], by=secretary, track=Track.HARD)
        )
        self.script.at(
            at + timedelta(hours=2),
            lambda: workflow.handle(filed[0], by=secretary, responsible=secretary),
        )

    def _dismiss(self, house: Building) -> None:
        def dismiss() -> None:
            reason = "已列入本月停车棚改造，月底完工。"
            deciding.dismiss(self._pattern(house, "parking"), by=self.stage.people.secretary, reason=reason)

        self.script.at(self.script.by_day(self.script.ago(days=10.6)), dismiss)
