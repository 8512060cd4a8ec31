"""Nobody can tell from the time of an answer whether a number is registered next door.

A timed test would fail on a busy machine, so the reason is tested: the same statements, executed by the same plans.
The times themselves are printed.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest

from accounts.models import User
from grids import searching
from grids.models import Resident
from grids.searching import Words
from tests.grids.at_scale import story
from tests.grids.at_scale.conftest import World
from tests.grids.at_scale.plans import asked, explained, text_of

pytestmark = pytest.mark.services
TIMES = 200


def numbers_next_door(world: World, kind: str) -> list[str]:
    """Of people whom nobody at home has: a telephone is shared by many."""
    field = {"document": "document_number", "phone": "phone"}[kind]
    index = f"{kind}_index"
    at_home = world.people(world.home).values(index)
    rows = world.people(world.next_door).exclude(**{index: ""}).exclude(**{f"{index}__in": at_home})
    return list(rows.values_list(field, flat=True).distinct()[:TIMES])


def nowhere(kind: str) -> str:
    return story.a_document() if kind == "document" else story.a_phone()


@pytest.mark.parametrize("kind", ["document", "phone"])
@pytest.mark.parametrize("who", ["secretary", "grid worker"])
def test_a_number_of_next_door_is_asked_for_like_one_of_nobody(world: World, who: str, kind: str) -> None:
    user = world.home.secretary if who == "secretary" else world.worker
    near, none = numbers_next_door(world, kind)[0], nowhere(kind)
    assert Resident.objects.filter(**searched(near, kind)).exists()
    assert not Resident.objects.filter(**searched(none, kind)).exists()
    here, there = (asked(lambda number=number: finds_nobody(user, number)) for number in (near, none))
    assert [text_of(sql) for sql in here] == [text_of(sql) for sql in there] and here
    assert [explained(sql).shape for sql in here] == [explained(sql).shape for sql in there]


def searched(number: str, kind: str) -> dict[str, Any]:
    query, _ = searching.condition(number)
    assert query is not None
    return {
        f"{kind}_index": dict(each for each in query.children if isinstance(each, tuple))[f"{kind}_index"]
    }


def finds_nobody(user: User, number: str) -> None:
    assert searching.find(User.objects.get(pk=user.pk), Words(number)).people == []


def test_the_times_are_printed(world: World, say: Any) -> None:
    near = numbers_next_door(world, "document")
    assert len(near) == TIMES
    taken: dict[str, list[float]] = {"next door": [], "nowhere": []}
    for number in near:
        for where, asked_for in (("next door", number), ("nowhere", nowhere("document"))):
            began = time.perf_counter()
            finds_nobody(world.home.secretary, asked_for)
            taken[where].append(time.perf_counter() - began)
    medians = ", ".join(f"{where} {statistics.median(times) * 1000:.2f} ms" for where, times in taken.items())
    spread = statistics.quantiles(taken["nowhere"], n=4)
    say(
        f"medians of {TIMES} searches: {medians}; quartiles of one {spread[0] * 1000:.2f}–{spread[2] * 1000:.2f} ms"
    )
