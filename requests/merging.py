"""并案: several requests about one matter are done as one, and each is answered to whoever asked (RULES 1)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ground.errors import RuleViolation
from ground.steps import Move
from organizations.workdays import calendar
from requests import afterwards, clocks
from requests.models import Note, ServiceRequest
from requests.states import OPEN, State
from requests.taking import take
from requests.tiers import an_open_handler


def merge(service_request: ServiceRequest, *, by: Any, target: ServiceRequest) -> None:
    """Do it together with `target`. What had been merged into it follows. Raises RuleViolation at "target"."""

    def settle(move: Move) -> None:
        into = ServiceRequest.objects.get(pk=target.pk)  # locked with the family, and so as it stands
        _refuse_target(move.thing, into)
        move.thing.merged_into = into
        move.codes["into"] = into.pk
        if move.source == State.SUBMITTED:
            first_answer(move)
            clocks.start_resolving(move.thing, move.at, calendar())
        move.thing.merged.update(merged_into=into)

    take("merge", service_request, by=by, change=settle, together_with=[target])


def _refuse_target(service_request: ServiceRequest, into: ServiceRequest) -> None:
    if into.pk == service_request.pk:
        raise RuleViolation("不能并到自己。", field="target")
    if into.is_part:
        raise RuleViolation("那是拆分出来的一件，请并到总件。", field="target")
    if into.state not in OPEN:
        raise RuleViolation(
            f"{into.number} 现在是“{into.get_state_display()}”，只能并到还在办的点单。", field="target"
        )
    is_same_place = into.community_id is not None and into.community_id == service_request.community_id
    if not is_same_place and into.handler_id != service_request.handler_id:
        raise RuleViolation("只能并到同一社区或同一承办党组织的点单。", field="target")


def unmerge(service_request: ServiceRequest, *, by: Any) -> None:
    """撤销并案: it goes on alone, with its own handler; if that was closed meanwhile, with the tier above."""

    def settle(move: Move) -> None:
        move.codes["from"] = move.thing.merged_into_id
        move.thing.merged_into = None
        an_open_handler(move)

    take("unmerge", service_request, by=by, change=settle)


def release_merged(target: ServiceRequest) -> None:
    """The target came to nothing (declined, withdrawn): those merged into it go on alone. Its lock is held."""
    for each in _merged_into(target):
        unmerge(each, by=None)


def resolve_merged(target: ServiceRequest) -> None:
    """The target is resolved: so are those merged into it, and each submitter rates his own."""
    children = _merged_into(target)
    steps = ("resolve", "consent_explained")
    said = Note.objects.filter(event__subject=target, event__step__in=steps).last() if children else None
    for each in children:

        def settle(move: Move) -> None:
            move.codes["with"] = target.pk
            move.thing.merged_into = None
            move.thing.responsible_id = target.responsible_id
            afterwards.resolved(move, target.outcome)

        with transaction.atomic():
            take("resolve_with", each, by=None, words=said.text if said else "", change=settle)


def _merged_into(target: ServiceRequest) -> list[ServiceRequest]:
    return list(target.merged.filter(state=State.MERGED).order_by("pk"))


def first_answer(move: Move) -> None:
    """Whether the first answer (accepted, declined, merged) came in time (受理率).

    A refusal that the tier above overrules after an objection was no lawful answer.
    """
    thing = move.thing
    if thing.accepted_in_time is None:
        thing.accepted_in_time = thing.accept_due is None or move.at <= thing.accept_due
    elif thing.objected_at is not None and move.step.name != "decline":
        thing.accepted_in_time = False
