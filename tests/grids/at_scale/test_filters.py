"""A page of the list of residents is cut from an index, whatever it is filtered by: 100,000 rows are never sorted."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from grids.models import Building, Resident, SpecialGroup
from tests.grids.at_scale.conftest import World, first_grid
from tests.grids.at_scale.plans import Plan, asked, explained
from tests.signing_in import strong_client

pytestmark = pytest.mark.services
TABLE = Resident._meta.db_table
#: Rows that may be sorted for a page: some of a filter that finds few.
MOST_SORTED = 5_000
#: Rows that may be read for a page of a secretary. A grid worker's grids are no index's beginning: where they lie
#: late in the table, PostgreSQL may walk the primary key up to them.
MOST_READ = 10_000

FILTERS = (
    *("", "after", "grid", "building", "group", "residence=floating", "residence=overseas"),
    *("care=red", "care=yellow", "age=60", "age=80", "age=14", "standing=left"),
)


def filled(query: str, world: World) -> str:
    """With the keys of things of this world."""
    grid = first_grid(world.home)
    keys = {
        "after": world.people(world.home).order_by("pk")[50_000 % world.people(world.home).count()].pk,
        "grid": grid.pk,
        "building": Building.objects.filter(grid__parent=grid).order_by("pk")[3].pk,
        "group": SpecialGroup.objects.order_by("order")[0].pk,
    }
    return f"{query}={keys[query]}" if query in keys else query


def plans(user: User, query: str) -> list[Plan]:
    """Of what the page asks of the residents: its rows, and how many there are."""
    client = strong_client(user)
    url = f"{reverse('grids:residents')}?{query}"
    client.get(url)
    return [explained(sql) for sql in asked(lambda: client.get(url), f'FROM "{TABLE}"')]


@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.parametrize("who", ["secretary", "grid worker", "secretary next door"])
def test_a_page_is_cut_from_an_index(world: World, who: str, query: str, say: Any) -> None:
    user = {
        "secretary": world.home.secretary,
        "grid worker": world.worker,
        "secretary next door": world.next_door.secretary,
    }[who]
    found = plans(user, filled(query, world))
    assert found
    for plan in found:
        is_rows = "LIMIT" in plan.sql
        say(
            f"{who} {query or 'all':20} {'rows ' if is_rows else 'count'} sorted {plan.most_sorted}, "
            f"most read {plan.most_read}, {plan.milliseconds:.1f} ms: {', '.join(plan.shape)[:110]}"
        )
        assert plan.most_sorted <= MOST_SORTED, plan.shape
        assert not (is_rows and plan.walked(TABLE)), plan.shape
        assert not (is_rows and "secretary" in who and plan.read_of(TABLE) > MOST_READ), plan.shape
