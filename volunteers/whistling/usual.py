"""常用哨单: templates of what is asked for again and again."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from organizations.models import Organization
from organizations.posts import Power, Seat, Tier
from organizations.scope import scope_of
from requests.states import DutyArea
from volunteers.models import Whistle, WhistleTemplate
from volunteers.states import Task, WhistleKind

#: What a whistle and its template have in common.
SAME = ("kind", "duty_area", "task", "title", "text", "places_min", "places_max", "radius_m")
#: Where a template says no time of day: after work.
EVENING = time(19, 0)

D, T, K = DutyArea, Task, WhistleKind
#: One for each of the eight duty areas (S5): name, kind, area, task, title, text, begins, minutes, places.
USUAL = (
    ("党员家庭走访", K.ACTIVITY, D.PARTY_BUILDING, T.PARTY, "入户走访",
     "两人一组，每组走访十户，记下需求，当晚交社区。", time(19, 30), 90, 3, 10),
    ("反诈政策宣传", K.SERVICE, D.POLICY, T.GOVERNANCE, "反诈政策入户宣传",
     "发放大字宣传单，帮老人装国家反诈应用，讲三个真实案例。", time(19, 30), 90, 2, 8),
    ("居民协商会协助", K.ACTIVITY, D.COORDINATION, T.GOVERNANCE, "居民协商会协助",
     "引导入座、发放材料、做好记录，会后整理意见。", time(19, 30), 120, 1, 3),
    ("文明停车劝导", K.SERVICE, D.CIVILITY, T.GOVERNANCE, "文明停车劝导",
     "早高峰在小区门口引导停车，清理消防通道。", time(7, 30), 60, 2, 6),
    ("周末清洁日", K.ACTIVITY, D.CLEANING, T.GOVERNANCE, "周末清洁日",
     "清理楼道堆物和卫生死角，社区准备手套和工具，请穿旧衣服。", time(9, 0), 150, 4, 12),
    ("平安夜巡", K.SERVICE, D.SAFETY, T.GOVERNANCE, "平安夜巡",
     "穿红马甲，分三条线巡查消防通道、飞线充电和楼道堆物，发现问题拍照上报。", time(19, 30), 90, 4, 8),
    ("便民维修", K.SERVICE, D.CONVENIENCE, T.SERVICE, "便民维修",
     "修小家电、磨刀、换灯泡，请带自己的工具。", time(9, 0), 120, 2, 5),
    ("微心愿", K.WISH, D.RELIEF, T.SERVICE, "圆一个微心愿",
     "写清谁想要什么（不写姓名）、大概多少钱、怎么送到。", None, 24 * 60, 1, 1),
)  # fmt: skip


def values_of(template: WhistleTemplate) -> dict[str, Any]:
    """What a form is filled with: the words, and the next time of day that has not begun (aware)."""
    begins = template.begins_at or EVENING
    start = timezone.make_aware(datetime.combine(clock.today(), begins))
    if start <= clock.now():
        start += timedelta(days=1)
    values: dict[str, Any] = {name: getattr(template, name) for name in SAME}
    values["starts_at"], values["ends_at"] = start, start + timedelta(minutes=template.minutes)
    if template.kind == WhistleKind.WISH:
        values["ends_at"] = start + timedelta(days=30)
    return {**values, "skills": list(template.skills.all())}


def save(whistle: Whistle, *, by: Any, name: str) -> WhistleTemplate:
    """存为常用: a template of the whistle's community. The same name of the same whistle gives the first one.

    Raises RuleViolation with the field, NoPower.
    """
    if whistle.community is None or not scope_of(by).holds_at(Power.WHISTLE, whistle.community_id):
        raise NoPower()
    name = name.strip()
    if not 1 <= len(name) <= 20:
        raise RuleViolation("请写名称，最多 20 个字。", field="name")
    with transaction.atomic():
        lock_row(whistle.community)
        same = WhistleTemplate.objects.filter(organization=whistle.community, name=name, retired_at=None)
        if first := same.first():
            if all(getattr(first, each) == getattr(whistle, each) for each in SAME):
                return first
            raise RuleViolation("这里已有同名的常用哨单，请换一个名称。", field="name")
        template = WhistleTemplate.objects.create(
            organization=whistle.community,
            name=name,
            begins_at=None if whistle.is_wish else timezone.localtime(whistle.starts_at).time(),
            minutes=min(max(whistle.minutes, 10), 24 * 60),
            made_by=by,
            **{each: getattr(whistle, each) for each in SAME},
        )
        template.skills.set(whistle.skills.all())
    return template


def retire(template: WhistleTemplate, *, by: Any) -> WhistleTemplate:
    """停用: it is offered no more; what was drafted from it stays. Again: nothing."""
    if not keeps(by, template):
        raise NoPower()
    with transaction.atomic():
        lock_row(template)
        if template.retired_at is None:
            template.retired_at = clock.now()
            template.save(update_fields=["retired_at"])
    return template


def keeps(user: Any, template: WhistleTemplate) -> bool:
    """Whether the user writes and retires it: those who whistle at its community, the policy power of its district,
    the city for those common to all."""
    if template.organization_id is None:
        return keeps_common(user)
    return places_to_write_for(user).filter(pk=template.organization_id).exists()


def keeps_common(user: Any) -> bool:
    """Those common to all are the city's."""
    return any(grant.seat is Seat.CITY for grant in scope_of(user).with_power(Power.POLICY_CHANGE))


def kept_by(user: Any) -> QuerySet[WhistleTemplate]:
    """Those in use that the user may read in the registry: his own, his district's, those common to all."""
    own = Q(organization=None) | Q(organization__in=places_to_write_for(user).order_by().values("pk"))
    return WhistleTemplate.objects.usable_by(user) | WhistleTemplate.objects.filter(own, retired_at=None)


def places_to_write_for(user: Any) -> QuerySet[Organization]:
    """Districts in reach of the policy power, and the communities at which the user whistles himself."""
    scope = scope_of(user)
    nodes = Organization.objects.open()
    districts = scope.organizations(nodes.filter(tier=Tier.DISTRICT), Power.POLICY_CHANGE)
    own = Organization.objects.open().filter(pk__in=scope.seats(Power.WHISTLE), tier=Tier.COMMUNITY)
    return (districts | own).order_by("tier", "lft")


def writes_somewhere(user: Any) -> bool:
    """Whether there is any place to write for. No query beyond the scope's: the registry asks on every page."""
    scope = scope_of(user)
    at_community = any(grant.seat is Tier.COMMUNITY for grant in scope.with_power(Power.WHISTLE))
    return at_community or scope.has(Power.POLICY_CHANGE)


def begin() -> int:
    """Give a platform that has no templates common to all the usual ones; gives how many were added."""
    if WhistleTemplate.objects.filter(organization=None).exists():
        return 0
    rows = [
        WhistleTemplate(
            name=name, kind=kind, duty_area=area, task=task, title=title, text=text,
            begins_at=begins, minutes=minutes, places_min=low, places_max=high,
        )
        for name, kind, area, task, title, text, begins, minutes, low, high in USUAL
    ]  # fmt: skip
    return len(WhistleTemplate.objects.bulk_create(rows, ignore_conflicts=True))
