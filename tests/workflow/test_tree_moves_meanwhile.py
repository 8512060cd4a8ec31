"""Requests filed, and hours credited, while their community moves, on PostgreSQL: placed right, no deadlock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from ground.errors import RuleViolation
from organizations import tree
from organizations.models import Organization
from organizations.posts import Tier
from requests.models import ServiceRequest
from tests.factories import City, a_city, a_user
from tests.volunteers.scenes import a_volunteer, a_whistle, attended
from tests.workflow import a_category, filed, together
from volunteers.accounting import crediting
from volunteers.models import LedgerEntry

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
SECONDS = 4


@pytest.fixture(autouse=True)
def on_postgresql() -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"


def for_a_while(work: Callable[[int], Any]) -> Callable[[], int]:
    def run() -> int:
        done, end = 0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                work(done)
            except RuleViolation:
                time.sleep(0.01)
            done += 1
        return done

    return run


def mover(city: City) -> Callable[[int], Any]:
    other = tree.plant(
        parent=city.district, tier=Tier.STREET, name="二街道党工委", short_name="二街道", by=None
    )
    places = [other.pk, city.street.pk]

    def move(done: int) -> None:
        node = Organization.objects.get(pk=city.home.organization.pk)
        tree.move(node, to=Organization.objects.get(pk=places[done % 2]), by=None)

    return move


def test_requests_follow_their_community() -> None:
    city, category = a_city(), a_category()
    move = mover(city)
    people = [a_user() for _ in range(40)]
    results = together(
        for_a_while(move),
        *[for_a_while(lambda done: filed(city, by=people[done % 40], category=category))] * 2,
    )
    assert not [each for each in results if isinstance(each, Exception)], results
    home = Organization.objects.get(pk=city.home.organization.pk)
    assert set(ServiceRequest.objects.values_list("street", flat=True)) == {home.parent_id}


def test_crediting_and_moving_do_not_wait_for_each_other() -> None:
    city = a_city()
    done = [attended(a_whistle(city.home, title=f"哨单{number}"), a_volunteer(city)) for number in range(12)]
    move = mover(city)

    def credit_all() -> None:
        for claim in done:
            crediting.credit(claim, by=city.home.secretary)

    results = together(for_a_while(move), credit_all)
    assert not [each for each in results if isinstance(each, Exception)], results
    assert LedgerEntry.objects.count() == 12
