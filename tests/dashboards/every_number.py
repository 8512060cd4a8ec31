"""What every number of a dashboard page should be, reckoned from the rows without a single rollup."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from html.parser import HTMLParser
from statistics import median
from typing import Any

from django.db.models import Q

from dashboards.areas import area_of
from dashboards.page.known import BY_KEY as KNOWN
from grids.models import Compound, Grid, Household, Resident
from ground import clock
from organizations.models import Organization
from organizations.scope import NOTHING
from requests.figures.times import percentile
from requests.models import ServiceRequest
from tests.dashboards.rolling import slow
from volunteers.accounting import quotas
from volunteers.models import LedgerEntry, Registration, Whistle

#: Rates as RULES 7 has them: how many of how many.
RATES = {
    "response_rate": ("contact_in_time", "contact_due"),
    "resolution_rate": ("solved", "rated"),
    "satisfaction_rate": ("satisfied", "rated"),
    "acceptance_rate": ("answered_in_time", "answer_due"),
    "completion_rate": ("done", "to_resolve"),
    "punctual_rate": ("done_in_time", "done"),
    "off_hours_share": ("off_hours_minutes", "minutes"),
}
#: What ratios of two measures are called among the figures.
RATIOS = {"minutes/registered": "hours_each", "grids.covered/grids": "coverage"}
SHARES = {"median": 0.5, "p90": 0.9}
Value = float | None


@dataclass(frozen=True)
class Mark:
    """One marked number of a page."""

    name: str
    place: str
    first: date | None
    last: date | None
    derived: str
    text: str
    value: float | None


class Place:
    """The rows of one place, by the conditions that lists are filtered by."""

    def __init__(self, key: str) -> None:
        self.node = Organization.objects.get(pk=key[1:]) if key.startswith("o") else None
        self.grid = Grid.objects.get(pk=key[1:]) if key.startswith("g") else None

    @cached_property
    def inside(self) -> list[int]:
        """Of a grid: itself and the grids in it."""
        assert self.grid is not None
        return [each.pk for each in Grid.objects.all() if slow._lies_in(each, self.grid)]

    def at(self, path: str = "") -> Q:
        """Rows with scope columns, a grid and perhaps a building (`path` leads to those two)."""
        if self.grid is not None:
            return Q(**{f"{path}grid__in": self.inside})
        if self.node is None or self.node.tier <= 3:
            return area_of(self.node).grids
        below = self.node.get_descendants(include_self=True)
        column = "grid__branch" if self.node.tier == 4 else "building__group"
        return Q(**{f"{path}{column}__in": below})

    @property
    def is_group(self) -> bool:
        return self.node is not None and self.node.tier > 4

    def of_grids(self) -> Q:
        """Rows that know their grid, but no building."""
        return NOTHING if self.is_group else self.at()


REST = "rest"


@dataclass
class Truth:
    """Numbers of places and days, as of one moment. `own`: the place of the page, `lines` what its table has,
    `peers` whom it is compared with."""

    at: datetime
    past: Any
    own: str
    lines: list[str]
    peers: list[str]
    known: dict[Any, Any] = field(default_factory=dict)

    def of(self, mark: Mark) -> Value:
        if mark.derived == "change":
            now, then = self.plain(mark), self.plain(mark, self.past.first, self.past.last)
            difference = None if now is None or then is None else now - then
            return difference and (round(difference * 100, 1) if mark.name in RATES else difference)
        if mark.derived == "contact":
            return sum(1 for each in self._kept_in_touch(mark.place) if _is_meant(each, mark.name))
        if mark.derived == "median":
            return median(value for value in self._of_peers(mark) if value is not None)
        if "-" in mark.name and mark.derived == "difference":
            whole, part = (self.count(mark, name) for name in mark.name.split("-"))
            return whole - part
        return self.plain(mark)

    def ranks(self, mark: Mark) -> tuple[int, int]:
        """The best and the worst rank that it may have: handling times that lie close together may change places."""
        own, off = self.plain(mark) or 0, 0.1 if mark.name.rpartition(".")[2] in SHARES else 0.0
        values = [value for value in self._of_peers(mark)[1:] if value is not None]
        sign = 1 if KNOWN[RATIOS.get(mark.name, mark.name)].is_good else -1
        surely = sum(sign * (value - own) > off * max(value, own) for value in values)
        perhaps = sum(sign * (value - own) > -off * max(value, own) for value in values)
        return surely + 1, perhaps + 1

    def _of_peers(self, mark: Mark) -> list[Value]:
        return [self.plain(replace(mark, place=place)) for place in [self.own, *self.peers]]

    def plain(self, mark: Mark, first: date | None = None, last: date | None = None) -> Value:
        first, last = first or mark.first, last or mark.last
        place = REST if mark.derived == REST else mark.place
        if "/" in mark.name:
            said = self.stands(place) | (self.happened(place, first, last) if first else {})
            part, whole = (said.get(name, 0) for name in mark.name.split("/"))
            return part / whole if whole else None
        if mark.name in RATES:
            said = self.happened(place, first, last)
            part, whole = (said.get(name, 0) for name in RATES[mark.name])
            return part / whole if whole else None
        name, _, quantile = mark.name.rpartition(".")
        if quantile in SHARES:
            rows = self.requests(place)
            return percentile(slow.seconds(rows, name, first, last), SHARES[quantile])  # type: ignore[arg-type]
        if first is None:
            return self.stands(place).get(mark.name, 0)
        return self.happened(place, first, last).get(mark.name, 0)

    def count(self, mark: Mark, name: str) -> int:
        return self.stands(mark.place).get(name, 0)

    def _less(self, whole: dict[str, int], parts: list[dict[str, int]]) -> dict[str, int]:
        left = Counter(whole)
        for part in parts:
            left.subtract(part)
        return dict(left)

    # Rows, each place's once

    def place(self, key: str) -> Place:
        return self._once(("place", key), lambda: Place(key))

    def requests(self, key: str) -> list[ServiceRequest]:
        if key == REST:
            theirs = {row.pk for line in self.lines for row in self.requests(line)}
            return [row for row in self.requests(self.own) if row.pk not in theirs]
        rows = ServiceRequest.objects.filter(self.place(key).at(), whole=None).select_related("rating")
        return self._once(("requests", key), lambda: list(rows.prefetch_related("events")))

    def happened(self, key: str, first: Any, last: Any) -> dict[str, int]:
        if key == REST:
            whole = self.happened(self.own, first, last)
            return self._less(whole, [self.happened(line, first, last) for line in self.lines])
        place = self.place(key)
        path = "service_request__" if place.is_group else ""
        whistles = Whistle.objects.filter(place.at(path)).prefetch_related("claims")
        entries = LedgerEntry.objects.select_related("claim")
        if place.node is not None and place.node.tier <= 3:
            entries = entries.filter(place.at())  # where it was at the time
        elif place.node is not None or place.grid is not None:
            entries = entries.filter(whistle__in=whistles.order_by().values("pk"))
        return self._once(
            (key, first, last),
            lambda: (
                slow.of_requests(self.requests(key), first, last, self.at)
                | slow.of_dispatches(place.at(), first, last)
                | slow.of_whistles(whistles, first, last)
                | slow.of_ledger(entries, first, last)
            ),
        )

    def stands(self, key: str) -> dict[str, int]:
        if key == REST:
            whole, lines = self.stands(self.own), [self.stands(line) for line in self.lines]
            oldest = whole.get("oldest_due", 0)
            is_theirs = any(line.get("oldest_due") == oldest for line in lines)
            return self._less(whole, lines) | {"oldest_due": 0 if is_theirs else oldest}
        return self._once(("stands", key), lambda: self._stands(key))

    def _stands(self, key: str) -> dict[str, int]:
        place, said = self.place(key), Counter[str]()
        for each in Registration.objects.filter(place.of_grids(), state="confirmed").select_related(
            "volunteer"
        ):
            said.update(["registered"])
            if stand := quotas.quota(each.volunteer):
                said.update(["quota.bound", "quota.met" if stand.is_met else "quota.behind"])
                said["quota.behind_quarter"] += stand.times_left > 0
                said["quota.behind_year"] += stand.minutes_left > 0
        grids = Grid.objects.filter(self._grids(place))
        said["grids"], said["grids.covered"] = grids.count(), grids.exclude(branch=None).count()
        said["compounds.bare"] = sum(
            not (each.branch_id or each.owners_committee_id or each.property_company_id)
            for each in Compound.objects.filter(place.of_grids())
        )
        said["residents"] = Resident.objects.filter(place.at(), standing="present").count()
        said.update(_care(Household.objects.filter(place.at("dwelling__" if place.is_group else ""))))
        return dict(said) | slow.of_work(self.requests(key), self.at)

    def _kept_in_touch(self, key: str) -> list[Household]:
        """Households whose contact member holds the zone (C5)."""
        node = self.place(key).node
        assert node is not None
        holders = {each.user_id for each in node.appointments.all() if each.post == "duty_member"}
        rows = Household.objects.exclude(contact_member=None).select_related("contact_member")
        return [each for each in rows if each.contact_member and each.contact_member.user_id in holders]

    def _grids(self, place: Place) -> Q:
        if place.grid is not None:
            return Q(pk__in=place.inside)
        return area_of(place.node).grids

    def _once(self, key: Any, make: Any) -> Any:
        if key not in self.known:
            self.known[key] = make()
        return self.known[key]


def _is_meant(household: Household, name: str) -> bool:
    return name == "households" or household.care_level != "green"


def _care(households: Iterable[Household]) -> Iterator[str]:
    """Reviews of care levels: those that came due, and those of the next two weeks (N9)."""
    today = clock.today()
    for each in households:
        if each.care_review_on is not None and each.care_review_on <= today + timedelta(days=14):
            yield "care.review_due" if each.care_review_on <= today else "care.review_soon"


# Reading a page


class Page(HTMLParser):
    """The marked numbers of the main content, and the digits that stand outside of them."""

    #: Where digits are no figures: times, addresses of pages and files, what a form offers.
    LEFT_OUT = frozenset({"time", "script", "style", "option", "svg", "title"})
    VOID = frozenset({"input", "img", "br", "hr", "meta", "link", "source", "wbr", "col", "path", "use"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.marks: list[Mark] = []
        self.loose: list[str] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in (each for each, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._open]
        if "main" not in tags or not re.search(r"[0-9—]", data) or self.LEFT_OUT & set(tags):
            return
        marked = [attrs for _, attrs in self._open if "data-n" in attrs]
        if marked:
            self.marks.append(_mark(marked[-1], data))
        elif re.search(r"\d", data):
            self.loose.append(f"{tags[-1]}.{self._open[-1][1].get('class') or ''}: {data.strip()}")


def _mark(attrs: dict[str, str | None], text: str) -> Mark:
    def day(name: str) -> date | None:
        said = attrs.get(name)
        return date.fromisoformat(said) if said else None

    value = attrs.get("data-value")
    return Mark(
        attrs["data-n"] or "", attrs.get("data-place") or "", day("data-from"), day("data-to"),
        attrs.get("data-derived") or "", text.strip(), float(value) if value else None,
    )  # fmt: skip


def fault(mark: Mark, truth: Truth) -> str:
    """Nothing where the page says what is right, else what it says instead."""
    if mark.derived == "rank":
        best, worst = truth.ranks(mark)
        return "" if best <= int(mark.text) <= worst else f"{mark} should be {best} to {worst}"
    right, at = truth.of(mark), truth.at
    if right is None or (mark.name == "oldest_due" and not right):
        return "" if mark.text == "—" else f"{mark} says something of nothing"
    found = re.search(r"[\d,]+(\.\d+)?", mark.text)
    if found is None:
        return f"{mark} should be {right}"
    said = float(found[0].replace(",", ""))
    return (
        ""
        if any(_is_near(said, each, off) for each, off in _ways(mark, right, at))
        else f"{mark} should be {right}"
    )


def _is_near(said: float, right: float, off: float) -> bool:
    return abs(said - right) <= off + 1e-9


def _ways(mark: Mark, right: float, at: datetime) -> list[tuple[float, float]]:
    """How a value may be said, and how far it may be off: rounding, and 5 % of handling times."""
    if mark.name.rpartition(".")[2] in SHARES:
        units = {"分": 60.0, "时": 3600.0, "天": 86_400.0}
        fitting = [size for unit, size in units.items() if mark.text.endswith(unit)] or [3600.0, 86_400.0]
        return [(right / size, right / size * 0.05 + (0.5 if size == 60 else 0.05)) for size in fitting]
    if mark.name == "oldest_due":
        late = at.timestamp() - right
        return [(late // 60, 0), (late // 3600, 0)] if late < 2 * 86_400 else [(late // 86_400, 0)]
    if mark.derived == "change" and mark.name in RATES:
        return [(abs(right), 0.05)]
    if mark.name in RATES or mark.derived == "share" or mark.name == "grids.covered/grids":
        return [(right * 100, 0.05 if "." in mark.text else 0.5)]
    if mark.name in ("minutes", "off_hours_minutes") or mark.name.startswith("minutes."):
        return [(abs(right) / 60, 0.051)]
    if mark.name == "minutes/registered":
        return [(right / 60, 0.051)]
    return [(abs(right), 0)]
