"""What becomes of whistles when their request ends, goes elsewhere or goes up (RULES 1 and 2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ground import clock
from ground.errors import NoPower
from requests import splitting, tiers, workflow
from requests.models import ServiceRequest
from requests.states import State
from tests.factories import City, a_user, appoint
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_claim, a_volunteer, a_whistle
from tests.workflow import accepted
from volunteers.states import ClaimState, WhistleState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db


def officer_of(city: City) -> Any:
    officer = a_user("街道干部")
    appoint(officer, "officer", city.street)
    return officer


def wanted(city: City) -> ServiceRequest:
    with clock.at(FRIDAY_NOON - timedelta(hours=1)):
        return accepted(city)


def test_a_part_that_ends_with_its_whole_takes_its_whistle_with_it() -> None:
    city = a_city()
    row = wanted(city)
    with clock.at(FRIDAY_NOON):
        (part,) = splitting.split(row, by=city.home.secretary, parts=["先拆旧灯"])
    whistle = a_whistle(city.home, service_request=part)
    claim = a_claim(whistle, a_volunteer(city))
    with clock.at(FRIDAY_NOON + timedelta(minutes=1)):
        workflow.withdraw(row, by=row.submitter)
    for each in (whistle, claim, part):
        each.refresh_from_db()
    assert (whistle.state, claim.state) == (WhistleState.CANCELLED, ClaimState.RELEASED)
    assert whistle.cancelled_because == "点单已随总件撤回"
    assert part.state == State.WITHDRAWN


def handed_next_door(city: City, row: ServiceRequest) -> None:
    officer = officer_of(city)
    tiers.escalate(row, by=city.home.secretary, reason="在隔壁社区")
    tiers.hand_down(row, by=officer, child=city.next_door.organization, text="请办理")


def test_handed_to_another_community_whistles_not_begun_are_cancelled_with_a_reason() -> None:
    city = a_city()
    row = wanted(city)
    whistle = a_whistle(city.home, service_request=row)
    claim = a_claim(whistle, a_volunteer(city))
    with clock.at(FRIDAY_NOON + timedelta(minutes=1)):
        handed_next_door(city, row)
    whistle.refresh_from_db()
    claim.refresh_from_db()
    assert (whistle.state, claim.state) == (WhistleState.CANCELLED, ClaimState.RELEASED)
    assert whistle.cancelled_because == "点单已交给别的社区办理"
    assert row.community == city.next_door.organization


def test_a_running_one_finishes_and_still_holds_the_request() -> None:
    city = a_city()
    row = wanted(city)
    whistle = a_whistle(city.home, service_request=row)
    with clock.at(EVENING + timedelta(minutes=5)):
        handed_next_door(city, row)  # its start was due: it starts first
        whistle.refresh_from_db()
        assert whistle.state == WhistleState.RUNNING
        assert row.holds.count() == 1
    with clock.at(whistle.ends_at):
        whistles.start_and_finish_due()
    assert not row.holds.exists()


def test_escalated_or_handed_back_home_whistles_stay() -> None:
    city = a_city()
    officer, row = officer_of(city), wanted(city)
    whistle = a_whistle(city.home, service_request=row)
    with clock.at(FRIDAY_NOON + timedelta(minutes=1)):
        tiers.escalate(row, by=city.home.secretary, reason="要协调")
        tiers.hand_down(row, by=officer, child=city.home.organization, text="先看现场")
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.OPEN


def test_whistles_follow_a_request_that_goes_up() -> None:
    """The new handler may cancel, the old one may not any more."""
    city = a_city()
    officer, row = officer_of(city), wanted(city)
    whistle = a_whistle(city.home, service_request=row)
    with clock.at(FRIDAY_NOON + timedelta(minutes=1)):
        tiers.escalate(row, by=city.home.secretary, reason="要协调")
        whistle.refresh_from_db()
        with pytest.raises(NoPower):
            whistles.cancel(whistle, by=city.home.secretary, reason="不办了")
        whistles.cancel(whistle, by=officer, reason="改由施工队修")
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.CANCELLED
