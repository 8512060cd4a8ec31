"""What a check is, and the list of them: a function in `checks/` becomes one by its decorator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from operations.doctor.findings import Finding


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants to know: `is_quick` leaves out what takes minutes, `all_values` opens every encrypted
    value instead of some. `at` is the moment of the question."""

    at: datetime
    is_quick: bool = False
    all_values: bool = False


Look = Callable[[Ask], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """`cost` says what it takes at a city's size. One that `looks_twice` believes only what it finds again: it reads
    rows that people change meanwhile. One that `is_slow` is left out by --quick."""

    name: str
    title: str
    cost: str
    look: Look
    is_slow: bool = False
    looks_twice: bool = False

    @property
    def why(self) -> str:
        """The docstring of the function."""
        return (self.look.__doc__ or "").strip()


#: By name, in the order in which they run.
CHECKS: dict[str, Check] = {}


def check(
    name: str, title: str, *, cost: str, is_slow: bool = False, looks_twice: bool = False
) -> Callable[[Look], Look]:
    """Put a function into the list. Its docstring says what is looked at, and why."""

    def put(look: Look) -> Look:
        if name in CHECKS:
            raise ValueError(f"two checks are called {name}")
        CHECKS[name] = Check(name, title, cost, look, is_slow, looks_twice)
        return look

    return put


def in_order(names: Iterable[str]) -> None:
    """Bring the list into this order. Raises KeyError for a name that is none; what is not named comes first."""
    for name in names:
        CHECKS[name] = CHECKS.pop(name)
