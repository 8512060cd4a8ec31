"""The verbs of a request on its straight road, and the list of all verbs (RULES 1).

What concerns other requests, tiers, units or the time afterwards has its own room: `asking_back`, `merging`,
`splitting`, `tiers`, `consents`, `afterwards`, `dispatching`. Every change of state goes through `taking.take`.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction

from accounts.models import User
from grids.models import Building, Compound
from ground.errors import RuleViolation
from ground.geo import Point
from ground.steps import Move
from organizations.models import Organization, Policy
from organizations.models.policies import ResolvePhotos
from organizations.workdays import calendar, one_calendar
from requests import (
    afterwards,
    asking_back,
    clocks,
    consents,
    dispatching,
    merging,
    powers,
    splitting,
    tiers,
)
from requests import photos as pictures
from requests.intake import account_of, file_once, number, place_as_it_stands, place_found, put_at, title_of
from requests.models import Category, ServiceRequest
from requests.states import PLAIN_OUTCOMES, ContactBy, Track
from requests.tables import REQUESTS
from requests.taking import TEXT_LENGTH, Photos, clear_hold, set_hold, take, words_of

__all__ = ["TEXT_LENGTH", "clear_hold", "set_hold", "take_step"]

#: Digits of the number by which somebody without an account looks up what was filed for him.
QUERY_DIGITS = 6


def submit(
    *,
    by: User,
    category: Category,
    text: str,
    title: str = "",
    building: Building | None = None,
    compound: Compound | None = None,
    point: Point | None = None,
    community: Organization | None = None,
    address: str = "",
    photos: Photos = (),
    key: uuid.UUID | None = None,
    on_behalf_of: User | tuple[str, str] | None = None,
    without_phone: str = "",
    shares_phone: bool = False,
    is_proactive: bool = False,
) -> ServiceRequest:
    """点单 (S7): file a request and start the accept and contact clocks. Same submitter and key: the first one.

    point: WGS-84. on_behalf_of: the person (or phone and name) for whom staff file it; he is the submitter.
    without_phone: the name of one who has no phone: staff stay the contact and a call-back judges the work.
    is_proactive: 未诉先办, filed by the community for nobody (`dashboards.patterns`).
    Raises RuleViolation (no place, too many within the hour, text), NoPower (staff of another place).
    """
    key, said = key or uuid.uuid4(), words_of(text, "text", "请写下要办的事。")
    ready = pictures.ready(photos)

    def file() -> ServiceRequest:
        submitter = account_of(on_behalf_of) or by
        if not category.is_open:
            raise RuleViolation("这个类别已停用，请另选一个。", field="category")
        service_request = ServiceRequest(
            key=key,
            submitter=submitter,
            **_filed_as(submitter, by, without_phone, is_proactive=is_proactive),
            category=category,
            track=category.track,
            title=title_of(title, said),
            text=said,
            address=address.strip()[:80],
            shares_phone=shares_phone,
        )
        place = place_found(building=building, compound=compound, point=point, community=community)
        put_at(service_request, place, point)
        place_as_it_stands(service_request)
        _file(service_request, by, ready)
        return service_request

    return file_once(file, on_behalf_of or by, key)


def _filed_as(submitter: User, by: User, without_phone: str, *, is_proactive: bool) -> dict[str, Any]:
    """Own, 未诉先办, or 代点; what staff filed can be looked up by number and code without an account."""
    if is_proactive:
        return {"source": ServiceRequest.Source.PROACTIVE}
    if submitter == by and not without_phone.strip():
        return {"source": ServiceRequest.Source.RESIDENT}
    if without_phone.strip() and submitter != by:
        raise RuleViolation("填了手机号就不用再选“没有手机”。", field="without_phone")
    return {
        "source": ServiceRequest.Source.STAFF,
        "query_code": f"{secrets.randbelow(10**QUERY_DIGITS):0{QUERY_DIGITS}d}",
        "has_no_phone": bool(without_phone.strip()),
        "asker_name": without_phone.strip()[:40],
    }


def _file(service_request: ServiceRequest, by: User, ready: list[pictures.Picture]) -> None:
    """Inside the transaction, in a tree that is held; the number comes last."""
    code = service_request.category.code
    with REQUESTS.begin("submit", by=by, savepoint=False, category=code) as move, one_calendar():
        clocks.start(service_request, move.at, calendar())
        if service_request.has_no_phone:
            move.codes["has_no_phone"] = True
        elif service_request.is_proactive:
            move.codes["proactive"] = True
        elif service_request.source == ServiceRequest.Source.STAFF:
            move.codes["on_behalf_of"] = service_request.submitter_id
        move.thing = service_request
        number(service_request)
    service_request.filing = move.event
    pictures.attach(move.event, ready)


def add(service_request: ServiceRequest, *, by: User, text: str, photos: Photos = ()) -> None:
    """补充: the submitter adds words and photos to an open request."""
    said, ready = words_of(text, "text", "请写下要补充的情况。"), pictures.ready(photos)
    take("add", service_request, by=by, words=said, ready=ready)


def accept(service_request: ServiceRequest, *, by: User, track: str, text: str = "") -> None:
    """受理 (S4, D4): confirm the track and start the resolve clock. Who accepts first owns it (首接负责)."""
    if track not in Track.values:
        raise RuleViolation("请选择急、要、难中的一级。", field="track")

    def settle(move: Move) -> None:
        move.thing.track, move.thing.responsible = track, by
        move.codes["track"] = track
        merging.first_answer(move)
        clocks.start_resolving(move.thing, move.at, calendar())

    take("accept", service_request, by=by, words=text.strip(), change=settle)


def contact(service_request: ServiceRequest, *, by: User, how: str, text: str = "") -> None:
    """联系: the first one stops the contact clock; later ones are kept in the history."""
    if how not in ContactBy.values:
        raise RuleViolation("请选择联系的方式。", field="how")

    def settle(move: Move) -> None:
        move.codes |= {"how": how, "is_first": move.thing.contacted_at is None}
        move.thing.contacted_at = move.thing.contacted_at or move.at

    take("contact", service_request, by=by, words=text.strip(), change=settle)


def decline(service_request: ServiceRequest, *, by: User, reason: str) -> None:
    """不予受理: with the reason, which the submitter reads; he may object within the days of the policy."""
    said = words_of(reason, "reason", "请写明不予受理的理由，提出人会看到。")

    def settle(move: Move) -> None:
        days = Policy.of(move.thing.district_id).object_days
        move.thing.ended_at = move.at
        if not move.thing.is_proactive:
            move.thing.object_until = move.at + timedelta(days=days)
        merging.first_answer(move)

    with transaction.atomic():
        move = take("decline", service_request, by=by, words=said, change=settle)
        merging.release_merged(move.thing)


def handle(service_request: ServiceRequest, *, by: User, responsible: User) -> None:
    """自办: the handler does it himself and names who is responsible; again to name somebody else."""

    def settle(move: Move) -> None:
        if powers.is_submitter(responsible, move.thing) or not powers.can_handle(responsible, move.thing):
            raise RuleViolation(
                "责任人要是承办党组织或本网格的工作人员，且不是提出人本人。", field="responsible"
            )
        move.thing.responsible = responsible
        move.codes["responsible"] = responsible.pk
        dispatching.lead_not_needed(move.thing)

    take("handle", service_request, by=by, change=settle)


def resolve(
    service_request: ServiceRequest, *, by: User, outcome: str, text: str, photos: Photos = ()
) -> None:
    """办结: the outcome in words, photos where the category demands; refused while a hold stands."""
    if outcome not in PLAIN_OUTCOMES:
        raise RuleViolation("请选择办理结果。依法依规解释的，要先报请上级同意。", field="outcome")
    said, ready = words_of(text, "text", "请写下怎么办的、结果如何。"), pictures.ready(photos)

    def settle(move: Move) -> None:
        require_photo(move.thing, ready)
        afterwards.resolved(move, outcome)

    with transaction.atomic():
        move = take("resolve", service_request, by=by, words=said, ready=ready, change=settle)
        merging.resolve_merged(move.thing)


def require_photo(service_request: ServiceRequest, ready: list[pictures.Picture]) -> None:
    """Some categories are done only when a photo shows it, unless the district's policy asks for none."""
    if ready or not service_request.category.needs_photo_to_resolve:
        return
    if Policy.of(service_request.district_id).resolve_photos != ResolvePhotos.NEVER:
        raise RuleViolation(f"“{service_request.category}”办结要有现场照片，请至少上传一张。", field="photos")


def withdraw(service_request: ServiceRequest, *, by: User, reason: str = "") -> None:
    """撤回: dispatches are recalled, parts end, merged ones go on alone; the floors above cancel whistles."""

    def settle(move: Move) -> None:
        move.thing.ended_at, move.thing.merged_into = move.at, None

    with transaction.atomic():
        move = take("withdraw", service_request, by=by, words=reason.strip(), change=settle)
        dispatching.end_all(move.thing)
        splitting.end_parts(move.thing)
        merging.release_merged(move.thing)


def urge(service_request: ServiceRequest, *, by: User) -> None:
    """催办: once a day; the handler is told, and it is shown on top."""

    def settle(move: Move) -> None:
        move.thing.urged_at = move.at
        move.thing.urges += 1

    take("urge", service_request, by=by, change=settle)


def note(service_request: ServiceRequest, *, by: User, text: str) -> None:
    """内部记录: words for those who handle it and the tiers above; whoever asked never reads them."""
    said = words_of(text, "text", "请写下要记录的情况。")
    take("note", service_request, by=by, words=said, is_internal=True)


def whistled(service_request: ServiceRequest, *, by: User, whistle_id: int) -> None:
    """吹哨: the part of the verb upstairs that belongs to the request; its running sets a hold."""
    take("whistle", service_request, by=by, whistle=whistle_id)


class Taken(NamedTuple):
    """What a step left behind: the request, and a sentence for every photo that could not be read."""

    service_request: ServiceRequest
    troubles: list[str]


#: The steps that a form can take, by the names of the table. The whistle begins upstairs.
VERBS: dict[str, Callable[..., Any]] = {
    "add": add,
    "accept": accept,
    "contact": contact,
    "decline": decline,
    "handle": handle,
    "resolve": resolve,
    "withdraw": withdraw,
    "urge": urge,
    "note": note,
    "ask": asking_back.ask,
    "answer": asking_back.answer,
    "merge": merging.merge,
    "unmerge": merging.unmerge,
    "split": splitting.split,
    "complete": splitting.complete,
    "take_over": tiers.take_over,
    "escalate": tiers.escalate,
    "hand_down": tiers.hand_down,
    "supervise": tiers.supervise,
    "propose_hand_down": consents.propose_hand_down,
    "extend": consents.extend,
    "explain": consents.explain,
    "consent_extension": consents.consent_extension,
    "consent_hand_down": consents.consent_hand_down,
    "consent_explained": consents.consent_explained,
    "deny": consents.deny,
    "rate": afterwards.rate,
    "call_back": afterwards.call_back,
    "reopen": afterwards.reopen,
    "object": afterwards.object_to,
    "dispatch": dispatching.dispatch,
}
WITH_PHOTOS = frozenset({"add", "answer", "resolve", "complete", "reopen", "object"})


def take_step(
    name: str,
    service_request: ServiceRequest,
    *,
    by: User,
    cleaned_data: Mapping[str, Any],
    files: Iterable[Any] = (),
) -> Taken:
    """Take the step of that name with what its form of `requests.forms.FORMS` gave: pages and API alike.

    One unreadable photo does not lose the words: the rest is kept, and `troubles` says which one failed.
    """
    arguments, troubles = dict(cleaned_data), []
    if name in WITH_PHOTOS:
        prepared = pictures.prepare(files)
        arguments["photos"], troubles = prepared.pictures, prepared.troubles
    VERBS[name](service_request, by=by, **arguments)
    return Taken(service_request, troubles)
