"""The audit log of an import: what a save of each row would have noted, in large statements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from grids.audit import PERSONAL, hidden
from grids.importing.planning import Change
from grids.importing.register import Registered
from grids.importing.rows import Flat
from grids.models import Dwelling, Resident, SpecialGroup
from ground.fields import surname_only

PORTION = 1_000


class Booking:
    """Collects entries and writes them in portions; personal values are hidden before they get here."""

    def __init__(self, by: Any, now: datetime) -> None:
        self.by, self.now = by, now
        self._entries: list[LogEntry] = []
        self._groups: dict[int, str] | None = None

    def note_use(self, flat: Flat) -> None:
        self._note(Dwelling, flat.pk or 0, flat.short, {"use": [flat.registered_use, flat.use]})

    def note_leaving(self, person: Registered, on: date) -> None:
        standing = Resident.Standing
        changes = {
            "standing": [standing.PRESENT.value, standing.LEFT.value],
            "left_on": ["None", on.isoformat()],
            "left_why": [hidden(""), hidden("x")],
        }
        self._note(Resident, person.pk, _short(person), changes)

    def note_change(self, change: Change, resident: Resident) -> None:
        was = change.was
        pairs: dict[str, tuple[Any, Any]] = {
            "name": (was.name, resident.name),
            "birth_date": (was.birth_date, resident.birth_date),
            "sex": (was.sex, resident.sex),
            "relation": (was.relation, resident.relation),
            "residence": (was.residence, resident.residence),
            "standing": (was.standing, resident.standing),
            "household": (was.household_id, resident.household_id),
            "building": (was.building_id, resident.building_id),
            "document_kind": (was.document_kind, resident.document_kind),
            "document_number": (was.document_index, resident.document_index),
            "phone": (was.phone_index, resident.phone_index),
        }
        changes: dict[str, Any] = {
            name: [hidden(str(each or "")) if name in PERSONAL else str(each) for each in pair]
            for name, pair in pairs.items()
            if pair[0] != pair[1]
        }
        if "groups" in change.told:
            names = [self._group(pk) for pk in change.entry.groups]
            changes["groups"] = {"type": "m2m", "operation": "add", "objects": names}
        self._note(Resident, was.pk, _short(was), changes)

    def write(self) -> None:
        LogEntry.objects.bulk_create(self._entries, batch_size=PORTION)
        self._entries.clear()

    def _note(
        self, model: type[Dwelling] | type[Resident], pk: int, said: str, changes: dict[str, Any]
    ) -> None:
        self._entries.append(
            LogEntry(
                content_type=ContentType.objects.get_for_model(model),
                object_pk=str(pk),
                object_id=pk,
                object_repr=said,
                action=LogEntry.Action.UPDATE,
                changes=changes,
                actor=self.by,
                timestamp=self.now,
            )
        )
        if len(self._entries) >= PORTION:
            self.write()

    def _group(self, pk: int) -> str:
        if self._groups is None:
            self._groups = dict(SpecialGroup.objects.values_list("pk", "name"))
        return self._groups.get(pk, str(pk))


def _short(person: Registered) -> str:
    """As `Resident.__str__`."""
    return f"{surname_only(person.name)} #{person.pk}"
