"""What fits whom (S8): points, reasons in words, and the order of the list."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from grids.models import Home
from ground import clock
from organizations.models import Skill, WorkdayOverride
from organizations.workdays import calendar
from tests.factories import City, a_user
from tests.signing_in import weak_client
from tests.volunteers.scenes import (
    CHINA,
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_plain_volunteer,
    a_volunteer,
    a_whistle,
)
from volunteers.claiming import fitting
from volunteers.claiming.standing import standing_of
from volunteers.joining import profile
from volunteers.models import Volunteer, Whistle
from volunteers.presenting import card_of
from volunteers.states import FreeTime, WhistleKind
from volunteers.views.whistles import cards_of, open_whistles

pytestmark = pytest.mark.django_db


def listed(volunteer: Volunteer, **asked: str) -> list[str]:
    """The titles in the order of the list."""
    with clock.at(FRIDAY_NOON):
        return [card.whistle.title for card in cards_of(volunteer.user, asked)[0:20]]


def fit(whistle: Whistle, volunteer: Volunteer) -> fitting.Fit:
    with clock.at(FRIDAY_NOON):
        return fitting.fit_of(whistle, fitting.person_of(volunteer))


def later(hours: float, **extra: Any) -> dict[str, Any]:
    start = EVENING + timedelta(hours=hours)
    return {"starts_at": start, "ends_at": start + timedelta(hours=1), **extra}


def test_the_reasons_are_told_in_words():
    city = a_city()
    volunteer = a_volunteer(city, skills=("电工",))
    Home.objects.create(member=volunteer.member, lng=113.58, lat=24.8027)
    profile.declare(volunteer, by=volunteer.user, skills=[], free_times=[FreeTime.EVENING])
    whistle = a_whistle(city.home, skills=Skill.objects.filter(name="电工"))
    assert fit(whistle, volunteer).reasons == ("会电工", "离家 300 米", "周五晚上有空", "这周还没接单")
    assert fit(whistle, volunteer).score == 30 + (20 - 2) + 15 + 8


def test_what_he_says_of_himself_counts_like_the_register_and_once():
    city = a_city()
    electric = Skill.objects.create(name="电工")
    plain, member = a_plain_volunteer(city), a_volunteer(city, skills=("电工",))
    whistle = a_whistle(city.home, skills=[electric])
    assert "会电工" not in fit(whistle, plain).reasons
    for volunteer in (plain, member):
        profile.declare(volunteer, by=volunteer.user, skills=[electric], free_times=[])
        assert fit(whistle, volunteer).reasons[0] == "会电工"
        assert fit(whistle, volunteer).score == 30 + 8


def test_a_profession_is_what_one_is():
    city = a_city()
    volunteer = a_volunteer(city, skills=("电工", "医生"))
    whistle = a_whistle(city.home, skills=Skill.objects.filter(name__in=("电工", "医生")))
    assert fit(whistle, volunteer).reasons[0] == "会电工，是医生"
    assert fit(whistle, volunteer).score == 30 + 5 + 8


def test_asking_for_what_one_cannot_weighs_against_it():
    city = a_city()
    volunteer = a_volunteer(city)
    a_whistle(city.home, title="合唱排练", skills=[Skill.objects.create(name="声乐")])
    a_whistle(city.home, title="发传单", **later(48))
    assert listed(volunteer) == ["发传单", "合唱排练"]


def test_emergencies_come_first_and_are_marked():
    city = a_city()
    volunteer = a_volunteer(city, skills=("电工",))
    a_whistle(city.home, title="修灯", skills=Skill.objects.filter(name="电工"))
    a_whistle(city.home, title="抗洪", kind=WhistleKind.EMERGENCY, **later(72))
    assert listed(volunteer) == ["抗洪", "修灯"]
    assert listed(volunteer, show="emergency") == ["抗洪"]
    assert listed(volunteer, order="time") == ["修灯", "抗洪"]
    with clock.at(FRIDAY_NOON):
        page = weak_client(volunteer.user).get("/whistles/").content.decode()
    assert "应急，先看这里" in page


def test_a_week_that_is_full_comes_later():
    city = a_city()
    volunteer = a_volunteer(city)
    for hours in (-24, -2):  # both within this week; what is over counts too
        a_claim(a_whistle(city.home, title="已接", **later(hours + 20)), volunteer)
    a_whistle(city.home, title="周日", **later(46))
    whistle = a_whistle(city.home, title="下周二", **later(4 * 24))
    assert listed(volunteer)[:2] == ["下周二", "周日"]
    assert fit(whistle, volunteer).reasons == ("下周还没接单",)
    assert fit(a_whistle(city.home, **later(46)), volunteer).reasons == ()


def test_what_cannot_be_claimed_comes_last():
    city = a_city()
    volunteer = a_volunteer(city, skills=("电工",))
    electric = Skill.objects.filter(name="电工")
    full = a_whistle(city.home, title="满员", skills=electric, places_max=1, **later(24))
    a_claim(full, a_volunteer(city))
    a_claim(a_whistle(city.home, title="已接", skills=electric), volunteer)
    a_whistle(city.home, title="还能接", **later(48))
    assert listed(volunteer) == ["还能接", "已接", "满员"]


def test_free_time_by_the_statutory_calendar():
    saturday = datetime(2026, 11, 21, 10, tzinfo=CHINA)
    days = calendar()
    assert fitting.free_times_of(saturday, days) == {FreeTime.SATURDAY}
    assert fitting.free_times_of(saturday + timedelta(days=1), days) == {FreeTime.SUNDAY}
    monday = saturday + timedelta(days=2)
    assert fitting.free_times_of(monday, days) == {FreeTime.DAYTIME}
    assert fitting.free_times_of(monday.replace(hour=18), days) == {FreeTime.EVENING}
    assert fitting.free_times_of(monday.replace(hour=17, minute=59), days) == {FreeTime.DAYTIME}
    national_day = datetime(2026, 10, 1, 10, tzinfo=CHINA)  # a Thursday
    assert fitting.free_times_of(national_day, days) == {FreeTime.SATURDAY, FreeTime.SUNDAY}


def test_a_make_up_saturday_is_a_workday():
    city = a_city()
    volunteer = a_volunteer(city)
    profile.declare(volunteer, by=volunteer.user, skills=[], free_times=[FreeTime.SATURDAY])
    saturday = a_whistle(city.home, **later(24))
    assert "周六有空" in fit(saturday, volunteer).reasons
    WorkdayOverride.objects.create(day=saturday.starts_at.astimezone(CHINA).date(), is_workday=True)
    assert "周六有空" not in fit(saturday, volunteer).reasons
    profile.declare(volunteer, by=volunteer.user, skills=[], free_times=[FreeTime.EVENING])
    assert "周六晚上有空" in fit(saturday, volunteer).reasons


def test_wishes_have_a_list_of_their_own():
    city = a_city()
    volunteer = a_volunteer(city)
    with clock.at(FRIDAY_NOON):
        start = FRIDAY_NOON + timedelta(minutes=5)
        wish = a_whistle(
            city.home, title="想要一副老花镜", kind=WhistleKind.WISH, places_max=1,
            starts_at=start, ends_at=start + timedelta(days=20), claim_by=start + timedelta(days=20),
        )  # fmt: skip
    a_whistle(city.home, title="修灯")
    assert listed(volunteer) == ["修灯"]
    assert listed(volunteer, show="wish") == ["想要一副老花镜"]
    assert fit(wish, volunteer).reasons == ()


def test_after_the_weighed_ones_the_others_follow_by_time(monkeypatch):
    monkeypatch.setattr("volunteers.presenting.listing.MOST", 3)
    city = a_city()
    volunteer = a_volunteer(city, skills=("电工",))
    electric = Skill.objects.filter(name="电工")
    for number in range(6):
        wanted = electric if number in (2, 5) else []
        a_whistle(city.home, title=f"{number}", skills=wanted, **later(number * 3))
    assert listed(volunteer) == ["2", "0", "1", "3", "4", "5"]
    with clock.at(FRIDAY_NOON):
        cards = cards_of(volunteer.user, {})
        pages = [[card.whistle.title for card in cards[start : start + 2]] for start in (0, 2, 4, 6)]
    assert pages == [["2", "0"], ["1", "3"], ["4", "5"], []]


def test_the_same_list_comes_twice_the_same():
    city = a_city()
    volunteer = a_volunteer(city)
    for number in range(5):
        a_whistle(city.home, title=f"{number}", **later(24 + number / 10))
    assert listed(volunteer) == listed(volunteer) == ["0", "1", "2", "3", "4"]


def test_order_and_filters_stay_in_the_address():
    city = a_city()
    volunteer = a_volunteer(city)
    for hours in (0, 2):
        a_whistle(city.home, **later(hours))
    client = weak_client(volunteer.user)
    with clock.at(FRIDAY_NOON):
        page = client.get("/whistles/?show=week&order=time&q=楼道").content.decode()
        empty = client.get("/whistles/?show=emergency").content.decode()
        odd = client.get("/whistles/?show=x&order=y&page=99")
    assert "show=week&amp;order=fits" in page.replace("&amp;q=%E6%A5%BC%E9%81%93", "")
    assert 'name="show" value="week"' in page and 'name="order" value="time"' in page
    assert "现在没有应急哨单" in empty
    assert odd.status_code == 200


def test_the_api_gives_the_same_order_with_the_reasons():
    city = a_city()
    volunteer = a_volunteer(city, skills=("电工",))
    a_whistle(city.home, title="发传单")
    a_whistle(city.home, title="修灯", skills=Skill.objects.filter(name="电工"), **later(24))
    client = APIClient()
    client.force_authenticate(volunteer.user)
    with clock.at(FRIDAY_NOON):
        fits = client.get("/api/v1/whistles/").json()
        by_time = client.get("/api/v1/whistles/?order=time").json()["results"]
        part = client.get("/api/v1/whistles/?limit=1&offset=1").json()
    assert [row["title"] for row in fits["results"]] == ["修灯", "发传单"]
    assert fits["results"][0]["reasons"] == ["会电工", "这周还没接单"]
    assert fits["results"][0]["kind"] == "service"
    assert [row["title"] for row in by_time] == ["发传单", "修灯"]
    assert (part["count"], [row["title"] for row in part["results"]]) == (2, ["发传单"])


def test_who_is_not_registered_has_no_list():
    city = a_city()
    a_whistle(city.home)
    stranger = a_volunteer(a_city("浈江"))
    assert listed(stranger) == []
    client = APIClient()
    client.force_authenticate(a_user())
    with clock.at(FRIDAY_NOON):
        assert client.get("/api/v1/whistles/").json()["results"] == []


def many(city: City, number: int) -> None:
    """That many whistles that recruit, each with a skill: as rows, publishing them is not the point."""
    home = city.home
    wanted = [Skill.objects.get_or_create(name=name)[0].pk for name in ("电工", "声乐", "理发")]
    made = []
    for each in range(number):
        start = EVENING + timedelta(minutes=each * 7)
        row = Whistle(
            number=f"{city.district.pk}-{each}", title="帮忙", text="来帮忙", place="这里", key=uuid.uuid4()
        )
        row.starts_at, row.ends_at, row.claim_by = start, start + timedelta(hours=1), start
        row.lng, row.lat, row.places_max, row.state, row.created_by = 113.58, 24.8, 2, "open", home.secretary
        row.place_under(home.organization)
        made.append(row)
    through = Whistle.skills.through
    through.objects.bulk_create(
        through(whistle_id=row.pk, skill_id=wanted[row.pk % 3]) for row in Whistle.objects.bulk_create(made)
    )


@pytest.mark.parametrize("order", ["fits", "time"])
def test_five_and_five_hundred_cost_the_same_queries(order):
    counted = []
    for name, number in (("武江", 5), ("浈江", 500)):
        city = a_city(name)
        volunteer = a_volunteer(city, skills=("电工",))
        Home.objects.create(member=volunteer.member, building=city.home.building)
        profile.declare(volunteer, by=volunteer.user, skills=[], free_times=[FreeTime.EVENING])
        many(city, number)
        with clock.at(FRIDAY_NOON), CaptureQueriesContext(connection) as seen:
            cards = cards_of(Volunteer.objects.get(pk=volunteer.pk).user, {"order": order})
            assert cards.count() == number
            shown = cards[0:20]
        assert len(shown) == min(number, 20) and all(card.reasons for card in shown)
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 14, counted


def test_a_card_costs_no_query():
    city = a_city()
    volunteer = a_volunteer(city)
    many(city, 5)
    with clock.at(FRIDAY_NOON):
        standing = standing_of(volunteer.user)
        person = fitting.person_of(volunteer)
        person.calendar.is_workday(FRIDAY_NOON.date())
        rows = list(open_whistles(volunteer.user, standing))
        with CaptureQueriesContext(connection) as seen:
            for row in rows:
                card_of(row, row.taken, standing, person)
    assert len(rows) == 5 and not len(seen)
