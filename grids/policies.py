"""范围标准: a district signs what holds from a day on; nothing that was signed is ever changed (RULES 6)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from grids.models import TerritoryPolicy
from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.models import Organization
from organizations.policies import can_sign, districts_in_sight
from organizations.posts import Tier

__all__ = ("can_sign", "districts_in_sight", "in_force_for", "sign")

#: lower limit, upper limit, what they measure, unit; in the order of the form.
RANGES = (
    ("people_min", "people_max", "社区人数", "人"),
    ("branch_min", "branch_max", "二级网格户数", "户"),
    ("blocks_min", "blocks_max", "三级网格户数（楼宇）", "户"),
    ("self_built_min", "self_built_max", "三级网格户数（自建房）", "户"),
    ("contact_min", "contact_max", "每名党员联户数", "户"),
)
DAYS = (
    ("yellow_days", "关心户走访间隔"),
    ("red_days", "连心户走访间隔"),
    ("review_days", "等级复核间隔"),
)
NUMBERS = (*(name for low, high, *_ in RANGES for name in (low, high)), *(name for name, _ in DAYS))
#: Nobody measures a community in more.
MOST = 1_000_000


def in_force_for(user: Any) -> list[TerritoryPolicy]:
    """What holds today in each district in sight; the defaults, unsaved, where nothing was signed."""
    districts = list(districts_in_sight(user).values_list("pk", flat=True))
    signed = TerritoryPolicy.in_force_in(districts)
    return [signed.get(pk) or TerritoryPolicy(district_id=pk) for pk in districts]


def sign(
    *, by: Any, district: Organization, begins_on: date, document: str, **numbers: int
) -> TerritoryPolicy:
    """Sign what holds in the district from a day on, today or later. `numbers` are all of NUMBERS.

    Raises NoPower; RuleViolation where a limit is upside down or the day is over; TypeError for other numbers.
    """
    if set(numbers) != set(NUMBERS):
        raise TypeError("a policy names all of its numbers, and no others")
    with transaction.atomic():
        if not can_sign(by, district):
            raise NoPower("范围标准由区里签发，你可以把意见报给区里。")
        if district.tier != Tier.DISTRICT:
            raise RuleViolation("范围标准按区县签发。", field="district")
        _check(begins_on, document, numbers)
        policy = TerritoryPolicy(
            district=district, begins_on=begins_on, document=document.strip()[:60], signed_by=by, **numbers
        )
        _refuse_the_same_again(policy)
        policy.save()
    return policy


def _check(begins_on: date, document: str, numbers: dict[str, int]) -> None:
    if begins_on < clock.today():
        raise RuleViolation("施行日期不能早于今天：已经过去的日子按当时的标准。", field="begins_on")
    if not document.strip():
        raise RuleViolation("请写明依据的文件或会议。", field="document")
    for name, number in numbers.items():
        if not 0 <= number <= MOST:
            raise RuleViolation(f"请填 0 到 {MOST} 之间的整数。", field=name)
    for low, high, what, _ in RANGES:
        if numbers[low] > numbers[high]:
            raise RuleViolation(f"{what}的下限不能大于上限。", field=low)
    for name, what in DAYS:
        if numbers[name] < 1:
            raise RuleViolation(f"{what}至少 1 天。", field=name)


def _refuse_the_same_again(policy: TerritoryPolicy) -> None:
    """What holds on that day says the same already: a second tap, or nothing to sign."""
    now = TerritoryPolicy.of(policy.district_id, policy.begins_on)
    is_same = all(getattr(now, name) == getattr(policy, name) for name in NUMBERS)
    if is_same and now.pk is not None and now.document == policy.document:
        raise RuleViolation("和那天已经有效的标准完全一样，不用再签。")
