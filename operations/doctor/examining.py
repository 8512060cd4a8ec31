"""Lets checks run one after the other, each apart: one that breaks does not keep the others from looking."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

import structlog
from django.db import DatabaseError, connection, transaction

from operations.doctor import checks as _checks  # noqa: F401 (fills the list)
from operations.doctor.findings import Finding, Level
from operations.doctor.registry import CHECKS, Ask, Check

log = structlog.get_logger(__name__)

#: What is found once is looked at again after so long: whoever was at work is through by then.
PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one check. `broke` names the kind of error and where, where it could not run; `left_out` that
    it was too slow for a quick look."""

    check: Check
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    broke: str = ""
    left_out: bool = False
    levels: frozenset[Level] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", frozenset(each.level for each in self.findings))


def exit_code(results: Iterable[Result], *, is_strict: bool = False) -> int:
    """0 clean, 1 faults, 2 where something could not be looked at. Warnings are faults if `is_strict`."""
    found = list(results)
    if any(each.broke for each in found):
        return 2
    bad = {Level.ERROR, Level.WARNING} if is_strict else {Level.ERROR}
    return int(any(each.levels & bad for each in found))


def examine(
    names: Iterable[str], ask: Ask, listen: Callable[[Check], object] = lambda check: None
) -> Iterator[Result]:
    """The results of these checks, in the order of the list. Raises KeyError for a name that is none."""
    wanted = {name: CHECKS[name] for name in names}
    for check in CHECKS.values():
        if check.name in wanted:
            listen(check)
            yield _result(check, ask)


def _result(check: Check, ask: Ask) -> Result:
    if check.is_slow and ask.is_quick:
        return Result(check, left_out=True)
    begun = time.monotonic()
    try:
        found, broke = _found(check, ask), ""
    except Exception as error:  # whatever is broken, the other checks are wanted all the more
        found, broke = (), _where(check, error)
    return Result(check, found, time.monotonic() - begun, broke)


def _found(check: Check, ask: Ask) -> tuple[Finding, ...]:
    found = _look(check, ask)
    if not found or not check.looks_twice:
        return found
    time.sleep(PAUSE_SECONDS)
    again = _look(check, ask)
    return tuple(still for each in found if (still := each.still(again)))


def _look(check: Check, ask: Ask) -> tuple[Finding, ...]:
    """Within a transaction of somebody else an error must not break it."""
    if not connection.in_atomic_block:
        return tuple(check.look(ask))
    with transaction.atomic():
        return tuple(check.look(ask))


def _where(check: Check, error: Exception) -> str:
    """Where it happened, not what it said: messages of the database quote rows."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {PurePath(frame.filename).name}:{frame.lineno}"
    log.error("a check of the doctor broke off", check=check.name, where=where)
    if isinstance(error, DatabaseError):
        connection.close_if_unusable_or_obsolete()
    return where
