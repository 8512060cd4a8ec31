"""删除: what is known about a person goes on request; a tombstone says that it went and when, nothing else."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q

from grids import audit
from grids.audit import written_by
from grids.models import CareAssessment, ImportFinding, NotTheSame, Resident
from grids.powers import can_change_all_of
from grids.residents import lock_households, lock_unmoved
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.identity import DocumentKind
from organizations.access import record_erasure

ERASED = Resident.Standing.ERASED


def erase(resident: Resident, *, by: Any, reason: str) -> Resident:
    """Empty a person's row for good and write the access log; also the rows that were merged into it.

    Needs the power over the whole community. Raises NoPower, RuleViolation (reason, erased already).
    """
    with transaction.atomic(), written_by(by):
        lock_households(resident.household_id)
        lock_unmoved(resident)
        community = resident.community
        if community is None or not can_change_all_of(by, community):
            raise NoPower()
        if resident.standing == ERASED:
            raise RuleViolation("这份登记已经删除了。")
        record_erasure(by=by, subject=resident, reason=reason, organization=community)
        _silence_care(resident)
        for row in [resident, *resident.merged.select_for_update().order_by("pk")]:
            _to_tombstone(row)
    return resident


def _to_tombstone(resident: Resident) -> None:
    empty(resident)
    resident.household = resident.building = resident.grid = None
    resident.standing, resident.merged_into = ERASED, None
    resident.changed_at = clock.now()
    resident.save()
    ImportFinding.objects.filter(resident=resident).update(resident=None, value="")
    NotTheSame.objects.filter(Q(first=resident) | Q(second=resident)).delete()
    audit.redact(resident)


def empty(resident: Resident) -> None:
    """Take every personal value out of a row, groups and account too; the columns are not saved here."""
    for column in ("name", "name_key", "initials", "document_number", "document_index", "phone"):
        setattr(resident, column, "")
    resident.phone_index = resident.sex = resident.left_why = ""
    resident.document_kind = DocumentKind.NONE
    resident.birth_date = resident.left_on = None
    resident.relation, resident.residence = Resident.Relation.OTHER, Resident.Residence.REGISTERED
    resident.user = resident.last_import = None
    resident.groups.clear()


def _silence_care(resident: Resident) -> None:
    """Why a household was looked after speaks of those who live in it: with the last of them the reasons go."""
    if resident.household_id is None:
        return
    others = Resident.objects.present().filter(household=resident.household_id).exclude(pk=resident.pk)
    if not others.exists():
        CareAssessment.objects.filter(household=resident.household_id).update(reason="")
