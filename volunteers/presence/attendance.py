"""签到签退: being there, and what shows it (S10, RULES 2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ground.errors import RuleViolation
from ground.geo import Point, distance_m, to_wgs84
from ground.steps import Move
from organizations.models import Policy
from organizations.models.policies import Attendance
from volunteers.models import CheckMark, Claim, Whistle
from volunteers.presence import onsite
from volunteers.states import CheckBy, CheckWay
from volunteers.tables import CHECK_IN_OPENS, CLAIMS, why_not_check_in_at

#: A fix that is poorer than this (metres) proves nothing; the phone is asked to try again.
POOR_FIX_M = 1000
#: A mark that was kept on the phone without network is taken for so long.
KEPT_FOR = timedelta(hours=48)
#: So far may the clock of a phone be ahead of ours.
AHEAD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a phone shows for being there; everything may be missing.

    point: where it is, in `datum` "wgs84" or "gcj02"; accuracy_m: its error in metres.
    code: the code on the spot, typed; has_scanned: it was scanned just now (the session says so).
    happened_at: when it happened, where the phone had no network; device: keyed hash of the browser.
    """

    point: Point | None = None
    datum: str = "wgs84"
    accuracy_m: float | None = None
    code: str = ""
    has_scanned: bool = False
    happened_at: datetime | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class _Proof:
    """What of it counts: the way in which presence was shown, and the distance in whole metres."""

    by: CheckBy
    metres: int | None = None
    accuracy_m: int | None = None


def check_in(
    claim: Claim,
    *,
    by: Any,
    point: Point | None = None,
    datum: str = "wgs84",
    accuracy_m: float | None = None,
    code: str = "",
    has_scanned: bool = False,
    happened_at: datetime | None = None,
    device: str = "",
) -> Claim:
    """签到: from 30 minutes before the start, by the place or the code on the spot where the policy asks for it.

    The arguments are those of `Shown`. A mark with `happened_at` is judged by its own time, at most 48 hours ago;
    sent twice it counts once. Raises RuleViolation that says how far away one is, or why the fix is no good.
    """
    shown = Shown(point, datum, accuracy_m, code, has_scanned, happened_at, device)
    return _mark(CheckWay.IN, "check_in" if happened_at is None else "check_in_late", claim, by, shown)


def check_out(
    claim: Claim,
    *,
    by: Any,
    point: Point | None = None,
    datum: str = "wgs84",
    accuracy_m: float | None = None,
    code: str = "",
    has_scanned: bool = False,
    happened_at: datetime | None = None,
    device: str = "",
) -> Claim:
    """签退; the same rules as checking in. It may come after the end: presence is cut there anyway."""
    shown = Shown(point, datum, accuracy_m, code, has_scanned, happened_at, device)
    return _mark(CheckWay.OUT, "check_out", claim, by, shown)


def _mark(way: CheckWay, step: str, claim: Claim, by: Any, shown: Shown) -> Claim:
    """One end of the presence; the very same mark sent again changes nothing."""
    if _is_known(claim, way, shown.happened_at):
        return claim
    try:
        with CLAIMS.take(step, claim, by=by) as move:
            row, at = move.thing, _moment(shown, move.at)
            _refuse_moment(row, way, at)
            proof = _proof(row.whistle, shown, at, way.label)
            if way == CheckWay.IN:
                row.checked_in_at, row.check_in_distance_m = at, proof.metres
            else:
                row.checked_out_at, row.check_out_distance_m = at, proof.metres
            _write(move, way, at, proof, shown.device)
    except RuleViolation:
        if not _is_known(claim, way, shown.happened_at):  # else another sending of it was first
            raise
    return claim


def _refuse_moment(claim: Claim, way: CheckWay, at: datetime) -> None:
    if way == CheckWay.IN and (why_not := why_not_check_in_at(claim.whistle, at)):
        raise RuleViolation(why_not)
    if (
        way == CheckWay.IN and at < claim.claimed_at - AHEAD
    ):  # kept on a phone; claiming goes on while some run
        raise RuleViolation("那时你还没有接单。实际早到了的，请联系社区说明。")
    if way == CheckWay.OUT and claim.checked_in_at is not None and at < claim.checked_in_at:
        raise RuleViolation("签退时间比签到还早，请联系社区说明。")


def attest(claim: Claim, *, by: Any, left_at: datetime, came_at: datetime | None = None) -> Claim:
    """确认到场: staff on the spot say from when to when somebody was there (both aware).

    Whoever checked in by phone keeps that time; `came_at` is asked for where there is none. Nobody attests his own.
    Raises RuleViolation with the field, NoPower.
    """
    with CLAIMS.take("attest", claim, by=by) as move:
        row = move.thing
        come = row.checked_in_at or came_at
        if come is None:
            raise RuleViolation("请写明几点到的。", field="came_at")
        _refuse_times(row.whistle, come, left_at, move.at)
        if row.checked_in_at is None:
            row.checked_in_at = come
            _write(move, CheckWay.IN, come, _Proof(CheckBy.STAFF), "")
        row.checked_out_at = left_at
        _write(move, CheckWay.OUT, left_at, _Proof(CheckBy.STAFF), "")
    return claim


def _refuse_times(whistle: Whistle, came_at: datetime, left_at: datetime, now: datetime) -> None:
    if came_at < whistle.starts_at - CHECK_IN_OPENS or came_at > whistle.over_at:
        raise RuleViolation("到场时间不在服务时间里，最早是开始前 30 分钟。", field="came_at")
    if left_at <= came_at:
        raise RuleViolation("离开时间要晚于到场时间。", field="left_at")
    if left_at > now:
        raise RuleViolation("离开时间还没到。人还在场的，等离开以后再确认。", field="left_at")


# When


def _is_known(claim: Claim, way: CheckWay, happened_at: datetime | None) -> bool:
    """Whether this very mark of the phone has arrived before: an answer that got lost makes it send again."""
    if happened_at is None:
        return False
    mark = CheckMark.objects.filter(claim=claim, way=way).first()  # there is one at most
    return mark is not None and abs(mark.at - happened_at) <= AHEAD


def _moment(shown: Shown, now: datetime) -> datetime:
    """When it happened: now, or the time that was kept with the mark."""
    at = shown.happened_at
    if at is None:
        return now
    if at > now + AHEAD:
        raise RuleViolation("手机的时间比实际快，请把手机时间设成自动，再签一次。")
    if at < now - KEPT_FOR:
        raise RuleViolation("这次打卡是 48 小时以前的，不能补传了。请联系社区说明。")
    return at


def _write(move: Move, way: CheckWay, at: datetime, proof: _Proof, device: str) -> None:
    """The mark, and what the history says of it."""
    mark = CheckMark.objects.create(
        claim=move.thing, way=way, by=proof.by, at=at, received_at=move.at,
        distance_m=proof.metres, accuracy_m=proof.accuracy_m, device=device,
    )  # fmt: skip
    if proof.metres is not None:
        move.codes["metres"] = proof.metres
    move.codes["by"] = str(proof.by)
    if mark.is_late:
        move.codes["happened_at"] = at.isoformat()


# Where


def _proof(whistle: Whistle, shown: Shown, at: datetime, step: str) -> _Proof:
    """What shows that somebody is there, as far as the district's policy asks for it (RULES 6).

    A code on the spot is enough. Where the community alone attests, phones show nothing; where the place is
    optional, one may give none.
    """
    attendance = Policy.of(whistle.district_id).attendance
    if attendance == Attendance.ATTESTED:
        raise RuleViolation(f"本区由社区工作人员在现场确认到场，不用自己{step}。")
    if shown.has_scanned:
        return _Proof(CheckBy.CODE)
    if shown.code.strip():
        if not onsite.is_right(whistle.pk, shown.code, at):
            raise RuleViolation("现场码不对或已经换了，请看现场最新的一个再试。", field="code")
        return _Proof(CheckBy.CODE)
    if attendance == Attendance.OPTIONAL and shown.point is None:
        return _Proof(CheckBy.PLAIN)
    metres = _metres_to(whistle, shown.point, shown.datum, shown.accuracy_m, step)
    error = None if shown.accuracy_m is None else round(shown.accuracy_m)
    return _Proof(CheckBy.LOCATION, metres, error)


def _metres_to(whistle: Whistle, point: Point | None, datum: str, accuracy_m: float | None, step: str) -> int:
    """How far away the phone is, in whole metres; refuses what is outside the radius."""
    if point is None:
        raise RuleViolation(
            f"{step}要用手机定位，或扫现场码。请允许使用位置再试；手机定不了位的，扫现场负责人的码，"
            "或请社区工作人员确认。"
        )
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
    """The overlap of presence and window, which ends early where the whistle was aborted; up to the end of the
    window where check-out was forgotten."""
    if claim.checked_in_at is None:
        return None
    over_at = claim.whistle.over_at
    start = max(claim.checked_in_at, claim.whistle.starts_at)
    end = min(claim.checked_out_at or over_at, over_at)
    return (start, end) if start < end else None
