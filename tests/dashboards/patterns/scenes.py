"""Requests that come again and again, and the rounds that look at them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from dashboards.models import Pattern
from dashboards.patterns import finding
from grids.models import Building
from ground import clock
from requests import workflow
from requests.models import ServiceRequest
from tests.factories import City, Community, a_user
from tests.workflow import a_category

CHINA = ZoneInfo("Asia/Shanghai")
#: A Friday morning.
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=CHINA)


def days_ago(days: float, now: datetime = NOW) -> datetime:
    return now - timedelta(days=days)


def asked(community: Community, at: datetime, by: User | None = None, **extra: Any) -> ServiceRequest:
    """Somebody asks in the community's building, or where it is said."""
    fields: dict[str, Any] = {
        "category": a_category(),
        "building": community.building,
        "text": "楼道灯又不亮",
    }
    with clock.at(at):
        return workflow.submit(by=by or a_user("周小兰"), **{**fields, **extra})


def again_and_again(
    community: Community, *days: float, now: datetime = NOW, people: int = 0, **extra: Any
) -> list[ServiceRequest]:
    """One request for each number of days ago; by so many people, by another one each unless it is said."""
    askers = [a_user("周小兰") for _ in range(people or len(days))]
    return [
        asked(community, days_ago(each, now), askers[number % len(askers)], **extra)
        for number, each in enumerate(days)
    ]


def look(city: City, now: datetime = NOW) -> list[Pattern]:
    """One round; gives what is proposed after it."""
    with clock.at(now):
        finding.look(city.district)
    return list(Pattern.objects.proposed().filter(district=city.district).order_by("pk"))


def proposed(city: City, now: datetime = NOW) -> Pattern:
    """A proposal of four requests in the building at home."""
    again_and_again(city.home, 20, 13, 6, 1, now=now)
    [pattern] = look(city, now)
    return pattern


def another_building(community: Community, number: int = 2) -> Building:
    first = community.building
    return Building.objects.create(
        code=f"{first.code}-{number}",
        name=f"{community.compound.name} {number} 栋",
        compound=community.compound,
        grid=first.grid,
        district=first.district,
        street=first.street,
        community=first.community,
        lng=(first.lng or 0) + 0.001 * number,
        lat=first.lat,
    )
