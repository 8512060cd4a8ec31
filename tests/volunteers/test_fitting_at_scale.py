"""100,000 whistles do not hurt the list of what fits: its first page comes from an index (PostgreSQL)."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ground import clock
from tests.factories import City
from tests.grids.at_scale.plans import asked, explained
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_volunteer
from volunteers.models import Volunteer, Whistle
from volunteers.views.whistles import cards_of

pytestmark = [pytest.mark.services, pytest.mark.django_db]

#: Of these one in five is still to come; half of all are of the next community.
WHISTLES = 100_000


def many(city: City) -> None:
    owners = (city.home, city.next_door)

    def row(number: int) -> Whistle:
        owner, to_come = owners[number % 2], number % 5 == 0
        made = Whistle(number=f"M-{number}", title="帮忙", text="来帮忙", place="这里", key=uuid.uuid4())
        start = EVENING + timedelta(minutes=number) * (1 if to_come else -1)
        made.starts_at, made.ends_at, made.claim_by = start, start + timedelta(hours=1), start
        made.lng, made.lat, made.places_max = 113.58, 24.8, 2
        made.state, made.created_by = "open" if to_come else "done", owner.secretary
        made.place_under(owner.organization)
        return made

    Whistle.objects.bulk_create([row(number) for number in range(WHISTLES)], batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


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
        assert (count, len(page)) == (WHISTLES // 10, 20)
        assert "whistle_recruiting" in plan.indexes and not plan.walked("volunteers_whistle")
        assert plan.most_sorted <= 300 and plan.read_of("volunteers_whistle") < 2000
        assert spent < 1
