"""Requests that are up, watched or waiting for consent when their community moves to another street, or closes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations import tree
from organizations.models import Organization
from organizations.posts import Tier
from requests import consents, dispatching, tiers, workflow
from requests.models import ServiceRequest
from tests.factories import City, a_city, a_user, appoint
from tests.workflow import accepted, filed, in_progress
from tests.workflow.hearing import heard

pytestmark = pytest.mark.django_db
LATER = clock.today() + timedelta(days=90)


def officer_at(place: Organization, post: str = "officer") -> Any:
    person = a_user("干部")
    appoint(person, post, place)
    return person


def moved(city: City) -> tuple[Organization, Any]:
    """The new street of the community at home, and an officer there."""
    street = tree.plant(
        parent=city.district, tier=Tier.STREET, name="新街道党工委", short_name="新街道", by=None
    )
    officer = officer_at(street)
    home = Organization.objects.get(pk=city.home.organization.pk)
    tree.move(home, to=street, by=None)
    return street, officer


def test_what_was_escalated_is_the_new_street_s() -> None:
    city = a_city()
    old = officer_at(city.street)
    row = accepted(city)
    tiers.escalate(row, by=city.home.secretary, reason="要协调")
    street, officer = moved(city)
    row.refresh_from_db()
    assert (row.handler, row.street) == (street, street)
    with pytest.raises(NoPower):
        tiers.take_over(row, by=old)
    tiers.take_over(row, by=officer)
    assert row.responsible == officer


def test_what_was_watched_is_watched_by_the_new_street() -> None:
    city = a_city()
    row, free = accepted(city), accepted(city)
    tiers.supervise(row, by=officer_at(city.street), text="抓紧")
    street, _ = moved(city)
    row.refresh_from_db()
    free.refresh_from_db()
    assert (row.supervised_by, free.supervised_by) == (street, None)
    assert row.handler == city.home.organization


def test_what_waits_for_consent_is_answered_by_the_new_street() -> None:
    city = a_city()
    old = officer_at(city.street)
    row = in_progress(city)
    consents.extend(row, by=city.home.secretary, new_due=LATER, reason="等配件")
    street, officer = moved(city)
    row.refresh_from_db()
    assert row.consent_at == street
    with pytest.raises(NoPower):
        consents.consent_extension(row, by=old)
    consents.consent_extension(row, by=officer)
    assert "已同意延期：楼道灯不亮" in heard(city.home.secretary)


def test_the_district_keeps_what_it_has() -> None:
    city = a_city()
    street_officer, row = officer_at(city.street), accepted(city)
    tiers.escalate(row, by=city.home.secretary, reason="要协调")
    tiers.escalate(row, by=street_officer, reason="要区里协调")
    moved(city)
    row.refresh_from_db()
    assert row.handler == city.district


def test_a_street_that_handles_something_or_owes_an_answer_cannot_be_closed() -> None:
    city = a_city()
    lone = tree.plant(
        parent=city.district, tier=Tier.STREET, name="孤街道党工委", short_name="孤街道", by=None
    )
    officer_at(lone)
    row = in_progress(city)
    dispatch = dispatching.dispatch(row, by=city.home.secretary, organization=lone, text="一起看看")
    with pytest.raises(RuleViolation, match="还有派给孤街道的单没有办完"):
        tree.close(lone, by=None)
    dispatching.recall(dispatch, by=city.home.secretary, reason="自己办")
    ServiceRequest.objects.filter(pk=row.pk).update(handler=lone)
    with pytest.raises(RuleViolation, match="还有 1 件点单没有办完"):
        tree.close(lone, by=None)
    ServiceRequest.objects.filter(pk=row.pk).update(handler=city.home.organization)
    tree.close(lone, by=None)


def test_a_street_with_communities_cannot_be_closed_so_no_consent_is_left_behind() -> None:
    city = a_city()
    officer_at(city.street)
    row = in_progress(city)
    consents.extend(row, by=city.home.secretary, new_due=LATER, reason="等配件")
    with pytest.raises(RuleViolation):
        tree.close(city.street, by=None)
    workflow.withdraw(row, by=row.submitter)
    assert not filed(city).consent_kind
