"""Where the posts of somebody act on requests: what each of them may decide, as conditions on rows."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from grids.scope import grid_ids, reach
from organizations.posts import Power, Seat, Tier
from organizations.scope import NOTHING, scope_of
from requests.afterwards import TAKES_PART
from requests.models import Consent, DispatchEvent, RequestEvent, asked_by

_ABOVE = (Tier.DISTRICT, Tier.STREET)


def handled(user: Any) -> Q:
    """Handled where the user sits, or in the grids of his duty while the community handles it."""
    scope = scope_of(user)
    seats = scope.seats(Power.HANDLE) | scope.seats(Power.VERIFY)
    mine = Q(handler__in=seats) if seats else NOTHING
    if grids := grid_ids(user, Power.HANDLE):
        mine |= Q(grid__in=grids, handler=F("community"))
    return mine


def verified(user: Any) -> Q:
    """Handled where the user verifies, and so takes over."""
    seats = scope_of(user).seats(Power.VERIFY)
    return Q(handler__in=seats) if seats else NOTHING


def consented(user: Any) -> Q:
    """What waits for the consent of the user's seat (as `powers.can_consent`): neither his own matter, nor what he
    asked for himself."""
    scope = scope_of(user)
    found = NOTHING
    if leads := scope.seats(Power.CONSENT):
        found |= Q(consent_at__in=leads)
    if seats := scope.seats(Power.VERIFY):
        found |= Q(consent_at__in=seats) & ~Q(consent_at=F("handler"))
    if found is NOTHING:
        return found
    asked = Consent.objects.filter(service_request=OuterRef("pk"), state=Consent.State.PENDING, asked_by=user)
    own = asked_by(user) | Q(Exists(asked.order_by()))
    return found & ~own


def supervised(user: Any) -> Q:
    """What the user's seat supervises; the city's own supervision names no node."""
    grants = scope_of(user).with_power(Power.SUPERVISE)
    found = NOTHING
    if seats := {grant.organization_id for grant in grants if grant.organization_id}:
        found |= Q(supervised_by__in=seats)
    if any(grant.seat is Seat.CITY for grant in grants):
        found |= Q(supervised_by=None, supervised_at__isnull=False)
    return found


def called_back(user: Any) -> Q:
    """Of people without a phone, where the user may ask them: he had no part in the work."""
    if not scope_of(user).has(Power.HANDLE):
        return NOTHING
    events = RequestEvent.objects.filter(by=user, step__in=TAKES_PART).order_by()
    family = Q(subject=OuterRef("pk")) | Q(subject__whole=OuterRef("pk"))
    answered = DispatchEvent.objects.filter(by=user, subject__service_request=OuterRef("pk")).order_by()
    is_mine = Q(responsible__isnull=False, responsible=user)
    took_part = Q(Exists(events.filter(family))) | Q(Exists(answered)) | is_mine
    return reach(user, Power.HANDLE) & Q(has_no_phone=True) & ~took_part


def acts(user: Any) -> bool:
    """Whether the user handles anything himself: a community, a tier above, a grid."""
    return scope_of(user).has(Power.HANDLE, Power.VERIFY)


def is_above(user: Any) -> bool:
    """Whether a seat of the user is a street, a district or the city."""
    return any(
        grant.seat is Seat.CITY or grant.seat in _ABOVE
        for grant in scope_of(user).with_power(Power.HANDLE, Power.SUPERVISE, Power.CONSENT)
    )
