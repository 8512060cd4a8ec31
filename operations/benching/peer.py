"""The comparison with Signalen 2.50: the same five things in the same setting, and memory over many calls.

Works on the database at hand, which it changes: a copy (`databases.copied`). Signalen's figures were taken on a
machine of this kind: 2 cores, gunicorn with 2 workers, 100,000 requests, PostgreSQL, load on the same cores.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from grids.models import Building
from ground import throttling
from operations.benching import counting, people
from operations.benching.cast import signed_in
from operations.benching.figures import slope, summed
from operations.benching.load import Call, Plan, send
from operations.benching.routes import EMPTY
from operations.benching.serving import PROXIED, Served, served
from organizations.models import Organization
from organizations.posts import Tier
from requests.models import Category, ServiceRequest
from requests.states import State

SIGNALEN: dict[str, dict[str, Any]] = {
    "create": {"queries": 47, "p50": 73, "per_second_at_4": 25},
    "list of 50": {"queries": 375, "p50": 428},
    "one request": {"queries": 18, "p50": 57},
    "step": {"queries": 45, "p50": 72, "per_second_at_4": 25},
    "csv": {"seconds": 14},
    "memory": {"worker_mb": 760},
}
CLIENTS = (1, 4)
GOOD = (200, 201)
#: Requests that one resident may file within an hour (`requests.intake`), and communities that they fall on.
EACH, COMMUNITIES = 10, 40
JSON = {"Content-Type": "application/json"}
#: What the calls of the memory run are: of ten, so many.
MIX = ("create", "list", "list", "list", "one", "one", "one", "one", "mine", "mine")
SAMPLE = 400  # calls between two looks at the workers' memory
WARM_SHARE = 0.25  # of the samples that say nothing yet about growth
TEXTS = ("楼道灯不亮，老人晚上上楼看不见", "井盖松动，车过有响声", "垃圾两天没有清运", "电梯门关不严")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long: seconds and calls of one measure, and calls of the memory run with its seconds. `one_server` for both
    where it is only to be seen that they work."""

    seconds: float = 4.0
    most: int = 500
    memory_calls: int = 20_000
    memory_seconds: float = 300.0
    one_server: bool = False


QUICK = Bounds(seconds=0.3, most=20, memory_calls=40, memory_seconds=2.0, one_server=True)


class Peer:
    """Those who ask and what they ask for, on one database."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds, self.chance = bounds, random.Random(50)  # noqa: S311 - invented data
        filed = bounds.most * len(CLIENTS) + bounds.memory_calls // len(MIX) + 60
        self.residents = people.residents(filed // EACH + 2)
        self.officer, self.city = people.city_officer()
        nodes = Organization.objects.open().filter(tier=Tier.COMMUNITY).order_by("?")
        self.communities = list(nodes[:COMMUNITIES])
        self.secretaries = people.secretaries(self.communities)
        self.buildings = list(
            Building.objects.filter(community__in=self.communities)
            .order_by("?")
            .values_list("pk", flat=True)[:400]
        )
        self.category = Category.objects.filter(is_open=True).order_by("pk").values_list("code", flat=True)[0]
        self.filing = self._creates()

    # Calls

    def _creates(self) -> Iterator[Call]:
        """Every resident files as often as he may within an hour."""
        for _ in range(EACH):
            for headers in self.residents:
                body = {
                    "category": self.category, "text": self.chance.choice(TEXTS), "place": self._place(),
                    "title": "楼道的灯",
                }  # fmt: skip
                path = reverse("v1:request-list")
                yield Call(path, "POST", headers | JSON | PROXIED, json.dumps(body, ensure_ascii=False))

    def _place(self) -> str:
        if self.buildings:
            return f"b:{self.chance.choice(self.buildings)}"
        return f"c:{self.chance.choice(self.communities).pk}"

    def creates(self, count: int) -> list[Call]:
        return [next(self.filing) for _ in range(count)]

    def lists(self) -> list[Call]:
        """What the whole city asked for, page after page of fifty."""
        path = reverse("v1:request-list")
        pages = range(0, 500, 50)
        return [Call(f"{path}?limit=50&offset={offset}", headers=self.city | PROXIED) for offset in pages]

    def own_lists(self) -> list[Call]:
        path = f"{reverse('v1:request-list')}?limit=50"
        return [Call(path, headers=each["headers"] | PROXIED) for each in self.secretaries.values()]

    def ones(self, count: int) -> list[Call]:
        """Requests of the communities, each shown to its secretary, with the steps that are open to him."""
        rows = ServiceRequest.objects.filter(community__in=self.communities).order_by("?")
        found = rows.values_list("number", "community")[:count]
        return [
            Call(reverse("v1:request-detail", args=[number]), headers=self._of(community) | PROXIED)
            for number, community in found
        ]

    def accepts(self, count: int) -> list[Call]:
        """受理 of what was filed in the communities of the benchmark."""
        rows = ServiceRequest.objects.filter(state=State.SUBMITTED, handler__in=self.communities)
        found = rows.order_by("-pk").values_list("number", "handler", "track")[:count]
        return [
            Call(
                reverse("v1:request-take", args=[number, "accept"]),
                "POST",
                self._of(handler) | JSON | PROXIED,
                json.dumps({"track": track, "text": "已收到，今天安排人去看"}, ensure_ascii=False),
            )
            for number, handler, track in found
        ]

    def _of(self, community: int) -> dict[str, str]:
        headers: dict[str, str] = self.secretaries[community]["headers"]
        return headers

    # Measures

    def measure(self, server: Served, say: Callable[[str], None]) -> dict[str, Any]:
        self.server = server
        self._warm()
        found = {
            "create": self._measured(self.creates, once=True),
            "step": self._measured(self.accepts, once=True),
            "list of 50": self._measured(lambda count: self.lists()),
            "list of 50, one community": self._measured(lambda count: self.own_lists()),
            "one request": self._measured(lambda count: self.ones(min(count, 200))),
        }
        for name, row in found.items():
            say(f"{name}: {_told(row)}")
        return found

    def _warm(self) -> None:
        """Every thread of the workers opens its connection and has loaded what it needs."""
        calls = [*self.creates(16), *self.lists(), *self.ones(40)]
        self._sent(calls, clients=8, once=True, most=len(calls))
        self._sent(self.accepts(16), clients=8, once=True, most=16)

    def _measured(self, calls: Callable[[int], list[Call]], once: bool = False) -> dict[str, Any]:
        """Queries in this process; times from the load process, the empty view beside them; SQL by hand."""
        first, second = calls(2) if once else (calls(1) * 2)[:2]
        counted = counting.counted(second, warm=first)
        found: dict[str, Any] = {"queries": counted.asked(GOOD), "statements": len(counted.statements)}
        found["sql_by_hand"] = counting.by_hand(counted.reads())
        for clients in CLIENTS:
            found[f"at_{clients}"] = self._at(calls(self.bounds.most), clients, once)
        return found

    def _at(self, calls: list[Call], clients: int, once: bool) -> dict[str, Any]:
        found = summed(self._sent(calls, clients=clients, once=once, most=self.bounds.most), GOOD)
        empty = [Call(EMPTY, headers=PROXIED)]
        seconds = min(0.5, self.bounds.seconds)
        beside = summed(send(Plan(self.server.port, clients, empty, seconds, 5000)))
        return found | {"empty_view": {name: beside.get(name) for name in ("p50", "per_second")}}

    def _sent(self, calls: list[Call], *, clients: int, once: bool, most: int) -> dict[str, Any]:
        self.forget_limits()
        return send(Plan(self.server.port, clients, calls, self.bounds.seconds, most, circle=not once))

    def forget_limits(self) -> None:
        """So many calls a minute and account: whole minutes are not waited for between two measures."""
        users = [self.officer, *(each["user"] for each in self.secretaries.values())]
        throttling.forget(user.pk for user in users)

    # CSV

    def csv(self, name: str) -> dict[str, Any]:
        """All requests as CSV, as the city's officer downloads them: seconds of three downloads, the middle one."""
        try:
            call = Call(reverse(name), headers=signed_in(self.officer, strong=True).cookie | PROXIED)
        except NoReverseMatch:
            return {"missing": f"no route {name}"}
        sent = [send(Plan(self.server.port, 1, [call], 60.0, 1)) for _ in range(3)]
        found = summed({**sent[0], "answers": [answer for each in sent for answer in each["answers"]]})
        seconds = found["p50"] / 1000 if "p50" in found else None
        return {"rows": ServiceRequest.objects.count(), "seconds": seconds, **found}

    # Memory

    def memory(self, server: Served) -> dict[str, Any]:
        """RSS of the workers over many mixed calls with four clients: kB a call of one worker, and the peak in MB."""
        self.server = server
        self._warm()
        points: list[tuple[int, dict[int, dict[str, int]]]] = [(0, server.memory())]
        done, seconds, bad = 0, 0.0, dict[str, int]()
        while done < self.bounds.memory_calls and seconds < self.bounds.memory_seconds:
            calls = self._mixed(min(SAMPLE, self.bounds.memory_calls))
            self.forget_limits()
            sent = send(Plan(server.port, 4, calls, 60.0, SAMPLE, circle=False))
            done, seconds = done + len(sent["answers"]), seconds + sent["seconds"]
            bad = {**bad, **summed(sent, GOOD)["bad"]}
            points.append((done, server.memory()))
        return {"calls": done, "seconds": round(seconds, 1), "bad": bad, **_growth(points)}

    def _mixed(self, count: int) -> list[Call]:
        lists, ones = self.own_lists(), self.ones(200)
        mine = [
            Call(f"{reverse('v1:request-list')}?own=true", headers=each | PROXIED) for each in self.residents
        ]
        sources = {"list": lists, "one": ones, "mine": mine}
        kinds = [MIX[number % len(MIX)] for number in range(count)]
        return [
            next(self.filing) if kind == "create" else self.chance.choice(sources[kind]) for kind in kinds
        ]


def _growth(points: Sequence[tuple[int, dict[int, dict[str, int]]]]) -> dict[str, Any]:
    """The steepest of the workers that lived all the time; each answers its share of the calls."""
    lived = set(points[0][1]) & set(points[-1][1])
    settled = points[int(len(points) * WARM_SHARE) :]
    workers = max(len(points[0][1]), 1)
    slopes = [slope([(done / workers, memory[pid]["VmRSS"]) for done, memory in settled]) for pid in lived]
    peaks = [each["VmHWM"] for _, memory in points for each in memory.values()]
    return {
        "workers": len(lived),
        "slope_kb": round(max(slopes), 3) if slopes else None,
        "begins_mb": round(max(each["VmRSS"] for each in points[0][1].values()) / 1024, 1),
        "peak_mb": round(max(peaks) / 1024, 1),
    }


def _told(row: dict[str, Any]) -> str:
    one, four = row["at_1"], row["at_4"]
    times = f"p50 {one.get('p50')} ms at 1, {four.get('per_second')}/s at 4"
    return f"{row['queries']} queries, {times}; SQL by hand {row['sql_by_hand']} ms; bad {one['bad'] | four['bad']}"


def compare(environ: dict[str, str], port: int, bounds: Bounds, say: Callable[[str], None]) -> dict[str, Any]:
    """The whole comparison: {create, step, list of 50, …, csv, memory, requests}."""
    peer = Peer(bounds)
    requests = ServiceRequest.objects.count()
    with served(environ, port) as server:
        found = peer.measure(server, say)
        found["csv"] = peer.csv(CSV_ROUTE)
        say(f"csv: {found['csv']}")
        if bounds.one_server:
            found["memory"] = peer.memory(server)
    if not bounds.one_server:
        # The shipped workers end themselves after 5,000 calls; growth shows only where they live on.
        with served(environ, port, "--max-requests", "0") as server:
            found["memory"] = peer.memory(server)
    say(f"memory: {found['memory']}")
    return {"requests": requests, **found}


CSV_ROUTE = "desk:requests_csv"
