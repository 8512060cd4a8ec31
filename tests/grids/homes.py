"""People, homes and documents for tests of the registry, made through its verbs."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from grids import dwellings, households, residents
from grids.models import Building, Dwelling, Household, Resident
from grids.particulars import Particulars
from ground.identity import check_sign
from tests.factories import Community

_numbers = itertools.count(1)


def an_id(born: date = date(1980, 5, 17), *, woman: bool = False) -> str:
    """A number of an identity card that passes every check and that no other test has."""
    order = next(_numbers) * 2 % 1000 + (0 if woman else 1)
    first = f"440203{born:%Y%m%d}{order:03d}"
    return first + check_sign(first)


def a_dwelling(
    place: Community, door: str = "", *, building: Building | None = None, **extra: Any
) -> Dwelling:
    number = next(_numbers)
    floor = extra.pop("floor", 1)
    return dwellings.add(
        by=None, building=building or place.building, floor=floor, door=door or f"H{number}", **extra
    )


def a_household(place: Community, **extra: Any) -> Household:
    return households.open_household(a_dwelling(place, **extra), by=None)


def given(name: str = "周小明", **extra: Any) -> Particulars:
    """With a document of its own unless another kind or number is said."""
    if "document_kind" not in extra:
        extra.setdefault("document_number", an_id())
    return Particulars(name=name, **extra)


def a_resident(
    place: Community,
    name: str = "周小明",
    *,
    household: Household | None = None,
    by: Any = None,
    **extra: Any,
) -> Resident:
    groups = extra.pop("groups", ())
    home = household or a_household(place)
    return residents.enter(given(name, **extra), by=by, household=home, groups=groups)
