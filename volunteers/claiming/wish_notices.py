"""微心愿 as those read them who live there (L6): what is wished for and what came true, never who wished it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from ground import clock
from organizations.models import Organization
from requests.models import ServiceRequest
from volunteers.models import Claim, Registration, Whistle
from volunteers.states import LIVE, ClaimState, WhistleKind, WhistleState

#: How many wishes that wait are shown, and how long those that came true are told.
WAITING, TOLD_FOR = 50, timedelta(days=365)
#: How many communities of one's own requests count as one's own.
COMMUNITIES = 3


def communities_of(user: Any) -> list[Organization]:
    """Where somebody is registered, and where his latest requests were. Three queries at most."""
    homes = Registration.objects.confirmed().filter(volunteer__user=user).values_list("community", flat=True)
    asked = ServiceRequest.objects.own(user).order_by("-submitted_at").values_list("community", flat=True)
    ids = dict.fromkeys([*homes, *asked[: COMMUNITIES * 5]])
    found = Organization.objects.in_bulk(list(ids)[:COMMUNITIES])
    return [found[pk] for pk in ids if pk in found]


def can_take_on(user: Any) -> bool:
    """Whoever is registered finds wishes in his list of whistles."""
    return Registration.objects.confirmed().filter(volunteer__user=user).exists()


def waiting_in(communities: list[Organization]) -> QuerySet[Whistle]:
    """Those that wait to come true, the next one first, with `is_taken`: somebody has taken it on."""
    taken = Claim.objects.filter(whistle=OuterRef("pk"), state__in=LIVE).order_by()
    rows = _wishes(communities).filter(state=WhistleState.OPEN, ends_at__gt=clock.now())
    return rows.annotate(is_taken=Exists(taken)).order_by("ends_at", "id")[:WAITING]


def fulfilled_in(communities: list[Organization]) -> QuerySet[Whistle]:
    """Those that came true in the past year, the last one first."""
    done = Claim.objects.filter(
        whistle=OuterRef("pk"), state__in=(ClaimState.CHECKED_OUT, ClaimState.CREDITED)
    ).order_by()
    rows = _wishes(communities).filter(state=WhistleState.DONE, starts_at__gte=clock.now() - TOLD_FOR)
    return rows.filter(Exists(done)).order_by("-starts_at", "-id")


def _wishes(communities: list[Organization]) -> QuerySet[Whistle]:
    return Whistle.objects.filter(Q(kind=WhistleKind.WISH), community__in=communities).select_related(
        "community"
    )
