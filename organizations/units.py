"""Units and the people registered in them: who keeps that registry, and how it changes (D2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.fields import phone_index
from ground.steps import lock_row
from organizations.models import Member, Organization, Skill, Unit
from organizations.posts import Power, Seat, Tier
from organizations.scope import scope_of
from organizations.signals import member_linked


def can_change_unit(user: Any, unit: Unit) -> bool:
    """Whoever changes the tree there keeps the units of the place."""
    return user is None or scope_of(user).reaches(Power.TREE_CHANGE, unit)


def can_change_member(user: Any, member: Member) -> bool:
    """The register of members is kept by the district (and the city)."""
    return user is None or keeps_members(user, member.district_id)


def keeps_members(user: Any, district_id: int | None = None) -> bool:
    """Whether somebody keeps the register of members of that district, or of any."""
    return any(
        grant.seat is Seat.CITY
        or (grant.seat is Tier.DISTRICT and district_id in (None, grant.organization_id))
        for grant in scope_of(user).with_power(Power.TREE_CHANGE)
    )


def close_unit(unit: Unit, *, by: Any) -> Unit:
    """Close a unit: it stays in the figures of its time, and the posts held at it give no powers any more."""
    with transaction.atomic():
        lock_row(unit)
        if not can_change_unit(by, unit):
            raise NoPower()
        if unit.closed_at is not None:
            raise RuleViolation(f"“{unit}”已经撤销了。")
        unit.closed_at = clock.now()
        unit.save(update_fields=["closed_at"])
    return unit


def register_member(
    *,
    by: Any,
    name: str,
    phone: str,
    district: Organization,
    unit: Unit | None = None,
    skills: Iterable[Skill] = (),
) -> Member:
    """Enter a member with a phone number (11 digits). One entry per number and district."""
    if by is not None and not keeps_members(by, district.pk):
        raise NoPower()
    with transaction.atomic():
        member = Member(name=name.strip(), unit=unit, district=district)
        _give_phone(member, phone)
        member.save()
        member.skills.set(skills)
    return member


def change_phone(member: Member, *, by: Any, phone: str) -> Member:
    """Give a member another number. The account stays linked: the person is the same."""
    with transaction.atomic():
        lock_row(member)
        if not can_change_member(by, member):
            raise NoPower()
        _give_phone(member, phone)
        member.save(update_fields=["phone", "phone_index"])
    return member


def link_account(member: Member, *, by: Any) -> Member:
    """Link the account of the member's number, after looking at the person's papers (HOUSE, identity).

    Raises RuleViolation when there is no such account, it belongs to another member, or it is one's own.
    """
    with transaction.atomic():
        lock_row(member)
        if not can_change_member(by, member):
            raise NoPower()
        if member.user_id is not None:
            raise RuleViolation("已经关联过账号了。")
        user = get_user_model().objects.filter(phone_index=member.phone_index).first()
        if user is None:
            raise RuleViolation("这个手机号还没有登录过闻哨，请本人先用手机登录一次。")
        if by is not None and user.pk == by.pk:
            raise RuleViolation("不能关联自己的账号，请由其他工作人员办理。")
        if Member.objects.filter(user=user).exists():
            raise RuleViolation("这个账号已经关联了另一位党员。")
        member.user = user
        member.save(update_fields=["user"])
        member_linked.send(sender=Member, member=member)
    return member


def _give_phone(member: Member, phone: str) -> None:
    index = phone_index(phone.strip())
    taken = Member.objects.filter(district=member.district, phone_index=index).exclude(pk=member.pk)
    if taken.exists():
        raise RuleViolation("本区已有党员登记了这个手机号。", field="phone")
    member.phone, member.phone_index = phone.strip(), index
