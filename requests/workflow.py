"""The verbs of a request (RULES 1). Every change of state goes through here and the engine of `tables`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.db import transaction

from accounts.models import User
from grids.models import Building
from ground.errors import RuleViolation
from ground.geo import Point
from ground.steps import Move, lock_row
from organizations.models import Organization
from organizations.workdays import calendar
from requests import clocks, powers
from requests import photos as pictures
from requests.intake import account_of, file_once, first_with_key, place_found, put_at, title_of
from requests.models import Category, Hold, Note, Rating, ServiceRequest
from requests.states import ContactBy, Outcome, State, Track
from requests.tables import REQUESTS

TEXT_LENGTH = 1000  # signs of a request, a supplement, a reason

#: A picture prepared by `photos.prepare`, or an upload that is prepared (and refused if unreadable) here.
Photos = Iterable[Any]


def submit(
    *,
    by: User,
    category: Category,
    text: str,
    title: str = "",
    building: Building | None = None,
    point: Point | None = None,
    community: Organization | None = None,
    address: str = "",
    photos: Photos = (),
    key: uuid.UUID | None = None,
    on_behalf_of: User | tuple[str, str] | None = None,
    shares_phone: bool = False,
) -> ServiceRequest:
    """点单 (S7): file a request and start the accept and contact clocks. Same submitter and key: the first one.

    point: WGS-84. on_behalf_of: the person (or phone and name) for whom staff file it; he is the submitter.
    Raises RuleViolation (no place, too many within the hour, text), NoPower (staff of another place).
    """
    key, said = key or uuid.uuid4(), _words(text, "text", "请写下要办的事。")
    ready = pictures.ready(photos)
    with transaction.atomic():
        submitter = account_of(on_behalf_of) or by
        if first := first_with_key(submitter, key):
            return first
        if not category.is_open:
            raise RuleViolation("这个类别已停用，请另选一个。", field="category")
        service_request = ServiceRequest(
            key=key,
            submitter=submitter,
            source=ServiceRequest.Source.RESIDENT if submitter == by else ServiceRequest.Source.STAFF,
            category=category,
            track=category.track,
            title=title_of(title, said),
            text=said,
            address=address.strip()[:80],
            shares_phone=shares_phone,
        )
        place = place_found(building=building, point=point, community=community)
        put_at(service_request, place, point)
        return file_once(service_request, lambda: _file(service_request, by, ready))


def _file(service_request: ServiceRequest, by: User, ready: list[pictures.Picture]) -> None:
    """Inside the transaction and under the lock of the number series."""
    with REQUESTS.begin("submit", by=by, category=service_request.category.code) as move:
        clocks.start(service_request, move.at, calendar())
        if service_request.source == ServiceRequest.Source.STAFF:
            move.codes["on_behalf_of"] = service_request.submitter_id
        move.thing = service_request
    pictures.attach(move.event, ready)


def add(service_request: ServiceRequest, *, by: User, text: str, photos: Photos = ()) -> None:
    """补充: the submitter adds words and photos to an open request."""
    said, ready = _words(text, "text", "请写下要补充的情况。"), pictures.ready(photos)
    _take("add", service_request, by, said, ready)


def accept(service_request: ServiceRequest, *, by: User, track: str) -> None:
    """受理 (S4, D4): confirm the track and start the resolve clock. Who accepts first owns it (首接负责)."""
    if track not in Track.values:
        raise RuleViolation("请选择急、要、难中的一级。", field="track")

    def settle(move: Move) -> None:
        move.thing.track, move.thing.responsible = track, by
        move.codes["track"] = track
        clocks.start_resolving(move.thing, move.at, calendar())

    _take("accept", service_request, by, change=settle)


def contact(service_request: ServiceRequest, *, by: User, how: str, text: str = "") -> None:
    """联系: the first one stops the contact clock; later ones are kept in the history."""
    if how not in ContactBy.values:
        raise RuleViolation("请选择联系的方式。", field="how")

    def settle(move: Move) -> None:
        move.codes |= {"how": how, "is_first": move.thing.contacted_at is None}
        move.thing.contacted_at = move.thing.contacted_at or move.at

    _take("contact", service_request, by, text.strip(), change=settle)


def decline(service_request: ServiceRequest, *, by: User, reason: str) -> None:
    """不予受理: with the reason, which the submitter reads."""
    said = _words(reason, "reason", "请写明不予受理的理由，提出人会看到。")
    _take("decline", service_request, by, said, change=_end)


def handle(service_request: ServiceRequest, *, by: User, responsible: User) -> None:
    """自办: the handler does it himself and names who is responsible."""

    def settle(move: Move) -> None:
        if powers.is_submitter(responsible, move.thing) or not powers.can_handle(responsible, move.thing):
            raise RuleViolation(
                "责任人要是承办党组织或本网格的工作人员，且不是提出人本人。", field="responsible"
            )
        move.thing.responsible = responsible
        move.codes["responsible"] = responsible.pk
        clocks.set_due(move.thing, State.IN_PROGRESS)

    _take("handle", service_request, by, change=settle)


def resolve(
    service_request: ServiceRequest, *, by: User, outcome: str, text: str, photos: Photos = ()
) -> None:
    """办结: the outcome in words, photos where the category demands; refused while a hold stands."""
    if outcome not in Outcome.values:
        raise RuleViolation("请选择办理结果。", field="outcome")
    said, ready = _words(text, "text", "请写下怎么办的、结果如何。"), pictures.ready(photos)

    def settle(move: Move) -> None:
        if move.thing.category.needs_photo_to_resolve and not ready:
            raise RuleViolation(f"“{move.thing.category}”办结要有现场照片，请至少上传一张。", field="photos")
        move.thing.outcome, move.thing.resolved_at = outcome, move.at
        move.codes["outcome"] = outcome
        clocks.set_due(move.thing, State.RESOLVED)

    _take("resolve", service_request, by, said, ready, settle)


def rate(
    service_request: ServiceRequest,
    *,
    by: User,
    contacted: bool,
    solved: bool,
    satisfied: int,
    text: str = "",
) -> None:
    """评价: the submitter's judgement, 1 to 5 stars. Nobody rates what he handled."""
    if satisfied not in range(1, 6):
        raise RuleViolation("满意度请选 1 到 5 星。", field="satisfied")

    def settle(move: Move) -> None:
        if move.thing.events.filter(by=by, step__in=("accept", "handle", "resolve", "contact")).exists():
            raise RuleViolation("你参与了办理，请由其他人评价。")
        judged = {"contacted": contacted, "solved": solved, "satisfied": satisfied}
        move.codes |= judged
        words = {"text": text.strip()[:300], "by": by, "at": move.at}
        Rating.objects.update_or_create(service_request=move.thing, defaults={**judged, **words})
        _end(move)

    _take("rate", service_request, by, change=settle)


def withdraw(service_request: ServiceRequest, *, by: User, reason: str = "") -> None:
    """撤回: from any open state. The floors above cancel what they began for it."""
    _take("withdraw", service_request, by, reason.strip(), change=_end)


def whistled(service_request: ServiceRequest, *, by: User, whistle_id: int) -> None:
    """吹哨: the part of the verb upstairs that belongs to the request; its running sets a hold."""

    def settle(move: Move) -> None:
        move.codes["whistle"] = whistle_id
        clocks.set_due(move.thing, State.IN_PROGRESS)

    _take("whistle", service_request, by, change=settle)


def set_hold(service_request: ServiceRequest, key: str, label: str) -> None:
    """A floor above says what has to be finished first; again with the same key changes the label."""
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


class Taken(NamedTuple):
    """What a step left behind: the request, and a sentence for every photo that could not be read."""

    service_request: ServiceRequest
    troubles: list[str]


#: The steps that a form can take, by the names of the table. The whistle begins upstairs.
VERBS: dict[str, Callable[..., None]] = {
    "add": add,
    "accept": accept,
    "contact": contact,
    "decline": decline,
    "handle": handle,
    "resolve": resolve,
    "rate": rate,
    "withdraw": withdraw,
}
WITH_PHOTOS = frozenset({"add", "resolve"})


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


def _take(
    name: str,
    service_request: ServiceRequest,
    by: User,
    words: str = "",
    ready: Iterable[pictures.Picture] = (),
    change: Callable[[Move], None] = lambda move: None,
) -> None:
    with transaction.atomic():
        with REQUESTS.take(name, service_request, by=by) as move:
            change(move)
        if words:
            Note.objects.create(event=move.event, text=words)
        pictures.attach(move.event, ready)


def _end(move: Move) -> None:
    move.thing.ended_at = move.at
    clocks.set_due(move.thing, move.step.target)


def _words(text: str, field: str, missing: str) -> str:
    said = text.strip()
    if not said:
        raise RuleViolation(missing, field=field)
    if len(said) > TEXT_LENGTH:
        raise RuleViolation(f"最多 {TEXT_LENGTH} 字，现在有 {len(said)} 字。", field=field)
    return said
