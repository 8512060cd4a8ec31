"""上报、交办、接手、督办: a request goes up and down the tiers; the promise stays (RULES 1, S9, D8)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from ground.errors import RuleViolation
from ground.steps import Move
from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from organizations.workdays import calendar
from requests import clocks
from requests.models import Consent, ServiceRequest
from requests.states import OPEN, State
from requests.taking import take, words_of


def escalate(service_request: ServiceRequest, *, by: Any, reason: str) -> None:
    """上报: the tier above becomes handler, with an accept clock of its own. Whistles and dispatches follow."""
    said = words_of(reason, "reason", "请写明为什么要上报、已经做了什么。")
    take("escalate", service_request, by=by, words=said, change=go_up, is_internal=True)


def go_up(move: Move) -> None:
    """The tier above has it from now on; where that was closed meanwhile, the next one that is open."""
    open_ones = Organization.objects.open().in_bulk(move.thing.tiers_above_ids)
    above = next((pk for pk in move.thing.tiers_above_ids if pk in open_ones), None)
    if above is None:
        raise RuleViolation("已经在区里，上面没有承办的一级了。")
    _give_to(move, open_ones[above])


def hand_down(service_request: ServiceRequest, *, by: Any, child: Organization, text: str) -> None:
    """交办: to a child of the handler. Where that is another place, the request moves there with it."""
    said = words_of(text, "text", "请写明要下级办什么。")
    take(
        "hand_down",
        service_request,
        by=by,
        words=said,
        change=lambda move: go_down(move, child),
        is_internal=True,
    )


def go_down(move: Move, child: Organization) -> None:
    """Give it to an open child of the handler. Raises RuleViolation at "child"."""
    thing, child = move.thing, Organization.objects.get(pk=child.pk)  # as it stands, the tree is locked
    refuse_child(thing, child)
    if child.pk not in (thing.street_id, thing.community_id):
        if thing.parts.filter(
            state__in=OPEN
        ).exists():  # they stay where they are, and who gets it could not see them
            raise RuleViolation("还有分件没有办完，不能交到别处。请先办完分件。", field="child")
        move.codes["moved_from"] = thing.community_id
        thing.place_under(child)
        _keep_place_inside(thing)
    thing.handed_down += 1
    _give_to(move, child)


def refuse_child(service_request: ServiceRequest, child: Organization) -> None:
    """Only an open child of the handler that handles requests. Raises RuleViolation at "child"."""
    is_below = child.parent_id == service_request.handler_id and child.tier <= Tier.COMMUNITY
    if child.closed_at is not None or not is_below:
        raise RuleViolation("只能交给本级直接下属的党组织。", field="child")


def _keep_place_inside(service_request: ServiceRequest) -> None:
    """A building or a grid of the place that it left is none of the new one's."""
    for name in ("building", "grid"):
        where = getattr(service_request, name)
        if where is not None and where.community_id != service_request.community_id:
            setattr(service_request, name, None)


def _give_to(move: Move, organization: Organization) -> None:
    thing = move.thing
    move.codes |= {"from": thing.handler_id, "to": organization.pk}
    thing.handler, thing.responsible, thing.has_asked = organization, None, False
    clocks.start_taking_over(thing, move.at, calendar())


def take_over(service_request: ServiceRequest, *, by: Any) -> None:
    """接手: whoever takes it over at the new tier is responsible until somebody else is named."""

    def settle(move: Move) -> None:
        move.thing.responsible = by

    take("take_over", service_request, by=by, change=settle)


def supervise(service_request: ServiceRequest, *, by: Any, text: str) -> None:
    """督办: a tier above watches it; the handler is told, and it is shown on top."""
    said = words_of(text, "text", "请写明督办的要求。")

    def settle(move: Move) -> None:
        seats = {grant.organization_id for grant in scope_of(by).with_power(Power.SUPERVISE)}
        watch(move, next((pk for pk in move.thing.tiers_above_ids if pk in seats), None))

    take("supervise", service_request, by=by, words=said, change=settle, is_internal=True)


def watch(move: Move, organization_id: int | None) -> None:
    """Under the supervision of a tier above from now on (None: the city)."""
    move.thing.supervised_by_id, move.thing.supervised_at = organization_id, move.at
    move.codes["supervised_by"] = organization_id


def an_open_handler(move: Move) -> None:
    """Where the handler was closed while nobody had to act, the nearest tier above that is open takes its place."""
    thing = move.thing
    line = [thing.handler_id, *thing.tiers_above_ids, thing.district_id]
    open_ones = Organization.objects.open().in_bulk(line)
    first = next((pk for pk in line if pk in open_ones), thing.handler_id)
    if first != thing.handler_id:
        move.codes["handler"] = first
        thing.handler, thing.responsible = open_ones[first], None


def follow_line(node: Organization) -> None:
    """After a node moved: what a former tier above handles, watches or has to decide is the new one's.

    Scope columns are rewritten already. One statement per column, for the rows below the node.
    """
    column = {Tier.STREET: "street", Tier.COMMUNITY: "community"}.get(Tier(node.tier))
    if column is None:
        return
    below = ServiceRequest.objects.filter(
        Q(state__in=[*OPEN, State.RESOLVED, State.MERGED]), **{column: node}
    )
    in_line = Q(handler=F("community")) | Q(handler=F("street")) | Q(handler=F("district"))
    below.exclude(in_line).update(handler_id=Coalesce(F("street_id"), F("district_id")))
    for name in ("consent_at", "supervised_by"):
        here = Q(**{name: F("street")}) | Q(**{name: F("district")}) | Q(**{name: None})
        below.exclude(here).update(**{f"{name}_id": Coalesce(F("street_id"), F("district_id"))})
    decided_at = below.filter(pk=OuterRef("service_request")).values("consent_at")
    pending = Consent.objects.filter(state=Consent.State.PENDING, service_request__in=below)
    pending.exclude(organization=Subquery(decided_at)).update(organization=Subquery(decided_at))
