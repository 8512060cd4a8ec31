"""修改记录 of the registry: django-auditlog keeps who changed which field when, never what personal data read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.db.models.signals import pre_save
from django.dispatch import receiver

from grids.models import Building, Compound, Dwelling, Household, Resident
from ground import clock

#: That they changed is told, what they read is not.
PERSONAL = ["name", "document_number", "phone", "birth_date", "left_why"]
#: Follow from others, or are told by them.
_DERIVED = [
    "name_key",
    "initials",
    "document_index",
    "phone_index",
    "changed_at",
    "entered_at",
    "last_import",
]
_SCOPE = ["district", "street", "community"]

_actor: ContextVar[Any] = ContextVar("registry_actor", default=None)


def hidden(value: str) -> str:
    """What stands in place of a personal value, whatever it was; empty stays empty."""
    return "（有）" if value and value != "None" else "（空）"


@contextmanager
def written_by(user: Any) -> Iterator[None]:
    """Everything that is saved inside is booked on `user` (None: the system). May be nested: the inner one holds."""
    token = _actor.set(user)
    try:
        yield
    finally:
        _actor.reset(token)


@receiver(pre_save, sender=LogEntry)
def _sign(sender: Any, instance: LogEntry, **kwargs: Any) -> None:
    """Pages, API and commands sign alike; auditlog's own middleware knows sessions only, and cannot be nested."""
    if instance._state.adding:
        instance.actor = _actor.get()
        instance.timestamp = clock.now()


def register() -> None:
    """Called once in `apps.ready`."""
    auditlog.register(
        Resident,
        exclude_fields=[*_DERIVED, *_SCOPE],
        mask_fields=list(PERSONAL),
        mask_callable="grids.audit.hidden",
        m2m_fields={"groups"},
    )
    for model in (Household, Dwelling, Compound):
        auditlog.register(model, exclude_fields=list(_SCOPE))
    auditlog.register(Building, exclude_fields=[*_SCOPE, "qr_token"])


def entries_of(row: Model) -> QuerySet[LogEntry]:
    """The changes of a row, newest first; whoever sees the row may see them."""
    kind = ContentType.objects.get_for_model(row)
    return (
        LogEntry.objects.filter(content_type=kind, object_id=row.pk).select_related("actor").order_by("-id")
    )


def redact(row: Model) -> None:
    """After an erasure only the fact of each change stays: by whom and when."""
    entries_of(row).update(changes={}, changes_text="", object_repr=f"#{row.pk}", additional_data=None)
