"""What a row of a list of requests says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ground.fields import surname_only
from requests.models import ServiceRequest
from requests.presenting import chip_of


@dataclass(frozen=True, slots=True)
class Row:
    service_request: ServiceRequest
    chip: dict[str, str]
    who: str
    where: str
    where_fine: str
    photos: int
    due_word: str


def rows_of(requests: Iterable[ServiceRequest]) -> list[Row]:
    """No query: everything was read with the rows. Lists show surnames only, whoever looks."""
    return [_row(each) for each in requests]


def _row(service_request: ServiceRequest) -> Row:
    grid, building = service_request.grid, service_request.building
    fine = " · ".join(part for part in (building.name if building else "", service_request.address) if part)
    return Row(
        service_request=service_request,
        chip=chip_of(service_request),
        who=surname_only(service_request.submitter.name) if service_request.submitter.name else "没留姓名",
        where=grid.name if grid else service_request.handler.short_name,
        where_fine=fine,
        photos=getattr(service_request, "photo_count", 0),
        due_word="受理" if service_request.accepted_at is None else "办结",
    )
