"""People of the registry for tests, made through its verbs."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from grids import dwellings, households, residents
from grids.models import Building, Dwelling, Household, Resident
from grids.particulars import Particulars
from ground.identity import check_sign
from tests.factories import a_phone

__all__ = ["a_document", "a_dwelling", "a_household", "a_phone", "a_resident"]

_numbers = itertools.count(1)
BORN = date(1960, 5, 17)


def a_document(born: date = BORN) -> str:
    """The number of an identity card that passes every check and that no other test has."""
    first = f"440203{born:%Y%m%d}{next(_numbers) % 1000:03d}"
    return first + check_sign(first)


def a_dwelling(building: Building, door: str = "", *, floor: int = 1, **extra: Any) -> Dwelling:
    door = door or str(next(_numbers))
    return dwellings.add(by=None, building=building, floor=floor, door=door, **extra)


def a_household(building: Building) -> Household:
    return households.open_household(a_dwelling(building), by=None)


def a_resident(household: Household, name: str = "陈小明", *, groups: Any = (), **extra: Any) -> Resident:
    if "document_kind" not in extra:
        extra.setdefault("document_number", a_document())
    given = Particulars(name=name, **{"phone": a_phone(), **extra})
    return residents.enter(given, by=None, household=household, groups=groups)
