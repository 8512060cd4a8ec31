"""What a weekly letter says of a node: the same parts as on its page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboards import weekly
from dashboards.models import SavedView
from ground import clock
from ground.periods import first_day
from tests.dashboards.page_scenes import NOW, context_of, officer_of, rolled, rows_of
from tests.dashboards.rolling.scenes import a_building, a_grid
from tests.desk.scenes import ask
from tests.factories import City, a_city

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


def test_the_worst_part_is_a_line_of_the_page_also_where_a_grid_skips_a_tier(city: City) -> None:
    """A third-tier grid right below the community's own stands beside the second-tier ones."""
    home, start = city.home, NOW - timedelta(days=8)
    stray = a_grid(home.first_grid, "S1", 3)
    house = a_building(home, stray, "SB", None)
    for building in (home.building, house, house):
        ask(home, start, building=building)
    rolled()
    view = SavedView(organization=home.organization)
    with clock.at(NOW):
        [report] = weekly.reports([view], weekly.week_before(first_day("week", NOW.date())))
    lines = rows_of(context_of(officer_of(city), home.organization))
    assert report.worst is not None and lines[report.worst.name]["超时"].value == report.worst_overdue == 2
    assert report.headline == f"3 件超时，最多的是{stray.name}（2 件）"
