"""For tests that break something and mend it: the doctor has the last word."""

from __future__ import annotations

from collections.abc import Iterable

from ground import clock
from notifications import outbox
from operations.doctor.examining import examine
from operations.doctor.findings import Level
from operations.doctor.registry import CHECKS, Ask
from operations.doctor.showing import sentence
from requests import ticking
from volunteers.leaderboards import refresh_due
from volunteers.whistling import reminders, whistles

#: What must hold of the rows of any test at any moment, whatever services run beside it.
OF_ROWS = ("tree", "scope", "events", "due", "balances", "ledger", "outbox")


def faults(names: Iterable[str] = OF_ROWS, *, with_warnings: bool = False) -> list[str]:
    """What these checks find, as sentences: errors, and warnings where they are asked for, and what broke off."""
    bad = {Level.ERROR, Level.WARNING} if with_warnings else {Level.ERROR}
    found: list[str] = []
    for result in examine(names, Ask(clock.now())):
        found += [f"{result.check.name}: {result.broke}"] if result.broke else []
        found += [f"{result.check.name}: {sentence(each)}" for each in result.findings if each.level in bad]
    return found


def doctor_is_clean(*more: str, without: Iterable[str] = (), with_warnings: bool = False) -> None:
    """Raises AssertionError with everything that the doctor finds. `more` names checks besides those of rows."""
    names = [name for name in (*OF_ROWS, *more) if name not in set(without)]
    assert set(names) <= set(CHECKS)
    assert not (found := faults(names, with_warnings=with_warnings)), "\n".join(found)


def a_round() -> None:
    """What beat does every few minutes, once: tests have no beat, and what nobody did would be found overdue.
    Not the rollups: their check does that round itself."""
    ticking.catch_up()
    whistles.start_and_finish_due()
    reminders.remind_due()
    refresh_due()
    outbox.sweep()
