"""日历文件: a real parser reads it, and nobody whom one helps is in it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from ground import clock
from tests.signing_in import weak_client
from tests.volunteers.scenes import (
    EVENING,
    FRIDAY_NOON,
    a_city,
    a_claim,
    a_draft,
    a_volunteer,
    a_whistle,
    credited,
)
from tests.workflow import accepted
from volunteers.claiming import claims, waiting
from volunteers.models import Claim
from volunteers.states import WhistleKind
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db


def read(user: Any, url: str) -> Calendar:
    with clock.at(FRIDAY_NOON):
        answer = weak_client(user).get(url)
    assert answer.status_code == 200 and answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"] and "no-store" in answer["Cache-Control"]
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    return Calendar.from_ical(answer.content)


def events(user: Any, url: str = "/claims/calendar.ics") -> list[Any]:
    return read(user, url).walk("VEVENT")


def test_one_claim_as_a_phone_reads_it():
    city = a_city()
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    file = read(claim.volunteer.user, f"/claims/{claim.pk}/calendar.ics")
    assert file["VERSION"] == "2.0" and [str(zone["TZID"]) for zone in file.walk("VTIMEZONE")] == [
        "Asia/Shanghai"
    ]
    (event,) = file.walk("VEVENT")
    assert event["UID"] == f"claim-{claim.pk}@wenshao" and event["STATUS"] == "CONFIRMED"
    assert event["DTSTART"].dt == EVENING and event["DTEND"].dt == EVENING + timedelta(hours=1)
    assert event["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert event["SUMMARY"] == "楼道灯抢修" and event["LOCATION"] == "花城小区 1 栋"
    assert f"/claims/{claim.pk}/" in event["URL"]
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(hours=-1) and alarm["ACTION"] == "DISPLAY"


def test_the_uid_stays_and_what_was_given_up_is_cancelled():
    city = a_city()
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    (before,) = events(claim.volunteer.user)
    with clock.at(FRIDAY_NOON):
        claims.withdraw(claim, by=claim.volunteer.user)
    (after,) = events(claim.volunteer.user)
    assert before["UID"] == after["UID"] and after["STATUS"] == "CANCELLED"
    assert after["SEQUENCE"] > before["SEQUENCE"] and not after.walk("VALARM")


def test_a_cancelled_whistle_is_cancelled_in_the_calendar():
    city = a_city()
    claim = a_claim(whistle := a_whistle(city.home), a_volunteer(city))
    with clock.at(FRIDAY_NOON):
        whistles.cancel(whistle, by=city.home.secretary, reason="下大雨")
    (event,) = events(claim.volunteer.user)
    assert event["STATUS"] == "CANCELLED" and event["SUMMARY"] == "（已取消）楼道灯抢修"


def test_all_that_comes_and_nothing_that_was():
    city = a_city()
    volunteer = a_volunteer(city)
    credited(city.home, volunteer, starts_at=EVENING - timedelta(days=3))
    for days in (2, 1):
        start = EVENING + timedelta(days=days)
        a_claim(a_whistle(city.home, starts_at=start, ends_at=start + timedelta(hours=1)), volunteer)
    a_claim(a_whistle(city.home), a_volunteer(city))
    assert [event["DTSTART"].dt for event in events(volunteer.user)] == [
        EVENING + timedelta(days=1),
        EVENING + timedelta(days=2),
    ]
    assert Claim.objects.filter(volunteer=volunteer).count() == 3


def test_a_place_in_the_queue_is_tentative():
    city = a_city()
    whistle = a_whistle(city.home, places_max=1)
    a_claim(whistle, a_volunteer(city))
    volunteer = a_volunteer(city)
    with clock.at(FRIDAY_NOON):
        waiting.wait(whistle, by=volunteer.user)
    (event,) = events(volunteer.user)
    assert event["STATUS"] == "TENTATIVE" and event["SUMMARY"] == "（候补）楼道灯抢修"


def test_a_wish_is_its_last_day():
    city = a_city()
    start = FRIDAY_NOON + timedelta(minutes=5)
    wish = a_whistle(
        city.home, title="想要一副老花镜", kind=WhistleKind.WISH, places_max=1,
        starts_at=start, ends_at=EVENING + timedelta(days=20), claim_by=EVENING + timedelta(days=20),
    )  # fmt: skip
    claim = a_claim(wish, a_volunteer(city))
    (event,) = events(claim.volunteer.user)
    assert event["DTSTART"].dt == date(2026, 12, 10) and event["DTEND"].dt == date(2026, 12, 11)
    assert event["SUMMARY"] == "微心愿到期：想要一副老花镜"


def test_whoever_is_helped_is_not_in_the_file():
    city = a_city()
    service_request = accepted(city)
    service_request.submitter.name = "周密语"
    service_request.submitter.save()
    with clock.at(FRIDAY_NOON):
        draft = a_draft(city.home, service_request=service_request, text="周密语家，电话 13800138000")
        whistle = whistles.publish(draft, by=city.home.secretary)
    claim = a_claim(whistle, a_volunteer(city))
    with clock.at(FRIDAY_NOON):
        file = weak_client(claim.volunteer.user).get(f"/claims/{claim.pk}/calendar.ics").content.decode()
    plain = file.replace("\r\n ", "")
    assert "楼道灯抢修" in plain
    for secret in ("密语", "13800138000", service_request.number, service_request.submitter.phone):
        assert secret not in plain


def test_others_find_nothing_and_nobody_is_asked_to_sign_in():
    city = a_city()
    claim = a_claim(a_whistle(city.home), a_volunteer(city))
    for other in (a_volunteer(city).user, city.home.secretary):
        assert weak_client(other).get(f"/claims/{claim.pk}/calendar.ics").status_code == 404
    for url in (f"/claims/{claim.pk}/calendar.ics", "/claims/calendar.ics"):
        assert Client().get(url).status_code == 302


def test_an_empty_file_is_a_file():
    assert events(a_volunteer(a_city()).user) == []
