"""After the work: rating, calling back, lapsing, reopening and objecting (RULES 1). The lawful ways out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from ground.errors import RuleViolation
from ground.steps import Move
from organizations.models import Policy
from organizations.workdays import calendar
from requests import clocks
from requests import photos as pictures
from requests.guards import ESCALATING_REOPENING
from requests.models import DispatchEvent, Rating, RequestEvent, ServiceRequest
from requests.taking import Photos, take, words_of
from requests.tiers import an_open_handler, go_up, watch

#: By these somebody took part in the work: he does not judge it.
TAKES_PART = (
    *("accept", "take_over", "handle", "resolve", "complete", "contact", "ask", "merge", "split", "dispatch"),
    *("whistle", "escalate", "hand_down", "extend", "explain", "propose_hand_down", "consent_explained"),
)
#: The second time the tier above watches, the third time it takes over.
WATCHED_REOPENING = 2


def resolved(move: Move, outcome: str) -> None:
    """What every way of resolving writes: outcome, moment, and until when it may be rated."""
    days = Policy.of(move.thing.district_id).lapse_days
    move.thing.outcome, move.codes["outcome"] = outcome, outcome
    move.thing.resolved_at, move.thing.lapse_due = move.at, move.at + timedelta(days=days)


def rate(
    service_request: ServiceRequest,
    *,
    by: Any,
    contacted: bool,
    solved: bool,
    satisfied: int,
    text: str = "",
) -> None:
    """评价: the submitter's judgement, 1 to 5 stars. Nobody rates what he handled."""
    _judge("rate", service_request, by, contacted, solved, satisfied, text)


def call_back(
    service_request: ServiceRequest,
    *,
    by: Any,
    contacted: bool,
    solved: bool,
    satisfied: int,
    text: str = "",
) -> None:
    """回访评价: somebody who had no part in it asks the person without a phone and writes down what he says."""
    _judge("call_back", service_request, by, contacted, solved, satisfied, text)


def _judge(
    name: str,
    service_request: ServiceRequest,
    by: Any,
    contacted: bool,
    solved: bool,
    satisfied: int,
    text: str,
) -> None:
    if satisfied not in range(1, 6):
        raise RuleViolation("满意度请选 1 到 5 星。", field="satisfied")

    def settle(move: Move) -> None:
        if _took_part(by, move.thing):
            raise RuleViolation("你参与了办理，请由其他人评价。")
        judged = {"contacted": contacted, "solved": solved, "satisfied": satisfied}
        move.codes |= judged
        words = {"text": text.strip()[:300], "by": by, "at": move.at, "is_call_back": name == "call_back"}
        Rating.objects.update_or_create(service_request=move.thing, defaults={**judged, **words})
        _close(move.thing, move.at)

    take(name, service_request, by=by, change=settle)


def _took_part(user: Any, service_request: ServiceRequest) -> bool:
    """In the work on it, on a part of it, on the one with which it was resolved, or on what was dispatched."""
    ways = service_request.events.filter(step="resolve_with").values_list("codes", flat=True)
    done_as = [service_request.pk, *(codes["with"] for codes in ways)]
    family = Q(subject__in=done_as) | Q(subject__whole__in=done_as)
    if RequestEvent.objects.filter(family, by=user, step__in=TAKES_PART).exists():
        return True
    return DispatchEvent.objects.filter(by=user, subject__service_request__in=done_as).exists()


def lapse(service_request: ServiceRequest) -> None:
    """The clock's step: nobody rated it in time; it counts as unrated, never as satisfied."""

    def settle(move: Move) -> None:
        _close(move.thing, move.at)

    take("lapse", service_request, by=None, change=settle)


def _close(service_request: ServiceRequest, at: datetime) -> None:
    days = Policy.of(service_request.district_id).reopen_days
    service_request.ended_at, service_request.lapse_due = at, None
    service_request.reopen_until = at + timedelta(days=days)


def reopen(service_request: ServiceRequest, *, by: Any, reason: str, photos: Photos = ()) -> None:
    """要求重办. First: the handler again. Second: the tier above supervises. From the third on it takes over."""
    said, ready = words_of(reason, "reason", "请写明哪里没有办好。"), pictures.ready(photos)

    def settle(move: Move) -> None:
        thing = move.thing
        thing.reopened += 1
        move.codes["count"] = thing.reopened
        thing.outcome, thing.has_asked = "", False
        thing.resolved_at = thing.ended_at = thing.lapse_due = thing.reopen_until = None
        an_open_handler(move)
        clocks.start_again(thing, move.at, calendar())
        if thing.reopened >= ESCALATING_REOPENING:
            go_up(move)
        elif thing.reopened == WATCHED_REOPENING and thing.tier_above_id is not None:
            watch(move, thing.tier_above_id)

    take("reopen", service_request, by=by, words=said, ready=ready, change=settle)


def object_to(service_request: ServiceRequest, *, by: Any, reason: str, photos: Photos = ()) -> None:
    """申诉: the tier above verifies anew. Once, within the days of the policy."""
    said, ready = words_of(reason, "reason", "请写明为什么应当受理。"), pictures.ready(photos)

    def settle(move: Move) -> None:
        thing = move.thing
        thing.objected_at, thing.ended_at, thing.object_until = move.at, None, None
        go_up(move)
        thing.takeover_due = None  # it is verified there, and that has its own clock
        clocks.start_verifying_again(thing, move.at, calendar())

    take("object", service_request, by=by, words=said, ready=ready, change=settle)
