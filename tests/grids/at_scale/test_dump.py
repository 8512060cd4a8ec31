"""A dump of the database of 100,000 residents holds none of their numbers, after a day of typing them everywhere."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from grids.models import Resident
from tests.grids.at_scale import remains
from tests.grids.at_scale.conftest import World
from tests.grids.at_scale.spellings import Numbers

pytestmark = pytest.mark.services


def test_no_number_of_anybody_is_in_the_dump_the_files_or_the_logs(world: World, say: Any) -> None:
    began = time.perf_counter()
    typed = {number for day in world.days for number in day.typed}
    numbers = Numbers({*typed, *remains.numbers_of(Resident.objects.all())})
    logged = "".join(day.logged for day in world.days)
    with override_settings(MEDIA_ROOT=world.media):
        left = list(remains.everything(logged))
    heap = dict(left)["dump"]
    assert sum(heap.count(f"a{name}:".encode()) for name in settings.FIELD_KEYS) > len(numbers.known)
    assert any(where.startswith("media") for where, _ in left) and logged
    found = [each for where, data in left for each in numbers.found_in(data, where)]
    size, seconds = sum(len(data) for _, data in left) / 1e6, time.perf_counter() - began
    say(f"{len(numbers.known)} numbers looked for in {size:.0f} MB of {len(left)} remains, {seconds:.1f} s")
    assert not found, "\n".join(found)
