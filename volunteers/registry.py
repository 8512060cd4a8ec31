"""报到: who becomes a volunteer, chooses communities, and is confirmed into one grid (S2, L7)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from grids.models import Grid
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from notifications.outbox import say
from organizations.models import Member, Organization
from organizations.posts import Tier
from organizations.tree import lock_tree
from volunteers.models import Registration, Volunteer
from volunteers.states import VolunteerKind
from volunteers.tables import REGISTRATIONS

#: How many communities one may choose (RULES 2).
CHOICES = 3
#: How many communities a search shows.
FOUND = 20


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
        fresh = {"kind": kind, "member": member, "district": district}
        volunteer, _ = Volunteer.objects.get_or_create(user=user, defaults=fresh)
        if member is not None and volunteer.member_id is None:
            volunteer.kind, volunteer.member = kind, member
            volunteer.save(update_fields=["kind", "member"])
    return volunteer


def choose(volunteer: Volunteer, *, by: Any, community: Organization, choice: int = 1) -> Registration:
    """自选: ask to be registered with a community, as one of up to three. Chosen twice, the first one counts.

    `choice` is the order of preference (1–3); a place already used moves on to the next free one.
    """
    with transaction.atomic():
        lock_tree(community.tree_id)
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


def register(*, user: Any, community: Organization) -> Registration:
    """Become a volunteer if need be, as what the account is known to be, and choose the community."""
    member = member_of(user)
    with transaction.atomic():
        district = member.district if member else community.get_root()
        volunteer = enrol(user=user, kind=kind_for(member), member=member, district=district)
        return choose(volunteer, by=user, community=community)


def member_of(user: Any) -> Member | None:
    """The Party member whom staff linked to the account, with unit and home."""
    members = Member.objects.select_related("unit", "district", "home__compound", "home__building")
    return members.filter(user=user).first()


def kind_for(member: Member | None) -> VolunteerKind:
    """Employed members are those with a unit, resident members those without; everybody else a volunteer."""
    if member is None:
        return VolunteerKind.VOLUNTEER
    return VolunteerKind.EMPLOYED if member.unit_id else VolunteerKind.RESIDENT


def registrations_of(volunteer: Volunteer | None) -> list[Registration]:
    if volunteer is None:
        return []
    rows = volunteer.registrations.select_related("community__parent", "grid", "volunteer")
    return list(rows.order_by("choice", "id"))


def open_communities() -> QuerySet[Organization]:
    return Organization.objects.open().filter(tier=Tier.COMMUNITY)


def communities(query: str, member: Member | None, existing: list[Registration]) -> list[Organization]:
    """What to choose from: those whose name holds the words; without words, where the member lives (S2)."""
    found = open_communities().select_related("parent__parent")
    if query:
        found = found.filter(Q(name__icontains=query) | Q(short_name__icontains=query))
    else:
        home = getattr(member, "home", None)
        at = home and (home.building or home.compound)
        found = found.filter(pk=at.community_id) if at else found.none()
    chosen = {registration.community_id for registration in existing}
    return [node for node in found.order_by("tree_id", "lft")[:FOUND] if node.pk not in chosen]


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
            url=reverse("volunteers:whistles"),
        )
    return registration
