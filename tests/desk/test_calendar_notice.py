"""A year whose holidays nobody knows yet: a visible warning to those who can mend it (RULES 4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from desk.notices import calendar_notice
from ground import clock
from organizations.models import WorkdayOverride
from organizations.workdays import calendar_is_known, unknown_years
from tests.desk.scenes import open_page
from tests.factories import City, a_city, a_user
from tests.organizations.policy_scenes import an_officer
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db
#: The first year that the library does not know: it learns a new one every winter.
UNKNOWN = next(year for year in range(2026, 2100) if not calendar_is_known(year))
WARNING = f"{UNKNOWN} 年节假日表未更新：暂按周一至周五算工作日"
WORKDAYS = "admin:organizations_workdayoverride_changelist"


def moment(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def in_december() -> Iterator[None]:
    with clock.at(moment(UNKNOWN - 1, 12, 1)):
        yield


@pytest.fixture
def city() -> City:
    return a_city()


def test_it_warns_from_sixty_days_before_the_year_on(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert unknown_years(date(UNKNOWN - 1, 11, 1)) == []
    assert unknown_years(date(UNKNOWN - 1, 11, 2)) == [UNKNOWN]
    assert unknown_years(date(UNKNOWN, 6, 1)) == [UNKNOWN]
    assert unknown_years(date(UNKNOWN, 12, 31)) == [UNKNOWN, UNKNOWN + 1]


def test_a_day_entered_for_the_year_makes_it_known():
    WorkdayOverride.objects.create(day=date(UNKNOWN - 1, 12, 31), is_workday=False, reason="调休")
    assert unknown_years(clock.today()) == [UNKNOWN]
    WorkdayOverride.objects.create(day=date(UNKNOWN, 1, 1), is_workday=False, reason="元旦")
    assert unknown_years(clock.today()) == []
    assert unknown_years(date(UNKNOWN, 12, 31)) == [UNKNOWN + 1]


def test_those_who_can_mend_it_are_warned_on_their_pages(city):
    officer = strong_client(an_officer(city.district))
    page = open_page(officer, "/desk/policies/")
    assert WARNING in page and "请系统管理员" in page and reverse(WORKDAYS) not in page
    administrator = strong_client(a_user("管理员", is_administrator=True))
    for route in (WORKDAYS, "admin:accounts_user_changelist"):
        page = open_page(administrator, reverse(route))
        assert WARNING in page and f'<a class="link" href="{reverse(WORKDAYS)}"' in page


def test_the_warning_goes_with_the_first_day_that_is_entered(city):
    client = strong_client(a_user("管理员", is_administrator=True))
    given = {"day": f"{UNKNOWN}-01-01", "is_workday": "", "reason": "元旦"}
    answer = client.post(reverse("admin:organizations_workdayoverride_add"), given)
    assert answer.status_code == 302 and WorkdayOverride.objects.count() == 1
    assert WARNING not in open_page(client, reverse(WORKDAYS))
    assert WARNING not in open_page(strong_client(an_officer(city.district)), "/desk/policies/")


def test_nobody_else_is_warned_or_pays_for_it(city, django_assert_num_queries):
    secretary = city.home.secretary
    assert WARNING not in open_page(strong_client(secretary), "/desk/policies/")
    secretary.scope_cache = {}
    assert calendar_notice(secretary) is None
    with django_assert_num_queries(0):
        assert calendar_notice(secretary) is None


def test_a_year_that_is_known_costs_no_query(city, django_assert_num_queries):
    administrator = a_user("管理员", is_administrator=True)
    with clock.at(moment(2026, 6, 1)), django_assert_num_queries(0):
        assert calendar_notice(administrator) is None
