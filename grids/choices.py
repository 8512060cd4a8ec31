"""What the registry's forms and calls offer to choose from, where that is more, or less, than what is in sight."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from grids.models import Household
from grids.powers import can_change
from grids.scope import reach
from ground.errors import NoPower, RuleViolation
from ground.names import normal_name
from organizations.models import Member, Organization, Unit
from organizations.posts import Power, Tier
from organizations.scope import NOTHING, scope_of

#: A single character would list half a district.
SHORTEST_NAME = 2
#: Of parts of names; whoever bears the whole name is always found.
MOST_FOUND = 20


def nodes_below(user: Any) -> QuerySet[Organization]:
    """Party organizations below the communities whose registry somebody changes: for a grid worker too, who sees
    the community's own node only."""
    below = NOTHING
    for grant in scope_of(user).with_power(Power.REGISTRY_CHANGE):
        tree_id, lft, rght = grant.interval
        below |= Q(tree_id=tree_id, lft__gte=lft, rght__lte=rght)
    return Organization.objects.open().filter(below, tier__gt=Tier.COMMUNITY)


def units_to_choose(user: Any) -> QuerySet[Unit]:
    """Units by name: property companies of the whole district, because they work in many communities; of the rest
    those of the district or street, and of one's own communities."""
    grants = scope_of(user).with_power(Power.REGISTRY_CHANGE)
    own = Q(kind=Unit.Kind.PROPERTY) | Q(community=None)
    for grant in grants:
        tree_id, lft, rght = grant.interval
        own |= Q(community__tree_id=tree_id, community__lft__lte=lft, community__rght__gte=rght)
    trees = {grant.interval[0] for grant in grants}
    return Unit.objects.filter(own, district__tree_id__in=trees, closed_at=None).order_by("name", "pk")


def contact_members(user: Any, household: Household, name: str = "") -> QuerySet[Member]:
    """联户 "1+10" (C5): members of the household's district who live in its community where the user keeps the
    registry (a grid worker: in his grids), the one who has it now, and those who are found by at least two characters
    of their name. Show name and unit, nothing else. Raises NoPower.
    """
    if not can_change(user, household):
        raise NoPower()
    wanted = Q(pk=household.contact_member_id)
    for home in ("home__building__", "home__compound__"):
        here = Q(**{f"{home}community": household.community_id})
        wanted |= here & reach(user, Power.REGISTRY_CHANGE, prefix=home)
    if len(name := normal_name(name)) >= SHORTEST_NAME:
        wanted |= Q(name__contains=name)
    rows = Member.objects.filter(wanted, district=household.district_id)
    return rows.select_related("unit").defer("phone").order_by("name", "pk")


def named_members(user: Any, household: Household, name: str) -> list[Member]:
    """Those of `contact_members` who bear that name; where nobody does, those whose name it is a part of.

    Raises NoPower; RuleViolation where the name is too short, or finds nobody or too many.
    """
    name = normal_name(name)
    if len(name) < SHORTEST_NAME:
        raise RuleViolation(f"请写姓名里的至少 {SHORTEST_NAME} 个字。", field="name")
    rows = contact_members(user, household, name)
    found = list(rows.filter(name=name)) or list(rows.filter(name__contains=name)[: MOST_FOUND + 1])
    if not found:
        raise RuleViolation("本区没有这个名字的党员，请核对姓名。", field="name")
    if len(found) > MOST_FOUND and found[0].name != name:
        raise RuleViolation(f"找到的超过 {MOST_FOUND} 位，请写全名。", field="name")
    return found


def chosen_contact(user: Any, household: Household, *, name: str, member: Member | None) -> Member | None:
    """Whom a name, a choice of `contact_members`, or both mean: a name goes before what was chosen already.

    Raises NoPower; RuleViolation at `name`, or at `member` where it has to be chosen from `named_members`.
    """
    if not name.strip():
        return member
    found = named_members(user, household, name)
    if len(found) == 1:
        return found[0]
    if member is None or member not in found or member.pk == household.contact_member_id:
        raise RuleViolation(f"有 {len(found)} 位同名或名字相近的党员，请选择是哪一位。", field="member")
    return member


def whole_communities(user: Any) -> QuerySet[Organization]:
    """Where somebody may register people who belong to no dwelling, and import: whoever changes all of it."""
    seats = scope_of(user).seats(Power.REGISTRY_CHANGE)
    return Organization.objects.open().filter(pk__in=seats, tier=Tier.COMMUNITY)
