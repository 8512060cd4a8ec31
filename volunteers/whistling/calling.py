"""What is said about a whistle: to those it is meant for, to those who go, to the community that blew it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ground import clock
from notifications.outbox import say, say_to_many
from volunteers.models import Claim, Whistle
from volunteers.states import ClaimState, WhistleKind
from volunteers.whistling import audiences

#: How a call of each kind begins.
_CALLS = {WhistleKind.WISH: "微心愿", WhistleKind.EMERGENCY: "应急集结"}


def about(whistle: Whistle) -> str:
    """The matter that ordinary news of a whistle is bundled under."""
    return f"whistle:{whistle.pk}"


def moment(at: datetime) -> str:
    """今天 19:00, 明天 19:00, 12月3日 19:00: as one says it on the day on which it is said."""
    local = timezone.localtime(at)
    ahead = (local.date() - clock.today()).days
    day = {0: "今天", 1: "明天"}.get(ahead, f"{local.month}月{local.day}日")
    return f"{day} {local:%H:%M}"


def announce(whistle: Whistle) -> None:
    """吹哨: one fan-out row for everybody it is meant for. An emergency does not wait for the morning."""
    is_urgent = whistle.kind == WhistleKind.EMERGENCY
    when = f"{moment(whistle.ends_at)} 前完成" if whistle.is_wish else moment(whistle.starts_at)
    called = _CALLS.get(WhistleKind(whistle.kind), "吹哨")
    say_to_many(
        audience="whistle",
        audience_id=whistle.pk,
        key=f"whistle:{whistle.pk}:publish",
        title=f"{whistle.community.short_name}{called}：{whistle.title}",  # type: ignore[union-attr]
        text=f"{when} · 要 {whistle.places_max} 人 · {whistle.place}",
        url=reverse("volunteers:whistle", args=[whistle.pk]),
        is_urgent=is_urgent,
        about="" if is_urgent else about(whistle),
    )


def tell_that_it_ended_early(whistle: Whistle) -> None:
    """提前结束: those with a place are told, at once: some are on their way."""
    standing = (ClaimState.CLAIMED, ClaimState.CHECKED_IN)
    rows = Claim.objects.filter(whistle=whistle, state__in=standing).select_related("volunteer__user")
    for claim in rows.order_by("id"):
        came = claim.state == ClaimState.CHECKED_IN
        what = "在场时间算到现在，请签退。" if came else "还没到的不用去了。"
        say(
            to=claim.volunteer.user,
            key=f"claim:{claim.pk}:abort",
            title=f"提前结束：{whistle.title}",
            text=f"原因：{whistle.aborted_because}。{what}",
            url=reverse("volunteers:claim", args=[claim.pk]),
            is_urgent=True,
        )


def tell_of_too_few(whistle: Whistle, taken: int) -> None:
    """It began below the minimum (RULES 2)."""
    _tell_staff(
        whistle,
        "too-few",
        f"人手不足：{whistle.title}",
        f"最少要 {whistle.places_min} 人，现在 {taken} 人，已按时开始，请安排补位。",
    )


def tell_of_missing(whistle: Whistle, taken: int) -> None:
    """The evening before it is still below the minimum: time enough to ask around."""
    _tell_staff(
        whistle,
        "short",
        f"还差 {whistle.places_min - taken} 人：{whistle.title}",
        f"{moment(whistle.starts_at)} 开始，最少要 {whistle.places_min} 人，现在 {taken} 人接单。",
    )


def tell_of_unfulfilled(whistle: Whistle, taken: int) -> None:
    """微心愿 to whose end nobody fulfilled it."""
    how = "认领的同志没有按时完成，请联系他。" if taken else "没有人认领。还要办的，复制一张再发布。"
    _tell_staff(whistle, "expired", f"微心愿到期：{whistle.title}", how)


def tell_of_stopped_series(whistle: Whistle, because: str, also: User) -> None:
    """The platform could not go on with a series: whoever set it up, and the community, learn why."""
    told = audiences.staff_of(whistle) | User.objects.filter(pk=also.pk, is_active=True)
    _tell(told.distinct(), whistle, "series-stopped", f"系列停止：{whistle.title}", because)


def _tell_staff(whistle: Whistle, what: str, title: str, text: str) -> None:
    _tell(audiences.staff_of(whistle), whistle, what, title, text)


def _tell(people: QuerySet[User], whistle: Whistle, what: str, title: str, text: str) -> None:
    for person in people:
        say(
            to=person,
            key=f"whistle:{whistle.pk}:{what}",
            title=title,
            text=text,
            url=reverse("desk:whistle", args=[whistle.pk]),
            about=about(whistle),
        )
