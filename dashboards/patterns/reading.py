"""What pages and API show of patterns. Nothing here names whoever asked: rows of requests open to powers only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Window
from django.urls import reverse
from django.utils import timezone

from dashboards.areas import Area, sees_city
from dashboards.charts import Chart, Series
from dashboards.models import Pattern
from dashboards.page.surroundings import sees_node
from dashboards.patterns.counting import counted_by
from dashboards.patterns.finding import looking
from ground import clock, periods
from ground.kept import A_DAY, A_KEY, Kept
from organizations.models import Organization
from organizations.pickers import is_key
from organizations.posts import Power, Seat, Tier
from organizations.scope import scope_of
from requests.models import Category, ServiceRequest
from requests.presenting import chip_of

#: So many are named in the excerpt of a node's page, and so many requests on the page of a pattern.
TOP, MOST_ROWS = 3, 100
CHIPS = {
    Pattern.State.PROPOSED: "soon",
    Pattern.State.FILED: "done",
    Pattern.State.DISMISSED: "wait",
    Pattern.State.FADED: "wait",
}
KINDS = {"building": ("楼栋", {"compound": None}), "compound": ("小区", {"building": None})}


def on_now(today: date | None = None) -> QuerySet[Organization]:
    """The districts that look for patterns today."""
    return looking(Organization.objects.open().filter(parent=None).order_by(), today)


def looks_anywhere(user: Any) -> QuerySet[Organization]:
    """Those of them in which the user sees totals: without one there is neither page nor line in the menu."""
    grants = scope_of(user).with_power(Power.TREE_SEE)
    if any(grant.seat is Seat.CITY for grant in grants):
        return on_now()
    return on_now().filter(tree_id__in={grant.interval[0] for grant in grants if grant.interval[0]})


def in_sight(user: Any) -> QuerySet[Pattern]:
    """What has been decided or has faded stays; what is proposed is nothing where the policy was switched off since
    (the next round lets it fade)."""
    looked_for = ~Q(state=Pattern.State.PROPOSED) | Q(district__in=on_now().values("pk"))
    return Pattern.objects.visible_to(user).filter(looked_for)


def proposals(user: Any) -> QuerySet[Pattern]:
    """What is proposed in sight, where the policy looks for patterns."""
    return Pattern.objects.visible_to(user).proposed().filter(district__in=on_now().values("pk"))


def awaiting(user: Any) -> QuerySet[Pattern]:
    """What the user's seats may file: the number in the menu and over the work list."""
    seats = scope_of(user).seats(Power.VERIFY)
    rows = Pattern.objects.proposed().filter(community__in=seats) if seats else Pattern.objects.none()
    return rows.filter(district__in=on_now().values("pk"))


# The excerpt of a node's page


def excerpt(user: Any, area: Area) -> dict[str, Any]:
    """For `dashboards/_patterns.html`: the largest proposals of the area, how many there are, where all of them
    stand. One query; nothing of it where policies look for no patterns."""
    top = _top_of(user, area)
    if not top:
        return {"patterns": [], "total": 0, "url": ""}
    within = f"?within={area.node.pk}" if area.node is not None and area.node.tier in _COLUMNS else ""
    total = top[0].total
    return {"patterns": top, "total": total, "url": f"{reverse('dashboards:patterns')}{within}"}


def _top_of(user: Any, area: Area) -> list[Any]:
    node = area.node
    if node is None and sees_city(user):
        return _TOP_OF_CITY(today=clock.today())
    if node is not None and node.tier in _TOP_IN and sees_node(scope_of(user), node, Power.TREE_SEE):
        return _TOP_IN[Tier(node.tier)](node=node.pk, today=clock.today())
    return list(_largest(proposals(user).filter(area.requests)))


def _largest(rows: QuerySet[Pattern]) -> QuerySet[Any]:
    return rows.select_related("building", "compound", "category").annotate(total=Window(Count("pk")))[:TOP]


def _proposed(today: date, **where: int) -> QuerySet[Any]:
    return _largest(Pattern.objects.proposed().filter(district__in=on_now(today).values("pk"), **where))


def _top_in(column: str) -> Kept[Any]:
    return Kept(lambda node, today: _proposed(today, **{column: node}), node=A_KEY, today=A_DAY)


_COLUMNS = {Tier.DISTRICT: "district", Tier.STREET: "street", Tier.COMMUNITY: "community"}
_TOP_IN = {tier: _top_in(column) for tier, column in _COLUMNS.items()}
_TOP_OF_CITY = Kept(_proposed, today=A_DAY)


# The list


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the list, as the address says them; what makes no sense is left out."""

    state: str = Pattern.State.PROPOSED
    kind: str = ""
    category: int | None = None
    within: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        state = query.get("state", "")
        known = {*Pattern.State.values, "all"}
        return cls(
            state=state if state in known else Pattern.State.PROPOSED,
            kind=query.get("kind", "") if query.get("kind", "") in KINDS else "",
            category=_key(query.get("category", "")),
            within=_key(query.get("within", "")),
        )

    @property
    def is_narrow(self) -> bool:
        return bool(self.kind or self.category or self.within)

    def narrow(self, user: Any) -> QuerySet[Pattern]:
        rows = proposals(user)
        if self.state != Pattern.State.PROPOSED:
            rows = in_sight(user)
        if self.state not in ("all", Pattern.State.PROPOSED):
            rows = rows.filter(state=self.state)
        if self.kind:
            rows = rows.filter(**KINDS[self.kind][1])
        if self.category:
            rows = rows.filter(category=self.category)
        if self.within:
            node = Organization.objects.filter(pk=self.within).first()
            column = _COLUMNS.get(Tier(node.tier)) if node else None
            rows = rows.filter(**{column: node}) if column else rows.none()
        return rows


def _key(said: str) -> int | None:
    return int(said) if is_key(said) else None


def shown(rows: QuerySet[Pattern]) -> QuerySet[Pattern]:
    """With everything that a line says."""
    return rows.select_related(
        "building", "compound", "category", "community", "service_request", "decided_by"
    ).defer("decided_by__phone")


def filters(asked: Asked) -> list[dict[str, Any]]:
    categories = Category.objects.filter(is_open=True).values_list("pk", "name")
    states = [*Pattern.State.choices, ("all", "全部状态")]
    return [
        {"name": "state", "label": "状态", "value": asked.state, "choices": states},
        {
            "name": "kind",
            "label": "范围",
            "value": asked.kind,
            "choices": [(key, label) for key, (label, _) in KINDS.items()],
        },
        {"name": "category", "label": "类别", "value": asked.category or "", "choices": list(categories)},
    ]


# One pattern


def requests_in_sight(user: Any, pattern: Pattern) -> list[dict[str, Any]]:
    """The counted requests that the user's posts have in sight, the newest first; no names."""
    rows = counted_by(pattern) & ServiceRequest.objects.in_sight_of_staff(user)
    rows = rows.select_related("building").order_by("-submitted_at", "-pk")[:MOST_ROWS]
    return [{"row": row, "chip": chip_of(row)} for row in rows]


def weeks_of(pattern: Pattern) -> Chart:
    """How many a week, from the week of the first to that of the last. One query."""
    moments = counted_by(pattern).order_by("submitted_at").values_list("submitted_at", flat=True)
    counts = Counter(_monday(clock.day_of(moment)) for moment in moments)
    weeks = _mondays(min(counts), max(counts)) if counts else []
    return Chart(
        key="weeks",
        title="每周几件",
        kind="bar",
        labels=[f"{week.month}月{week.day}日起" for week in weeks],
        series=[Series("点单", [counts[week] for week in weeks], tone="accent", unit="件")],
        label_word="周",
    )


def _monday(day: date) -> date:
    return periods.first_day("week", day)


def _mondays(first: date, last: date) -> list[date]:
    return [first + timedelta(weeks=week) for week in range((last - first).days // 7 + 1)]


def since_in_words(pattern: Pattern) -> str:
    first, last = timezone.localtime(pattern.first_at), timezone.localtime(pattern.last_at)
    return f"{first.month} 月 {first.day} 日至 {last.month} 月 {last.day} 日"
