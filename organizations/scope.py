"""How far somebody's powers reach: from the seats of the appointments in force, down the tree (RULES 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.apps import apps
from django.db.models import Q, QuerySet

from ground import clock
from ground.kept import A_DAY, A_KEY, Kept
from organizations.posts import GRID_POSTS, Post, Power, Seat, Tier

#: Which scope column a seat in the tree fills on the rows of the floors above.
COLUMNS = {Tier.DISTRICT: "district", Tier.STREET: "street", Tier.COMMUNITY: "community"}
NOTHING = Q(pk__in=[])
#: Said with words, because an empty Q disappears in `one | other`.
EVERYTHING = ~NOTHING
Nodes = TypeVar("Nodes", bound=QuerySet)


@dataclass(frozen=True, slots=True)
class Grant:
    """What one appointment gives: powers, and where they are held."""

    appointment_id: int
    post: Post
    seat: Tier | Seat
    powers: frozenset[Power]
    organization_id: int | None = None
    unit_id: int | None = None
    interval: tuple[int, int, int] = (0, 0, 0)  # tree_id, lft, rght
    place: str = ""  # what the seat is called on screens

    @property
    def is_narrowed_to_grids(self) -> bool:
        return self.post in GRID_POSTS and self.seat is Tier.COMMUNITY


class Scope:
    """The grants of one person. Empty for visitors and for sessions without a second factor."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        self.grants = tuple(grants)

    def with_power(self, *powers: Power) -> list[Grant]:
        return [grant for grant in self.grants if grant.powers.intersection(powers)]

    def has(self, *powers: Power) -> bool:
        """Whether any of the powers is held anywhere."""
        return bool(self.with_power(*powers))

    def holds_at(self, power: Power, organization_id: int | None) -> bool:
        """Whether the power is held at exactly this node: who handles is who is seated there."""
        return organization_id is not None and any(
            grant.organization_id == organization_id and not grant.is_narrowed_to_grids
            for grant in self.with_power(power)
        )

    def seats(self, power: Power) -> set[int]:
        """Ids of the nodes at which the power is held."""
        return {
            grant.organization_id
            for grant in self.with_power(power)
            if grant.organization_id and not grant.is_narrowed_to_grids
        }

    def rows(self, *powers: Power, prefix: str = "", columns: Iterable[str] = tuple(COLUMNS.values())) -> Q:
        """Rows with scope columns that any of the powers reaches down the first three tiers.

        Grants narrowed to grids, and seats below the community, are the business of `grids.scope`.
        """
        reach = NOTHING
        for grant in self.with_power(*powers):
            if grant.seat is Seat.CITY:
                return EVERYTHING
            column = COLUMNS.get(grant.seat, "") if isinstance(grant.seat, Tier) else ""
            if column in columns and not grant.is_narrowed_to_grids:
                reach |= Q(**{f"{prefix}{column}_id": grant.organization_id})
        return reach

    def reaches(self, power: Power, row: Any) -> bool:
        """The same question for one row that is at hand, without a query."""
        return any(
            grant.seat is Seat.CITY
            or (
                isinstance(grant.seat, Tier)
                and grant.seat in COLUMNS
                and not grant.is_narrowed_to_grids
                and getattr(row, f"{COLUMNS[grant.seat]}_id", None) == grant.organization_id
            )
            for grant in self.with_power(power)
        )

    def organizations(self, nodes: Nodes, *powers: Power) -> Nodes:
        """The nodes inside the subtrees at whose tops any of the powers is held.

        A grant narrowed to grids reaches the node itself: what lies below is told by grids, not by the tree.
        """
        reach = NOTHING
        for grant in self.with_power(*powers):
            if grant.seat is Seat.CITY:
                return nodes
            if grant.is_narrowed_to_grids:
                reach |= Q(pk=grant.organization_id)
            elif grant.organization_id:
                tree_id, lft, rght = grant.interval
                reach |= Q(tree_id=tree_id, lft__gte=lft, rght__lte=rght)
        return nodes.filter(reach)

    def own_units(self, field: str = "pk", power: Power = Power.UNIT_SEE) -> Q:
        """Rows of the units at which the power is held; `field` names the foreign key to the unit."""
        ids = {grant.unit_id for grant in self.with_power(power) if grant.unit_id}
        return Q(**{f"{field}__in": ids}) if ids else NOTHING


def scope_of(user: Any) -> Scope:
    """The scope of a user: one query, kept for the rest of the HTTP request on `user.scope_cache` if there is one."""
    if not getattr(user, "is_authenticated", False) or not user.is_active or not user.session_is_strong:
        return Scope(())
    cache = getattr(user, "scope_cache", None)
    if cache is None:
        return Scope(_grants(user))
    if "scope" not in cache:
        cache["scope"] = Scope(_grants(user))
    return cache["scope"]


def _held(user: int, today: date) -> QuerySet[Any]:
    model: Any = apps.get_model("organizations", "Appointment")
    return model.objects.filter(user=user).in_force(today).select_related("organization", "unit")


_HELD: Kept[Any] = Kept(_held, user=A_KEY, today=A_DAY)


def _grants(user: Any) -> list[Grant]:
    grants = []
    for appointment in _HELD(user=user.pk, today=clock.today()):
        node = appointment.organization
        if any(place is not None and place.closed_at is not None for place in (node, appointment.unit)):
            continue
        interval = (node.tree_id, node.lft, node.rght) if node else (0, 0, 0)
        grants.append(
            Grant(
                appointment_id=appointment.pk,
                post=Post(appointment.post),
                seat=appointment.seat,
                powers=appointment.powers,
                organization_id=appointment.organization_id,
                unit_id=appointment.unit_id,
                interval=interval,
                place=(node.short_name or node.name) if node else appointment.place_name,
            )
        )
    return grants
