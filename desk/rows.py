"""What a row of a list of requests says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from ground import clock
from ground.fields import surname_only
from organizations.posts import Tier
from requests.models import ServiceRequest
from requests.presenting import chip_of
from requests.states import OPEN, State

#: How far back a request counts as similar: same place, same category, still open.
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Row:
    """`marks` are chips {state, label} beside the title; `notes` stand in the line below it."""

    service_request: ServiceRequest
    chip: dict[str, str]
    who: str
    where: str
    where_fine: str
    photos: int
    due_word: str
    marks: list[dict[str, str]]
    notes: list[str]
    similar: int


def rows_of(requests: Iterable[ServiceRequest], *, with_similar: bool = False) -> list[Row]:
    """At most one query: everything else was read with the rows. Lists show surnames only, whoever looks."""
    rows = list(requests)
    similar = _similar(rows) if with_similar else {}
    return [_row(each, similar.get(each.pk, 0)) for each in rows]


def _row(service_request: ServiceRequest, similar: int) -> Row:
    grid, building = service_request.grid, service_request.building
    fine = " · ".join(part for part in (building.name if building else "", service_request.address) if part)
    return Row(
        service_request=service_request,
        chip=chip_of(service_request),
        who=_who(service_request),
        where=grid.name if grid else service_request.handler.short_name,
        where_fine=fine,
        photos=getattr(service_request, "photo_count", 0),
        due_word=due_word_of(service_request),
        marks=marks_of(service_request),
        notes=_notes(service_request),
        similar=similar,
    )


def _who(service_request: ServiceRequest) -> str:
    if service_request.is_proactive:
        return "社区"
    name = service_request.asker_name if service_request.has_no_phone else service_request.submitter.name
    return surname_only(name) if name else "没留姓名"


def due_word_of(service_request: ServiceRequest) -> str:
    """Which clock runs: 受理, 接手, 办结."""
    if service_request.state == State.SUBMITTED or service_request.accepted_at is None:
        return "受理"
    taking_over = service_request.takeover_due
    return "接手" if taking_over is not None and taking_over == service_request.due else "办结"


def marks_of(service_request: ServiceRequest) -> list[dict[str, str]]:
    """What presses: supervised, urged, done again, in words and colour; on top of every list while it is open."""
    if not service_request.is_open:
        return []
    found = []
    if service_request.supervised_at is not None:
        found.append({"state": "late", "label": f"{_tier_of(service_request)}督办"})
    if service_request.urges:
        found.append({"state": "soon", "label": f"催办 {service_request.urges} 次"})
    if service_request.reopened:
        found.append({"state": "soon", "label": f"重办 {service_request.reopened} 次"})
    if service_request.state == State.ASKED:
        found.append({"state": "wait", "label": "时限暂停"})
    return found


def _tier_of(service_request: ServiceRequest) -> str:
    by = service_request.supervised_by
    if by is None:
        return "市里"
    return {Tier.DISTRICT: "区里", Tier.STREET: "街道"}.get(Tier(by.tier), by.short_name)


def _notes(service_request: ServiceRequest) -> list[str]:
    """Where it hangs together with others, and who else has it in hand."""
    merged = getattr(service_request, "merged_count", 0)
    said = [
        (service_request.is_part, "分件"),
        (merged, f"并 {merged} 件"),
        (service_request.objected_at is not None and service_request.state == State.SUBMITTED, "申诉"),
        (getattr(service_request, "is_heard", False), "已吹哨"),
        (getattr(service_request, "is_answered", False), "对方已回复，待核销"),
        (_is_only_sent(service_request), "已派单"),
        (service_request.consent_kind, _consent_words(service_request)),
        (service_request.has_no_phone and service_request.state == State.RESOLVED, "没有手机，待回访"),
    ]
    return [words for is_so, words in said if is_so]


def _is_only_sent(service_request: ServiceRequest) -> bool:
    return getattr(service_request, "is_sent", False) and not getattr(service_request, "is_answered", False)


def _consent_words(service_request: ServiceRequest) -> str:
    where = service_request.consent_at
    return f"等{where.short_name}同意{service_request.get_consent_kind_display()}" if where else ""


def _similar(rows: list[ServiceRequest]) -> dict[int, int]:
    """Request → how many other open ones of the last days are about the same building and category."""
    asked = [row for row in rows if row.building_id and row.is_open]
    if not asked:
        return {}
    pairs = ServiceRequest.objects.filter(
        state__in=OPEN,
        building__in={row.building_id for row in asked},
        category__in={row.category_id for row in asked},
        submitted_at__gte=clock.now() - LATELY,
        whole=None,
    ).values_list("building_id", "category_id")
    found: Counter[tuple[int | None, int]] = Counter(pairs.order_by())
    return {row.pk: found[row.building_id, row.category_id] - _is_counted(row) for row in asked}


def _is_counted(row: ServiceRequest) -> bool:
    return row.submitted_at >= clock.now() - LATELY and not row.is_part
