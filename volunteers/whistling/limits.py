"""What a whistle may be: its rules in words, at the fields they belong to, before the database refuses (RULES 2)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from ground import clock
from ground.errors import RuleViolation
from organizations.models import Unit
from volunteers.models import Whistle
from volunteers.states import Audience, WhistleKind
from volunteers.whistling import audiences

#: No credit can exceed the window, so the window has an end of its own.
LONGEST = timedelta(hours=24)
#: How long a wish may stand open: its window is the time in which it may be fulfilled.
WISH_LONGEST = timedelta(days=60)
#: How far ahead a whistle may begin: what lies further is a slip of the hand.
FARTHEST = timedelta(days=366)
#: Metres within which somebody checks in.
RADIUS_M = (50, 5000)
MOST_PLACES = 1000

#: Kinds that take claims to the very end unless the community says otherwise.
_CLAIMED_TO_THE_END = (WhistleKind.WISH, WhistleKind.EMERGENCY)


def usual_claim_by(whistle: Whistle) -> datetime:
    """When claiming ends if nobody says otherwise: at the start; of wishes and emergencies at the end."""
    return whistle.ends_at if whistle.kind in _CLAIMED_TO_THE_END else whistle.starts_at


def settle(whistle: Whistle) -> None:
    """Drop what another choice has made meaningless, so that no row says two things."""
    if whistle.audience != Audience.TEAM:
        whistle.team = None


def check(whistle: Whistle, units: Collection[Unit]) -> None:
    """Refuse what cannot be. Raises RuleViolation with the field; at most four queries."""
    _check_place(whistle)
    _check_words(whistle)
    _check_times(whistle)
    _check_places(whistle)
    check_audience(whistle, units)
    check_leader(whistle)


def _check_place(whistle: Whistle) -> None:
    service_request = whistle.service_request
    if whistle.community is None:
        raise RuleViolation("请选一个社区（村）。", field="community")
    if whistle.community.closed_at is not None:
        raise RuleViolation("这个社区已经撤并，不能在这里吹哨。", field="community")
    if service_request is not None and service_request.community_id != whistle.community_id:
        raise RuleViolation("这件点单不在本社区，不能在这里吹哨。")
    if whistle.grid is not None and whistle.grid.community_id != whistle.community_id:
        raise RuleViolation("这个网格不在本社区。", field="grid")
    if not (-180 <= whistle.lng <= 180 and -90 <= whistle.lat <= 90):
        raise RuleViolation("地点的位置不对，请重新选。", field="place")
    low, high = RADIUS_M
    if not low <= whistle.radius_m <= high:
        raise RuleViolation(f"签到范围在 {low} 到 {high} 米之间。", field="radius_m")


def _check_words(whistle: Whistle) -> None:
    for name, what in (("title", "标题"), ("text", "说明"), ("place", "地点")):
        words, column = getattr(whistle, name), cast(Any, Whistle._meta.get_field(name))
        if not words:
            raise RuleViolation(f"请写{what}。", field=name)
        if len(words) > column.max_length:
            raise RuleViolation(f"{what}最多 {column.max_length} 个字。", field=name)


def _check_times(whistle: Whistle) -> None:
    if whistle.ends_at <= whistle.starts_at:
        raise RuleViolation("结束时间要晚于开始时间。", field="ends_at")
    if whistle.starts_at - clock.now() > FARTHEST:
        raise RuleViolation(f"最多提前 {FARTHEST.days} 天吹哨，请检查年份。", field="starts_at")
    lasts = whistle.ends_at - whistle.starts_at
    if whistle.is_wish and lasts > WISH_LONGEST:
        raise RuleViolation(f"微心愿最长开放 {WISH_LONGEST.days} 天。", field="ends_at")
    if not whistle.is_wish and lasts > LONGEST:
        raise RuleViolation("一张哨单最长 24 小时，几天的事请按天分开吹哨。", field="ends_at")
    if whistle.claim_by > whistle.ends_at:
        raise RuleViolation("接单截止不能晚于结束时间。", field="claim_by")


def _check_places(whistle: Whistle) -> None:
    if whistle.is_wish and whistle.places_max != 1:
        raise RuleViolation("微心愿由一个人认领，人数填 1。", field="places_max")
    if not 1 <= whistle.places_min <= whistle.places_max:
        raise RuleViolation("人数至少 1 人，且不少于最少人数。", field="places_max")
    if whistle.places_max > MOST_PLACES:
        raise RuleViolation(f"一张哨单最多 {MOST_PLACES} 人。", field="places_max")


def check_audience(whistle: Whistle, units: Collection[Unit]) -> None:
    """Somebody has to be meant: units of the district, or a team that stands. Asked again at publishing."""
    if whistle.audience == Audience.UNITS:
        if not units:
            raise RuleViolation("请至少选一个单位。", field="units")
        if any(unit.district_id != whistle.district_id for unit in units):
            raise RuleViolation("只能选本区的单位。", field="units")
    if whistle.audience == Audience.TEAM:
        if whistle.team is None:
            raise RuleViolation("请选一支队伍。", field="team")
        if not audiences.teams_of(whistle).filter(pk=whistle.team.pk).exists():
            raise RuleViolation("这支队伍已撤销，或不在本社区、本区，请换一支。", field="team")


def check_leader(whistle: Whistle) -> None:
    """Whoever is named leads on site: asked again when the name changes."""
    if (
        whistle.leader_id is not None
        and not audiences.leaders_of(whistle).filter(pk=whistle.leader_id).exists()
    ):
        raise RuleViolation("现场负责人要是本社区的工作人员，或接了这张哨单的同志。", field="leader")
