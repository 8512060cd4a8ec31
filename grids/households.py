"""户: opened in a dwelling, kept in touch with by a member (C5), looked after as its level says (N9)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from grids.audit import written_by
from grids.dwellings import lock_dwelling
from grids.models import CareAssessment, Dwelling, Household, TerritoryPolicy
from grids.models.people import CareLevel
from grids.powers import can_change
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.personal import without_numbers
from ground.steps import lock_row
from organizations.models import Member

SHORTEST_REASON = 4
LONGEST_RHYTHM = 366  # days


def open_household(dwelling: Dwelling, *, by: Any) -> Household:
    """One more household in a dwelling, with the next number. Raises NoPower."""
    with transaction.atomic(), written_by(by):
        lock_dwelling(dwelling)
        if not can_change(by, dwelling):
            raise NoPower()
        last = dwelling.households.aggregate(last=Max("number"))["last"] or 0
        return Household.objects.create(
            dwelling=dwelling,
            number=last + 1,
            grid_id=dwelling.grid_id,
            district_id=dwelling.district_id,
            street_id=dwelling.street_id,
            community_id=dwelling.community_id,
        )


def household_in(dwelling: Dwelling, *, by: Any, number: int | None = None) -> Household:
    """The household of that number (without one: the only household) in a dwelling, opened if it is the next one.

    Raises NoPower, RuleViolation.
    """
    known = {household.number: household for household in dwelling.households.all()}
    if number is None and len(known) > 1:
        numbers = "、".join(str(each) for each in sorted(known))
        raise RuleViolation(f"这套房屋住了几户（户号 {numbers}），请填户号。", field="number")
    found = known.get(number) if number is not None else next(iter(known.values()), None)
    if found is not None:
        return found
    following = max(known, default=0) + 1
    if number not in (None, following):
        raise RuleViolation(f"没有这个户号；要新开一户请填 {following}。", field="number")
    return open_household(dwelling, by=by)


def assign_contact(household: Household, *, by: Any, member: Member | None) -> Household:
    """Who keeps in touch with the household, "1+10" (C5); None takes it off. Raises NoPower, RuleViolation."""
    with transaction.atomic(), written_by(by):
        lock_row(household)
        if not can_change(by, household):
            raise NoPower()
        if member is not None and member.district_id != household.district_id:
            raise RuleViolation("这位党员不在本区，请另选。", field="member")
        household.contact_member = member
        household.save(update_fields=["contact_member"])
    return household


def assess(
    household: Household,
    *,
    by: Any,
    level: str,
    reason: str,
    days: int | None = None,
    review_on: date | None = None,
) -> CareAssessment:
    """Give a household a care level: who, why, how often (days), until when it is looked at again.

    Rhythm and review day default to the district's policy. Raises NoPower, RuleViolation.
    """
    with transaction.atomic(), written_by(by):
        lock_row(household)
        if not can_change(by, household):
            raise NoPower()
        if level not in CareLevel.values:
            raise RuleViolation("请选择关爱等级。", field="level")
        reason = without_numbers(reason.strip(), "（号码）")
        if len(reason) < SHORTEST_REASON:
            raise RuleViolation(f"请写明评定理由，至少 {SHORTEST_REASON} 个字。", field="reason")
        days, review_on = _rhythm(household, CareLevel(level), days, review_on)
        made = CareAssessment.objects.create(
            household=household, level=level, reason=reason[:100], days=days, review_on=review_on, by=by
        )
        household.care_level, household.care_days, household.care_review_on = level, days, review_on
        household.save(update_fields=["care_level", "care_days", "care_review_on"])
    return made


def _rhythm(
    household: Household, level: CareLevel, days: int | None, review_on: date | None
) -> tuple[int | None, date | None]:
    if level is CareLevel.GREEN:
        return None, None
    policy = TerritoryPolicy.of(household.district_id)
    days = days or (policy.red_days if level is CareLevel.RED else policy.yellow_days)
    if not 1 <= days <= LONGEST_RHYTHM:
        raise RuleViolation(f"走访间隔填 1 到 {LONGEST_RHYTHM} 天。", field="days")
    review_on = review_on or clock.today() + timedelta(days=policy.review_days)
    if review_on <= clock.today():
        raise RuleViolation("复核日期要在今天之后。", field="review_on")
    return days, review_on
