"""Appointing and ending: with the post come the powers, and they end with it (RULES 5)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from organizations.models import Appointment, Organization, Unit
from organizations.posts import POWERS, Post, Seat, Tier
from organizations.powers import can_appoint, can_end

#: Posts of standing in the Party organization that carry no power in the software.
HONORARY = {Post.COOPTED, Post.ORGANIZER}


def appoint(
    *,
    by: Any,
    user: Any,
    post: str,
    organization: Organization | None = None,
    unit: Unit | None = None,
    at_city: bool = False,
    begins_on: date | None = None,
    work_phone: str = "",
) -> Appointment:
    """Give `user` a post at exactly one seat from a day on (default today, never in the past).

    `by=None` is a command. Raises NoPower outside the reach of `by`, and RuleViolation when the post does not
    exist at that seat, the seat is closed, the person holds it already, or it would be one's own appointment.
    """
    seat = _seat(organization, unit, at_city)
    begins_on = begins_on or clock.today()
    with transaction.atomic():
        if not can_appoint(by, post, organization=organization, unit=unit, at_city=at_city):
            raise NoPower()
        if by is not None and by.pk == user.pk:
            raise RuleViolation("不能给自己任职，请由上级办理。", field="user")
        lock_row(user)
        _check(seat, post, organization or unit, user, begins_on, by)
        held = Appointment.objects.filter(user=user, post=post, organization=organization, unit=unit)
        if held.filter(at_city=at_city, ends_on=None).exists():
            raise RuleViolation(f"{user}已在此处担任{Post(post).label}。", field="user")
        return Appointment.objects.create(
            user=user,
            post=post,
            organization=organization,
            unit=unit,
            at_city=at_city,
            begins_on=begins_on,
            work_phone=work_phone.strip(),
            appointed_by=by,
        )


def end(appointment: Appointment, *, by: Any, on: date | None = None) -> Appointment:
    """End an appointment: `on` is the first day on which it no longer holds (default today: at once)."""
    on = on or clock.today()
    with transaction.atomic():
        lock_row(appointment)
        if not can_end(by, appointment):
            raise NoPower()
        if appointment.ends_on is not None and appointment.ends_on <= clock.today():
            raise RuleViolation("这项任职已经结束了。")
        if on < max(clock.today(), appointment.begins_on) and by is not None:
            raise RuleViolation("免职日期不能早于今天，也不能早于任职日期。", field="on")
        appointment.ends_on, appointment.ended_by = on, by
        appointment.save(update_fields=["ends_on", "ended_by"])
    return appointment


def posts_at(seat: Tier | Seat) -> list[Post]:
    """The posts that exist at a seat, in the order of the table."""
    posts = [post for post, where in POWERS if where == seat]
    if isinstance(seat, Tier) and seat <= Tier.COMMUNITY:
        posts += sorted(HONORARY)
    return posts


def _seat(organization: Organization | None, unit: Unit | None, at_city: bool) -> Tier | Seat:
    if [organization is not None, unit is not None, at_city].count(True) != 1:
        raise RuleViolation("请在党组织、单位、市级中选且只选一个任职处。")
    if organization is not None:
        return Tier(organization.tier)
    return Seat.CITY if at_city else Seat.UNIT


def _check(
    seat: Tier | Seat, post: str, place: Organization | Unit | None, user: Any, begins_on: date, by: Any
) -> None:
    if Post(post) not in posts_at(seat):
        names = "、".join(each.label for each in posts_at(seat))
        raise RuleViolation(f"这里没有“{Post(post).label}”这个职务，可选：{names}。", field="post")
    if place is not None and place.closed_at is not None:
        raise RuleViolation(f"“{place}”已经撤销，不能任职。", field="organization")
    if not user.is_active:
        raise RuleViolation("这个账号已停用，不能任职。", field="user")
    if by is not None and begins_on < clock.today():
        raise RuleViolation("任职日期不能早于今天。", field="begins_on")
