"""日历文件 (RFC 5545): one's own claims, for the calendar of a phone. It says nothing of whom one helps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard

from ground import clock
from volunteers.models import Claim
from volunteers.states import LIVE, ClaimState

#: The zone by its name, so that phones elsewhere reckon right.
ZONE = ZoneInfo("Asia/Shanghai")
#: What a phone rings before the start.
RINGS_BEFORE = timedelta(hours=1)
#: A wish has no hour: the day before its last one, at nine in the morning.
RINGS_BEFORE_LAST_DAY = timedelta(hours=15)
#: More than anybody claims; a file stays small.
MOST = 200


def coming(user: Any) -> list[Claim]:
    """One's claims whose whistles are not over, those given up or released among them: their entries go away."""
    kept = (*LIVE, ClaimState.WAITING, ClaimState.WITHDRAWN, ClaimState.RELEASED)
    rows = Claim.objects.own(user).filter(whistle__ends_at__gte=clock.now(), state__in=kept)
    return list(rows.select_related("whistle__community").order_by("whistle__starts_at", "id")[:MOST])


def file_of(claims: Iterable[Claim], site: str) -> bytes:
    """The file. `site`: scheme and host without a slash, for the links back. No query when whistles are at hand."""
    file = Calendar()
    file.add("prodid", "-//Wenshao//claims//ZH")
    file.add("version", "2.0")
    file.add("method", "PUBLISH")
    file.add("x-wr-calname", "我的接单")
    file.add_component(_zone())
    for claim in claims:
        file.add_component(_event(claim, site))
    return file.to_ical()


def _zone() -> Timezone:
    """Asia/Shanghai has known no summer time since 1991."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", ZONE.key)
    standard.add("dtstart", datetime(1991, 9, 15))  # noqa: DTZ001 - RFC 5545 wants local time here
    standard.add("tzname", "CST")
    standard.add("tzoffsetfrom", timedelta(hours=8))
    standard.add("tzoffsetto", timedelta(hours=8))
    zone.add_component(standard)
    return zone


def _event(claim: Claim, site: str) -> Event:
    whistle, event = claim.whistle, Event()
    status = _status(claim)
    event.add("uid", f"claim-{claim.pk}@wenshao")
    event.add("dtstamp", clock.now())
    event.add("sequence", 1 if status == "CANCELLED" else 0)
    event.add("status", status)
    event.add("summary", f"{_mark(claim)}{whistle.title}")
    event.add("location", whistle.place)
    where = whistle.community.short_name if whistle.community else ""
    event.add("description", f"{where} · 哨单 {whistle.number}\n{site}/claims/{claim.pk}/")
    event.add("url", f"{site}/claims/{claim.pk}/")
    if whistle.is_wish:
        event.add("dtstart", (last := timezone.localdate(whistle.ends_at)))
        event.add("dtend", last + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    else:
        event.add("dtstart", whistle.starts_at.astimezone(ZONE))
        event.add("dtend", whistle.over_at.astimezone(ZONE))
    if status != "CANCELLED":
        event.add_component(_alarm(claim))
    return event


def _status(claim: Claim) -> str:
    if claim.state in (ClaimState.WITHDRAWN, ClaimState.RELEASED):
        return "CANCELLED"
    return "TENTATIVE" if claim.state == ClaimState.WAITING else "CONFIRMED"


def _mark(claim: Claim) -> str:
    if _status(claim) == "CANCELLED":
        return "（已取消）"
    if claim.state == ClaimState.WAITING:
        return "（候补）"
    return "微心愿到期：" if claim.whistle.is_wish else ""


def _alarm(claim: Claim) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", claim.whistle.title)
    alarm.add("trigger", -(RINGS_BEFORE_LAST_DAY if claim.whistle.is_wish else RINGS_BEFORE))
    return alarm
