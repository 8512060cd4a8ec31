"""Figures and places at their edges."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from rest_framework.test import APIClient

from ground import clock
from tests.volunteers.scenes import (
    CHINA,
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_volunteer,
    a_whistle,
    credited,
)
from tests.workflow import accepted
from volunteers.accounting import ledger, quotas
from volunteers.forms.whistles import WhistleForm
from volunteers.states import Period

pytestmark = pytest.mark.django_db


def test_midnight_belongs_to_the_period_that_begins() -> None:
    city = a_city()
    volunteer = a_volunteer(city)
    credited(city.home, volunteer, starts_at=datetime(2026, 10, 1, 0, 0, tzinfo=CHINA))
    before, after = date(2026, 9, 30), date(2026, 10, 1)
    for day, counted in ((before, 0), (after, 1)):
        quota = quotas.quota(volunteer, day)
        assert quota is not None
        assert quota.times == counted
        for period in (Period.MONTH, Period.QUARTER):
            assert ledger.balance(volunteer, *ledger.bounds(period, day)).times == counted


def test_the_last_minute_of_the_year_where_the_city_is() -> None:
    city = a_city()
    volunteer = a_volunteer(city)
    credited(city.home, volunteer, starts_at=datetime(2025, 12, 31, 23, 30, tzinfo=CHINA))
    old, new = (ledger.bounds(Period.YEAR, date(year, 6, 1)) for year in (2025, 2026))
    assert ledger.balance(volunteer, *old).minutes == 60
    assert ledger.balance(volunteer, *new).minutes == 0


@pytest.mark.parametrize("accuracy", ["inf", "nan", "1e400", "-inf", "99999999"])
def test_an_accuracy_that_is_no_number_of_metres_proves_nothing(accuracy: str) -> None:
    city = a_city()
    volunteer, whistle = a_volunteer(city), a_whistle(city.home)
    claim = a_claim(whistle, volunteer)
    client = APIClient()
    client.force_authenticate(volunteer.user)
    with clock.at(EVENING):
        here = {"lng": 113.58, "lat": 24.80, "accuracy_m": accuracy}
        answer = client.post(f"/api/v1/claims/{claim.pk}/check-in/", here)
    assert answer.status_code in (400, 409)
    claim.refresh_from_db()
    assert claim.checked_in_at is None


def test_a_whistle_does_not_propose_the_door_or_the_number_of_whoever_asked() -> None:
    city = a_city()
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        service_request = accepted(
            city, address="2 单元 301", text="灯坏了，打 13912345678 找我，身份证 440203199001011234。共 3 盏"
        )
    form = WhistleForm(community=city.home.organization, service_request=service_request)
    assert "301" not in form.initial["place"]
    assert city.home.building.name in form.initial["place"]
    assert form.initial["text"] == "灯坏了，打 … 找我，身份证 …。共 3 盏"
