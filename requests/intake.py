"""What a submission needs before it is filed: the account, the place, and the promise to file it once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import User
from grids.models import Building, Compound
from grids.places import Place, place_of
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.geo import Point
from ground.kept import A_KEY, A_MOMENT, Kept
from organizations.models import Organization
from organizations.tree import hold_tree
from requests.models import ServiceRequest
from requests.numbering import next_number

PER_HOUR = 10  # requests of one person
TITLE_LENGTH, SHORT_TITLE = 40, 20  # signs


def place_found(
    *,
    building: Building | None = None,
    compound: Compound | None = None,
    point: Point | None = None,
    community: Organization | None = None,
) -> Place:
    """Who answers for a building, a compound, a chosen community or a point (WGS-84). Raises RuleViolation."""
    place = place_of(building=building, compound=compound, point=point, community=community)
    if place is None:
        raise RuleViolation("没能认出这个地方属于哪个社区，请查找并选择小区、楼栋或社区。", field="place")
    return place


def put_at(service_request: ServiceRequest, place: Place, point: Point | None) -> None:
    """Write place and first handler on an unsaved request; the scope columns come under the lock of the tree."""
    service_request.handler = service_request.community = place.community
    service_request.grid, service_request.building = place.grid, place.building
    where = point or (place.building.point if place.building else None)
    service_request.lng, service_request.lat = where or (None, None)


def title_of(title: str, text: str) -> str:
    """The title as given, else the first line of the text, at most 20 signs of it."""
    return title.strip()[:TITLE_LENGTH] or text.strip().splitlines()[0].strip()[:SHORT_TITLE]


def account_of(person: User | tuple[str, str] | None) -> User | None:
    """The account of whom staff file for: one that stands, or (phone, name), created if the phone is new."""
    if person is None or isinstance(person, User):
        return person
    phone, name = person
    if known := User.objects.with_phone(phone):
        return known
    try:
        with transaction.atomic():
            return User.objects.create_user(phone, name.strip())
    except IntegrityError:  # somebody else created it in the same moment
        return User.objects.with_phone(phone)


def first_with_key(submitter: User, key: uuid.UUID) -> ServiceRequest | None:
    """What this submitter already filed with this client key, marked `was_filed_before`."""
    first = ServiceRequest.objects.filter(submitter=submitter, key=key).first()
    if first is not None:
        first.was_filed_before = True
    return first


def file_once(
    file: Callable[[], ServiceRequest], person: User | tuple[str, str], key: uuid.UUID
) -> ServiceRequest:
    """What `file` files, in one transaction; or what this person's first attempt filed under the same key.

    Nobody looks for a first attempt before there is a sign of one: the unique constraint stops the second, also
    the one at the same moment, and whatever else refuses it (a place closed since, too many within the hour)
    does not matter to somebody who only did not hear that it was filed.
    """
    try:
        with transaction.atomic():
            return file()
    except (IntegrityError, NoPower, RuleViolation):
        submitter = person if isinstance(person, User) else User.objects.with_phone(person[0])
        if submitter and (first := first_with_key(submitter, key)):
            return first
        raise


def number(service_request: ServiceRequest) -> None:
    """Give a placed request its number. From here to the end of the transaction all others who file in the district
    today wait: whatever does not need the number has been done before.

    Raises RuleViolation (too many within the hour: many phones of one person queue up here, too).
    """
    service_request.number = next_number(service_request.district)
    _refuse_flood(service_request.submitter)


def place_as_it_stands(service_request: ServiceRequest) -> None:
    """Give an unsaved request its scope columns. The tree is held: a node that moves or closes at this moment comes
    before or after. Raises RuleViolation (a community that was closed)."""
    hold_tree(service_request.handler.tree_id)
    service_request.place_under(service_request.handler)
    if service_request.community is None or service_request.community.closed_at is not None:
        raise RuleViolation("这个社区刚刚调整过，请重新选择地点。", field="place")


def _recent(submitter: int, begin: datetime, end: datetime) -> QuerySet[ServiceRequest]:
    own = ServiceRequest.objects.own(submitter).order_by().only("pk")
    return own.filter(submitted_at__gt=begin, submitted_at__lte=end)[:PER_HOUR]


_RECENT = Kept(_recent, submitter=A_KEY, begin=A_MOMENT, end=A_MOMENT + timedelta(hours=1))


def _refuse_flood(submitter: User) -> None:
    now = clock.now()
    if len(_RECENT(submitter=submitter.pk, begin=now - timedelta(hours=1), end=now)) >= PER_HOUR:
        raise RuleViolation(
            f"一小时内最多点 {PER_HOUR} 单。请稍后再点；急事请直接打电话给网格员，危险时打 110、119、120。"
        )
