"""One database with 100,000 residents for all the tests of this package, filled once (some twenty seconds).

Nothing is rolled back between these tests: they read, or say what they leave behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.test.utils import setup_databases, teardown_databases

from accounts.models import User
from grids.models import Grid, Resident
from tests.factories import City, Community, a_city, a_community, a_grid_worker
from tests.grids.population import Cast, fill

PEOPLE, FEWER, NEIGHBOURS = 100_000, 1_000, 200


@dataclass
class World:
    """`city.home` has 100,000 people and `city.next_door` 1,000, two communities beside them 200 each, and two of
    another district as well. `worker` looks after one second-tier grid at home with its sixteen buildings."""

    city: City
    elsewhere: City
    neighbours: tuple[Community, ...]
    worker: User
    grid: Grid

    @property
    def home(self) -> Community:
        return self.city.home

    @property
    def next_door(self) -> Community:
        return self.city.next_door

    def people(self, community: Community) -> Any:
        return Resident.objects.present().filter(community=community.organization)

    def in_grid(self) -> Any:
        return Resident.objects.present().filter(grid__parent=self.grid)


def build() -> World:
    city, elsewhere, cast = a_city(), a_city("曲江"), Cast()
    beside = (a_community(city.street, "三桥"), a_community(city.street, "沙洲"))
    fill(city.home, PEOPLE, cast)
    fill(city.next_door, FEWER, cast)
    neighbours = (*beside, elsewhere.home, elsewhere.next_door)
    for community in neighbours:
        fill(community, NEIGHBOURS, cast)
    grid = Grid.objects.get(code=f"{city.home.organization.code}-P1")
    return World(city, elsewhere, neighbours, a_grid_worker(city.home, grid=grid), grid)


@pytest.fixture(scope="package")
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, open for the whole package. pytest-django makes it only where a test has its mark; ours
    have not, because it would roll back or empty what they share."""
    with django_db_blocker.unblock():
        assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
        made = [] if _is_for_tests() else setup_databases(0, False, aliases={"default"})
        assert _is_for_tests()
        yield
        if made:
            teardown_databases(made, 0)


def _is_for_tests() -> bool:
    return str(connection.settings_dict["NAME"]).startswith("test_")


@pytest.fixture(scope="package")
def world(database: None, say: Callable[[str], None]) -> Iterator[World]:
    """Its ring of keys may be added to; it is put back at the end, when the people are gone."""
    with override_settings(FIELD_KEYS=dict(settings.FIELD_KEYS)):
        began = time.perf_counter()
        built = build()
        seconds = time.perf_counter() - began
        count = Resident.objects.count()
        say(f"{count} residents in {seconds:.1f} s, {count / seconds:.0f}/s")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        yield built
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="session")
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print a figure into the log of the run, whatever is captured."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def print_it(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n  {text}", end="", flush=True)

    return print_it
