"""能接的人: which volunteers of the community could help with a request, the likeliest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from ground import clock
from ground.geo import Point, distance_m
from organizations.models import Member, Skill
from requests.models import ServiceRequest
from volunteers.claiming.fitting import skills_of
from volunteers.models import Claim, LedgerEntry, Registration, Volunteer

#: How many are shown.
MOST = 6
#: The evening for which people are asked: from six to ten, or from now where it is later.
EVENING, NIGHT = 18, 22
#: Signs of a skill's name → words of residents that call for it.
CALLED_FOR = {
    "电": ("灯", "电", "跳闸", "插座", "线路", "门禁", "开关"),
    "水": ("水", "管", "堵", "漏", "马桶", "龙头"),
    "医": ("陪诊", "看病", "血压", "身体", "吃药", "受伤"),
    "护": ("陪诊", "血压", "卧床", "换药", "打针"),
    "律": ("合同", "赔偿", "法律", "纠纷", "维权"),
    "调解": ("吵", "纠纷", "噪音", "邻居", "加装电梯", "不同意"),
    "心理": ("焦虑", "难过", "孤独", "情绪"),
    "助老": ("老人", "大爷", "大妈", "奶奶", "爷爷", "陪诊", "手机"),
    "教": ("作业", "孩子", "托管", "辅导", "四点半"),
    "理发": ("理发", "剪头"),
    "驾驶": ("接送", "搬", "拉货", "送医"),
    "安全": ("消防", "通道", "飞线", "充电", "隐患", "堆物"),
    "计算机": ("电脑", "手机", "上网", "软件"),
    "摄影": ("拍照", "照片"),
}


@dataclass(frozen=True, slots=True)
class Helper:
    """Name, post and why: no number, no address."""

    name: str
    post: str
    skills: list[str]
    metres: float | None
    is_same_grid: bool
    is_free: bool
    served: int


def skills_called_for(service_request: ServiceRequest) -> list[int]:
    """Ids of the skills that the words and the category call for. One query."""
    category = service_request.category
    words = f"{service_request.title} {service_request.text} {category.name} {category.hint}"
    return [
        pk
        for pk, name in Skill.objects.values_list("pk", "name")
        if name in words
        or any(sign in name and any(word in words for word in called) for sign, called in CALLED_FOR.items())
    ]


def helpers_for(service_request: ServiceRequest) -> list[Helper]:
    """Confirmed volunteers of the community who fit by skill or by what they have done, or live in the grid."""
    wanted = skills_called_for(service_request)
    rows = list(_fitting(service_request, wanted)[:MOST])
    return [_helper(row, service_request, set(wanted)) for row in rows]


def _fitting(service_request: ServiceRequest, wanted: list[int]) -> QuerySet[Registration]:
    starts, ends = tonight(clock.now())
    registered = Member.skills.through.objects.filter(member=OuterRef("volunteer__member"), skill__in=wanted)
    declared = Volunteer.skills.through.objects.filter(volunteer=OuterRef("volunteer"), skill__in=wanted)
    busy = Claim.objects.live().filter(
        volunteer=OuterRef("volunteer"), whistle__starts_at__lt=ends, whistle__ends_at__gt=starts
    )
    rows = Registration.objects.confirmed().filter(
        community=service_request.community_id, volunteer__user__is_active=True
    )
    rows = rows.annotate(
        knows=Q(Exists(registered.order_by())) | Q(Exists(declared.order_by())),
        is_busy=Exists(busy.order_by()),
        served=_times_served(service_request.category.duty_area),
        is_near=_is(Q(grid=service_request.grid_id)),
    )
    fits = Q(knows=True) | Q(served__gt=0) | Q(is_near=True)
    return (
        rows.filter(fits)
        .exclude(volunteer__user=service_request.submitter_id)
        .select_related("volunteer__user", "volunteer__member__unit", "volunteer__member__home__building")
        .defer("volunteer__user__phone", "volunteer__member__phone")
        .prefetch_related("volunteer__member__skills", "volunteer__skills")
        .order_by("-knows", "is_busy", "-is_near", "-served", "id")
    )


def _is(condition: Q) -> Any:
    return Exists(Registration.objects.filter(condition, pk=OuterRef("pk")).order_by())


def _times_served(duty_area: str) -> Any:
    entries = LedgerEntry.objects.filter(
        volunteer=OuterRef("volunteer"), duty_area=duty_area, minutes__gt=0
    ).order_by()
    counted = entries.annotate(_one=Value(1)).values("_one").annotate(_n=Count("claim", distinct=True))
    return Coalesce(Subquery(counted.values("_n"), output_field=IntegerField()), 0)


def tonight(at: datetime) -> tuple[datetime, datetime]:
    """From six to ten in the evening; after six from now; after ten the next evening."""
    local = timezone.localtime(at)
    ends = local.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    if local >= ends:
        return tonight(ends + timedelta(hours=3))
    return max(local, ends.replace(hour=EVENING)), ends


def _helper(row: Any, service_request: ServiceRequest, wanted: set[int]) -> Helper:
    volunteer = row.volunteer
    member = volunteer.member
    known = [skill.name for skill in skills_of(volunteer, member) if skill.pk in wanted]
    unit = volunteer.unit
    return Helper(
        name=str(volunteer),
        post=f"{volunteer.get_kind_display()}{f' · {unit.name}' if unit else ''}",
        skills=known,
        metres=_metres(member, service_request),
        is_same_grid=row.is_near,
        is_free=not row.is_busy,
        served=row.served,
    )


def _metres(member: Any, service_request: ServiceRequest) -> float | None:
    """From the home to the place, to the hundred metres: enough to choose by, too coarse to find a door."""
    home = getattr(member, "home", None) if member else None
    place = _point_of(service_request)
    if home is None or home.point is None or place is None:
        return None
    return max(100.0, round(distance_m(home.point, place), -2))


def _point_of(service_request: ServiceRequest) -> Point | None:
    if service_request.lng is not None and service_request.lat is not None:
        return Point(service_request.lng, service_request.lat)
    return service_request.building.point if service_request.building else None
