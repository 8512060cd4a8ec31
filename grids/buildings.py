"""楼栋: recording one, moving it to another grid with everybody in it, and the QR code on its door.

Whoever holds the QR code fills in the place of a request, and nothing else.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from grids.audit import written_by
from grids.dwellings import follow_building
from grids.models import Building, Grid, new_qr_token
from grids.placing import in_grid, refuse_another_community, refuse_outside
from grids.scope import covers
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from organizations.posts import Power


def can_change_building(user: Any, building: Building) -> bool:
    return user is None or covers(user, Power.REGISTRY_CHANGE, building)


def save(building: Building, *, by: Any) -> Building:
    """Record a new building, or what was changed about one. It stands where its grid lies.

    With another grid or code its dwellings, households and residents follow, in the same transaction. Raises
    NoPower; RuleViolation for a place out of reach, another community, a code that is taken.
    """
    with transaction.atomic(), written_by(by):
        stored = _locked(building)
        if stored is not None and not can_change_building(by, stored):
            raise NoPower()
        in_grid(building)
        if not can_change_building(by, building):
            raise RuleViolation("这个网格不在你管理的范围内。", field="grid")
        if stored is not None:
            refuse_another_community(building, stored)
        _refuse_what_does_not_fit(building)
        building.save()
        if stored is not None and (building.grid_id, building.code) != (stored.grid_id, stored.code):
            follow_building(building)
    return building


def relocate(building: Building, *, by: Any, grid: Grid) -> Building:
    """Put a building into another grid of its community. Raises NoPower, RuleViolation."""
    building.grid = grid
    return save(building, by=by)


def _locked(building: Building) -> Building | None:
    """The row as it is stored; None for a new one. Entering somebody meanwhile needs its key only, and goes on."""
    if building.pk is None:
        return None
    return Building.objects.select_for_update(no_key=True).get(pk=building.pk)


def _refuse_what_does_not_fit(building: Building) -> None:
    if building.compound is not None and building.compound.community_id != building.community_id:
        raise RuleViolation("小区和网格不在同一个社区。", field="compound")
    refuse_outside(building, "group", "楼栋党小组要在同一个社区里。")
    if building.property_unit is not None and building.property_unit.district_id != building.district_id:
        raise RuleViolation("这个单位不在本区，请另选。", field="property_unit")
    if Building.objects.filter(code=building.code).exclude(pk=building.pk).exists():
        raise RuleViolation("已有这个楼栋编码，请换一个。", field="code")


def renew_token(building: Building, *, by: Any) -> Building:
    """Give a building another QR code; the old one stops working at once. Raises NoPower."""
    with transaction.atomic(), written_by(by):
        lock_row(building)
        if not can_change_building(by, building):
            raise NoPower()
        building.qr_token = new_qr_token()
        building.save(update_fields=["qr_token"])
    return building


def with_token(token: str) -> Building | None:
    """The building of a QR code; None for an unknown one and where the community is closed."""
    found = Building.objects.select_related("community", "grid").filter(qr_token=token).first()
    if found is None or found.community is None or found.community.closed_at is not None:
        return None
    return found
