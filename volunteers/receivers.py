"""What this floor does about news from below."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from ground import clock
from ground.errors import RuleViolation
from ground.steps import Move
from organizations.models import Member, Organization
from organizations.posts import Tier
from organizations.signals import member_linked, organization_closing, organization_moved
from requests.models import ServiceRequest
from requests.states import State
from volunteers.joining import registry
from volunteers.models import Registration, Team, Volunteer, Whistle, WhistleSeries
from volunteers.states import WhistleState
from volunteers.whistling import whistles


def cancel_whistles_of_withdrawn(sender: type, move: Move, **_: Any) -> None:
    """A request was withdrawn, or ended as a part with its whole (RULES 1), or was given to another community:
    whistles not yet begun are cancelled, running ones finish.

    Runs inside the step of the request, so its lock is held already. One whose start is due starts first.
    """
    if sender is not ServiceRequest:
        return
    if move.target == State.WITHDRAWN:
        reason = "点单已随总件撤回" if move.thing.is_part else "居民已撤回这件点单"
    elif "moved_from" in move.codes:
        reason = "点单已交给别的社区办理"
    else:
        return
    not_begun = (WhistleState.DRAFT, WhistleState.OPEN)
    for whistle in Whistle.objects.filter(service_request=move.thing, state__in=not_begun).order_by("id"):
        begun = whistle.starts_at <= clock.now() and not whistle.is_wish
        if whistle.state == WhistleState.OPEN and begun:
            whistles.start(whistle)
        else:
            whistles.cancel(whistle, by=None, reason=reason)


@receiver(organization_moved)
def follow_the_tree(sender: type, node: Organization, **_: Any) -> None:
    """Scope columns follow a street or community that moved. The ledger stays: it says where it was at the time."""
    for model in (Whistle, WhistleSeries, Registration, Team):
        model.follow(node)
    if node.tier == Tier.GRID_BRANCH:
        for team in Team.objects.filter(organization=node):
            team.place_under(node)
            team.save(update_fields=["district", "street", "community"])


@receiver(organization_closing)
def keep_needed_nodes(sender: type, node: Organization, **_: Any) -> None:
    """A community at which people are registered, or the home of a team, is not closed over their heads."""
    if here := Registration.objects.standing().filter(community=node).count():
        raise RuleViolation(f"还有 {here} 人在这里报到或等确认，请先请他们转到别的社区，或结束报到。")
    alive = (WhistleState.OPEN, WhistleState.RUNNING)
    if calls := Whistle.objects.filter(community=node, state__in=alive).count():
        raise RuleViolation(f"这里还有 {calls} 张哨单没有结束，请先取消，或等它们结束。")
    if teams := Team.objects.open().filter(organization=node).count():
        raise RuleViolation(f"这里还有 {teams} 支队伍，请先撤销。")


@receiver(member_linked)
def take_the_kind_of_a_member(sender: type, member: Member, **_: Any) -> None:
    """Whoever came as an ordinary volunteer counts as a member from now on: in quotas and on boards."""
    volunteer = Volunteer.objects.filter(user=member.user_id).select_related("user", "district").first()
    if volunteer is not None:
        kind = registry.kind_for(member)
        registry.enrol(user=volunteer.user, kind=kind, member=member, district=volunteer.district)
