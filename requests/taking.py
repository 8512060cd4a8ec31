"""How every verb of a request takes its step: locks, the engine, what follows every step, words and photos.

The verbs (`workflow`, `asking_back`, `merging`, `splitting`, `tiers`, `consents`, `afterwards`, `dispatching`)
say only what is peculiar to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.db.models import Q

from ground.errors import RuleViolation
from ground.steps import Move, lock_row
from organizations.tree import lock_tree
from organizations.workdays import calendar, one_calendar
from requests import clocks
from requests import photos as pictures
from requests.models import Consent, Hold, Note, ServiceRequest
from requests.states import OPEN, State
from requests.tables import REQUESTS

TEXT_LENGTH = 1000  # signs of a request, a supplement, a reason

#: A picture prepared by `photos.prepare`, or an upload that is prepared (and refused if unreadable) here.
Photos = Iterable[Any]
Change = Callable[[Move], None]

#: Steps that touch other requests of the family (merged ones, parts): all of it is locked first, in one order.
_OF_FAMILIES = frozenset(
    {"merge", "unmerge", "split", "complete", "resolve", "consent_explained", "withdraw", "decline"}
)
#: Steps that may give it to an organization that was not its handler, or wake it up at one that may have been
#: closed: the tree stands still meanwhile (lock order: the root first).
_OF_TREE = frozenset({"hand_down", "consent_hand_down", "reopen", "object", "unmerge", "withdraw", "decline"})
#: Steps by which a tier to which a request came shows that it has taken it over.
_TAKES_OVER = frozenset(
    {"take_over", "handle", "dispatch", "whistle", "ask", "split", "merge", "resolve", "complete", "explain"}
)
#: Steps that answer what was asked for, or leave it standing.
_ABOUT_CONSENT = frozenset({"consent_extension", "consent_hand_down", "consent_explained", "deny"})


def nothing(move: Move) -> None:
    """The change of a step that has none of its own."""


def take(
    name: str,
    service_request: ServiceRequest,
    *,
    by: Any,
    words: str = "",
    ready: Iterable[pictures.Picture] = (),
    change: Change = nothing,
    is_internal: bool = False,
    together_with: Iterable[ServiceRequest] = (),
    **codes: Any,
) -> Move:
    """Take a step. `change` sets what is peculiar to it on `move.thing`; dues follow by themselves.

    `words` become a note of the event, `ready` its photos; `together_with` are other requests that the change
    reads or moves. Raises NoPower, RuleViolation.
    """
    with transaction.atomic(), one_calendar():
        if name in _OF_TREE:
            lock_tree(service_request.district.tree_id)
        if name in _OF_FAMILIES:
            lock_family(service_request, *together_with)
        with REQUESTS.take(name, service_request, by=by, savepoint=False, **codes) as move:
            _before(move)
            change(move)
            _after(move)
        if words:
            Note.objects.create(event=move.event, text=words, is_internal=is_internal)
        pictures.attach(move.event, ready)
        if move.thing.state == State.RESOLVED and move.thing.is_proactive:
            _conclude(service_request)
    return move


def _conclude(service_request: ServiceRequest) -> None:
    """未诉先办: nobody asked, so nobody rates. What is resolved, whichever way, is closed in the same moment."""
    with REQUESTS.take("conclude", service_request, by=None) as move:
        move.thing.ended_at, move.thing.lapse_due = move.at, None
        clocks.set_due(move.thing, move.at, calendar(), State.CLOSED)


def _before(move: Move) -> None:
    if move.step.name in _TAKES_OVER:
        move.thing.takeover_due = None


def _after(move: Move) -> None:
    """Dues as they are for the state to come; what was asked for and is now beside the point is dropped."""
    thing, name = move.thing, move.step.name
    target = thing.state if move.step.target is None else str(move.step.target)
    is_elsewhere = name in ("escalate", "hand_down", "reopen", "object")
    if thing.consent_kind and name not in _ABOUT_CONSENT and (target not in OPEN or is_elsewhere):
        drop_consent(thing)
    clocks.set_due(thing, move.at, calendar(), target)


def drop_consent(service_request: ServiceRequest) -> None:
    """What was asked of the tier above is not needed any more."""
    service_request.consents.filter(state=Consent.State.PENDING).update(state=Consent.State.DROPPED)
    service_request.consent_kind, service_request.consent_at = "", None


# Locks


def lock_family(service_request: ServiceRequest, *others: ServiceRequest) -> None:
    """Lock a request, what it belongs to and what belongs to it, all in the order of their ids.

    One order for everybody, so that two who merge crosswise wait for each other instead of dying. What joined
    the family while we waited is locked by the next attempt; after three of them somebody else is faster.
    """
    wanted = {service_request.pk, *(each.pk for each in others)}
    for _ in range(3):
        family = _family_of(wanted)
        with suppress(_Grown), transaction.atomic():
            rows = ServiceRequest.objects.select_for_update(of=("self",)).filter(pk__in=family).order_by("pk")
            known = set(rows.values_list("pk", flat=True))
            if _family_of(wanted) <= known:
                return
            raise _Grown  # lets go of the locks, or the next attempt would take a smaller id after a larger one
    raise RuleViolation("这件点单刚刚被别人并案或拆分，请刷新后再办。")


class _Grown(Exception):
    """Somebody joined the family while we waited for it."""


def _family_of(ids: set[int]) -> set[int]:
    rows = ServiceRequest.objects.filter(
        Q(pk__in=ids) | Q(whole__in=ids) | Q(merged_into__in=ids)
    ).values_list("pk", "whole", "merged_into")
    return {pk for row in rows for pk in row if pk is not None}


# Holds


def set_hold(service_request: ServiceRequest, key: str, label: str) -> None:
    """What has to be finished before the request can be resolved; again with the same key changes the label."""
    with transaction.atomic():
        lock_row(service_request)
        Hold.objects.update_or_create(
            service_request=service_request, key=key, defaults={"label": label[:80]}
        )


def clear_hold(service_request: ServiceRequest, key: str) -> None:
    """It is finished; clearing what is not there does nothing."""
    with transaction.atomic():
        lock_row(service_request)
        Hold.objects.filter(service_request=service_request, key=key).delete()


# Words


def words_of(text: str, field: str, missing: str, *, most: int = TEXT_LENGTH) -> str:
    """What was written, without the blanks around it. Raises RuleViolation at the field: nothing, or too much."""
    said = text.strip()
    if not said:
        raise RuleViolation(missing, field=field)
    if len(said) > most:
        raise RuleViolation(f"最多 {most} 字，现在有 {len(said)} 字。", field=field)
    return said
