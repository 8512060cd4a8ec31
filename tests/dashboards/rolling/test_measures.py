"""Every measure, of every kind of place, against plain Python over the rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboards import reading, rolling
from dashboards.areas import area_of
from dashboards.measures import Counts
from dashboards.periods import Window
from dashboards.places import CITY, of_grid, of_node
from dashboards.rolling import proving
from grids.models import Grid
from ground import clock
from organizations.models import Organization, Unit
from requests.models import Dispatch, ServiceRequest
from requests.states import State
from tests.dashboards.rolling import slow
from tests.dashboards.rolling.scale import Invention, Shape
from volunteers.leaderboards.inventing import Size
from volunteers.models import Claim, LedgerEntry, Whistle

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FIRST, LAST = date(2026, 9, 17), date(2026, 11, 20)
HAPPENED = Window("any", "", FIRST, date(2026, 11, 21))
NODES = [None, "district", "street", "community", "branch", "group"]


@pytest.fixture(scope="module")
def world(django_db_setup: Any, django_db_blocker: Any) -> Iterator[dict[Any, Organization | None]]:
    """One invented city for the whole file, rolled up once."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic(), clock.at(NOW):
        Invention(Size(400, 80, 2, 4, 6), Shape(500, branches=2, grids=3, buildings=6, days=90)).write()
        _odd_ends()
        rolling.rebuild()
        by_tier = {
            name: Organization.objects.filter(tier=tier).order_by("pk")[1]
            for tier, name in zip((1, 2, 3, 4, 5), NODES[1:], strict=True)
        }
        yield {None: None, **by_tier}
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def at_that_time(world: Any) -> Iterator[None]:
    with clock.at(NOW):
        yield


def _odd_ends() -> None:
    """What invented rows have none of: dispatches, reopenings, whistles called off, claims judged otherwise."""
    unit = Unit.objects.all()[0]
    states = itertools.cycle(["returned", "recalled", "confirmed", "confirmed"])
    for row in ServiceRequest.objects.order_by("pk")[::3]:
        sent = row.submitted_at + timedelta(days=1)
        Dispatch.objects.create(
            service_request=row, unit=unit, text="请修灯", sent_by_id=row.submitter_id, sent_at=sent, sign_due=sent,
            give_back_until=sent, answer_due=sent, state=next(states), rejections=row.pk % 5 == 0,
        )  # fmt: skip
    ServiceRequest.objects.filter(number__endswith="7").update(reopened=1, supervised_at=NOW)
    ServiceRequest.objects.filter(number__endswith="3", state=State.CLOSED).update(state=State.RESOLVED)
    whistles = list(Whistle.objects.order_by("pk"))
    for state, row in zip(["draft", "cancelled", "open", "running"], whistles[::7], strict=False):
        Whistle.objects.filter(pk=row.pk).update(state=state)
    for state, claim in zip(["absent", "refused", "withdrawn", "waiting"], Claim.objects.all(), strict=False):
        Claim.objects.filter(pk=claim.pk).update(state=state)


def happened(place: str) -> Counts:
    return reading.read([place], HAPPENED)[0][place]


def key_of(node: Organization | None) -> str:
    return CITY if node is None else of_node(node.pk)


def only(counts: dict[str, int], names: Any) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number and names(name)}


def like(counts: dict[str, int], said: dict[str, int]) -> dict[str, int]:
    """The measures and breakdowns that the other side speaks of."""
    begin = {each.split(".")[0] for each in said}
    return only(counts, lambda each: each.split(".")[0] in begin)


@pytest.mark.parametrize("name", NODES)
def test_requests(world: Any, name: str | None) -> None:
    rows = slow.requests_in(world[name])
    said = slow.of_requests(rows, FIRST, LAST, NOW)
    assert said["submitted"] > 3 and len(said) > 20
    assert like(happened(key_of(world[name])), said) == said


def test_requests_of_grids_count_for_the_grids_around_them(world: Any) -> None:
    for grid in [Grid.objects.filter(tier=1)[0], *Grid.objects.filter(tier=2).order_by("pk")[:3]]:
        said = slow.of_requests(slow.requests_in_grid(grid), FIRST, LAST, NOW)
        assert said["submitted"]
        assert like(happened(of_grid(grid.pk)), said) == said


def test_single_days_and_months(world: Any) -> None:
    """What a page shows as a line: each day and each month for itself."""
    rows = slow.requests_in(None)
    by_day = reading.series(CITY, "day", FIRST, HAPPENED.after)
    for day in slow.days(date(2026, 10, 28), date(2026, 11, 3)):
        assert by_day[day]["submitted"] == slow.of_requests(rows, day, day, NOW)["submitted"]
    months = reading.series(CITY, "month", date(2026, 10, 1), date(2026, 11, 1))
    assert (
        months[date(2026, 10, 1)]["own"]
        == slow.of_requests(rows, date(2026, 10, 1), date(2026, 10, 31), NOW)["own"]
    )


@pytest.mark.parametrize("name", NODES)
def test_open_work_now(world: Any, name: str | None) -> None:
    said = slow.of_work(slow.requests_in(world[name]), NOW)
    stands = reading.stand_now([key_of(world[name])])[key_of(world[name])]
    assert only(stands, lambda each: each.startswith(("open", "overdue", "oldest"))) == said
    assert name in ("group", "branch") or said["overdue"]


@pytest.mark.parametrize("name", NODES)
def test_whistles_claims_and_ledger(world: Any, name: str | None) -> None:
    area = area_of(world[name])
    whistles = Whistle.objects.prefetch_related("claims")
    if name == "group":
        node = world[name]
        inside = node.get_descendants(include_self=True)
        whistles = whistles.filter(service_request__building__group__in=inside)
    else:
        whistles = whistles.filter(area.grids if name != "branch" else _by_branch(world[name]))
    entries = LedgerEntry.objects.filter(area.entries).select_related("claim")
    said = slow.of_whistles(whistles, FIRST, LAST) | slow.of_ledger(entries, FIRST, LAST)
    names = ("whistles", "places", "claims", "minutes", "off_hours", "times")
    assert only(happened(key_of(world[name])), lambda each: each.startswith(names)) == said
    assert name == "group" or said["minutes"] > 100


def _by_branch(node: Any) -> Any:
    from django.db.models import Q

    return Q(grid__branch__in=node.get_descendants(include_self=True))


@pytest.mark.parametrize("name", NODES)
def test_dispatches(world: Any, name: str | None) -> None:
    said = slow.of_dispatches(area_of(world[name]).requests, FIRST, LAST)
    assert said["dispatches"] and like(happened(key_of(world[name])), said) == said


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("time", ["accept", "contact", "arrange", "resolve"])
def test_times_within_five_percent(world: Any, name: str | None, time: str) -> None:
    exact = slow.seconds(slow.requests_in(world[name]), time, FIRST, LAST)
    counts = happened(key_of(world[name]))
    for share in (0.5, 0.9):
        rank = round(share * (len(exact) - 1))
        told = counts.times(time, share)
        near = [exact[max(rank - 1, 0)], exact[min(rank + 1, len(exact) - 1)]]
        assert told is not None and near[0] * 0.95 <= told <= near[1] * 1.05


def test_the_database_counts_the_same(world: Any) -> None:
    assert proving.differences(at_once=12) == []


def test_the_proof_finds_what_is_wrong(world: Any) -> None:
    """A proof that cannot fail proves nothing: one figure too many, one row too few, one that nobody asked for."""
    from django.db import transaction

    from dashboards.models import Rollup, Standing

    with transaction.atomic():
        row = Rollup.objects.filter(place=CITY, span="day", figures__has_key="submitted").first()
        assert row is not None
        row.figures["submitted"] += 1
        row.save()
        Rollup.objects.filter(place__startswith="g", span="month").first().delete()  # type: ignore[union-attr]
        Rollup.objects.create(place="g999999", span="day", starts_on=date(2031, 1, 1), figures={"own": 3})
        Standing.objects.filter(place=CITY, kind="registry").update(figures={"grids": 1})
        found = proving.differences(at_once=12)
        assert {each.what for each in found} == {"day", "month", "year", "registry"}
        assert any(each.place == CITY and each.stored == each.counted + 1 for each in found)
        assert any(each.on == date(2031, 1, 1) and each.counted == 0 for each in found)
        transaction.set_rollback(True)
