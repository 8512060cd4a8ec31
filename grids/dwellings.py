"""房屋: every dwelling has a code (N4), and everything on a building follows it into another grid."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from grids.audit import written_by
from grids.models import Building, Dwelling, Grid, Household, Resident
from grids.powers import can_change
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row


def code_of(building_code: str, staircase: str, floor: int, door: str) -> str:
    """Building code + staircase-floor-door, e.g. 440203001021-01-05-02-11-1101; basement floors begin with B.

    A building without staircases has 00. Staircase and floor are padded, so that codes sort as people count.
    """
    level = f"B{-floor}" if floor < 0 else f"{floor:02d}"
    return f"{building_code}-{staircase or '0':0>2}-{level}-{door}"


def add(
    *, by: Any, building: Building, floor: int, door: str, staircase: str = "", use: str = Dwelling.Use.OWN
) -> Dwelling:
    """Record a dwelling of a building. Raises NoPower; RuleViolation where the building has no such place."""
    with transaction.atomic(), written_by(by):
        lock_row(building)
        if not can_change(by, building):
            raise NoPower()
        staircase, door = normal_staircase(staircase), normal_door(door)
        if fault := _fault_of_words(staircase, door, use) or fault_of(building, staircase, floor):
            raise RuleViolation(fault[1], field=fault[0])
        dwelling = Dwelling(building=building, staircase=staircase, floor=floor, door=door, use=use)
        stand_in(dwelling, building)
        # The code holds building, staircase, floor and door, and is unique in the city.
        if Dwelling.objects.filter(code=dwelling.code).exists():
            raise RuleViolation("这栋楼已有这个房号。", field="door")
        dwelling.save()
    return dwelling


def lock_buildings(rows: QuerySet[Building]) -> None:
    """Before anything inside them. Weaker than `lock_row`: dwellings and people may refer to them meanwhile."""
    list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def lock_dwelling(dwelling: Dwelling) -> None:
    """Lock its building and itself, and bring it up to date."""
    lock_buildings(Building.objects.filter(pk=dwelling.building_id))
    lock_row(dwelling)


def normal_staircase(text: str) -> str:
    """1单元, 01, １ are all "1"; "" and 0 are none."""
    return unicodedata.normalize("NFKC", text).strip().removesuffix("单元").strip().lstrip("0").upper()


def normal_door(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "").upper().removesuffix("室").removesuffix("号")


def _fault_of_words(staircase: str, door: str, use: str) -> tuple[str, str] | None:
    """(field, sentence) for what no building can have, or no column can hold."""
    if len(staircase) > _LONGEST["staircase"]:
        return "staircase", f"单元最多 {_LONGEST['staircase']} 个字，如 1。"
    if not 0 < len(door) <= _LONGEST["door"]:
        return "door", f"请填房号，最多 {_LONGEST['door']} 个字，如 302。"
    return None if use in Dwelling.Use.values else ("use", "请从列表里选择用途。")


#: As the columns have it.
_LONGEST = {"staircase": 4, "door": 8}


def moved_into(household: Household) -> None:
    """Where somebody is registered nobody may say that it stands empty. The dwelling is locked already."""
    dwelling = Dwelling.objects.get(pk=household.dwelling_id)
    if dwelling.use == Dwelling.Use.EMPTY:
        dwelling.use = Dwelling.Use.OWN
        dwelling.save(update_fields=["use"])


def change_use(dwelling: Dwelling, *, by: Any, use: str) -> Dwelling:
    """Own, let or empty. A dwelling in which somebody is registered is not empty. Raises NoPower, RuleViolation."""
    with transaction.atomic(), written_by(by):
        lock_dwelling(dwelling)
        if not can_change(by, dwelling):
            raise NoPower()
        if use not in Dwelling.Use.values:
            raise RuleViolation("请从列表里选择用途。", field="use")
        people = Resident.objects.present().filter(household__dwelling=dwelling)
        if use == Dwelling.Use.EMPTY and people.exists():
            raise RuleViolation("这套房屋还有人在册，请先办理搬动或迁出。", field="use")
        dwelling.use = use
        dwelling.save(update_fields=["use"])
    return dwelling


def fault_of(building: Building, staircase: str, floor: int) -> tuple[str, str] | None:
    """(field, sentence) where the building as it is recorded has no such staircase or floor."""
    if floor == 0:
        return "floor", "楼层没有 0 层，地下一层写 -1。"
    if building.floors and floor > building.floors:
        return "floor", f"这栋楼登记为 {building.floors} 层，请核对楼层或先更正楼栋。"
    if building.staircases and staircase.isdigit() and int(staircase) > building.staircases:
        return "staircase", f"这栋楼登记为 {building.staircases} 个单元，请核对单元或先更正楼栋。"
    return None


def stand_in(dwelling: Dwelling, building: Building) -> None:
    """Code, grid and scope columns from the building; does not save."""
    dwelling.code = code_of(building.code, dwelling.staircase, dwelling.floor, dwelling.door)
    dwelling.grid_id = building.grid_id
    dwelling.district_id, dwelling.street_id = building.district_id, building.street_id
    dwelling.community_id = building.community_id


def follow_building(building: Building) -> None:
    """After a building went to another grid or got another code: its dwellings, households and people go with it.

    Called inside the transaction of the verb that changed the building. Locks in the order of all verbs: dwellings,
    households, residents; whoever is entering somebody meanwhile holds the household, and is waited for.
    """
    grid: Grid = building.grid
    columns = {
        "grid": grid,
        "district": building.district_id,
        "street": building.street_id,
        "community": building.community_id,
    }
    dwellings = list(building.dwellings.select_for_update(no_key=True).order_by("pk"))
    households = Household.objects.filter(dwelling__building=building)
    list(households.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    households.update(**columns)
    Resident.objects.filter(building=building).update(**columns)
    for dwelling in dwellings:
        stand_in(dwelling, building)
    Dwelling.objects.bulk_update(
        dwellings, ["code", "grid", "district", "street", "community"], batch_size=500
    )
