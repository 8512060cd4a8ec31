"""Tests that share something large are one unit for xdist, and their addresses are still true."""

from pathlib import Path

import pytest

from tests.sharing_out import LONG, TOGETHER, Together

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("address", TOGETHER)
def test_what_is_played_together_is_there(address: str) -> None:
    assert (ROOT / address).exists()
    scheduler = Together.__new__(Together)
    inside = f"{address}test_dump.py::test_one[a-b@c]"
    assert scheduler._split_scope(inside) == scheduler._split_scope(f"{address}::test_other") == address


@pytest.mark.parametrize("address", LONG)
def test_what_comes_first_is_there(address: str) -> None:
    assert (ROOT / address).exists()


def test_everything_else_is_shared_out_one_by_one() -> None:
    alone = "tests/volunteers/test_races.py::test_one[1]"
    assert Together.__new__(Together)._split_scope(alone) == alone
