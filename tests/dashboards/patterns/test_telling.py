"""What the community hears: one message a day, in the morning, of what it has not been told yet."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboards.models import Pattern
from dashboards.patterns import deciding, finding, telling
from ground import clock
from tests.dashboards.patterns.scenes import NOW, again_and_again
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.workflow import a_category
from tests.workflow.hearing import told

pytestmark = pytest.mark.django_db
NIGHT = NOW.replace(hour=3)


@pytest.fixture
def city() -> City:
    return a_city()


def round_at(now) -> None:
    with clock.at(now):
        finding.look_around()


def news_of(user) -> list[str]:
    return [row.title for row in told(user) if row.about.startswith("patterns:")]


def test_those_who_verify_at_the_community_hear_once_a_day(city):
    colleague = a_user("社工")
    appoint(colleague, "community_worker", city.home.organization)
    again_and_again(city.home, 20, 13, 6, 1)
    again_and_again(city.home, 20, 13, 6, 1, category=a_category("water", name="漏水"))
    round_at(NOW)
    round_at(NOW + timedelta(hours=1))
    for person in (city.home.secretary, colleague):
        assert news_of(person) == ["2 处反复出现同样的点单，可以未诉先办"]
    [said] = [row for row in told(city.home.secretary) if row.about.startswith("patterns:")]
    assert "花城小区 1 栋 维修 4 件" in said.text and said.url == "/desk/patterns/"
    for outsider in (city.next_door.secretary, a_grid_worker(city.home)):
        assert news_of(outsider) == []


def test_not_at_night_and_later_ones_wait_for_the_next_morning(city):
    again_and_again(city.home, 20, 13, 6, 1)
    round_at(NIGHT)
    assert Pattern.objects.proposed().exists() and news_of(city.home.secretary) == []
    round_at(NOW)
    again_and_again(city.home, 20, 13, 6, 1, category=a_category("water", name="漏水"))
    round_at(NOW + timedelta(hours=2))
    assert len(news_of(city.home.secretary)) == 1
    round_at(NOW + timedelta(days=1))
    assert news_of(city.home.secretary)[1:] == ["1 处反复出现同样的点单，可以未诉先办"]


def test_nobody_is_told_of_what_was_decided_before_the_morning(city):
    again_and_again(city.home, *(days + 0.5 for days in (20, 13, 6, 1)))
    round_at(NIGHT)
    with clock.at(NIGHT):
        deciding.dismiss(Pattern.objects.get(), by=city.home.secretary, reason="不需要")
    round_at(NOW)
    assert news_of(city.home.secretary) == []


def test_told_again_in_the_same_day_says_nothing(city):
    again_and_again(city.home, 20, 13, 6, 1)
    round_at(NOW)
    with clock.at(NOW):
        assert telling.tell(city.district) == 0
