"""拆分: one request that is several matters is done in parts, one level deep (RULES 1).

Parts start accepted, are neither rated nor in the rates, close when they are done and end with the whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from ground.errors import RuleViolation
from ground.steps import Move
from organizations.workdays import calendar
from requests import clocks, dispatching
from requests import photos as pictures
from requests.guards import MOST_PARTS
from requests.intake import title_of
from requests.models import Hold, ServiceRequest
from requests.states import OPEN, PLAIN_OUTCOMES, State
from requests.tables import REQUESTS
from requests.taking import Photos, clear_hold, take, words_of


def split(service_request: ServiceRequest, *, by: Any, parts: Sequence[str]) -> list[ServiceRequest]:
    """Split off one part per text; gives them. Ten at most, those of earlier splits counted."""
    said = [words_of(text, "parts", "每一件都要写清楚是什么事。") for text in parts]
    made: list[ServiceRequest] = []

    def settle(move: Move) -> None:
        there = move.thing.parts.count()
        if not said:
            raise RuleViolation("请至少写一件，一行一件。", field="parts")
        if there + len(said) > MOST_PARTS:
            raise RuleViolation(f"一件最多拆成 {MOST_PARTS} 件，已有 {there} 件。", field="parts")
        for number, text in enumerate(said, start=there + 1):
            made.append(_begin(move.thing, number, text, by))
        move.codes["parts"] = [each.pk for each in made]

    take("split", service_request, by=by, change=settle)
    return made


def _begin(whole: ServiceRequest, number: int, text: str, by: Any) -> ServiceRequest:
    part = ServiceRequest(
        number=f"{whole.number}-{number}", key=uuid.uuid4(), whole=whole, submitter_id=whole.submitter_id,
        source=whole.source, has_no_phone=whole.has_no_phone, category_id=whole.category_id, track=whole.track,
        title=title_of("", text), text=text, grid_id=whole.grid_id, building_id=whole.building_id,
        address=whole.address, lng=whole.lng, lat=whole.lat, handler_id=whole.handler_id, responsible=by,
        district_id=whole.district_id, street_id=whole.street_id, community_id=whole.community_id,
        promise=whole.promise, state=State.ACCEPTED, resolve_due=whole.resolve_due,
    )  # fmt: skip
    due = part.resolve_due and part.resolve_due.isoformat()
    with REQUESTS.begin("begin_part", by=by, whole=whole.pk, due=due) as move:
        part.submitted_at = part.accepted_at = move.at
        clocks.set_due(part, move.at, calendar())
        move.thing = part
    Hold.objects.create(service_request=whole, key=hold_key(part), label=f"分件“{part.title}”还没办完"[:80])
    return part


def hold_key(part: ServiceRequest) -> str:
    return f"part:{part.pk}"


def complete(
    service_request: ServiceRequest, *, by: Any, outcome: str, text: str, photos: Photos = ()
) -> None:
    """办完 of a part: it closes at once; the whole may go on when nothing else stands in the way."""
    if outcome not in PLAIN_OUTCOMES:
        raise RuleViolation("请选择办理结果。", field="outcome")
    said, ready = words_of(text, "text", "请写下怎么办的、结果如何。"), pictures.ready(photos)

    def settle(move: Move) -> None:
        move.thing.outcome, move.codes["outcome"] = outcome, outcome
        move.thing.resolved_at = move.thing.ended_at = move.at

    with transaction.atomic():
        take("complete", service_request, by=by, words=said, ready=ready, change=settle)
        if service_request.whole is not None:
            clear_hold(service_request.whole, hold_key(service_request))


def end_parts(whole: ServiceRequest) -> None:
    """The whole was withdrawn: what is open of it ends, with its dispatches. The family is locked."""
    for part in _open_parts(whole):

        def settle(move: Move) -> None:
            move.thing.ended_at = move.at

        with transaction.atomic():
            take("end_part", part, by=None, change=settle)
            dispatching.end_all(part)
            clear_hold(whole, hold_key(part))


def _open_parts(whole: ServiceRequest) -> Iterable[ServiceRequest]:
    return list(whole.parts.filter(state__in=OPEN).order_by("pk"))
