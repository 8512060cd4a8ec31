"""Who is meant: the owner of a request, those at its handler, the tier above, the officers of a dispatch."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import User
from grids.absences import in_charge
from organizations.models import Organization
from requests import powers
from requests.models import Dispatch, ServiceRequest

People = QuerySet[User]


def nobody() -> People:
    return User.objects.none()


def any_of(*groups: People) -> People:
    """Everybody who is in one of the groups, once. A union, for with "or" every account of a city is looked at."""
    first, *others = (group.order_by().values("pk") for group in groups)
    return User.objects.filter(pk__in=first.union(*others))


def responsible(service_request: ServiceRequest) -> People:
    """Whoever is responsible, as long as his post has the power there and he is not away (N6)."""
    if service_request.responsible_id is None:
        return nobody()
    return powers.handlers(service_request).filter(pk=service_request.responsible_id)


def owners(service_request: ServiceRequest) -> People:
    """Who has to act on it: whoever is responsible; while nobody is, those who verify at the handler."""
    owner = responsible(service_request)
    return owner if owner.exists() else powers.verifiers(service_request.handler)


def at_handler(service_request: ServiceRequest) -> People:
    """Those who verify at the handler, and whoever is responsible."""
    return any_of(powers.verifiers(service_request.handler), responsible(service_request))


def in_charge_of_grid(service_request: ServiceRequest) -> People:
    """The A post of the grid; while it is away, the B post."""
    grid = service_request.grid_id
    duty = in_charge([grid]).get(grid) if grid else None
    return User.objects.filter(pk=duty.appointment.user_id, is_active=True) if duty else nobody()


def above(service_request: ServiceRequest) -> People:
    """Those who verify, and the leaders in charge, at the nearest tier above that has somebody.

    At the district its leaders in charge.
    """
    tiers = Organization.objects.in_bulk([*service_request.tiers_above_ids, service_request.district_id])
    for pk in service_request.tiers_above_ids:
        people = any_of(powers.verifiers(tiers[pk]), powers.leaders_at(tiers[pk]))
        if people.exists():
            return people
    return powers.leaders_at(tiers[service_request.district_id])


def leaders(service_request: ServiceRequest) -> People:
    """分管领导 at the handler, or at the nearest tier above that has one."""
    line = [service_request.handler_id, *service_request.tiers_above_ids]
    return _first(powers.leaders_at(node) for node in _in_order(line))


def _in_order(ids: list[int]) -> list[Organization]:
    found = Organization.objects.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _first(groups: Iterable[People]) -> People:
    return next((people for people in groups if people.exists()), nobody())


def senders(dispatch: Dispatch) -> People:
    """Who hears of the recipient's words: whoever owns the request, and the sender while he is still there."""
    service_request = dispatch.service_request
    sender = powers.handlers(service_request).filter(pk=dispatch.sent_by_id)
    return any_of(owners(service_request), sender)
