"""报请同意: what a handler may not decide alone: extending, explaining instead of solving, handing down again.

The tier above decides; at the district its leader in charge (RULES 1 and 5). Nobody answers what he asked for.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from ground import clock
from ground.errors import RuleViolation
from ground.steps import Move
from organizations.models import Organization
from requests import afterwards, clocks, merging, powers
from requests.models import Consent, Note, ServiceRequest
from requests.states import ConsentKind, Outcome
from requests.taking import take, words_of
from requests.tiers import go_down, refuse_child


def extend(service_request: ServiceRequest, *, by: Any, new_due: date, reason: str) -> None:
    """申请延期: once, with a reason, until 18:00 of a later day."""
    said = words_of(reason, "reason", "请写明为什么要延期。")

    def settle(move: Move) -> None:
        due, until = move.thing.resolve_due, clocks.end_of(new_due, move.at, "new_due")
        if until <= move.at or (due is not None and until <= due):
            raise RuleViolation("新的期限要晚于现在的期限，也不能早于今天。", field="new_due")
        move.codes["new_due"] = until.isoformat()
        _ask_above(move, ConsentKind.EXTEND, by, said, new_due=until)

    take("extend", service_request, by=by, words=said, change=settle, is_internal=True)


def explain(service_request: ServiceRequest, *, by: Any, text: str) -> None:
    """报请解释办结: what cannot be solved by law is explained; the submitter reads the words once it is consented."""
    said = words_of(text, "text", "请写明依据的法律政策和已经做了什么，同意后提出人会看到。")

    def settle(move: Move) -> None:
        _ask_above(move, ConsentKind.EXPLAINED, by, said)

    take("explain", service_request, by=by, words=said, change=settle, is_internal=True)


def propose_hand_down(service_request: ServiceRequest, *, by: Any, child: Organization, reason: str) -> None:
    """报请再次交办: nobody is sent back and forth without the tier above knowing."""
    said = words_of(reason, "reason", "请写明为什么要再次交办。")

    def settle(move: Move) -> None:
        refuse_child(move.thing, child)
        _ask_above(move, ConsentKind.HAND_DOWN, by, said, child=child)

    take("propose_hand_down", service_request, by=by, words=said, change=settle, is_internal=True)


def _ask_above(move: Move, kind: ConsentKind, by: Any, said: str, **more: Any) -> None:
    thing = move.thing
    is_above = thing.tier_above_id is not None
    where = Organization.objects.get(pk=thing.tier_above_id or thing.district_id)
    concerned = {by.pk} if thing.asker_id is None else {by.pk, thing.asker_id}
    if not powers.deciders(where, is_above=is_above).exclude(pk__in=concerned).exists():
        raise RuleViolation(f"{where.short_name}还没有能答复的人（分管领导），请先联系区里任职。")
    thing.consent_kind, thing.consent_at = kind, where
    move.codes |= {"kind": kind, "at": where.pk}
    Consent.objects.create(
        service_request=thing, kind=kind, organization=where, asked_by=by, asked_at=move.at, text=said, **more
    )


def consent_extension(service_request: ServiceRequest, *, by: Any) -> None:
    """同意延期: the new due holds from now on."""

    def settle(move: Move) -> None:
        consent = _decide(move, by, Consent.State.GIVEN)
        move.thing.resolve_due, move.thing.is_extended = consent.new_due, True
        move.codes["new_due"] = consent.new_due.isoformat() if consent.new_due else None
        move.codes["new_due"] = consent.new_due and consent.new_due.isoformat()

    take("consent_extension", service_request, by=by, change=settle)


def consent_hand_down(service_request: ServiceRequest, *, by: Any) -> None:
    """同意再次交办: it goes down at once."""

    def settle(move: Move) -> None:
        consent = _decide(move, by, Consent.State.GIVEN)
        if consent.child is not None:
            go_down(move, consent.child)

    take("consent_hand_down", service_request, by=by, change=settle)


def consent_explained(service_request: ServiceRequest, *, by: Any) -> None:
    """同意解释办结: it is resolved with the words that were put forward, and counted apart."""
    given: list[Consent] = []

    def settle(move: Move) -> None:
        given.append(_decide(move, by, Consent.State.GIVEN))
        afterwards.resolved(move, Outcome.EXPLAINED)

    with transaction.atomic():
        move = take("consent_explained", service_request, by=by, change=settle)
        Note.objects.create(event=move.event, text=given[0].text)
        merging.resolve_merged(move.thing)


def deny(service_request: ServiceRequest, *, by: Any, reason: str) -> None:
    """不同意: with the reason; the handler goes on."""
    said = words_of(reason, "reason", "请写明为什么不同意、该怎么办。")

    def settle(move: Move) -> None:
        _decide(move, by, Consent.State.REFUSED)

    take("deny", service_request, by=by, words=said, change=settle, is_internal=True)


def _decide(move: Move, by: Any, answer: Consent.State) -> Consent:
    consent = move.thing.consents.select_related("child", "asked_by").get(state=Consent.State.PENDING)
    if consent.asked_by_id == by.pk:
        raise RuleViolation("这是你自己报请的，请由其他人答复。")
    consent.state, consent.decided_by, consent.decided_at = answer, by, clock.now()
    consent.save(update_fields=["state", "decided_by", "decided_at"])
    move.codes["kind"], move.beside = consent.kind, consent
    move.thing.consent_kind, move.thing.consent_at = "", None
    return consent
