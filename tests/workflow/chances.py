"""Who takes part in the random walks of requests, and what they say at a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from accounts.models import User
from ground import clock
from organizations.models import Organization, Unit
from organizations.posts import Post
from requests import workflow
from requests.models import Category, Dispatch, ServiceRequest
from requests.states import ContactBy, Grade, Outcome, Track
from tests.factories import City, a_city, a_grid_worker, a_unit, a_user, appoint
from tests.workflow import a_category

#: A quiet step moves nothing: chosen seldom, or the walk goes nowhere.
QUIET = frozenset({"note", "urge", "add", "supervise", "contact", "withdraw", "arrive"})


@dataclass
class World:
    """One city with everybody who may do something, and those who may not."""

    city: City
    category: Category
    units: list[Unit]
    people: list[User]
    residents: list[User]
    staff: list[User]
    outsiders: list[User]
    places: list[Organization] = field(default_factory=list)


def a_world() -> World:
    city = a_city()
    home, units = city.home, [a_unit(city), a_unit(city)]
    residents = [a_user("周小兰"), a_user("李大爷")]
    staff = [home.secretary, _seated("副书记", Post.FIRST_SECRETARY, home.organization), a_grid_worker(home)]
    for place, name in ((city.street, "街道"), (city.district, "区")):
        staff += [
            _seated(f"{name}干部", Post.OFFICER, place),
            _seated(f"{name}同事", Post.OFFICER, place),
            _seated(f"{name}领导", Post.LEADER_IN_CHARGE, place),
        ]
    officers = [_seated("承办人", Post.CASE_OFFICER, unit) for unit in units]
    outsiders = [
        a_user("外人"),
        _seated("别的单位", Post.CASE_OFFICER, a_unit(city)),
        a_city("浈江").home.secretary,
    ]
    people = [*residents, *staff, *officers, city.next_door.secretary, *outsiders]
    for person in people:
        person.scope_cache = {}  # type: ignore[attr-defined]  # nobody is appointed on the way
    places = [city.district, city.street, home.organization, city.next_door.organization]
    return World(city, a_category(), units, people, residents, staff, outsiders, places)


def _seated(name: str, post: Post, place: Any) -> User:
    person = a_user(name)
    appoint(person, post, place)
    return person


def file(world: World, chance: Random) -> ServiceRequest:
    """By a resident, by staff for themselves, for somebody with a phone, for one without, or for nobody."""
    place = chance.choice(
        [{"building": world.city.home.building}, {"community": world.city.home.organization}]
    )
    fields: dict[str, Any] = {"category": world.category, "text": "楼道灯不亮", **place}
    way = chance.randrange(7)
    if way == 0:
        return workflow.submit(by=world.city.home.secretary, without_phone="周阿婆", **fields)
    if way == 1:
        return workflow.submit(by=world.city.home.secretary, **fields)
    if way == 2:
        return workflow.submit(by=world.staff[1], on_behalf_of=world.residents[1], **fields)
    if way == 3:
        return workflow.submit(by=world.city.home.secretary, is_proactive=True, **fields)
    return workflow.submit(by=chance.choice(world.residents), **fields)


def words_for(name: str, world: World, row: ServiceRequest, chance: Random) -> dict[str, Any]:
    """What the form of a step gives, sensible for the most part."""
    makes = _WORDS.get(name)
    return makes(world, row, chance) if makes else {}


def _rating(world: World, row: Any, chance: Random) -> dict[str, Any]:
    marks = {"contacted": chance.random() < 0.5, "solved": chance.random() < 0.5}
    return {**marks, "satisfied": chance.randint(1, 5)}


def _handle(world: World, row: ServiceRequest, chance: Random) -> dict[str, Any]:
    return {"responsible": chance.choice([*world.staff, *world.residents])}


def _merge(world: World, row: ServiceRequest, chance: Random) -> dict[str, Any]:
    others = list(ServiceRequest.objects.filter(district=world.city.district).order_by("pk"))
    return {"target": chance.choice(others)}


def _split(world: World, row: ServiceRequest, chance: Random) -> dict[str, Any]:
    return {"parts": [f"第{number}件" for number in range(chance.choice([0, 1, 1, 2, 2, 3, 9, 11]))]}


def _child(world: World, row: ServiceRequest, chance: Random) -> Organization:
    below = [place for place in world.places if place.parent_id == row.handler_id]
    return chance.choice([*(below * 4), *world.places])


def _extend(world: World, row: ServiceRequest, chance: Random) -> dict[str, Any]:
    later = clock.today() + timedelta(days=chance.choice([-1, 0, 3, 10, 30, 60]))
    return {"new_due": later, "reason": "等配件"}


def _outcome(world: World, row: ServiceRequest, chance: Random) -> dict[str, Any]:
    outcome = chance.choice([Outcome.SOLVED, Outcome.SOLVED, Outcome.PARTLY, Outcome.EXPLAINED])
    return {"outcome": outcome, "text": "办好了"}


def _dispatch(world: World, row: ServiceRequest, chance: Random) -> dict[str, Any]:
    to: dict[str, Any] = (
        {"unit": chance.choice(world.units)}
        if chance.random() < 0.7
        else {"organization": chance.choice(world.places)}
    )
    days = chance.choice([None, None, -1, 1, 4])
    return {
        **to,
        "text": "请修灯",
        "grade": chance.choice([Grade.WORK, Grade.WORK, Grade.HARD]),
        "is_lead": chance.random() < 0.2,
        "answer_by": None if days is None else clock.today() + timedelta(days=days),
    }


def _marks(world: World, row: Any, chance: Random) -> dict[str, Any]:
    return {name: chance.randint(1, 5) for name in ("timely", "effective", "attitude")}


def _reason(world: World, row: Any, chance: Random) -> dict[str, Any]:
    return {"reason": chance.choice(["有道理", "有道理", "有道理", " "])}


def _text(world: World, row: Any, chance: Random) -> dict[str, Any]:
    return {"text": "说清楚"}


_WORDS: dict[str, Any] = {
    "accept": lambda world, row, chance: {"track": chance.choice(Track.values)},
    "contact": lambda world, row, chance: {"how": chance.choice(ContactBy.values)},
    "propose_hand_down": lambda world, row, chance: {"child": _child(world, row, chance), "reason": "再办"},
    "hand_down": lambda world, row, chance: {"child": _child(world, row, chance), "text": "去办"},
    "handle": _handle,
    "merge": _merge,
    "split": _split,
    "extend": _extend,
    "resolve": _outcome,
    "complete": _outcome,
    "dispatch": _dispatch,
    "rate": _rating,
    "call_back": _rating,
    "confirm": _marks,
    **dict.fromkeys(
        ("decline", "escalate", "deny", "reopen", "object", "give_back", "reject", "recall"), _reason
    ),
    **dict.fromkeys(("add", "ask", "answer", "explain", "supervise", "note"), _text),
}


def words_for_dispatch(name: str, world: World, row: Dispatch, chance: Random) -> dict[str, Any]:
    return {"text": "修好了"} if name == "answer" else words_for(name, world, row.service_request, chance)
