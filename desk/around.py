"""What lies around a request: its parts, what was merged into it, the same place before, similar ones nearby."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from desk.rows import LATELY
from ground import clock
from requests.models import ServiceRequest
from requests.states import OPEN, State

#: How many earlier ones of the same building, and how many similar ones, are shown.
EARLIER, SIMILAR = 3, 5


def family_of(
    service_request: ServiceRequest, user: Any
) -> tuple[list[ServiceRequest], list[ServiceRequest], list[ServiceRequest]]:
    """(parts, merged ones, those for whose cause it was filed), as far as they are in sight. One query, none
    where there is no family."""
    if not getattr(service_request, "has_family", True):
        return [], [], []
    related = Q(whole=service_request.pk) | Q(merged_into=service_request.pk) | Q(cause=service_request.pk)
    rows = list(ServiceRequest.objects.in_sight_of_staff(user).filter(related).order_by("id"))
    parts = [row for row in rows if row.whole_id == service_request.pk]
    merged = [row for row in rows if row.merged_into_id == service_request.pk and row.state == State.MERGED]
    return parts, merged, [row for row in rows if row.cause_id == service_request.pk]


def earlier_at(service_request: ServiceRequest, user: Any) -> QuerySet[ServiceRequest]:
    """这里以前: the latest earlier requests of the same building that have come to an end."""
    if service_request.building_id is None:
        return ServiceRequest.objects.none()
    return (
        ServiceRequest.objects.in_sight_of_staff(user)
        .filter(
            building=service_request.building_id, submitted_at__lt=service_request.submitted_at, whole=None
        )
        .exclude(state__in=OPEN)
        .exclude(cause=service_request.pk)  # shown above, as what it was filed for
        .select_related("category", "rating")
        .order_by("-submitted_at", "-id")[:EARLIER]
    )


def similar_to(service_request: ServiceRequest, user: Any) -> QuerySet[ServiceRequest]:
    """附近相似: open ones of the last days about the same category in the building, the compound, the grid."""
    building = service_request.building
    near = Q(pk__in=[])
    cases = []
    if building is not None:
        near |= Q(building=building.pk)
        cases.append(When(building=building.pk, then=Value(0)))
        if building.compound_id:
            near |= Q(building__compound=building.compound_id)
            cases.append(When(building__compound=building.compound_id, then=Value(1)))
    if service_request.grid_id:
        near |= Q(grid=service_request.grid_id)
    return (
        ServiceRequest.objects.in_sight_of_staff(user)
        .filter(
            near,
            state__in=OPEN,
            category=service_request.category_id,
            submitted_at__gte=clock.now() - LATELY,
            whole=None,
        )
        .exclude(pk=service_request.pk)
        .exclude(pk=service_request.whole_id or 0)
        .select_related("building")
        .alias(nearness=Case(*cases, default=Value(2), output_field=IntegerField()))
        .order_by("nearness", "-submitted_at", "-id")[:SIMILAR]
    )
