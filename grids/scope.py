"""Reach below the community: by grid branch, and by the duties of grid workers (RULES 5, N6)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from grids.models import Building, Grid, GridDuty
from organizations.posts import Power, Tier
from organizations.scope import NOTHING, Grant, scope_of

#: Seats below the community, in the order in which a grant looks for its grids.
_BELOW_COMMUNITY = (Tier.GRID_BRANCH, Tier.BUILDING_GROUP, Tier.DUTY_ZONE)


def reach(user: Any, *powers: Power, grid: str = "grid", prefix: str = "") -> Q:
    """Rows with scope columns that any of the powers reaches: by tier, by grid branch, by grid duty.

    `grid` names the foreign key to Grid on the rows ("pk" for grids themselves).
    """
    query = scope_of(user).rows(*powers, prefix=prefix)
    ids = grid_ids(user, *powers)
    return query | Q(**{f"{prefix}{grid}__in": ids}) if ids else query


def covers(user: Any, power: Power, row: Any) -> bool:
    """The same question for one row at hand."""
    if scope_of(user).reaches(power, row):
        return True
    grid_id = row.pk if isinstance(row, Grid) else row.grid_id
    return grid_id is not None and grid_id in grid_ids(user, power)


def names_reach(user: Any) -> Q:
    """Residents whose names alone are in sight (REGISTRY_NAMES): those of a branch's grids, and those of the
    buildings of one's own group, not of the whole grid around it."""
    query = NOTHING
    branches = []
    for grant in scope_of(user).with_power(Power.REGISTRY_NAMES):
        if grant.seat is Tier.GRID_BRANCH:
            branches.append(grant)
        elif grant.seat in _BELOW_COMMUNITY:
            tree_id, lft, rght = grant.interval
            query |= Q(
                building__group__tree_id=tree_id,
                building__group__lft__gte=lft,
                building__group__rght__lte=rght,
            )
    if branches and (ids := _grids_of(branches)):
        query |= Q(grid__in=ids)
    return query


def grid_ids(user: Any, *powers: Power) -> set[int]:
    """Grids that the powers reach through a seat below the community or a grid duty.

    At most three queries, kept for the HTTP request.
    """
    grants = [grant for grant in scope_of(user).with_power(*powers) if goes_by_grid(grant)]
    if not grants:
        return set()
    cache = getattr(user, "scope_cache", None)
    key = ("grids", *sorted(grant.appointment_id for grant in grants))
    if cache is not None and key in cache:
        return cache[key]
    found = _grids_of(grants)
    if cache is not None:
        cache[key] = found
    return found


def goes_by_grid(grant: Grant) -> bool:
    """Whether rows of grids, not the grant alone, say how far it reaches."""
    return grant.is_narrowed_to_grids or grant.seat in _BELOW_COMMUNITY


def _grids_of(grants: list[Grant]) -> set[int]:
    on_duty = [grant.appointment_id for grant in grants if grant.is_narrowed_to_grids]
    seated = [grant for grant in grants if not grant.is_narrowed_to_grids]
    # B posts see what A sees, so that they can step in; who gets the work is decided by the duty itself (N6).
    ids = (
        set(GridDuty.objects.in_force().filter(appointment__in=on_duty).values_list("grid", flat=True))
        if on_duty
        else set()
    )
    by_branch, by_group = NOTHING, NOTHING
    for grant in seated:
        tree_id, lft, rght = grant.interval
        inside = {"tree_id": tree_id, "lft__gte": lft, "rght__lte": rght}
        if grant.seat is Tier.GRID_BRANCH:
            by_branch |= Q(**{f"branch__{key}": value for key, value in inside.items()})
        else:
            by_group |= Q(**{f"group__{key}": value for key, value in inside.items()})
    if by_branch:
        ids |= set(Grid.objects.filter(by_branch).values_list("pk", flat=True))
    if by_group:
        ids |= set(Building.objects.filter(by_group).values_list("grid", flat=True))
    # A duty for a grid covers the grids inside it.
    ids |= set(
        Grid.objects.filter(Q(parent__in=ids) | Q(parent__parent__in=ids)).values_list("pk", flat=True)
    )
    return ids
