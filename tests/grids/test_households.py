"""户: opened, kept in touch with (C5), looked after as its level says (N9)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from grids import households
from grids.audit import entries_of
from grids.models import CareAssessment, Dwelling, Household, TerritoryPolicy
from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from tests.factories import City, a_city, a_grid_worker, a_member, a_user, appoint
from tests.grids.homes import a_dwelling, a_household
from tests.volunteers.test_races import at_once

pytestmark = pytest.mark.django_db
WHY = "独居，上月摔伤"


@pytest.fixture
def city() -> City:
    return a_city()


def outsiders(city: City) -> list:
    street, resident = a_user("街道"), a_user("居民")
    appoint(street, Post.OFFICER, city.street)
    return [city.next_door.secretary, a_grid_worker(city.next_door), street, resident]


class TestOpening:
    def test_numbered_and_placed_like_the_dwelling(self, city):
        dwelling = a_dwelling(city.home)
        first, second = (households.open_household(dwelling, by=city.home.secretary) for _ in "12")
        assert (first.number, second.number) == (1, 2)
        assert (first.grid, first.community) == (city.home.grid, city.home.organization)
        assert str(second).endswith("第 2 户")
        assert entries_of(first).get().actor == city.home.secretary

    def test_outsiders_open_none(self, city):
        dwelling = a_dwelling(city.home)
        for user in outsiders(city):
            with pytest.raises(NoPower):
                households.open_household(dwelling, by=user)
        assert not Household.objects.exists()

    @pytest.mark.services
    @pytest.mark.django_db(transaction=True)
    def test_many_at_once_are_numbered_one_after_the_other(self):
        assert connection.vendor == "postgresql", "this test needs WENSHAO_TEST_DATABASE_URL"
        dwelling = a_dwelling(a_city().home)
        told = at_once([partial(_open, dwelling.pk)] * 5)
        assert sorted(number for kind, number in told if kind == "done") == [1, 2, 3, 4, 5], told


def _open(pk: int) -> int:
    return households.open_household(Dwelling.objects.get(pk=pk), by=None).number


class TestContact:
    def test_a_member_of_the_district_and_nobody_again(self, city):
        home, member = a_household(city.home), a_member(city)
        households.assign_contact(home, by=a_grid_worker(city.home), member=member)
        home.refresh_from_db()
        assert home.contact_member == member
        assert "contact_member" in entries_of(home).first().changes
        households.assign_contact(home, by=city.home.secretary, member=None)
        home.refresh_from_db()
        assert home.contact_member is None

    def test_not_of_another_district_and_not_by_outsiders(self, city):
        home, far = a_household(city.home), a_member(a_city("浈江"))
        with pytest.raises(RuleViolation, match="不在本区") as refused:
            households.assign_contact(home, by=city.home.secretary, member=far)
        assert refused.value.field == "member"
        for user in outsiders(city):
            with pytest.raises(NoPower):
                households.assign_contact(home, by=user, member=a_member(city))


class TestCare:
    def test_the_rhythm_of_the_district_unless_another_is_given(self, city):
        home, today = a_household(city.home), clock.today()
        made = households.assess(home, by=city.home.secretary, level="yellow", reason=WHY)
        assert (made.days, made.review_on) == (30, today + timedelta(days=90))
        TerritoryPolicy.objects.create(
            district=city.district, signed_by=city.home.secretary, red_days=3, review_days=10
        )
        made = households.assess(home, by=city.home.secretary, level="red", reason=WHY)
        assert (made.days, made.review_on) == (3, today + timedelta(days=10))
        day = today + timedelta(days=5)
        households.assess(home, by=city.home.secretary, level="red", reason=WHY, days=1, review_on=day)
        home.refresh_from_db()
        assert (home.care_level, home.care_days, home.care_review_on) == ("red", 1, day)
        assert CareAssessment.objects.filter(household=home).count() == 3

    def test_green_has_neither(self, city):
        home = a_household(city.home)
        households.assess(home, by=city.home.secretary, level="red", reason=WHY)
        made = households.assess(home, by=city.home.secretary, level="green", reason="搬去和子女同住", days=9)
        home.refresh_from_db()
        assert (made.days, home.care_days, home.care_review_on) == (None, None, None)
        assert made.by == city.home.secretary

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"reason": "病"}, "reason"),
            ({"level": "blue"}, "level"),
            ({"days": -3}, "days"),
            ({"days": 4000}, "days"),
            ({"review_on": "today"}, "review_on"),
        ],
    )
    def test_every_fault_at_its_field_and_nothing_written(self, city, changes, field):
        home = a_household(city.home)
        if "review_on" in changes:
            changes = {"review_on": clock.today()}
        with pytest.raises(RuleViolation) as refused:
            households.assess(home, by=city.home.secretary, **{"level": "yellow", "reason": WHY, **changes})
        assert refused.value.field == field
        assert not CareAssessment.objects.exists()

    def test_outsiders_assess_nobody(self, city):
        home = a_household(city.home)
        for user in outsiders(city):
            with pytest.raises(NoPower):
                households.assess(home, by=user, level="red", reason=WHY)
            assert not CareAssessment.objects.visible_to(user).exists()
