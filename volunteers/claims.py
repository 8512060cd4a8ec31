"""接单: claiming a place and giving it up; never more claims than places (RULES 2)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.urls import reverse

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from notifications.outbox import say
from requests import workflow
from volunteers import audiences
from volunteers.models import Claim, Registration, Volunteer, Whistle
from volunteers.powers import is_own_claim
from volunteers.states import LIVE, Audience, ClaimState, WhistleState
from volunteers.tables import CLAIMS


def taken(whistle: Whistle) -> int:
    """How many places are taken; counted under the whistle's lock it cannot change before the commit."""
    return Claim.objects.filter(whistle=whistle, state__in=LIVE).count()


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a volunteer can claim, read once: for a whole list as for one claim."""

    volunteer: Volunteer | None
    registration: Registration | None = None
    live: tuple[Claim, ...] = field(default=())

    @property
    def claimed(self) -> dict[int, Claim]:
        """Live claims by whistle."""
        return {claim.whistle_id: claim for claim in self.live}

    def why_not(self, whistle: Whistle, places_taken: int) -> str:
        """The sentence that says what stands in the way of claiming this whistle; "" if nothing does."""
        return self._not_admitted(whistle) or _not_recruiting(whistle, places_taken) or self._busy(whistle)

    def _not_admitted(self, whistle: Whistle) -> str:
        if self.registration is None:
            return "先到社区报到，社区确认以后就能接单。"
        if whistle.audience == Audience.REGISTERED and self.registration.community_id != whistle.community_id:
            return "这张哨单只面向报到到本社区的同志。"
        if self.registration.district_id != whistle.district_id:
            return "这张哨单只面向本区报到的同志。"
        wanted = whistle.service_request
        if (
            wanted is not None
            and self.volunteer is not None
            and wanted.submitter_id == self.volunteer.user_id
        ):
            # His rating would count for his own service: nobody rates what is his own (RULES 0).
            return "这张哨单是为你自己的点单吹的，请由其他同志来接。"
        return ""

    def _busy(self, whistle: Whistle) -> str:
        for claim in self.live:
            other = claim.whistle
            if (
                other.pk != whistle.pk
                and other.starts_at < whistle.ends_at
                and other.ends_at > whistle.starts_at
            ):
                return f"和你已接的“{other.title}”时间重叠，退了那一单才能接这一单。"
        return ""


def _not_recruiting(whistle: Whistle, places_taken: int) -> str:
    if whistle.state != WhistleState.OPEN:
        return f"这张哨单{whistle.get_state_display()}，不能接单。"
    if clock.now() >= whistle.claim_by:
        return "接单截止时间已过，看看别的哨单吧。"
    if places_taken >= whistle.places_max:
        return "该哨单已满员，看看别的哨单吧。"
    return ""


def standing_of(user: Any) -> Standing:
    """The standing of an account as a volunteer: three queries, however many whistles are asked about."""
    volunteer = Volunteer.objects.filter(user=user).select_related("member").first()
    if volunteer is None:
        return Standing(None)
    registration = Registration.objects.confirmed().filter(volunteer=volunteer).first()
    # What ended long ago cannot overlap with anything that can still be claimed.
    live = Claim.objects.live().filter(volunteer=volunteer, whistle__ends_at__gt=clock.now())
    return Standing(volunteer, registration, tuple(live.select_related("whistle")))


def claim(whistle: Whistle, *, by: Any, key: uuid.UUID | None = None) -> Claim:
    """接单: take a place for the account `by`. A double tap gives the first claim.

    `key` names one tap: sent again after the claim was withdrawn, it does not claim anew. Raises
    RuleViolation with the sentence of what stands in the way. Locks whistle, then volunteer.
    """
    volunteer = Volunteer.objects.filter(user=by).first()
    if volunteer is None:
        raise RuleViolation("先到社区报到，社区确认以后就能接单。")
    with transaction.atomic():
        lock_row(whistle)
        lock_row(volunteer)
        own = Claim.objects.filter(whistle=whistle, volunteer=volunteer)
        if first := own.live().first():
            return first
        if key and own.filter(key=key).exists():
            raise RuleViolation("这次接的单已经退掉或解除了。还想去的，刷新页面再接。")
        standing = standing_of(by)
        places_taken = taken(whistle)
        if why_not := standing.why_not(whistle, places_taken):
            raise RuleViolation(why_not)
        with CLAIMS.begin("claim", by=by) as move:
            move.thing = Claim(whistle=whistle, volunteer=volunteer, claimed_at=move.at, key=key)
        if places_taken + 1 == whistle.places_max:
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
        )


def withdraw(claim: Claim, *, by: Any) -> Claim:
    """退单 before the start: the place is free again."""
    with CLAIMS.take("withdraw", claim, by=by):
        pass
    return claim


def contact(claim: Claim, *, by: Any, how: str) -> None:
    """联系: whoever is at work for a request says that the resident was contacted (RULES 1)."""
    if not is_own_claim(by, claim) or claim.whistle.service_request is None:
        raise NoPower("只有接了这张哨单的同志可以登记联系。")
    workflow.contact(claim.whistle.service_request, by=by, how=how)


def release_all(whistle: Whistle, *, by: Any) -> None:
    """The whistle was cancelled: every volunteer on it is free again and told why."""
    held = Claim.objects.filter(whistle=whistle).exclude(
        state__in=(ClaimState.WITHDRAWN, ClaimState.RELEASED)
    )
    for each in held.select_related("volunteer__user").order_by("id"):
        each.whistle = whistle
        with CLAIMS.take("release", each, by=by):
            pass
        say(
            to=each.volunteer.user,
            key=f"claim:{each.pk}:release",
            title=f"哨单取消：{whistle.title}",
            text=f"原因：{whistle.cancelled_because}。你不用去了，谢谢。",
            url=reverse("volunteers:claim", args=[each.pk]),
            is_urgent=True,
        )
