"""The search for numbers finds them, or the tests that find none would prove nothing."""

from __future__ import annotations

import base64
import os

import pytest

from tests.grids.at_scale.spellings import Numbers, spelled

NUMBERS = ("19900001234", "44020119610517901X", "H09612301")
LOOKED_FOR = Numbers(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_spelling_is_found_and_another_number_in_it_is_not(number):
    other = number[:-2] + ("00" if number[-2:] != "00" else "11")
    assert LOOKED_FOR.found_in(b"") == []
    for name, data in spelled(number).items():
        assert LOOKED_FOR.found_in(data), name
        if name not in ("sheet", "gzip", "zlib"):
            assert LOOKED_FOR.found_in(os.urandom(1000) + data + os.urandom(1000)), name
    for name, data in spelled(other).items():
        assert LOOKED_FOR.found_in(data) == [], name


def test_heaps_of_chance_hold_nothing():
    noise = os.urandom(300_000)
    assert LOOKED_FOR.found_in(noise + base64.b64encode(noise) + noise.hex().encode()) == []
