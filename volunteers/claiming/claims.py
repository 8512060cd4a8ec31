"""接单: claiming a place and giving it up; never more claims than places (RULES 2)."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.urls import reverse

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from notifications.outbox import say
from requests import workflow
from volunteers.claiming import waiting
from volunteers.claiming.standing import Standing, room_of, standing_as, standing_of, taken
from volunteers.models import Claim, Volunteer, Whistle
from volunteers.powers import is_own_claim
from volunteers.states import STANDING, ClaimState
from volunteers.tables import CLAIMS
from volunteers.whistling import audiences

#: Who asks what stands in the way of a claim finds it here too.
__all__ = ("Standing", "claim", "contact", "release_all", "standing_of", "taken", "withdraw")


def claim(whistle: Whistle, *, by: Any, key: uuid.UUID | None = None) -> Claim:
    """接单: take a place for the account `by`. A double tap gives the first claim.

    `key` names one tap: sent again after the claim was withdrawn, it does not claim anew. Raises
    RuleViolation with the sentence of what stands in the way. Locks whistle, then volunteer.

    Nobody gets past those who wait: a place that is free is theirs first.
    """
    volunteer = Volunteer.objects.filter(user=by).select_related("member", "user").first()
    if volunteer is None:
        raise RuleViolation("先到社区报到，社区确认以后就能接单。")
    before = room_of(whistle)
    if before.waiting and before.taken < whistle.places_max:
        waiting.settle(whistle)
    with transaction.atomic():
        lock_row(whistle)
        lock_row(volunteer)
        own = Claim.objects.filter(whistle=whistle, volunteer=volunteer)
        if first := own.live().first():
            return first
        if key and own.filter(key=key).exists():
            raise RuleViolation("这次接的单已经退掉或解除了。还想去的，刷新页面再接。")
        if own.waiting().exists():
            raise RuleViolation("你已经在候补了，有名额空出来会自动递补给你，并发消息告诉你。")
        room = room_of(whistle)
        if why_not := standing_as(volunteer).why_not(whistle, room.taken, room.waiting):
            raise RuleViolation(why_not)
        with CLAIMS.begin("claim", by=by) as move:
            move.thing = Claim(whistle=whistle, volunteer=volunteer, claimed_at=move.at, key=key)
        if room.taken + 1 == whistle.places_max:
            _tell_that_it_is_full(whistle)
    return move.thing


def _tell_that_it_is_full(whistle: Whistle) -> None:
    at = clock.now()
    for person in audiences.staff_of(whistle):
        say(
            to=person,
            key=f"whistle:{whistle.pk}:full:{at:%Y%m%d%H%M%S}",
            title=f"已满员：{whistle.title}",
            text=f"{whistle.places_max} 人全部到位。",
            url=reverse("desk:whistle", args=[whistle.pk]),
            about=f"whistle:{whistle.pk}",
        )


def withdraw(claim: Claim, *, by: Any) -> Claim:
    """退单 before the start: the place is free again, for the first of those who wait."""
    with CLAIMS.take("withdraw", claim, by=by) as move:
        waiting.fill_after_commit(move.thing.whistle)
    return claim


def contact(claim: Claim, *, by: Any, how: str) -> None:
    """联系: whoever is at work for a request says that the resident was contacted (RULES 1)."""
    if not is_own_claim(by, claim) or claim.whistle.service_request is None:
        raise NoPower("只有接了这张哨单的同志可以登记联系。")
    workflow.contact(claim.whistle.service_request, by=by, how=how)


def release_all(whistle: Whistle, *, by: Any) -> None:
    """The whistle was cancelled: everybody on it, or waiting for it, is free again and told why."""
    held = Claim.objects.filter(whistle=whistle).filter(state__in=STANDING)
    for each in held.select_related("volunteer__user").order_by("id"):
        each.whistle, waited = whistle, each.state == ClaimState.WAITING
        with CLAIMS.take("release", each, by=by):
            pass
        say(
            to=each.volunteer.user,
            key=f"claim:{each.pk}:release",
            title=f"哨单取消：{whistle.title}",
            text=f"原因：{whistle.cancelled_because}。{'候补也取消了' if waited else '你不用去了'}，谢谢。",
            url=reverse("volunteers:claim", args=[each.pk]),
            is_urgent=True,
        )
