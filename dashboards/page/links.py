"""From a number to the rows that it counts, as far as the powers of whoever looks reach; else to counts per child."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from dashboards.areas import Area
from dashboards.page.known import Known
from dashboards.page.numbers import Number
from dashboards.page.surroundings import Line
from dashboards.periods import Window, query_of
from organizations.models import Organization
from organizations.posts import Power, Seat, Tier
from organizations.scope import COLUMNS, Scope, scope_of

#: Open now, whenever it was submitted: no days in the address.
STANDING = ("open", "overdue", "supervised")
#: Lists of the territory that open to whoever sees the tree; of homes and people they show counts at least.
TERRITORY = ("coverage", "three-lacking", "care-due")
#: Marks that narrow one of the conditions: name → (condition, mark).
MARKED = {"reopened": ("submitted", "reopened"), "supervised": ("open", "supervised")}


class Links:
    """The addresses of one page."""

    def __init__(
        self,
        user: Any,
        area: Area,
        window: Window,
        *,
        has_children: bool,
        kept: Mapping[str, str] | None = None,
    ) -> None:
        self.area, self.window, self.has_children = area, window, has_children
        self.query, self.kept = query_of(window), dict(kept or {})
        self._days = f"&from={window.first}&to={window.last}"
        scope = scope_of(user)
        self._list = reverse("desk:requests")
        self._sees_requests = _touches(scope, area.node, Power.REQUESTS_SEE, Power.REQUESTS_MASKED)
        self._sees_quotas = _touches(scope, area.node, Power.CONFIRM_REGISTRATION, Power.SUPERVISE)

    def node(self, line: Line) -> str:
        """The page of a child, "" where it has none in sight."""
        if not line.is_open or line.node_id is None:
            return ""
        return f"{reverse('dashboards:node', args=[line.node_id])}?{self.query}"

    def per_child(self, key: str) -> str:
        """Counts of a figure for each child, on this page."""
        return self.here("bars", figure=key) if self.has_children else ""

    def here(self, anchor: str, **changed: str) -> str:
        """This page with another figure or sorting; what else the address asked for stays."""
        return f"?{self.query}&{urlencode(self.kept | changed)}#{anchor}"

    def rows(self, which: str, line: Line | None = None, **more: Any) -> str:
        """The list of what a condition counts, here or on a line; "" where no list is in sight."""
        if which in TERRITORY or which == "overview":
            return self._territory(which, line)
        if which == "quotas":
            return self._quotas(line)
        return self._requests(which, line, more) if which and self._sees_requests else ""

    def to(self, known: Known, number: Number, line: Line | None = None) -> Number:
        """A number that leads to its rows; where there are none in sight to its counts per child."""
        if not number.value:
            return number.leading("")
        url = self.rows(known.which, line) if known.which else ""
        if not url and line is None:
            url = self.per_child(known.key)
        return number.leading(url)

    def _requests(self, which: str, line: Line | None, more: dict[str, Any]) -> str:
        condition, mark = MARKED.get(which, (which, ""))
        query = {"which": condition, **({"mark": mark} if mark else {}), **more, **self._where(line)}
        days = "" if which in STANDING else self._days
        # Hundreds are on a page: codes and keys alone need no quoting.
        said = urlencode(query) if more else "&".join(f"{name}={value}" for name, value in query.items())
        return f"{self._list}?{said}{days}"

    def _where(self, line: Line | None) -> dict[str, int]:
        if line is not None and line.grid_id:
            return {"grid": line.grid_id}
        if line is not None and line.node_id:
            return {"within": line.node_id}
        return {"within": self.area.node.pk} if self.area.node else {}

    def _territory(self, slug: str, line: Line | None) -> str:
        query = self._filters(line)
        if query is None:
            return ""
        url = reverse("grids:overview") if slug == "overview" else reverse("grids:list", args=[slug])
        return f"{url}?{urlencode(query)}" if query else url

    def _filters(self, line: Line | None) -> dict[str, int] | None:
        """The place as lists of the territory are told it; None where they know no such place."""
        node = self.area.node
        if line is not None and line.grid_id:
            return (
                {"community": node.pk, "grid": line.grid_id} if node and node.tier == Tier.COMMUNITY else None
            )
        if line is not None:
            return {COLUMNS[Tier(line.tier)]: line.node_id} if line.tier in COLUMNS and line.node_id else None
        if node is None:
            return {}
        return {COLUMNS[Tier(node.tier)]: node.pk} if node.tier in COLUMNS else None

    def _quotas(self, line: Line | None) -> str:
        node_id = line.node_id if line is not None else self.area.node and self.area.node.pk
        is_place = self.area.node is None or self.area.node.tier <= Tier.COMMUNITY
        if not self._sees_quotas or not is_place or (line is not None and line.grid_id):
            return ""
        return f"{reverse('desk:quotas')}?{urlencode({'node': node_id} if node_id else {})}"


def _touches(scope: Scope, node: Organization | None, *powers: Power) -> bool:
    """Whether any of the powers reaches something in the node: from above, or a part of it."""
    for grant in scope.with_power(*powers):
        tree_id, lft, rght = grant.interval
        if grant.seat is Seat.CITY or (node is None and tree_id):
            return True
        if node is not None and node.tree_id == tree_id and lft <= node.rght and node.lft <= rght:
            return True
    return False
