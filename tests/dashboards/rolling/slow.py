"""What rollups should say, reckoned row by row in plain Python, after the words of RULES 7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Q

from dashboards.areas import area_of
from grids.models import Grid
from ground import clock
from organizations.models import Organization
from requests.models import Dispatch, ServiceRequest
from volunteers.models import LedgerEntry, Whistle

Said = dict[str, int]
OPEN = {"submitted", "accepted", "in_progress", "asked"}
SENT_ON_ITS_WAY = {"handle", "dispatch", "whistle"}


def requests_in(node: Organization | None) -> list[ServiceRequest]:
    """By the conditions that lists of requests are filtered by."""
    rows = ServiceRequest.objects.filter(area_of(node).requests, whole=None)
    return list(rows.select_related("rating").prefetch_related("events"))


def requests_in_grid(grid: Grid) -> list[ServiceRequest]:
    rows = ServiceRequest.objects.filter(whole=None).select_related("rating").prefetch_related("events")
    return [row for row in rows if row.grid and _lies_in(row.grid, grid)]


def _lies_in(inner: Grid | None, outer: Grid) -> bool:
    while inner is not None:
        if inner.pk == outer.pk:
            return True
        inner = inner.parent
    return False


def of_requests(rows: Iterable[ServiceRequest], first: date, last: date, at: datetime) -> Said:
    said = Counter[str]()
    for row in rows:
        if first <= clock.day_of(row.submitted_at) <= last:
            said.update(_of_request(row, at))
    return _plain(said)


def _of_request(row: ServiceRequest, at: datetime) -> list[str]:
    names = ["submitted", f"state.{row.state}", f"track.{row.track}", f"source.{row.source}"]
    names += [f"category.{row.category_id}"] + ([f"outcome.{row.outcome}"] if row.outcome else [])
    names += ["reopened"] if row.reopened else []
    if row.source == "resident":
        names += _of_own(row, at)
    return names


def _of_own(row: ServiceRequest, at: datetime) -> list[str]:
    rating = getattr(row, "rating", None)
    contacted = row.contacted_at is not None
    answered = row.accepted_in_time is not None
    contact_due = contacted or _came_due(row, row.contact_due, at)
    in_time = contacted and row.contact_due is not None and row.contacted_at <= row.contact_due
    to_resolve = row.accepted_at is not None and row.outcome != "explained"
    done = to_resolve and row.resolved_at is not None
    said = {
        "own": True,
        "accepted": row.accepted_at is not None,
        "resolved": row.resolved_at is not None,
        "contact_due": contact_due,
        "contact_in_time": in_time,
        "contact_late": contact_due and not in_time,
        "answer_due": answered or _came_due(row, row.accept_due, at),
        "answered_in_time": row.accepted_in_time is True,
        "to_resolve": to_resolve,
        "done": done,
        "done_in_time": done and row.resolve_due is not None and row.resolved_at <= row.resolve_due,
        "done_late": done and row.resolve_due is not None and row.resolved_at > row.resolve_due,
        "explained": row.resolved_at is not None and row.outcome == "explained",
        "rated": rating is not None,
        "unrated": rating is None and row.state in ("resolved", "closed"),
        "solved": rating is not None and rating.solved,
        "unsolved": rating is not None and not rating.solved,
        "satisfied": rating is not None and rating.satisfied >= 4,
        "dissatisfied": rating is not None and rating.satisfied < 4,
        "arranged": any(event.step in SENT_ON_ITS_WAY for event in row.events.all()),
    }
    badly = [name for name in ("dissatisfied", "unsolved", "contact_late") if said[name]]
    return [name for name, holds in said.items() if holds] + [
        f"{name}.category.{row.category_id}" for name in badly
    ]


def _came_due(row: ServiceRequest, due: datetime | None, at: datetime) -> bool:
    return due is not None and due < at and (row.ended_at is None or row.ended_at > due)


def seconds(rows: Iterable[ServiceRequest], name: str, first: date, last: date) -> list[float]:
    """The exact spans of time of residents' requests: accept, contact, arrange, resolve."""
    found = []
    for row in rows:
        if row.source != "resident" or not first <= clock.day_of(row.submitted_at) <= last:
            continue
        sent = min((event.at for event in row.events.all() if event.step in SENT_ON_ITS_WAY), default=None)
        done = row.resolved_at if row.outcome != "explained" else None
        begun, ended = {
            "accept": (row.submitted_at, row.accepted_at),
            "contact": (row.submitted_at, row.contacted_at),
            "arrange": (row.accepted_at, sent),
            "resolve": (row.accepted_at, done),
        }[name]
        if begun is not None and ended is not None:
            found.append((ended - begun).total_seconds())
    return sorted(found)


def of_work(rows: Iterable[ServiceRequest], at: datetime) -> Said:
    said, oldest = Counter[str](), []
    for row in rows:
        if row.state not in OPEN:
            continue
        late = row.due is not None and row.due < at
        said.update(["open", f"open.state.{row.state}", f"open.category.{row.category_id}"])
        said.update(["overdue", f"overdue.category.{row.category_id}"] if late else [])
        said.update(["open.reopened"] if row.reopened else [])
        said.update(["open.supervised"] if row.supervised_at else [])
        if late and row.due is not None:
            oldest.append(int(row.due.timestamp()))
    return _plain(said) | ({"oldest_due": min(oldest)} if oldest else {})


def of_dispatches(where: Q, first: date, last: date) -> Said:
    """Of the requests that satisfy a condition, parts of others among them."""
    inside = ServiceRequest.objects.filter(where).values("pk")
    said = Counter[str]()
    for row in Dispatch.objects.filter(service_request__in=inside):
        if first <= clock.day_of(row.sent_at) <= last:
            said["dispatches"] += 1
            said["dispatches.returned"] += row.state == "returned"
            said["dispatches.rejected"] += row.rejections > 0
    return _plain(said)


def of_whistles(rows: Iterable[Whistle], first: date, last: date) -> Said:
    said = Counter[str]()
    for row in rows:
        if row.state == "draft" or not first <= clock.day_of(row.starts_at) <= last:
            continue
        if row.state == "cancelled":
            said["whistles.cancelled"] += 1
            continue
        said.update(
            ["whistles", f"whistles.kind.{row.kind}"] + (["whistles.done"] if row.state == "done" else [])
        )
        said["places"] += row.places_max
        for claim in row.claims.all():
            said["claims"] += claim.state in ("claimed", "checked_in", "checked_out", "credited")
            said["claims.credited"] += claim.state == "credited"
            said["claims.absent"] += claim.state == "absent"
    return _plain(said)


def of_ledger(rows: Iterable[LedgerEntry], first: date, last: date) -> Said:
    said, claims = Counter[str](), set()
    for row in rows:
        if not first <= clock.day_of(row.served_at) <= last:
            continue
        said["minutes"] += row.minutes
        said["off_hours_minutes"] += row.off_hours_minutes
        said[f"minutes.duty.{row.duty_area}"] += row.minutes
        if row.claim.state == "credited":
            claims.add(row.claim_id)
    said["times"] = len(claims)
    return _plain(said)


def _plain(said: Counter[str]) -> Said:
    return {name: number for name, number in said.items() if number}


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
