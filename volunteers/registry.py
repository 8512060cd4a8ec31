"""报到: who becomes a volunteer, chooses communities, and is confirmed into one grid (S2, L7)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from grids.models import Grid
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from notifications.outbox import say
from organizations.models import Member, Organization
from organizations.posts import Tier
from volunteers.models import Registration, Volunteer
from volunteers.states import VolunteerKind
from volunteers.tables import REGISTRATIONS

#: How many communities one may choose (RULES 2).
CHOICES = 3


def enrol(*, user: Any, kind: str, district: Organization, member: Member | None = None) -> Volunteer:
    """Make the account a volunteer of that kind; twice gives the same row.

    Member kinds need the Member row that staff linked to the account (HOUSE, identity). Somebody who came
    as an ordinary volunteer and was linked since then takes the member's kind. Raises RuleViolation, NoPower.
    """
    kind = VolunteerKind(kind)
    if kind is VolunteerKind.VOLUNTEER:
        member = None
    elif member is None:
        raise RuleViolation("还没有党员登记和这个账号关联，请联系社区党组织核对。")
    elif member.user_id != user.pk:
        raise NoPower("这份党员登记属于别人的账号。")
    if kind is VolunteerKind.EMPLOYED and member is not None and member.unit_id is None:
        raise RuleViolation("在职党员要有单位，请联系单位党组织补登记，或先按社区党员报到。")
    with transaction.atomic():
        lock_row(user)
        volunteer = Volunteer.objects.filter(user=user).first()
        if volunteer is None:
            return Volunteer.objects.create(user=user, kind=kind, member=member, district=district)
        if member is not None and volunteer.member_id is None:
            volunteer.kind, volunteer.member = kind, member
            volunteer.save(update_fields=["kind", "member"])
    return volunteer


def choose(volunteer: Volunteer, *, by: Any, community: Organization, choice: int = 1) -> Registration:
    """自选: ask to be registered with a community, as one of up to three. Chosen twice, the first one counts.

    `choice` is the order of preference (1–3); a place already used moves on to the next free one.
    """
    with transaction.atomic():
        lock_row(volunteer)
        existing = list(volunteer.registrations.all())
        for registration in existing:
            if registration.community_id == community.pk:
                return registration
        if why_not := why_not_choose(existing, community):
            raise RuleViolation(why_not, field="community")
        with REGISTRATIONS.begin("choose", by=by, choice=choice) as move:
            taken = {registration.choice for registration in existing}
            free = [number for number in range(1, CHOICES + 1) if number not in taken]
            move.thing = Registration(volunteer=volunteer, choice=choice if choice in free else free[0])
            move.thing.place_under(community)
    return move.thing


def why_not_choose(existing: list[Registration], community: Organization) -> str:
    """What stands in the way of choosing a community, given all present choices; "" if nothing does."""
    confirmed = next((each for each in existing if each.confirmed_at), None)
    if confirmed is not None:
        return f"你已报到到{confirmed.community.short_name}，要换社区请联系该社区。"  # type: ignore[union-attr]
    if len(existing) >= CHOICES:
        return f"最多选 {CHOICES} 个社区，请等社区确认。"
    if community.tier != Tier.COMMUNITY or community.closed_at is not None:
        return "请选一个社区（村）。"
    return ""


def confirm(registration: Registration, *, by: Any, grid: Grid) -> Registration:
    """确认报到: the community places the volunteer in one of its grids. Raises RuleViolation, NoPower."""
    with REGISTRATIONS.take("confirm", registration, by=by, grid=grid.pk) as move:
        row = move.thing
        if grid.community_id != row.community_id:
            raise RuleViolation("这个网格不在本社区，请另选一个网格。", field="grid")
        if Registration.objects.confirmed().filter(volunteer=row.volunteer_id).exists():
            raise RuleViolation("这位同志已在别的社区报到，不能再确认。")
        row.grid, row.confirmed_at = grid, move.at
        say(
            to=row.volunteer.user,
            key=f"registration:{row.pk}:confirm",
            title=f"{row.community.short_name}已确认你的报到",
            text=f"你编入{grid.name}，可以接哨单了。",
            url="/whistles/",
        )
    return registration
