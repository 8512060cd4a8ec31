"""Checking in and out: when, where, and how a poor position is explained."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.geo import Point, to_gcj02
from tests.volunteers.scenes import (
    EVENING,
    HERE,
    a_city,
    a_claim,
    a_volunteer,
    a_whistle,
    attended,
)
from volunteers.accounting import crediting
from volunteers.presence import attendance
from volunteers.states import ClaimState
from volunteers.tables import CHECK_IN_OPENS
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
#: About 620 m north of the place.
NORTH = Point(HERE.lng, HERE.lat + 620 / 111_195)


@pytest.fixture
def claim():
    city = a_city()
    return a_claim(a_whistle(city.home), a_volunteer(city))


def check_in(claim, point=HERE, *, minutes=0, **extra):
    with clock.at(EVENING + timedelta(minutes=minutes)):
        return attendance.check_in(claim, by=claim.volunteer.user, point=point, **extra)


def test_check_in_effect_and_event(claim):
    near = Point(HERE.lng, HERE.lat + 100 / 111_195)
    check_in(claim, near, minutes=3)
    claim.refresh_from_db()
    assert claim.state == ClaimState.CHECKED_IN
    assert claim.checked_in_at == EVENING + timedelta(minutes=3)
    assert claim.check_in_distance_m == 100
    event = claim.events.last()
    assert (event.step, event.codes) == ("check_in", {"metres": 100, "by": "location"})


@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [(-31, "开始前 30 分钟起可以签到"), (61, "已过结束时间")],
)
def test_only_from_half_an_hour_before_until_the_end(claim, minutes, sentence):
    with pytest.raises(RuleViolation, match=sentence):
        check_in(claim, minutes=minutes)


def test_the_edges_of_the_window(claim):
    assert timedelta(minutes=30) == CHECK_IN_OPENS
    assert check_in(claim, minutes=-30).state == ClaimState.CHECKED_IN


def test_too_far_away_says_how_far_and_what_to_do(claim):
    with pytest.raises(RuleViolation, match="还有 620 米，走到 300 米以内再签到") as refusal:
        check_in(claim, NORTH, accuracy_m=20)
    assert "误差" not in refusal.value.sentence
    with pytest.raises(RuleViolation, match="误差约 400 米，如果已经到了，走到室外再试一次"):
        check_in(claim, NORTH, accuracy_m=400)
    claim.refresh_from_db()
    assert claim.state == ClaimState.CLAIMED


def test_a_fix_that_proves_nothing(claim):
    with pytest.raises(RuleViolation, match="误差约 5000 米，太大了"):
        check_in(claim, accuracy_m=5000)
    with pytest.raises(RuleViolation, match="签到要用手机定位"):
        check_in(claim, None)
    with pytest.raises(RuleViolation, match="位置不对"):
        check_in(claim, Point(500, 24.8))
    with pytest.raises(RuleViolation, match="坐标系"):
        check_in(claim, datum="bd09")


def test_gcj02_is_converted(claim):
    shifted = to_gcj02(HERE)
    with pytest.raises(RuleViolation, match="米以内再签到"):
        check_in(claim, shifted)  # taken for WGS-84 it is half a kilometre off
    check_in(claim, shifted, datum="gcj02")
    assert claim.check_in_distance_m == 0


def test_the_whistle_may_have_a_wider_radius():
    city = a_city()
    claim = a_claim(a_whistle(city.home, radius_m=700), a_volunteer(city))
    assert check_in(claim, NORTH).check_in_distance_m == 620


def test_check_out_after_check_in_only(claim):
    user = claim.volunteer.user
    with clock.at(EVENING), pytest.raises(RuleViolation, match="现在是“已接单”，不能签退"):
        attendance.check_out(claim, by=user, point=HERE)
    check_in(claim)
    with clock.at(EVENING + timedelta(minutes=50)):
        with pytest.raises(RuleViolation, match="再签退"):
            attendance.check_out(claim, by=user, point=NORTH)
        attendance.check_out(claim, by=user, point=HERE)
    assert claim.state == ClaimState.CHECKED_OUT
    assert claim.events.last().step == "check_out"
    with pytest.raises(RuleViolation, match="现在是“已签退”"):
        check_in(claim)


def test_nobody_checks_in_for_another(claim):
    other = a_volunteer(a_city())
    with clock.at(EVENING), pytest.raises(NoPower):
        attendance.check_in(claim, by=other.user, point=HERE)


def test_not_after_the_whistle_was_finished_or_cancelled(claim):
    with clock.at(EVENING + timedelta(hours=1)):
        whistles.start_and_finish_due()
        claim.refresh_from_db()
        with pytest.raises(RuleViolation, match="已经结束"):
            attendance.check_in(claim, by=claim.volunteer.user, point=HERE)


@pytest.mark.parametrize(
    ("late", "early", "minutes"),
    [(0, 0, 60), (-30, -30, 60), (10, 0, 50), (0, 15, 45), (10, 15, 35), (-30, 50, 10)],
)
def test_proposed_minutes_are_presence_and_window_together(late, early, minutes):
    city = a_city()
    claim = attended(a_whistle(city.home), a_volunteer(city), late=late, early=early)
    assert crediting.proposed_minutes(claim) == minutes


def test_leaving_before_the_start_proposes_nothing():
    city = a_city()
    claim = attended(a_whistle(city.home), a_volunteer(city), late=-30, early=70)
    assert crediting.proposed_minutes(claim) == 0
