"""The year of the demo: lives as data, played by the tables; what they leave is what the verbs would have left."""

import copy
import random
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from desk.demo import places
from desk.demo.history import playing, words, writing
from desk.demo.history.crowd import Crowd
from desk.demo.history.inventing import WAYS, World, invent
from desk.demo.history.lives import Deed, Life
from desk.demo.history.playing import Impossible, Rules
from desk.demo.history.seasons import Temper
from desk.demo.history.special import neighbours
from desk.demo.history.year import Year
from desk.demo.people import gather
from desk.demo.script import Script
from ground import clock
from organizations.workdays import calendar
from requests import catalogue, proving
from requests.models import Category, Note, RequestEvent, ServiceRequest
from requests.states import State
from tests.desk.demo_verbs import by_the_verbs

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(datetime(2026, 11, 25, 20, 30))
#: What a row has for itself, and when the platform reminds: the clock that reminds runs for one of the two only.
OWN = {"id", "number", "key", "query_code", "reminded"}


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    """The land and the people of the demo, before anything has happened."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic(), clock.at(NOW):
        land = places.settle(random.Random(1))
        people, cast = gather(land, random.Random(2))
        catalogue.begin()
        yield land, people, cast
        transaction.set_rollback(True)


@pytest.fixture
def world(stage):
    land, people, cast = stage
    script = Script(NOW, random.Random(3))
    kinds = {each.code: each for each in Category.objects.all()}
    with clock.at(NOW):
        world = World(script, people, kinds, Rules(land.district, calendar()))
        return world, Crowd(land, people, cast, script).gather()


def _at(days: float) -> datetime:
    return NOW - timedelta(days=days)


def _lives(world: World, around, count: int) -> list[Life]:
    kinds = [*words.BY_KIND]
    return [
        invent(
            world,
            around[number % len(around)],
            kinds[number % len(kinds)],
            Temper(1.4, 0.3),
            _at(100 - number / 4),
        )
        for number in range(count)
    ]


def test_a_life_leaves_what_the_verbs_leave(world):
    """Every way, twice over at least: all columns, all events with their codes, all dispatches."""
    world, around = world
    seen: set[str] = set()
    for life in _lives(world, around[:12], 130):
        steps = {deed.step for deed in life.deeds}
        if steps <= seen and len(seen) > 8:
            continue
        seen |= steps
        row = by_the_verbs(copy.copy(life))
        words_of = [(deed.step, deed.words) for deed in life.deeds]
        played = playing.play(life, world.rules)
        _same(row, played.row)
        events = list(row.events.order_by("id"))
        assert [(e.step, e.source, e.target, e.at, e.by) for e in events] == [
            (e.step, e.source, e.target, e.at, e.by) for e, _ in played.events
        ], words_of
        for event, (other, _) in zip(events, played.events, strict=True):
            assert _but_ids(event.codes) == _but_ids(other.codes), event.step
        sent = list(row.dispatches.order_by("id"))
        assert len(sent) == len(played.dispatches)
        for one, other in zip(sent, played.dispatches, strict=True):
            _same(one, other)
            assert [e.step for e in one.events.order_by("id")] == [
                e.step for e, _ in played.sent if e.subject is other
            ]
    assert seen >= {
        "dispatch",
        "escalate",
        "take_over",
        "decline",
        "object",
        "ask",
        "answer",
        "extend",
        "reopen",
    }
    assert seen >= {"explain", "consent_explained", "consent_extension", "withdraw", "rate", "lapse"}
    assert len(WAYS) == 9


def _but_ids(codes: dict) -> dict:
    """What a dispatch is called differs between the two."""
    return {name: value for name, value in codes.items() if name != "dispatch"}


def _same(row, other) -> None:
    different = {
        each.attname: (getattr(row, each.attname), getattr(other, each.attname))
        for each in row._meta.concrete_fields
        if each.name not in OWN | {"service_request"}
        and getattr(row, each.attname) != getattr(other, each.attname)
    }
    assert different == {}


def test_what_the_table_forbids_is_not_written(world):
    world, around = world
    life = invent(world, around[0], "clean", Temper(1, 0), _at(20))
    life.deeds[1:] = [Deed("resolve", _at(19), around[0].staff[0], "办好了", {"outcome": "solved"})]
    with pytest.raises(Impossible, match="resolve is not open"):
        playing.play(life, world.rules)
    life.deeds[1:] = [Deed("vanish", _at(19), around[0].staff[0])]
    with pytest.raises(Impossible):
        writing.write([life], [], world.rules)
    assert not ServiceRequest.objects.exists()


def test_numbers_go_on_where_the_day_stands(world):
    world, around = world
    first, second = (invent(world, around[0], "policy", Temper(1, 0), _at(20)) for _ in range(2))
    writing.write([first], [], world.rules)
    writing.write([second], [], world.rules)
    day = f"{clock.day_of(first.begins):%Y%m%d}"
    assert [row.number[-13:] for row in (first.row, second.row)] == [f"{day}-0001", f"{day}-0002"]


def test_what_two_ask_is_done_as_one_and_judged_by_both(world):
    world, around = world
    place = around[0]
    life = next(
        each
        for each in _lives(world, [place], 40)
        if [d.step for d in each.deeds][-2:] == ["resolve", "rate"]
    )
    neighbours(world, life, place)
    writing.write([life], [], world.rules)
    twin = life.merged[0].row
    assert (
        twin.state == State.CLOSED and twin.merged_into is None and twin.resolved_at == life.row.resolved_at
    )
    into, done = RequestEvent.objects.filter(subject=twin, step__in=("merge", "resolve_with")).order_by("id")
    assert (into.codes["into"], done.codes["with"]) == (life.row.pk, life.row.pk)
    said = Note.objects.get(event__subject=life.row, event__step="resolve").text
    assert Note.objects.get(event=done).text == said
    assert [proving.faults(row) for row in (life.row, twin)] == [[], []]


def test_a_life_that_is_not_over_stands_where_it_was_cut(world):
    world, around = world
    life = next(
        each for each in _lives(world, around[:3], 40) if [d.step for d in each.deeds][3:4] == ["handle"]
    )
    writing.write([life.until(life.deeds[3].at + timedelta(minutes=1))], [], world.rules)
    row = ServiceRequest.objects.get()
    assert row.state == State.IN_PROGRESS and row.due == row.resolve_due
    assert proving.faults(row) == []


def test_the_same_year_every_time(stage):
    land, people, cast = stage

    def year() -> list[object]:
        from django.db import transaction

        given = cast.given
        with transaction.atomic(), clock.at(NOW):
            lives, callings = Year(land, people, cast, Script(NOW, random.Random(9)))._lives()
            told = [_told(life) for life in lives]
            told += [
                (each.title, each.starts_at, [deed.at for each in each.helpers for deed in each.deeds])
                for each in callings
            ]
            transaction.set_rollback(True)
        cast.given = given
        cast.names = set(names)
        return told

    names = set(cast.names)
    first = year()
    assert len(first) > 1400
    assert first == year()


def _told(life: Life) -> tuple[object, ...]:
    return (
        life.title, life.house.code, life.submitter.phone, life.source,
        [(deed.step, deed.at, deed.words) for deed in life.deeds],
        [(each.unit.name, [(deed.step, deed.at) for deed in each.deeds]) for each in life.sendings],
        [_told(other) for other in life.merged],
    )  # fmt: skip
