"""What a submission needs before it is filed: the account, the place, and the promise to file it once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction

from accounts.models import User
from grids.models import Building, Compound
from grids.places import Place, place_of
from ground import clock
from ground.errors import RuleViolation
from ground.geo import Point
from organizations.models import Organization
from organizations.tree import lock_tree
from requests.models import ServiceRequest
from requests.numbering import lock_series, take_number

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
    """Write place, scope columns and first handler on an unsaved request."""
    service_request.place_under(place.community)
    service_request.handler = place.community
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
    """What this submitter already filed with this client key: a double tap or a retry gets it back."""
    return ServiceRequest.objects.filter(submitter=submitter, key=key).first()


def file_once(service_request: ServiceRequest, file: Callable[[], None]) -> ServiceRequest:
    """Number and file a request, or give back the one that was filed with its key meanwhile.

    The lock of the number series puts rivals in a row; the unique constraint stands behind it.
    """
    submitter, key = service_request.submitter, service_request.key
    try:
        with transaction.atomic():
            _place_as_it_stands(service_request)
            series = lock_series(service_request.district)
            if first := first_with_key(submitter, key):
                return first
            _refuse_flood(submitter)
            service_request.number = take_number(series)
            file()
    except IntegrityError:
        if first := first_with_key(submitter, key):
            return first
        raise
    return service_request


def _place_as_it_stands(service_request: ServiceRequest) -> None:
    """Under the lock of the tree: a node that moves or closes at this moment comes before or after."""
    lock_tree(service_request.district.tree_id)
    community = service_request.community
    if community is not None:
        service_request.place_under(community)
    if service_request.community is None or service_request.community.closed_at is not None:
        raise RuleViolation("这个社区刚刚调整过，请重新选择地点。", field="place")


def _refuse_flood(submitter: User) -> None:
    now = clock.now()
    recent = ServiceRequest.objects.own(submitter).filter(
        submitted_at__gt=now - timedelta(hours=1), submitted_at__lte=now
    )
    if recent.count() >= PER_HOUR:
        raise RuleViolation(
            f"一小时内最多点 {PER_HOUR} 单。请稍后再点；急事请直接打电话给网格员，危险时打 110、119、120。"
        )
