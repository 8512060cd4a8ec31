"""接单: claiming a place, checking in and out, crediting; never more claims than places (RULES 2)."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.geo import Point, distance_m, to_wgs84
from ground.steps import Move, lock_row
from notifications.outbox import say
from organizations.models import Policy
from organizations.models.policies import Attendance
from requests import workflow
from volunteers import audiences, ledger
from volunteers.models import Claim, Registration, Volunteer, Whistle
from volunteers.powers import is_own_claim
from volunteers.states import LIVE, Attested, Audience, ClaimState, WhistleState
from volunteers.tables import CLAIMS

#: A fix that is poorer than this (metres) proves nothing; the phone is asked to try again.
POOR_FIX_M = 1000


def taken(whistle: Whistle) -> int:
    """How many places are taken; counted under the whistle's lock it cannot change before the commit."""
    return Claim.objects.filter(whistle=whistle, state__in=LIVE).count()


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a volunteer can claim, read once: for a whole list as for one claim."""

    volunteer: Volunteer | None
    registration: Registration | None = None
    live: tuple[Claim, ...] = field(default=())

    @property
    def claimed(self) -> dict[int, Claim]:
        """Live claims by whistle."""
        return {claim.whistle_id: claim for claim in self.live}

    def why_not(self, whistle: Whistle, places_taken: int) -> str:
        """The sentence that says what stands in the way of claiming this whistle; "" if nothing does."""
        return self._not_admitted(whistle) or _not_recruiting(whistle, places_taken) or self._busy(whistle)

    def _not_admitted(self, whistle: Whistle) -> str:
        if self.registration is None:
            return "先到社区报到，社区确认以后就能接单。"
        if whistle.audience == Audience.REGISTERED and self.registration.community_id != whistle.community_id:
            return "这张哨单只面向报到到本社区的同志。"
        if self.registration.district_id != whistle.district_id:
            return "这张哨单只面向本区报到的同志。"
        wanted = whistle.service_request
        if (
            wanted is not None
            and self.volunteer is not None
            and wanted.submitter_id == self.volunteer.user_id
        ):
            # His rating would count for his own service: nobody rates what is his own (RULES 0).
            return "这张哨单是为你自己的点单吹的，请由其他同志来接。"
        return ""

    def _busy(self, whistle: Whistle) -> str:
        for claim in self.live:
            other = claim.whistle
            if (
                other.pk != whistle.pk
                and other.starts_at < whistle.ends_at
                and other.ends_at > whistle.starts_at
            ):
                return f"和你已接的“{other.title}”时间重叠，退了那一单才能接这一单。"
        return ""


def _not_recruiting(whistle: Whistle, places_taken: int) -> str:
    if whistle.state != WhistleState.OPEN:
        return f"这张哨单{whistle.get_state_display()}，不能接单。"
    if clock.now() >= whistle.claim_by:
        return "接单截止时间已过，看看别的哨单吧。"
    if places_taken >= whistle.places_max:
        return "该哨单已满员，看看别的哨单吧。"
    return ""


def standing_of(user: Any) -> Standing:
    """The standing of an account as a volunteer: three queries, however many whistles are asked about."""
    volunteer = Volunteer.objects.filter(user=user).select_related("member").first()
    if volunteer is None:
        return Standing(None)
    registration = Registration.objects.confirmed().filter(volunteer=volunteer).first()
    # What ended long ago cannot overlap with anything that can still be claimed.
    live = Claim.objects.live().filter(volunteer=volunteer, whistle__ends_at__gt=clock.now())
    return Standing(volunteer, registration, tuple(live.select_related("whistle")))


def claim(whistle: Whistle, *, by: Any, key: uuid.UUID | None = None) -> Claim:
    """接单: take a place for the account `by`. A double tap gives the first claim.

    `key` names one tap: sent again after the claim was withdrawn, it does not claim anew. Raises
    RuleViolation with the sentence of what stands in the way. Locks whistle, then volunteer.
    """
    volunteer = Volunteer.objects.filter(user=by).first()
    if volunteer is None:
        raise RuleViolation("先到社区报到，社区确认以后就能接单。")
    with transaction.atomic():
        lock_row(whistle)
        lock_row(volunteer)
        own = Claim.objects.filter(whistle=whistle, volunteer=volunteer)
        if first := own.live().first():
            return first
        if key and own.filter(key=key).exists():
            raise RuleViolation("这次接的单已经退掉或解除了。还想去的，刷新页面再接。")
        standing = standing_of(by)
        places_taken = taken(whistle)
        if why_not := standing.why_not(whistle, places_taken):
            raise RuleViolation(why_not)
        with CLAIMS.begin("claim", by=by) as move:
            move.thing = Claim(whistle=whistle, volunteer=volunteer, claimed_at=move.at, key=key)
        if places_taken + 1 == whistle.places_max:
            _tell_that_it_is_full(whistle)
    return move.thing


def _tell_that_it_is_full(whistle: Whistle) -> None:
    at = clock.now()
    for person in audiences.staff_of(whistle):
        say(
            to=person,
            key=f"whistle:{whistle.pk}:full:{at:%Y%m%d%H%M%S}",
            title=f"已满员：{whistle.title}",
            text=f"{whistle.places_max} 人全部到位。",
            url=reverse("desk:whistle", args=[whistle.pk]),
        )


def withdraw(claim: Claim, *, by: Any) -> Claim:
    """退单 before the start: the place is free again."""
    with CLAIMS.take("withdraw", claim, by=by):
        pass
    return claim


def contact(claim: Claim, *, by: Any, how: str) -> None:
    """联系: whoever is at work for a request says that the resident was contacted (RULES 1)."""
    if not is_own_claim(by, claim) or claim.whistle.service_request is None:
        raise NoPower("只有接了这张哨单的同志可以登记联系。")
    workflow.contact(claim.whistle.service_request, by=by, how=how)


def release_all(whistle: Whistle, *, by: Any) -> None:
    """The whistle was cancelled: every volunteer on it is free again and told why."""
    held = Claim.objects.filter(whistle=whistle).exclude(
        state__in=(ClaimState.WITHDRAWN, ClaimState.RELEASED)
    )
    for each in held.select_related("volunteer__user").order_by("id"):
        each.whistle = whistle
        with CLAIMS.take("release", each, by=by):
            pass
        say(
            to=each.volunteer.user,
            key=f"claim:{each.pk}:release",
            title=f"哨单取消：{whistle.title}",
            text=f"原因：{whistle.cancelled_because}。你不用去了，谢谢。",
            url=reverse("volunteers:claim", args=[each.pk]),
            is_urgent=True,
        )


def check_in(
    claim: Claim, *, by: Any, point: Point | None, datum: str = "wgs84", accuracy_m: float | None = None
) -> Claim:
    """签到: from 30 minutes before the start, within the whistle's radius where the policy asks for the place.

    `point` is what the phone reports, in `datum` "wgs84" or "gcj02"; `accuracy_m` its error in metres.
    Raises RuleViolation that says how far away one is, or why the fix is no good.
    """
    with CLAIMS.take("check_in", claim, by=by) as move:
        metres = _distance(move.thing.whistle, point, datum, accuracy_m, "签到")
        move.thing.checked_in_at, move.thing.check_in_distance_m = move.at, metres
        if metres is not None:
            move.codes["metres"] = metres
    return claim


def check_out(
    claim: Claim, *, by: Any, point: Point | None, datum: str = "wgs84", accuracy_m: float | None = None
) -> Claim:
    """签退; the same rules of place as checking in."""
    with CLAIMS.take("check_out", claim, by=by) as move:
        metres = _distance(move.thing.whistle, point, datum, accuracy_m, "签退")
        move.thing.checked_out_at, move.thing.check_out_distance_m = move.at, metres
        if metres is not None:
            move.codes["metres"] = metres
    return claim


def _distance(
    whistle: Whistle, point: Point | None, datum: str, accuracy_m: float | None, step: str
) -> int | None:
    """How far away the phone is, as far as the district's policy asks for it (RULES 6).

    Where the community alone attests, no place is taken down. Where it is optional, one may give none.
    """
    attendance = Policy.of(whistle.district_id).attendance
    if attendance == Attendance.ATTESTED or (attendance == Attendance.OPTIONAL and point is None):
        return None
    return _metres_to(whistle, point, datum, accuracy_m, step)


def _metres_to(whistle: Whistle, point: Point | None, datum: str, accuracy_m: float | None, step: str) -> int:
    """How far away the phone is, in whole metres; refuses what is outside the radius."""
    if point is None:
        raise RuleViolation(f"{step}要用手机定位。请允许使用位置再试；手机定不了位的，请社区工作人员确认。")
    if not (-180 <= point.lng <= 180 and -90 <= point.lat <= 90):
        raise RuleViolation("手机报来的位置不对，请重新定位再试。")
    try:
        where = to_wgs84(point, datum.lower())
    except ValueError:
        raise RuleViolation("手机报来的坐标系认不出，请更新程序再试。") from None
    metres = round(distance_m(where, whistle.point))
    if accuracy_m is not None and not accuracy_m <= max(POOR_FIX_M, whistle.radius_m):
        error = f"约 {round(accuracy_m)} 米，太大了" if math.isfinite(accuracy_m) else "不明"
        raise RuleViolation(f"手机这次定位误差{error}。走到室外、打开精确定位，等几秒再{step}。")
    if metres > whistle.radius_m:
        doubt = ""
        if accuracy_m is not None and accuracy_m > whistle.radius_m / 2:
            doubt = f"这次定位误差约 {round(accuracy_m)} 米，如果已经到了，走到室外再试一次。"
        raise RuleViolation(
            f"你离“{whistle.place}”还有 {_said(metres)}，走到 {whistle.radius_m} 米以内再{step}。{doubt}"
        )
    return metres


def _said(metres: int) -> str:
    return f"{metres} 米" if metres < 1000 else f"{metres / 1000:.1f} 公里"


def presence(claim: Claim) -> tuple[datetime, datetime] | None:
    """The overlap of presence and window; up to the end of the window where check-out was forgotten."""
    if claim.checked_in_at is None:
        return None
    start = max(claim.checked_in_at, claim.whistle.starts_at)
    end = min(claim.checked_out_at or claim.whistle.ends_at, claim.whistle.ends_at)
    return (start, end) if start < end else None


def proposed_minutes(claim: Claim) -> int:
    """Whole minutes that presence and window have in common (RULES 2)."""
    overlap = presence(claim)
    return int((overlap[1] - overlap[0]).total_seconds() // 60) if overlap else 0


def credit(claim: Claim, *, by: Any, minutes: int | None = None, reason: str = "") -> Claim:
    """认定时长: write the minutes into the ledger. Nobody credits himself.

    `minutes` may correct the proposed ones within the window, with a reason; so must a forgotten check-out
    be given one. Raises RuleViolation with the field, NoPower.
    """
    reason = reason.strip()
    with CLAIMS.take("credit", claim, by=by) as move:
        proposed = proposed_minutes(move.thing)
        granted = proposed if minutes is None else minutes
        _refuse_minutes(move, granted, proposed, reason)
        ledger.enter(
            move.thing,
            by=by,
            minutes=granted,
            attested=_attested(move.thing, move.source),
            reason=reason,
        )
        move.codes["minutes"] = granted
        say(
            to=move.thing.volunteer.user,
            key=f"claim:{claim.pk}:credit",
            title=f"服务时长已认定：{move.thing.whistle.title}",
            text=f"认定 {granted} 分钟，谢谢你的付出。",
            url=reverse("volunteers:claim", args=[claim.pk]),
        )
    return claim


def _attested(claim: Claim, state: str) -> Attested:
    """What the minutes rest on: places given at both ends, or the word of the community."""
    if state != ClaimState.CHECKED_OUT:
        return Attested.FORGOTTEN
    is_located = None not in (claim.check_in_distance_m, claim.check_out_distance_m)
    return Attested.LOCATION if is_located else Attested.COMMUNITY


def _refuse_minutes(move: Move, granted: int, proposed: int, reason: str) -> None:
    window = move.thing.whistle.minutes
    if granted < 1:
        raise RuleViolation("在场时间和服务时间没有重叠，请按实际情况填写认定分钟数和理由。", field="minutes")
    if granted > window:
        raise RuleViolation(f"认定时长不能超过服务时间 {window} 分钟。", field="minutes")
    if move.source == ClaimState.CHECKED_IN and not reason:
        raise RuleViolation("忘记签退的，认定时请写明理由。", field="reason")
    if granted != proposed and not reason:
        raise RuleViolation(f"和在场时间 {proposed} 分钟不一致，请写明理由。", field="reason")


def credit_many(claims: Iterable[Claim], *, by: Any) -> tuple[list[Claim], list[tuple[Claim, str]]]:
    """Credit each with its proposed minutes; what is refused comes back with its sentence."""
    done, refused = [], []
    for each in claims:
        try:
            done.append(credit(each, by=by))
        except RuleViolation as violation:
            refused.append((each, violation.sentence))
    return done, refused
