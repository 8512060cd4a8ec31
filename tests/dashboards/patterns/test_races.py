"""At once, on PostgreSQL: two beats, two secretaries, a decision and a round, residents who act meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from dashboards.models import Pattern
from dashboards.patterns import deciding, finding
from ground import clock
from ground.errors import RuleViolation
from notifications.models import FanOut
from requests import workflow
from requests.models import ServiceRequest
from tests.dashboards.patterns.scenes import NOW, again_and_again, asked, proposed
from tests.factories import City, a_city, a_user, appoint
from tests.workflow import a_category, together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def on_postgresql() -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"


@pytest.fixture
def city() -> City:
    return a_city()


def a_round() -> int:
    with clock.at(NOW):
        return finding.look_around()


def file(pattern: Pattern, by: Any) -> Any:
    with clock.at(NOW):
        return deciding.file(Pattern.objects.get(pk=pattern.pk), by=by, text="整栋检修")


def dismiss(pattern: Pattern, by: Any) -> Any:
    with clock.at(NOW):
        deciding.dismiss(Pattern.objects.get(pk=pattern.pk), by=by, reason="不需要")
        return "dismissed"


def test_many_beats_propose_once_and_say_so_once(city):
    again_and_again(city.home, 20, 13, 6, 1)
    again_and_again(city.home, 20, 13, 6, 1, category=a_category("water", name="漏水"))
    results = together(*[a_round] * 6)
    assert all(isinstance(result, int) for result in results), results
    assert sum(results) == 2 and Pattern.objects.proposed().count() == 2
    assert FanOut.objects.filter(audience="pattern_news").count() == 1


def test_two_secretaries_and_a_double_tap_file_one(city):
    colleague = a_user("社工")
    appoint(colleague, "community_worker", city.home.organization)
    pattern = proposed(city)
    people = [city.home.secretary, city.home.secretary, colleague, colleague]
    results = together(*[lambda person=person: file(pattern, person) for person in people])
    filed = ServiceRequest.objects.get(source="proactive")
    assert results.count(filed) == 2  # whoever was first, with his double tap
    assert sum(isinstance(result, RuleViolation) for result in results) == 2
    assert filed.symptoms.count() == 4


def test_filed_or_dismissed_never_both(city):
    pattern = proposed(city)
    results = together(
        lambda: file(pattern, city.home.secretary), lambda: dismiss(pattern, city.home.secretary)
    )
    assert sum(isinstance(result, RuleViolation) for result in results) == 1
    pattern.refresh_from_db()
    assert (pattern.state == "filed") == ServiceRequest.objects.filter(source="proactive").exists()


def test_a_round_meanwhile_does_not_propose_again_what_is_being_filed(city):
    pattern = proposed(city)
    results = together(*[a_round] * 4, lambda: file(pattern, city.home.secretary))
    assert not any(isinstance(result, Exception) for result in results), results
    assert list(Pattern.objects.values_list("state", flat=True)) == ["filed"]


def test_residents_withdraw_and_ask_while_it_is_filed(city):
    pattern = proposed(city)
    rows = list(ServiceRequest.objects.order_by("pk"))

    def withdraw(row: ServiceRequest) -> None:
        with clock.at(NOW + timedelta(seconds=1)):
            workflow.withdraw(ServiceRequest.objects.get(pk=row.pk), by=row.submitter)

    results = together(
        lambda: file(pattern, city.home.secretary),
        lambda: withdraw(rows[0]),
        lambda: withdraw(rows[1]),
        lambda: asked(city.home, NOW),
    )
    assert not any(isinstance(result, Exception) for result in results), results
    states = dict(ServiceRequest.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "state"))
    assert (states[rows[0].pk], states[rows[1].pk]) == ("withdrawn", "withdrawn")
    assert {rows[2], rows[3]} <= set(ServiceRequest.objects.get(source="proactive").symptoms.all())
