"""What may hang on a request, asked together with the row: where there is nothing, nobody asks for it again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from ground.kept import A_KEY, Kept
from requests.models import Dispatch, Hold, Photo, ServiceRequest

_OF_IT = {"service_request": OuterRef("pk")}
#: Name → the rows that hang on a request. Floors above add theirs.
hanging: dict[str, Callable[[], QuerySet[Any]]] = {
    "holds": lambda: Hold.objects.filter(**_OF_IT),
    "photos": lambda: Photo.objects.filter(**_OF_IT),
    "dispatches": lambda: Dispatch.objects.filter(**_OF_IT),
    "parts": lambda: ServiceRequest.objects.filter(whole=OuterRef("pk")),
    "relatives": lambda: ServiceRequest.objects.filter(
        Q(whole=OuterRef("pk")) | Q(merged_into=OuterRef("pk"))
    ),
}


def with_what_hangs(rows: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    """Each row knows whether anything of `hanging` is there; for one row or a few, not for lists."""
    return rows.annotate(**{f"has_{name}": Exists(of_it().order_by()) for name, of_it in hanging.items()})


def _again(pk: int) -> QuerySet[ServiceRequest]:
    return with_what_hangs(ServiceRequest.objects.filter(pk=pk).order_by())


_AGAIN = Kept(_again, pk=A_KEY)


def looked_at_again(service_request: ServiceRequest) -> ServiceRequest:
    """After a step: its columns and what hangs on it as they are now. One query, of its own table; what it points
    at (its place, who asked) stays at hand as long as it still points there."""
    fresh: Any = _AGAIN.first(pk=service_request.pk)
    for each in ServiceRequest._meta.concrete_fields:
        setattr(service_request, each.attname, getattr(fresh, each.attname))
    for name in hanging:
        setattr(service_request, f"has_{name}", getattr(fresh, f"has_{name}"))
    service_request.__dict__.pop("_prefetched_objects_cache", None)
    return service_request


def nothing_hangs(service_request: ServiceRequest, *, but: Collection[str] = ()) -> ServiceRequest:
    """A row that was written in this moment: it knows that there is nothing yet, `but` perhaps these."""
    for name in hanging.keys() - set(but):
        setattr(service_request, f"has_{name}", False)
    return service_request


def has(service_request: ServiceRequest, name: str) -> bool:
    """False where the row was read `with_what_hangs` and there is none; True where nobody asked."""
    return getattr(service_request, f"has_{name}", True)


def remember(service_request: ServiceRequest, name: str, rows: list[Any]) -> None:
    """Let `service_request.<name>` know its rows, so that guards and pages ask the database nothing."""
    known = getattr(service_request, name).all()
    known._result_cache = rows
    cache = service_request.__dict__.setdefault("_prefetched_objects_cache", {})
    cache[name] = known


def remember_none(service_request: ServiceRequest, *names: str) -> None:
    """The same for all of these of which there are none."""
    for name in names:
        if not has(service_request, name):
            remember(service_request, name, [])
