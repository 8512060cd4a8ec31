"""What the tests of this floor start from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from ground import clock
from ground.geo import Point
from tests import factories
from tests.factories import City, Community, a_member, a_user
from volunteers.accounting import crediting
from volunteers.claiming import claims
from volunteers.joining import registry
from volunteers.models import Claim, Volunteer, Whistle
from volunteers.presence import attendance
from volunteers.states import VolunteerKind
from volunteers.whistling import whistles

CHINA = ZoneInfo("Asia/Shanghai")
#: A Friday that is a working day; whistles of these tests run in its evening.
FRIDAY_NOON = datetime(2026, 11, 20, 12, 0, tzinfo=CHINA)
EVENING = FRIDAY_NOON.replace(hour=18, minute=30)
HERE = Point(113.58, 24.80)
#: When everybody was appointed, so that no test depends on the day on which it runs.
LONG_AGO = datetime(2020, 1, 1, tzinfo=CHINA)


def a_city(name: str = "武江") -> City:
    with clock.at(LONG_AGO):
        return factories.a_city(name)


def a_volunteer(city: City, community: Community | None = None, **extra: Any) -> Volunteer:
    """An employed member, registered and confirmed at the community (default: home)."""
    place = community or city.home
    member = a_member(city, **extra)
    assert member.user is not None
    volunteer = registry.enrol(
        user=member.user, kind=VolunteerKind.EMPLOYED, member=member, district=city.district
    )
    register(volunteer, place)
    return volunteer


def register(volunteer: Volunteer, place: Community) -> None:
    registration = registry.choose(volunteer, by=volunteer.user, community=place.organization)
    registry.confirm(registration, by=place.secretary, grid=place.grid)


def a_plain_volunteer(city: City, community: Community | None = None) -> Volunteer:
    """A resident without Party membership, registered and confirmed."""
    volunteer = registry.enrol(user=a_user("热心居民"), kind=VolunteerKind.VOLUNTEER, district=city.district)
    register(volunteer, community or city.home)
    return volunteer


def a_draft(community: Community, *, by: User | None = None, **extra: Any) -> Whistle:
    fields: dict[str, Any] = {
        "title": "楼道灯抢修",
        "text": "三楼楼道灯不亮，带梯子和灯泡。",
        "starts_at": EVENING,
        "ends_at": EVENING + timedelta(hours=1),
        "place": "花城小区 1 栋",
        "point": HERE,
        "places_max": 2,
        "community": community.organization,
    }
    return whistles.draft(by=by or community.secretary, **(fields | extra))


def a_whistle(community: Community, **extra: Any) -> Whistle:
    """A published whistle, this Friday evening from 18:30 to 19:30, two places."""
    with clock.at(FRIDAY_NOON):
        return whistles.publish(a_draft(community, **extra), by=community.secretary)


def a_claim(whistle: Whistle, volunteer: Volunteer) -> Claim:
    with clock.at(FRIDAY_NOON):
        return claims.claim(whistle, by=volunteer.user)


def attended(
    whistle: Whistle, volunteer: Volunteer, *, late: int = 0, early: int = 0, leaves: bool = True
) -> Claim:
    """Claimed, checked in `late` minutes after the start, checked out `early` minutes before the end."""
    claim = a_claim(whistle, volunteer)
    with clock.at(whistle.starts_at + timedelta(minutes=late)):
        attendance.check_in(claim, by=volunteer.user, point=whistle.point)
    if leaves:
        with clock.at(whistle.ends_at - timedelta(minutes=early)):
            attendance.check_out(claim, by=volunteer.user, point=whistle.point)
    return claim


def credited(
    community: Community,
    volunteer: Volunteer,
    *,
    starts_at: datetime = EVENING,
    minutes: int = 60,
    reason: str = "",
    **extra: Any,
) -> Claim:
    """A service of that length, from publishing to the ledger, in the past if `starts_at` is."""
    with clock.at(starts_at - timedelta(hours=3)):
        draft = a_draft(
            community, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes), **extra
        )
        whistle = whistles.publish(draft, by=community.secretary)
        claim = claims.claim(whistle, by=volunteer.user)
    with clock.at(starts_at):
        attendance.check_in(claim, by=volunteer.user, point=whistle.point)
    with clock.at(whistle.ends_at):
        attendance.check_out(claim, by=volunteer.user, point=whistle.point)
        crediting.credit(claim, by=community.secretary, reason=reason)
    return claim
