"""签到签退: being there, and what shows it (S10, RULES 2)."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from ground.errors import RuleViolation
from ground.geo import Point, distance_m, to_wgs84
from organizations.models import Policy
from organizations.models.policies import Attendance
from volunteers.models import Claim, Whistle
from volunteers.tables import CLAIMS

#: A fix that is poorer than this (metres) proves nothing; the phone is asked to try again.
POOR_FIX_M = 1000


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
    """The overlap of presence and window, which ends early where the whistle was aborted; up to the end of the
    window where check-out was forgotten."""
    if claim.checked_in_at is None:
        return None
    over_at = claim.whistle.over_at
    start = max(claim.checked_in_at, claim.whistle.starts_at)
    end = min(claim.checked_out_at or over_at, over_at)
    return (start, end) if start < end else None
