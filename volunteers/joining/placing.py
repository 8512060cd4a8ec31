"""调剂: the district places those who are left without a community (S1), one by one; the optimiser comes later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from notifications.outbox import say
from organizations.models import Member, Organization
from organizations.posts import Tier
from organizations.tree import lock_tree
from volunteers import powers
from volunteers.joining import registry
from volunteers.models import Registration
from volunteers.states import AWAITING, RegistrationState
from volunteers.tables import REGISTRATIONS

#: How long a choice may wait for its community before the district looks after it.
PATIENCE = timedelta(days=15)
#: How many communities are proposed.
PROPOSED = 12


class Why:
    """Why somebody is left: the values of the filter, with their words."""

    NONE, DECLINED, WAITING = "none", "declined", "waiting"
    CHOICES = ((NONE, "没有选社区"), (DECLINED, "社区没有接收"), (WAITING, f"等了 {PATIENCE.days} 天以上"))


def left_over(user: Any) -> QuerySet[Any]:
    """Members of the districts in which the user places people, who have an account and no community.

    Neither confirmed anywhere, nor waiting for a community for less than 15 days. `waits_since` is when the
    oldest choice that still waits was made; `was_declined` whether a community did not take him.
    """
    if not powers.places_people(user):
        return Member.objects.none()
    own = Registration.objects.filter(volunteer__member=OuterRef("pk")).order_by()
    recent = own.filter(state__in=AWAITING, requested_at__gt=clock.now() - PATIENCE)
    declined = own.filter(events__step="decline", state=RegistrationState.ENDED)
    oldest = own.filter(state__in=AWAITING).order_by("requested_at").values("requested_at")[:1]
    return (
        Member.objects.visible_to(user)
        .filter(~Exists(own.confirmed()), ~Exists(recent), user__isnull=False)
        .annotate(
            waits_since=Subquery(oldest),
            was_declined=Exists(declined),
        )
    )


def because(members: QuerySet[Any], why: str) -> QuerySet[Any]:
    """Of those left over, the ones left for one of the reasons; any other word: all of them."""
    if why == Why.WAITING:
        return members.filter(waits_since__isnull=False)
    if why == Why.DECLINED:
        return members.filter(waits_since=None, was_declined=True)
    if why == Why.NONE:
        return members.filter(waits_since=None, was_declined=False)
    return members


def without_an_account(user: Any) -> int:
    """How many members of the districts cannot be placed because nobody linked an account to them."""
    if not powers.places_people(user):
        return 0
    return Member.objects.visible_to(user).filter(user=None).count()


def place(member: Member, *, by: Any, community: Organization) -> Registration:
    """调剂: ask a community to take somebody who is left. His own choices go on waiting beside it.

    Raises NoPower, RuleViolation (registered already, placed already, a community of another district).
    """
    if member.user is None:
        raise RuleViolation("这位同志还没有账号，请先请他用登记的手机号登录。")
    with transaction.atomic():
        lock_tree(community.tree_id)
        kind = registry.kind_for(member)
        volunteer = registry.enrol(user=member.user, kind=kind, member=member, district=member.district)
        lock_row(volunteer)
        standing = list(volunteer.registrations.standing().select_related("community"))
        with REGISTRATIONS.begin("place", by=by) as move:
            move.thing = Registration(volunteer=volunteer, choice=0)
            move.thing.place_under(community)
            if not powers.can_place(by, move.thing):
                raise NoPower()
            if why_not := why_not_place(member, standing, community):
                raise RuleViolation(why_not, field="community")
        say(
            to=member.user,
            key=f"registration:{move.thing.pk}:place",
            title=f"区里建议你到{community.short_name}报到",
            text="等社区确认以后就能接哨单；你自己选的社区仍然有效，先确认的算数。",
            url=reverse("volunteers:registration"),
        )
    return move.thing


def why_not_place(member: Member, standing: list[Registration], community: Organization) -> str:
    """What stands in the way of placing a member into a community, given all that stand; "" if nothing does."""
    for row in standing:
        name = row.community.short_name if row.community else ""
        if row.state == RegistrationState.CONFIRMED:
            return f"这位同志已在{name}报到，不用调剂。"
        if row.state == RegistrationState.PLACED:
            return f"已经调剂到{name}，正等那里确认。"
        if row.community_id == community.pk:
            return f"他自己选了{name}，正等那里确认，请另选一个社区。"
    if community.tier != Tier.COMMUNITY or community.closed_at is not None:
        return "请选一个社区（村）。"
    if community.tree_id != member.district.tree_id:
        return "只能调剂到本区县的社区。"
    return ""


def proposals(member: Member, words: str = "") -> list[Organization]:
    """Communities to place a member into: where he lives, then those of the same street, the fewest people first
    (S1: near the home, evenly spread); last those that did not take him. `people`: how many are registered there,
    `has_declined`: that it did not take him. Three queries at most.
    """
    nodes = registry.open_communities().filter(tree_id=member.district.tree_id)
    if words:
        nodes = nodes.filter(Q(name__icontains=words) | Q(short_name__icontains=words))
    found = list(nodes.select_related("parent").order_by("lft"))
    counted = Registration.objects.confirmed().filter(district=member.district_id).order_by()
    people = dict(counted.values_list("community").annotate(n=Count("pk")))
    said_no = Registration.objects.filter(volunteer__member=member, events__step="decline")
    declined = set(said_no.values_list("community", flat=True))
    home = home_of(member)
    street = next((node.parent_id for node in found if node.pk == home), None)
    for node in found:
        node.people = people.get(node.pk, 0)
        node.is_home = node.pk == home
        node.has_declined = node.pk in declined

    def order(node: Any) -> tuple[bool, bool, bool, int, int]:
        return node.has_declined, not node.is_home, node.parent_id != street, node.people, node.lft

    found.sort(key=order)
    return found[:PROPOSED]


def home_of(member: Member) -> int | None:
    """The community in which a member lives, as far as it is registered (四清楚, D2)."""
    home = getattr(member, "home", None)
    at = home and (home.building or home.compound)
    return at.community_id if at else None
