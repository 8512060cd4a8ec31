"""The budgets of issue 7 against what was measured: one row for each, also where nothing was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import inf, isfinite
from typing import Any

#: kB that a worker may grow with each call, once it is warm: a leak of one small object a call is seen, the garbage
#: that the allocator keeps is not.
SLOPE = 1.0
LISTS = ("0.1", "1")
#: Over how many calls the memory of workers has to stay flat, and answers that leave a measure sound all the same:
#: so many calls a minute and account.
MEMORY_CALLS, LIMITED = 20_000, {"429"}
_DOWNLOADS = ("csv", "xlsx")


@dataclass(frozen=True, slots=True)
class Budget:
    """`value` is to be at most `limit`, at least where `at_least`. `note` says what it was taken from."""

    name: str
    value: float | None
    limit: float
    unit: str
    at_least: bool = False
    note: str = ""

    def row(self) -> dict[str, Any]:
        kept = {name: value for name, value in asdict(self).items() if name != "at_least"}
        return {**kept, "bound": "≥" if self.at_least else "≤", "ok": self.is_kept}

    @property
    def is_kept(self) -> bool:
        if self.value is None:
            return False
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def judged(found: dict[str, Any]) -> list[dict[str, Any]]:
    """`found` is what docs/bench.json holds."""
    rows = [*_peer(found.get("peer") or {}), *_dashboards(found), *_lists(found), *_carried(found)]
    return [budget.row() for budget in [*rows, *_phone(found.get("phone") or {}), *_scores(found)]]


def dug(found: Any, *names: str) -> Any:
    """The value that lies under the names; None where one is missing."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def sound(measure: Any, name: str) -> Any:
    """A figure of what was sent; None where anything else than the limit refused it: failures are no measure."""
    return None if set(dug(measure, "bad") or ()) - LIMITED else dug(measure, name)


def _peer(peer: dict[str, Any]) -> Iterator[Budget]:
    for name, queries, limit in (
        ("create", 15, 20),
        ("list of 50", 12, 30),
        ("one request", 12, 20),
        ("step", 15, 20),
    ):
        yield Budget(f"{name}: queries", dug(peer, name, "queries"), queries, "queries")
        yield Budget(f"{name}: p50, one client", sound(dug(peer, name, "at_1"), "p50"), limit, "ms")
        if name in ("create", "step"):
            yield Budget(
                f"{name}: with four clients",
                sound(dug(peer, name, "at_4"), "per_second"),
                100,
                "/s",
                at_least=True,
            )
    yield from _csv(peer.get("csv") or {})
    yield from _memory(peer.get("memory") or {})


def _csv(csv: dict[str, Any]) -> Iterator[Budget]:
    rows, seconds = csv.get("rows"), sound(csv, "seconds")
    yield Budget(
        "CSV of 100,000 rows",
        round(seconds * 100_000 / rows, 2) if seconds and rows else None,
        3,
        "s",
        note=f"{rows} rows in {seconds} s",
    )


def _memory(memory: dict[str, Any]) -> Iterator[Budget]:
    calls, bad = memory.get("calls") or 0, memory.get("bad")
    note = f"{calls} mixed calls{f', bad {bad}' if bad else ''}"
    for what, name, limit, unit in (
        ("growth of a worker a call", "slope_kb", SLOPE, "kB"),
        ("peak of a worker", "peak_mb", 200, "MB"),
    ):
        value = sound(memory, name) if calls >= MEMORY_CALLS else None
        yield Budget(f"memory: {what}", value, limit, unit, note=note)


def largest(found: dict[str, Any]) -> dict[str, Any]:
    """The largest city that was measured."""
    scales = found.get("scales") or {"0": {}}
    return scales[max(scales, key=float)]


def _dashboards(found: dict[str, Any]) -> Iterator[Budget]:
    pages = [row for row in largest(found).get("pages", []) if is_dashboard(row["route"]) and "at_1" in row]
    times = {row["name"]: sound(row["at_1"], "p95") for row in pages}
    slowest = max(times, key=lambda name: times[name] or float("inf"), default="")
    yield Budget("dashboards: p95, one client, the slowest", times.get(slowest), 100, "ms", note=slowest)


def is_dashboard(route: str) -> bool:
    return route.startswith(("dashboards:", "v1:dashboard")) and not route.endswith(_DOWNLOADS)


def _lists(found: dict[str, Any]) -> Iterator[Budget]:
    small, large = (_p50_of_lists(dug(found, "scales", scale) or {}) for scale in LISTS)
    grown = {name: _grown(small[name], large[name]) for name in large if name in small}
    worst = max(grown, key=lambda name: grown[name], default="")
    value = round(grown[worst], 2) if worst and isfinite(grown[worst]) else None
    note = f"{worst}: {small[worst]} and {large[worst]} ms" if worst else ""
    yield Budget("lists: p50 at scale 1 to scale 0.1, the worst", value, 1.5, "times", note=note)


def _grown(small: float | None, large: float | None) -> float:
    return large / small if large and small else inf


def _p50_of_lists(scale: dict[str, Any]) -> dict[str, float | None]:
    rows = [row for row in scale.get("pages", []) if row["is_list"] and "p50" in row.get("at_1", {})]
    return {row["name"]: sound(row["at_1"], "p50") for row in rows}


def _carried(found: dict[str, Any]) -> Iterator[Budget]:
    here = {row["name"]: row for row in largest(found).get("jobs", []) + largest(found).get("carried", [])}
    ours, hand = (dug(here, name, "seconds") for name in ("all boards anew", "all boards by hand"))
    ratio = round(ours / hand, 2) if ours and hand else None
    yield Budget("all leaderboards to the same SQL by hand", ratio, 3, "times", note=f"{ours} s and {hand} s")
    for step in ("check", "load"):
        value = dug(here, f"import: {step}", "per_second")
        yield Budget(
            f"residents of a sheet through full validation: {step}", value, 2000, "rows/s", at_least=True
        )
    yield Budget("tree of 27,000 nodes", dug(here, "tree of 27,000 nodes", "seconds"), 5, "s")


def _phone(phone: dict[str, Any]) -> Iterator[Budget]:
    weights = {name: row["bytes"] for name, row in phone.items() if "bytes" in row}
    heaviest = max(weights, key=lambda name: weights[name], default="")
    lacking = [name for name in phone if name not in weights]
    value = round(weights[heaviest] / 1000, 1) if heaviest and not lacking else None
    note = f"{heaviest}{'; not shown: ' if lacking else ''}{', '.join(lacking)}"
    yield Budget("phone pages: first load, the heaviest", value, 150, "kB", note=note)


def _scores(found: dict[str, Any]) -> Iterator[Budget]:
    scores = found.get("lighthouse") or {}
    for page in ("home", "ask", "request", "whistles"):
        for category in ("performance", "accessibility"):
            value = dug(scores, page, category)
            yield Budget(f"Lighthouse: {page}, {category}", value, 95, "of 100", at_least=True)
