"""候补: the queue for places that come free, filled in order, never past the rules of claiming (RULES 2)."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from kombu.exceptions import KombuError

from ground import clock
from ground.errors import RuleViolation
from ground.steps import lock_row
from ground.templatetags.wenshao import window
from notifications.outbox import say
from volunteers.claiming.standing import has_queue, is_recruiting, room_of, standing_as
from volunteers.models import Claim, Volunteer, Whistle
from volunteers.models.whistles import RECRUITING
from volunteers.states import STANDING, ClaimState, WhistleKind
from volunteers.tables import CLAIMS

log = structlog.get_logger(__name__)

OVER = "没有空出名额，这次候补结束了。谢谢你愿意来。"


def wait(whistle: Whistle, *, by: Any, key: uuid.UUID | None = None) -> Claim:
    """候补: stand in the queue of a full whistle. A double tap gives the first place in the queue (or the claim).

    `key` as in `claims.claim`. Raises RuleViolation with the sentence of what stands in the way. Locks whistle,
    then volunteer.
    """
    volunteer = Volunteer.objects.filter(user=by).select_related("member", "user").first()
    if volunteer is None:
        raise RuleViolation("先到社区报到，社区确认以后就能接单。")
    with transaction.atomic():
        lock_row(whistle)
        lock_row(volunteer)
        own = Claim.objects.filter(whistle=whistle, volunteer=volunteer)
        if first := own.filter(state__in=STANDING).first():
            return first
        if key and own.filter(key=key).exists():
            raise RuleViolation("这次候补已经退出或结束了。还想排的，刷新页面再来。")
        if why_not := standing_as(volunteer).why_not_wait(whistle):
            raise RuleViolation(why_not)
        room = room_of(whistle)
        if room.taken + room.waiting < whistle.places_max:
            raise RuleViolation("现在有空名额，不用候补，直接接单就行。")
        with CLAIMS.begin("wait", by=by) as move:
            move.thing = Claim(whistle=whistle, volunteer=volunteer, claimed_at=move.at, key=key)
    return move.thing


def leave(claim: Claim, *, by: Any) -> Claim:
    """退出候补: those behind move up."""
    with CLAIMS.take("leave", claim, by=by):
        pass
    return claim


def place_of(claim: Claim) -> int:
    """Which one in the queue this is, from 1; 0 for a claim that does not wait. One query."""
    if claim.state != ClaimState.WAITING:
        return 0
    before = Q(claimed_at__lt=claim.claimed_at) | Q(claimed_at=claim.claimed_at, pk__lt=claim.pk)
    return Claim.objects.waiting().filter(before, whistle=claim.whistle_id).count() + 1


def with_places(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    """The claims with `before`: how many wait in front of each, counted for the rows that are shown."""
    before = Q(claimed_at__lt=OuterRef("claimed_at")) | Q(
        claimed_at=OuterRef("claimed_at"), pk__lt=OuterRef("pk")
    )
    queue = Claim.objects.filter(before, whistle=OuterRef("whistle"), state=ClaimState.WAITING)
    counted = queue.order_by().values("whistle").annotate(n=Count("pk")).values("n")
    shown = Case(When(state=ClaimState.WAITING, then=Coalesce(Subquery(counted), 0)), default=None)
    return claims.annotate(before=shown)


# Filling


def fill_after_commit(whistle: Whistle) -> None:
    """A place came free: somebody fills it once the caller's transaction stands.

    A worker that is killed before loses nothing: `settle_due` (beat, every minute) fills too.
    """
    if Claim.objects.waiting().filter(whistle=whistle).exists():
        transaction.on_commit(partial(_hand_over, whistle.pk))


def _hand_over(whistle_id: int) -> None:
    from volunteers.tasks import fill_places

    try:
        fill_places.apply_async([whistle_id], retry=False)
    except (KombuError, OSError) as error:
        log.warning("broker away, beat will fill", error=type(error).__name__, whistle=whistle_id)


def settle(whistle: Whistle) -> int:
    """Fill the places that are free from the queue; where none can come free any more, send the rest home.

    One transaction for each of those who wait, so that no two volunteers are locked at once. Safe to run twice
    and side by side. Gives how many got a place.
    """
    promoted = 0
    while (got_it := _next_in_line(whistle)) is not None:
        promoted += got_it
    return promoted


def _next_in_line(whistle: Whistle) -> bool | None:
    """Whether the first of the queue got a place, or was passed over; None: nothing to do."""
    with transaction.atomic():
        lock_row(whistle)
        queue = Claim.objects.waiting().filter(whistle=whistle)
        first = queue.select_related("volunteer__member", "volunteer__user").first()
        if first is None:
            return None
        first.whistle = whistle
        room = room_of(whistle)
        if room.taken >= whistle.places_max and has_queue(whistle):
            return None
        if room.taken >= whistle.places_max or not is_recruiting(whistle):
            return _pass_over(first, OVER)
        lock_row(first.volunteer)
        if why_not := standing_as(first.volunteer).why_not(whistle, room.taken):
            return _pass_over(first, f"轮到你的时候没能递补：{why_not}")
        return _promote(first)


def _promote(claim: Claim) -> bool:
    with CLAIMS.take("promote", claim, by=None):
        pass
    whistle = claim.whistle
    at = "" if whistle.is_wish else f"{window(whistle.starts_at, whistle.ends_at)}，{whistle.place}。"
    say(
        to=claim.volunteer.user,
        key=f"claim:{claim.pk}:promote",
        title=f"递补上了：{whistle.title}",
        text=f"有名额空出来，轮到你了。{at}去不了请尽早退单，让给后面的同志。",
        url=reverse("volunteers:claim", args=[claim.pk]),
        is_urgent=True,
    )
    return True


def _pass_over(claim: Claim, because: str) -> bool:
    with CLAIMS.take("pass_over", claim, by=None):
        pass
    say(
        to=claim.volunteer.user,
        key=f"claim:{claim.pk}:pass-over",
        title=f"候补没有轮到：{claim.whistle.title}",
        text=because,
        url=reverse("volunteers:claim", args=[claim.pk]),
        about=f"whistle:{claim.whistle_id}",
    )
    return False


def settle_due() -> int:
    """Every queue that has something to settle: free places left behind, or no hope any more. Gives how many
    volunteers got a place."""
    now = clock.now()
    queues = Claim.objects.filter(state=ClaimState.WAITING).order_by().values("whistle")
    begun = Q(starts_at__lte=now) & ~Q(kind=WhistleKind.WISH)
    has_something = Q(taken__lt=F("places_max")) | ~Q(state__in=RECRUITING) | Q(claim_by__lte=now) | begun
    due = Whistle.objects.filter(pk__in=queues).with_places_taken().filter(has_something)
    return sum(_settled(whistle) for whistle in due.order_by("starts_at", "id"))


def _settled(whistle: Whistle) -> int:
    try:
        return settle(whistle)
    except Exception:
        log.exception("queue not settled", whistle=whistle.pk)
        return 0
