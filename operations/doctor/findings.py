"""What a check says: one kind of fault, how bad it is, the rows that have it, and how it is mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

#: So many rows of one kind of fault are named; all are counted.
MOST = 20


class Level(StrEnum):
    """A note is no fault: it says what is only for trying, or what was not looked at."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` and `mend` are sentences without personal data; `rows` names the first of `count` rows, by keys or by
    sentences that name keys. `count` is 0 where it is not about rows."""

    level: Level
    what: str
    mend: str
    rows: tuple[str, ...] = ()
    count: int = 0

    def still(self, again: Iterable[Finding]) -> Finding | None:
        """What of it another look finds too: people work meanwhile, and half of a step is no fault."""
        for other in again:
            if (other.what, other.level) != (self.what, self.level):
                continue
            if not self.rows or self.count > MOST or other.count > MOST:
                return other
            rows = tuple(row for row in other.rows if row in self.rows)
            return replace(other, rows=rows, count=len(rows)) if rows else None
        return None


def error(what: str, mend: str) -> Finding:
    return Finding(Level.ERROR, what, mend)


def warning(what: str, mend: str) -> Finding:
    return Finding(Level.WARNING, what, mend)


def note(what: str, mend: str) -> Finding:
    return Finding(Level.NOTE, what, mend)


def of_rows(what: str, mend: str, rows: Any, level: Level = Level.ERROR) -> Iterator[Finding]:
    """One finding for the rows of a queryset, if there are any: one query, and another one past `MOST`."""
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    if keys:
        count = len(keys) if len(keys) <= MOST else rows.order_by().count()
        yield Finding(level, what, mend, tuple(map(str, keys[:MOST])), count)


def of_sentences(
    what: str, mend: str, sentences: Iterable[str], level: Level = Level.ERROR
) -> Iterator[Finding]:
    """One finding for everything that a prover says, if it says anything."""
    first: list[str] = []
    count = 0
    for sentence in sentences:
        count += 1
        if count <= MOST:
            first.append(sentence)
    if count:
        yield Finding(level, what, mend, tuple(first), count)
