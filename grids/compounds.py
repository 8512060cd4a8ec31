"""小区: recording one, and which of the three bodies it has (D9, D10, C10)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from grids.audit import written_by
from grids.models import Compound
from grids.placing import in_grid, refuse_another_community, refuse_outside
from grids.scope import covers
from ground.errors import NoPower, RuleViolation
from organizations.models import Unit
from organizations.posts import Power


def can_change_compound(user: Any, compound: Compound) -> bool:
    return user is None or covers(user, Power.REGISTRY_CHANGE, compound)


def save(compound: Compound, *, by: Any) -> Compound:
    """Record a new compound, or what was changed about one. Raises NoPower, RuleViolation."""
    with transaction.atomic(), written_by(by):
        stored = None
        if compound.pk is not None:
            stored = Compound.objects.select_for_update(no_key=True).get(pk=compound.pk)
            if not can_change_compound(by, stored):
                raise NoPower()
        in_grid(compound)
        if not can_change_compound(by, compound):
            raise RuleViolation("这个网格不在你管理的范围内。", field="grid")
        if stored is not None:
            refuse_another_community(compound, stored)
        _refuse_what_does_not_fit(compound)
        compound.save()
    return compound


def _refuse_what_does_not_fit(compound: Compound) -> None:
    refuse_outside(compound, "branch", "小区党组织要在同一个社区里。")
    _refuse_unit(compound, "property_company", Unit.Kind.PROPERTY)
    _refuse_unit(compound, "owners_committee", Unit.Kind.OWNERS)
    _refuse_unit(compound, "paired_unit")
    paired = compound.paired_unit
    if paired is not None and paired.district_id != compound.district_id:
        raise RuleViolation("这个单位不在本区，请另选。", field="paired_unit")
    twins = Compound.objects.filter(community=compound.community_id, name=compound.name)
    if twins.exclude(pk=compound.pk).exists():
        raise RuleViolation("本社区已有同名小区。", field="name")


def _refuse_unit(compound: Compound, field: str, kind: Unit.Kind | None = None) -> None:
    unit = getattr(compound, field)
    if unit is None:
        return
    if kind is not None and unit.kind != kind:
        raise RuleViolation(f"这里要选类别为“{kind.label}”的单位。", field=field)
    if unit.district_id != compound.district_id:
        raise RuleViolation("这个单位不在本区，请另选。", field=field)
