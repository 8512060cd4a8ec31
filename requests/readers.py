"""Who reads a request, and what of it each may read: whoever asked, staff of the tiers, a unit, the public."""

from __future__ import annotations

from enum import Enum
from typing import Any

from django.db.models import Q, QuerySet

from grids.scope import covers
from organizations.posts import Power
from requests import powers
from requests.models import Dispatch, Photo, RequestEvent, ServiceRequest


class Reader(Enum):
    """Internal words are for STAFF alone; PUBLIC knows a number and its code, and reads no names and no words."""

    ASKER = "asker"
    STAFF = "staff"
    UNIT = "unit"
    PUBLIC = "public"


#: Steps that concern the tiers among themselves. What comes of them shows as a step of its own.
INTERNAL = frozenset({"note", "extend", "explain", "propose_hand_down", "deny"})
#: Steps of a dispatch whose words its recipient still reads when the request is out of sight: the own ones, and
#: why it was taken back.
READ_AFTERWARDS = frozenset({"sign", "give_back", "contact", "arrive", "answer", "recall", "end_with"})


def reader_of(service_request: ServiceRequest, viewer: Any) -> Reader:
    """What somebody is to a request in his sight. Whoever asked reads as the asker, whatever post he holds.

    A leader in charge reads with the tier at which he consents, also while it is itself the handler.
    """
    if viewer is None or not getattr(viewer, "is_authenticated", False):
        return Reader.PUBLIC
    if powers.is_submitter(viewer, service_request):
        return Reader.ASKER
    decides = any(covers(viewer, power, service_request) for power in (Power.HANDLE, Power.CONSENT))
    if decides or powers.can_note(viewer, service_request):
        return Reader.STAFF
    return Reader.UNIT


def reads_dispatch(dispatch: Dispatch, viewer: Any) -> bool:
    """Whether what handler and recipient say to each other, and the marks, are for this reader: never for whoever
    asked, whatever post he holds."""
    return not powers.is_submitter(viewer, dispatch.service_request)


def may_read(event: RequestEvent, reader: Reader) -> bool:
    """Whether the step shows at all."""
    return reader is Reader.STAFF or event.step not in INTERNAL


def words_of(event: Any, reader: Reader) -> str:
    """What was said with a step; internal and redacted words stay with those whom they concern."""
    said = getattr(event, "note", None)
    if said is None or reader is Reader.PUBLIC:
        return ""
    return str(said) if reader is Reader.STAFF or not said.is_internal else ""


def photos_for(service_request: ServiceRequest, viewer: Any) -> QuerySet[Photo]:
    """The photos that the viewer may open: those of the steps that he reads, and of dispatches answered by him."""
    rows = Photo.objects.filter(service_request=service_request)
    reader = reader_of(service_request, viewer)
    if reader is Reader.STAFF:
        return rows
    if reader is Reader.PUBLIC:
        return rows.none()
    shown = Q(event__isnull=False) & ~Q(event__step__in=INTERNAL)
    if reader is Reader.UNIT:
        shown |= Q(dispatch_event__subject__in=Dispatch.objects.sent_to(viewer).order_by())
    return rows.filter(shown)
