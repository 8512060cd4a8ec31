"""One database with 100,000 residents for all the tests of this package, filled once (some twenty seconds).

In two communities a day of work was done through the pages (`story`), so that every list has something to show.
Nothing is rolled back between these tests: they read, or say what they leave behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.test.utils import setup_databases, teardown_databases

from accounts.models import User
from grids.models import Absence, Grid, Resident
from organizations.models import Organization
from organizations.posts import Post
from tests.factories import City, Community, a_city, a_community, a_grid_worker, a_user, appoint
from tests.grids.at_scale.story import Day, live
from tests.grids.population import AS_OF, Cast, fill

PEOPLE, FEWER, NEIGHBOURS = 100_000, 1_000, 200


@dataclass
class World:
    """`city.home` has 100,000 people and `city.next_door` 1,000, two communities beside them 200 each, and two of
    another district as well. `worker` looks after one second-tier grid at home with its sixteen buildings, `officers`
    sit in the two streets. `days`: at home and next door; what was uploaded lies in `media`."""

    city: City
    elsewhere: City
    neighbours: tuple[Community, ...]
    worker: User
    grid: Grid
    officers: tuple[User, User]
    days: tuple[Day, Day]
    media: Path

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


def build(media: Path, say: Callable[[str], None]) -> World:
    city, elsewhere, cast = a_city(), a_city("曲江"), Cast()
    beside = (a_community(city.street, "三桥"), a_community(city.street, "沙洲"))
    began = time.perf_counter()
    fill(city.home, PEOPLE, cast)
    seconds = time.perf_counter() - began
    say(f"{PEOPLE} residents in {seconds:.1f} s, {PEOPLE / seconds:.0f}/s")
    fill(city.next_door, FEWER, cast)
    neighbours = (*beside, elsewhere.home, elsewhere.next_door)
    for community in neighbours:
        fill(community, NEIGHBOURS, cast)
    officers = (an_officer(city.street), an_officer(elsewhere.street))
    worker, *_ = (a_busy_worker(community) for community in (city.home, city.next_door, elsewhere.home))
    with override_settings(MEDIA_ROOT=media):
        days = (live(city.home), live(city.next_door))
    return World(city, elsewhere, neighbours, worker, first_grid(city.home), officers, days, media)


def first_grid(community: Community) -> Grid:
    return Grid.objects.get(code=f"{community.organization.code}-P1")


def a_busy_worker(community: Community) -> User:
    """Looks after the first grid, and has been away."""
    worker = a_grid_worker(community, grid=first_grid(community))
    Absence.objects.create(
        appointment=worker.appointments.get(), begins_on=AS_OF, ends_on=AS_OF + timedelta(days=3)
    )
    return worker


def an_officer(street: Organization) -> User:
    user = a_user("街道干部")
    appoint(user, Post.OFFICER, street)
    return user


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
def world(
    database: None, say: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Its ring of keys may be added to; it is put back at the end, when the people are gone."""
    with override_settings(FIELD_KEYS=dict(settings.FIELD_KEYS)):
        built = build(tmp_path_factory.mktemp("media"), say)
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
