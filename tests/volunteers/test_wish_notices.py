"""微心愿 as residents read them: titles and days of their own community, nobody's name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ground import clock
from tests.factories import City, Community, a_user
from tests.signing_in import weak_client
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_claim, a_draft, a_volunteer, a_whistle
from tests.workflow import a_photo, filed
from volunteers.claiming import wishes
from volunteers.models import Whistle
from volunteers.states import WhistleKind

pytestmark = pytest.mark.django_db


def a_wish(community: Community, title: str, **extra: Any) -> Whistle:
    until = EVENING + timedelta(days=20)
    return a_whistle(
        community, title=title, kind=WhistleKind.WISH, places_max=1, text="给三楼的吴奶奶", place="3 栋 302",
        **{"starts_at": FRIDAY_NOON + timedelta(minutes=5), "ends_at": until, "claim_by": until, **extra},
    )  # fmt: skip


def a_resident(city: City) -> Any:
    with clock.at(FRIDAY_NOON):
        return filed(city, by=a_user("周小兰")).submitter


def page(user: Any) -> str:
    with clock.at(FRIDAY_NOON + timedelta(hours=1)):
        return weak_client(user).get("/wishes/").content.decode()


def test_those_that_wait_and_those_that_came_true():
    city = a_city()
    a_wish(city.home, "一副老花镜")
    a_claim(a_wish(city.home, "一辆轮椅"), a_volunteer(city))
    claim = a_claim(a_wish(city.home, "一台收音机"), a_volunteer(city))
    with clock.at(FRIDAY_NOON + timedelta(minutes=30)):
        wishes.fulfil(claim, by=claim.volunteer.user, photos=[a_photo()])
    shown = page(a_resident(city))
    assert "1 个心愿等人实现" in shown and "等人认领" in shown and "有人认领" in shown
    assert shown.index("一副老花镜") < shown.index("已经实现") < shown.index("一台收音机")
    for secret in ("吴奶奶", "3 栋 302", str(claim.volunteer)):
        assert secret not in shown


def test_neither_drafts_nor_cancelled_ones_nor_other_whistles_nor_those_next_door():
    city = a_city()
    with clock.at(FRIDAY_NOON):
        a_draft(city.home, title="密语", kind=WhistleKind.WISH, places_max=1)
    a_whistle(city.home, title="密语")
    a_wish(city.next_door, "密语")
    assert "密语" not in page(a_resident(city)) and "还没有微心愿" in page(a_resident(city))


def test_a_member_finds_the_way_to_take_one_on():
    city = a_city()
    a_wish(city.home, "一副老花镜")
    assert "?show=wish" in page(a_volunteer(city).user)
    assert "?show=wish" not in page(a_resident(city))


def test_who_is_at_home_nowhere_is_told_so():
    assert "还不知道你住在哪个社区" in page(a_user())
    assert Client().get("/wishes/").status_code == 302


def test_few_and_many_cost_the_same_queries():
    city = a_city()
    user, counted = a_resident(city), []
    for number in (2, 20):
        for each in range(number):
            a_wish(city.home, f"心愿 {number} {each}")
        client = weak_client(user)
        with clock.at(FRIDAY_NOON + timedelta(hours=1)):
            client.get("/wishes/")
            with CaptureQueriesContext(connection) as seen:
                assert client.get("/wishes/").status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 14, counted
