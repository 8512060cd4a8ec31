"""100,000 whistles do not hurt the list of what fits: its first page comes from an index (PostgreSQL)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection

from ground import clock
from tests.factories import City
from tests.grids.at_scale.plans import asked, explained
from tests.volunteers.scenes import FRIDAY_NOON, a_city, a_volunteer, a_whistle
from volunteers.models import Volunteer, Whistle
from volunteers.views.whistles import cards_of

pytestmark = [pytest.mark.services, pytest.mark.django_db]

#: Of these one in five is still to come; half of all are of the next community.
WHISTLES = 100_000
TIMES = ("starts_at", "ends_at", "claim_by")


def many(city: City) -> None:
    """Copies of one whistle of either community, seven minutes apart, by one statement."""
    first = [a_whistle(place).pk for place in (city.home, city.next_door)]
    written = {
        "number": "'M-' || id || '-' || n",
        "key": "gen_random_uuid()",
        "state": "CASE WHEN n % 5 = 0 THEN 'open' ELSE 'done' END",
        **{
            each: f"{each} + n * (CASE WHEN n % 5 = 0 THEN 1 ELSE -1 END) * interval '7 minutes'"
            for each in TIMES
        },
    }
    names = [each.column for each in Whistle._meta.concrete_fields if not each.primary_key]
    columns, values = ", ".join(names), ", ".join(written.get(name, name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO volunteers_whistle ({columns}) SELECT {values.replace('%', '%%')} "  # noqa: S608 - ours
            "FROM volunteers_whistle, generate_series(1, %s) n WHERE id = ANY(%s)",
            [WHISTLES // 2, first],
        )
        cursor.execute("ANALYZE volunteers_whistle")


def test_the_first_page_comes_from_the_index_of_what_recruits(capsys: Any) -> None:
    city = a_city()
    volunteer = a_volunteer(city, skills=("电工",))
    many(city)
    for order in ("fits", "time"):
        with clock.at(FRIDAY_NOON):
            began = time.perf_counter()
            cards = cards_of(Volunteer.objects.get(pk=volunteer.pk).user, {"order": order})
            count, page = cards.count(), cards[0:20]
            spent = time.perf_counter() - began
            found = cards.found.prefetch_related(None)[:300]
            (sql,) = asked(found._fetch_all, 'FROM "volunteers_whistle"')
        plan = explained(sql)
        with capsys.disabled():
            print(f"\n{order}: {count} in sight, page {spent * 1000:.0f} ms, rows {plan.milliseconds:.1f} ms")
        assert (count, len(page)) == (WHISTLES // 10 + 1, 20)
        assert "whistle_recruiting" in plan.indexes and not plan.walked("volunteers_whistle")
        assert plan.most_sorted <= 300 and plan.read_of("volunteers_whistle") < 2000
        assert plan.milliseconds < 200
