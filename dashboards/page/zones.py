"""党员责任区: counted above it, unless a building belongs to it; who looks after it, which households."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from dashboards.page.numbers import Number
from dashboards.places import of_node
from grids.models import Household
from organizations.models import Appointment, Organization
from organizations.posts import Post


@dataclass(frozen=True, slots=True)
class Zone:
    """`people`: the names of who holds the zone; `households`: those whose contact member is one of them (C5),
    and of these with a care level (N9)."""

    people: list[str]
    households: Number
    cared_for: Number
    above: Organization | None


def zone_of(node: Organization | None, trail: list[Organization]) -> Zone:
    """Two queries, whatever the zone holds."""
    assert node is not None  # noqa: S101 - a zone is a node
    held = Appointment.objects.in_force().filter(organization=node, post=Post.DUTY_MEMBER)
    names = list(held.order_by("pk").values_list("user__name", flat=True))
    rows = Household.objects.filter(contact_member__user__in=held.order_by().values("user")).order_by()
    found: Any = rows.aggregate(n=Count("pk"), n_cared=Count("pk", filter=~Q(care_level="green")))
    return Zone(
        names,
        _number(node, "households", found["n"]),
        _number(node, "households.cared_for", found["n_cared"]),
        trail[-2] if len(trail) > 1 else None,
    )


def _number(node: Organization, name: str, value: int) -> Number:
    return Number(name, value, f"{value:,}", of_node(node.pk), None, "contact")
