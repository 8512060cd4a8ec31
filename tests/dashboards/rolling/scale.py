"""Rollups at the size of a whole city: invented rows, written straight into the tables.

What it costs, in a database of its own (made, measured, dropped):
WENSHAO_TEST_DATABASE_URL=postgres://… python -m tests.dashboards.rolling.scale
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()

from django.db import connection

from dashboards import rolling
from dashboards.models import Rollup, Standing
from grids.models import Building, Grid
from ground import clock
from organizations import tree
from organizations.models import Organization
from organizations.posts import Tier
from organizations.tree import Seed
from requests.models import Category, Rating, RequestEvent, ServiceRequest
from requests.states import Outcome, State, Track
from volunteers.leaderboards.inventing import Inventor, Size
from volunteers.models import Whistle

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Shape:
    """How much: the parts of every community, and the requests of the year until now."""

    requests: int = 100_000
    branches: int = 4
    grids: int = 12
    buildings: int = 40
    days: int = 365


class Invention:
    """A tree down to groups, grids of two tiers, buildings, requests in every state, whistles and the ledger."""

    def __init__(self, size: Size, shape: Shape) -> None:
        self.size, self.shape, self.chance = size, shape, Random(7)

    def write(self) -> None:
        self.inventor = Inventor(self.size)
        self.inventor.write()
        self.nodes = {
            node.pk: node
            for node in Organization.objects.filter(tier=Tier.COMMUNITY).select_related("parent")
        }
        self._branches()
        self._territory()
        self._requests()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE volunteers_whistle SET grid_id = (SELECT MIN(id) + MOD(volunteers_whistle.id, %s)"
                " FROM grids_grid WHERE grids_grid.community_id = volunteers_whistle.community_id AND tier = 2)",
                [self.shape.grids],
            )
            cursor.execute("ANALYZE")

    def _branches(self) -> None:
        seeds = []
        for node in self.nodes.values():
            for number in range(self.shape.branches):
                branch = Seed(Tier.GRID_BRANCH, f"支部{number}", node)
                seeds += [branch, *(Seed(Tier.BUILDING_GROUP, f"小组{each}", branch) for each in range(3))]
        made = tree.plant_many(seeds)
        self.branches: dict[int, list[int]] = {pk: [] for pk in self.nodes}
        self.groups: dict[int, list[int]] = {pk: [] for pk in self.nodes}
        home = {each.pk: each.parent_id for each in made if each.tier == Tier.GRID_BRANCH}
        for each in made:
            if each.tier == Tier.GRID_BRANCH:
                self.branches[each.parent_id].append(each.pk)
            else:
                self.groups[home[each.parent_id]].append(each.pk)

    def _territory(self) -> None:
        first = dict(Grid.objects.filter(tier=1).values_list("community", "pk"))
        self.grids: dict[int, list[Grid]] = {}
        for pk, place in self._places():
            self.grids[pk] = [
                Grid(
                    tier=2, code=f"G{pk}-{number}", name=f"网格{number}", parent_id=first[pk],
                    branch_id=self.chance.choice(self.branches[pk]), **place,
                )
                for number in range(self.shape.grids)
            ]  # fmt: skip
        _written(Grid, (grid for grids in self.grids.values() for grid in grids))
        self.buildings: dict[int, list[Building]] = {}
        for pk, place in self._places():
            self.buildings[pk] = [
                Building(
                    code=f"B{pk}-{number}", name=f"{number} 栋", grid=self.chance.choice(self.grids[pk]),
                    group_id=self.chance.choice(self.groups[pk]), qr_token=f"{pk}-{number}", **place,
                )
                for number in range(self.shape.buildings)
            ]  # fmt: skip
        _written(Building, (each for buildings in self.buildings.values() for each in buildings))

    def _places(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for pk, node in self.nodes.items():
            assert node.parent is not None
            yield pk, {"district_id": node.parent.parent_id, "street_id": node.parent_id, "community_id": pk}

    def _requests(self) -> None:
        self.categories = [
            Category.objects.create(code=f"scale{number}", name=f"类{number}", track=Track.IMPORTANT)
            for number in range(12)
        ]
        places, now = dict(self._places()), clock.now()
        rows = [self._request(number, places, now) for number in range(self.shape.requests)]
        _written(ServiceRequest, rows)
        rated = [row for row in rows if row.state == State.CLOSED and self.chance.random() < 0.7]
        _written(
            Rating,
            (
                Rating(
                    service_request=row, contacted=True, solved=self.chance.random() < 0.8,
                    satisfied=self.chance.choice((1, 2, 3, 4, 5, 5)), by_id=row.submitter_id, at=row.resolved_at,
                )
                for row in rated
            ),
        )  # fmt: skip
        _written(RequestEvent, (event for row in rows for event in self._events(row)))

    def _request(self, number: int, places: dict[int, dict[str, Any]], now: datetime) -> ServiceRequest:
        chance = self.chance
        pk = chance.choice(list(places))
        building = chance.choice(self.buildings[pk])
        asked = now - timedelta(minutes=chance.randrange(1, self.shape.days * 24 * 60))
        row = ServiceRequest(
            number=f"S{number}", submitter=chance.choice(self.inventor.town.users[:2000]),
            category=chance.choice(self.categories), track=chance.choice(Track.values), title="点单", text="灯坏了",
            grid_id=building.grid_id, building=building, handler_id=pk, submitted_at=asked,
            accept_due=asked + timedelta(days=1), contact_due=asked + timedelta(days=1),
            source=chance.choice(["resident", "resident", "resident", "staff"]), **places[pk],
        )  # fmt: skip
        self._go_on(row, now - asked)
        return row

    def _go_on(self, row: ServiceRequest, age: timedelta) -> None:
        """As far as it would have come by now."""
        chance, asked = self.chance, row.submitted_at
        took = [timedelta(minutes=chance.randrange(5, most)) for most in (2_000, 3_000, 14_000)]
        if took[0] < age:
            row.accepted_at, row.state = asked + took[0], State.ACCEPTED
            row.accepted_in_time = row.accepted_at <= asked + timedelta(days=1)
            row.resolve_due = row.accepted_at + timedelta(days=7)
        if took[1] < age:
            row.contacted_at = asked + took[1]
        if took[0] + took[2] < age and row.accepted_at and chance.random() < 0.97:
            row.resolved_at = row.ended_at = row.accepted_at + took[2]
            row.state, row.outcome = State.CLOSED, chance.choice(Outcome.values)
        else:
            row.due = row.resolve_due or row.accept_due

    def _events(self, row: ServiceRequest) -> Iterator[RequestEvent]:
        yield RequestEvent(subject=row, step="submit", target="submitted", at=row.submitted_at)
        if row.accepted_at:
            yield RequestEvent(subject=row, step="accept", target="accepted", at=row.accepted_at)
            later = row.accepted_at + timedelta(minutes=30)
            yield RequestEvent(subject=row, step="handle", target="in_progress", at=later)
        if row.resolved_at:
            yield RequestEvent(subject=row, step="resolve", target="resolved", at=row.resolved_at)


def _written(model: Any, rows: Iterable[Any]) -> None:
    model.objects.bulk_create(list(rows), batch_size=BATCH)


# What it costs


def _measure() -> None:
    """Prints seconds and the peak of memory: in full, again, one round, the proof."""
    import time
    from collections.abc import Callable

    from dashboards.rolling import proving

    def said(what: str, do: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        done = do()
        # Not getrusage: what the parent had before exec counts there.
        status = Path("/proc/self/status").read_text().splitlines()
        (peak,) = (int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
        print(f"{what}: {time.perf_counter() - began:.1f} s, peak so far {peak} MB", flush=True)
        return done

    print(said("first time in full", rolling.rebuild))
    print(said("in full, nothing changed", rolling.rebuild))
    print(said("a round, nothing changed", rolling.catch_up))
    open_ = ServiceRequest.objects.filter(state=State.ACCEPTED).order_by("-pk")
    for row in open_[:60]:
        RequestEvent.objects.create(subject=row, step="note", source=row.state, target=row.state)
    for whistle in Whistle.objects.order_by("?")[:10]:
        whistle.events.create(step="edit", target=whistle.state)
    print(said("a round with the work of ten minutes", rolling.catch_up))
    print(Rollup.objects.count(), "rollups,", Standing.objects.count(), "standings")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_total_relation_size('dashboards_rollup'))")
        print(cursor.fetchone())
    print(len(said("the proof", proving.differences)), "differences")


def _main() -> None:
    """Measures in a process of its own, so that its memory is its own."""
    import subprocess
    import sys

    if "measure" in sys.argv:
        connection.settings_dict["NAME"] = sys.argv[-1]
        return _measure()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    name = str(connection.settings_dict["NAME"])
    try:
        Invention(Size(), Shape()).write()
        subprocess.run([sys.executable, "-m", "tests.dashboards.rolling.scale", "measure", name], check=True)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    _main()
