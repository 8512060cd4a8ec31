"""What makes the year of this district its own: dark corridors, what lies too long, neighbours who ask alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import cycle

from desk.demo.history import words
from desk.demo.history.crowd import Neighbourhood
from desk.demo.history.inventing import Tale, World
from desk.demo.history.lives import Deed, Life
from desk.demo.history.seasons import SLOW_STREET, Temper
from desk.demo.stories import H, Story
from grids.models import Building
from requests.figures.rates import SATISFIED_FROM

CALM = Temper(1.0, 0.0)
#: The compound whose corridor lamps fail again and again, and how many days ago somebody said so.
DARK_COMPOUND = "供销大院"
DARK_DAYS = (26.4, 23.3, 20.2, 17.4, 13.3, 10.2, 8.4, 6.3)
#: The same in one house of another community; its last ones are still in hand.
DARK_PLACE, DARK_HOUSE_DAYS = "新华南社区", (25.2, 19.3, 12.4, 7.3, 2.2)
#: How long ago what still lies there was taken in hand, in days: in the slow street, in towns, elsewhere.
STUCK_SLOW, STUCK_TOWNS, STUCK_OTHERS = (
    (83, 61, 47, 33, 24, 17, 13),
    (54, 38, 27, 19, 12),
    (41, 30, 22, 15, 11),
)
#: How many days ago the lamp of a grid without any good word was mended.
PRAISED = 45
#: In the slow street some are not even accepted.
UNHEARD = (6.2, 4.3, 3.2)
WALL = Story(
    "repair", H, "挡土墙开裂，一下雨就往下掉土", "后山挡土墙裂了一指宽，雨大的时候往下掉土块，下面就是停车的地方。",
    "后山挡土墙", "", "wall",
)  # fmt: skip
ROOM = Story(
    "parking", H, "老小区没有车位，晚上堵到消防口", "三百户只有四十个车位，晚上消防口都停满，救护车进不来。",
    "小区主路", "", "cars",
)  # fmt: skip


def specials(world: World, places: list[Neighbourhood]) -> list[Life]:
    return [*_dark_corridors(world, places), *_stuck(world, places), *_unheard(world, places)]


def contented(world: World, places: list[Neighbourhood], lives: list[Life]) -> list[Life]:
    """A lamp mended for each second-tier grid that chance has left without a good word: no page is to be empty."""
    praised = {life.house.grid_id for life in lives if _is_praised(life)}
    found = []
    for place in places:
        first = {house.grid_id: house for house in reversed(place.place.buildings)}
        found += [_dark(world, place, house, PRAISED) for grid, house in first.items() if grid not in praised]
    return found


def _is_praised(life: Life) -> bool:
    return any(deed.step == "rate" and deed.codes["satisfied"] >= SATISFIED_FROM for deed in life.deeds)


def neighbours(world: World, life: Life, place: Neighbourhood) -> None:
    """Another one in the house says the same: it is merged, done with the first, and judged by himself (并案)."""
    done = next((deed for deed in life.deeds if deed.step == "resolve"), None)
    accepted = next((deed for deed in life.deeds if deed.step == "accept"), None)
    others = [user for user, _ in place.residents if user != life.submitter]
    if done is None or accepted is None or done.at - accepted.at < timedelta(hours=12):
        return
    asker, chance = world.chance.choice(others), world.chance
    at = world.script.later(accepted.at, 1, 4)
    merged = world.script.later(at, 0.3, 2)
    if merged >= done.at:
        return
    twin = Life(asker, life.house, life.category, life.title, life.text, life.address, life.source)
    twin.deeds += [
        Deed("submit", at, asker),
        Deed("merge", merged, accepted.by, codes={"into": life}),
        Deed("resolve_with", done.at, None, done.words, {"with": life}),
    ]
    rated = world.script.later(done.at, 3, 50)
    marks = {"contacted": True, "solved": True, "satisfied": chance.choice((4, 5))}
    twin.deeds.append(Deed("rate", rated, asker, codes=marks))
    life.merged.append(twin)


# A dark corridor


def _dark_corridors(world: World, places: list[Neighbourhood]) -> list[Life]:
    """Mended every time, and dark again: the compound as a whole, or one house (未诉先办)."""
    home = next(each for each in places if each.is_huacheng)
    houses = [
        house for house in home.place.buildings if house.compound and house.compound.name == DARK_COMPOUND
    ]
    other = next(each for each in places if each.node.short_name == DARK_PLACE)
    found = []
    # House after house, so that none of them alone tells the story: what others ask for there comes on top.
    for days, house in zip(DARK_DAYS, cycle(houses), strict=False):
        found.append(_dark(world, home, house, days))
    for days in DARK_HOUSE_DAYS:
        found.append(_dark(world, other, other.place.buildings[0], days))
    return found


def _dark(world: World, place: Neighbourhood, house: Building, days: float) -> Life:
    tale = _tale(world, place, words.LAMP, days)
    tale.life.house = house
    tale.accept().contact().handle().resolve(low=3, high=20)
    stars = world.chance.choice((4, 4, 5))
    tale.then("rate", 2, 20, tale.asker, "", contacted=True, solved=True, satisfied=stars)
    return tale.life


def _tale(world: World, place: Neighbourhood, story: Story, days: float, temper: Temper = CALM) -> Tale:
    """Asked for by the residents themselves, by day."""
    at: datetime = world.script.by_day(world.script.ago(days=days))
    tale = Tale(world, place, story, temper, at)
    if tale.life.source != "resident":
        tale.life.source = "resident"
        tale.life.deeds[0].by = tale.asker
    return tale


# What lies too long


def _stuck(world: World, places: list[Neighbourhood]) -> list[Life]:
    """Taken in hand and not done, long after its due; some were urged, one is watched by the street (督办)."""
    slow = [each for each in places if each.node.code.startswith(SLOW_STREET)]
    towns = [each for each in places if each.is_rural]
    others = [each for each in places if each not in slow and not each.is_rural and _may_lie(each)]
    found = []
    for number, (heap, ages) in enumerate(((slow, STUCK_SLOW), (towns, STUCK_TOWNS), (others, STUCK_OTHERS))):
        for place, days in zip(cycle(heap[number:] + heap[:number]), ages, strict=False):
            found.append(_lying(world, place, days))
    return found


def _may_lie(place: Neighbourhood) -> bool:
    """花城社区 and its neighbour of the sign-in table have a present of their own."""
    return not place.is_huacheng and place.node.short_name != "芙蓉东社区"


def _lying(world: World, place: Neighbourhood, days: float) -> Life:
    chance = world.chance
    story = chance.choice((WALL, ROOM)) if days > 20 else chance.choice(words.BY_KIND[chance.choice(_LIES)])
    tale = _tale(world, place, story, days, Temper(1.6, 0.3))
    tale.accept().contact().handle()
    if days > 25:
        tale.then("urge", 24 * days * 0.6, 24 * days * 0.7, tale.asker)
    if days > 60:
        street = place.node.parent_id
        tale.then(
            "supervise", 20, 40, place.officer, words.URGED_BY_STREET, supervised_by=street, is_internal=True
        )
    return tale.life


_LIES = ("repair", "clean", "parking", "dispute")


def _unheard(world: World, places: list[Neighbourhood]) -> list[Life]:
    slow = [each for each in places if each.node.code.startswith(SLOW_STREET)]
    kinds = cycle(("clean", "parking", "elder"))
    return [
        _tale(world, place, world.chance.choice(words.BY_KIND[kind]), days).life
        for place, kind, days in zip(cycle(slow), kinds, UNHEARD, strict=False)
    ]
