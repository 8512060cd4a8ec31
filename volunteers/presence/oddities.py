"""What looks odd about presence: shown to the community, which asks; never punished by itself (S10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import QuerySet

from ground.geo import distance_m
from volunteers.models import CheckMark, Claim
from volunteers.states import CheckBy

#: Between two places that are that far apart (metres) nobody goes faster (km/h).
FAR_M, FASTEST_KMH = 2000, 120
#: Marks that lie further apart in time say nothing about speed: the city is 200 km across.
AROUND = timedelta(hours=6)
#: Marks that show where somebody was himself.
_SHOWN_ON_THE_SPOT = (CheckBy.LOCATION, CheckBy.CODE)


def of(claims: Iterable[Claim]) -> dict[int, list[str]]:
    """Sentences by id of the claim; claims with nothing odd are left out. Two queries, however many claims."""
    page = list(claims)
    found: dict[int, list[str]] = defaultdict(list)
    for spot in (_shared_devices, _impossible_speeds):
        for claim_id, sentence in spot(page):
            found[claim_id].append(sentence)
    return dict(found)


def _shared_devices(page: list[Claim]) -> Iterable[tuple[int, str]]:
    """One phone that marked for several volunteers of one whistle."""
    marks = (
        CheckMark.objects.filter(claim__whistle__in={claim.whistle_id for claim in page})
        .exclude(device="")
        .select_related("claim__volunteer__member", "claim__volunteer__user")
    )
    by_phone: dict[tuple[int, str], dict[int, str]] = defaultdict(dict)
    phones_of: dict[int, set[str]] = defaultdict(set)
    for mark in marks.order_by("id"):
        by_phone[mark.claim.whistle_id, mark.device][mark.claim_id] = str(mark.claim.volunteer)
        phones_of[mark.claim_id].add(mark.device)
    for claim in page:
        others: dict[int, str] = {}
        for device in phones_of[claim.pk]:
            others |= by_phone[claim.whistle_id, device]
        others.pop(claim.pk, None)
        if others:
            yield claim.pk, f"这部手机还给{_named(list(others.values()))}打了卡。"


def _named(names: list[str]) -> str:
    return "、".join(names[:3]) + (f"等 {len(names)} 人" if len(names) > 3 else "")


def _impossible_speeds(page: list[Claim]) -> Iterable[tuple[int, str]]:
    """Marks at two whistles, one right after the other, that no car would manage."""
    shown = {claim.pk for claim in page}
    for one, other in pairwise(_marks_around(page)):
        here, there = one.claim.whistle, other.claim.whistle
        if one.claim.volunteer_id != other.claim.volunteer_id or here.pk == there.pk:
            continue
        metres = distance_m(here.point, there.point)
        if metres <= FAR_M or not _is_too_fast(metres, one.at, other.at):
            continue
        for claim, whistle in ((one.claim, there), (other.claim, here)):
            if claim.pk in shown:
                yield claim.pk, _hurried(whistle.title, metres, one.at, other.at)


def _marks_around(page: list[Claim]) -> QuerySet[CheckMark] | list[CheckMark]:
    """What these volunteers marked on the spot about the time of these claims, one volunteer after the other."""
    times = [at for claim in page for at in (claim.checked_in_at, claim.checked_out_at) if at is not None]
    if not times:
        return []
    return (
        CheckMark.objects.filter(
            claim__volunteer__in={claim.volunteer_id for claim in page if claim.checked_in_at is not None},
            at__range=(min(times) - AROUND, max(times) + AROUND),
            by__in=_SHOWN_ON_THE_SPOT,
        )
        .select_related("claim__whistle")
        .order_by("claim__volunteer_id", "at", "id")
    )


def _is_too_fast(metres: float, begun: datetime, ended: datetime) -> bool:
    hours = (ended - begun).total_seconds() / 3600
    return metres / 1000 > FASTEST_KMH * hours


def _hurried(title: str, metres: float, begun: datetime, ended: datetime) -> str:
    minutes = int((ended - begun).total_seconds() // 60)
    return f"和“{title}”相距 {metres / 1000:.1f} 公里，两次打卡只隔 {minutes} 分钟，一般赶不到。"
