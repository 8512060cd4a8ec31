"""Every page and call of `pages`, one after another: queries, SQL by hand, the load process at 1 and 4 clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ground import throttling
from operations.benching import budgets, counting
from operations.benching.cast import Cast
from operations.benching.figures import summed
from operations.benching.load import Call, Plan, send
from operations.benching.pages import PAGES, Page
from operations.benching.routes import EMPTY
from operations.benching.serving import PROXIED, Served

CLIENTS = (1, 4)


@dataclass(frozen=True, slots=True)
class Stay:
    """How long one page is asked for at each number of clients, and the empty view beside it; seconds and calls.

    `judged_seconds`: of a page whose p95 is judged: the p95 of eight calls would be the slowest of them.
    """

    seconds: float = 0.8
    most: int = 120
    empty_seconds: float = 0.12
    judged_seconds: float = 4.0


class Visit:
    """All pages against one server and its database."""

    def __init__(self, server: Served, stay: Stay, say: Callable[[str], None]) -> None:
        self.server, self.stay, self.say, self.cast = server, stay, say, Cast()
        #: (page, statement with its values, milliseconds by hand): never to be shown as they are.
        self.asked: list[tuple[str, str, float]] = []

    def all(self, pages: Iterable[Page] = PAGES) -> list[dict[str, Any]]:  # noqa: A003
        found = []
        for page in pages:
            found.append(self._one(page))
            self.say(_told(found[-1]))
        return found

    def _one(self, page: Page) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": page.name,
            "route": page.route,
            "role": page.role,
            "is_list": page.is_list,
        }
        calls = page.calls(self.cast)
        if not calls:
            return row | {"nothing": True}
        self._forget_limits()
        counted = counting.counted(calls[0])
        row |= {"queries": counted.asked((page.answers,)), "plain_bytes": counted.length}
        row["sql_by_hand"] = self._by_hand(page, counted.reads())
        self._sent(calls, 4, 0.3, 16)
        for clients in CLIENTS:
            is_judged = clients == 1 and budgets.is_dashboard(page.route)
            seconds = self.stay.judged_seconds if is_judged else self.stay.seconds
            row[f"at_{clients}"] = self._at(calls, clients, page.answers, seconds)
        row["ratio"] = _ratio(row)
        return row

    def _by_hand(self, page: Page, statements: list[str]) -> float:
        """Milliseconds; each statement is kept for the choice of the hottest."""
        times = counting.each_by_hand(statements)
        self.asked += [(page.name, each, took) for each, took in zip(statements, times, strict=True)]
        return round(sum(times), 2)

    def _at(self, calls: list[Call], clients: int, good: int, seconds: float) -> dict[str, Any]:
        found = summed(self._sent(calls, clients, seconds, self.stay.most), (good,))
        empty = [Call(EMPTY, headers=PROXIED)]
        beside = summed(self._sent(empty, clients, self.stay.empty_seconds, 2000))
        return found | {"empty_view": {name: beside.get(name) for name in ("p50", "per_second")}}

    def _sent(self, calls: list[Call], clients: int, seconds: float, most: int) -> dict[str, Any]:
        self._forget_limits()
        return send(Plan(self.server.port, clients, calls, seconds, most))

    def _forget_limits(self) -> None:
        """So many calls a minute and account: whole minutes are not waited for between two pages."""
        throttling.forget(self.cast.accounts())


def _ratio(row: dict[str, Any]) -> float | None:
    """p50 at one client, to an empty view and the same SQL by hand together."""
    one = row["at_1"]
    beside = (one["empty_view"]["p50"] or 0) + row["sql_by_hand"]
    return round(one["p50"] / beside, 2) if "p50" in one and beside else None


def _told(row: dict[str, Any]) -> str:
    if "nothing" in row:
        return f"{row['name']}: nothing to show here"
    one, four = row["at_1"], row["at_4"]
    bad = one["bad"] | four["bad"]
    times = f"{one.get('p50')} / {one.get('p95')} ms, {four.get('per_second')}/s at 4"
    return f"{row['name']}: {row['queries']} queries, {times}{f', bad {bad}' if bad else ''}"
