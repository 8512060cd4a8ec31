"""联户 "1+10" (C5): which members somebody can ask to keep in touch with a household."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from grids.scope import reach
from organizations.models import Member
from organizations.posts import Power


def within_reach(user: Any) -> QuerySet[Member]:
    """The members in sight, and those who live in buildings whose registry somebody changes. By name."""
    seen = Member.objects.visible_to(user).order_by().values("pk")
    living_here = Member.objects.filter(reach(user, Power.REGISTRY_CHANGE, prefix="home__building__"))
    wanted = Member.objects.filter(pk__in=seen) | Member.objects.filter(pk__in=living_here.values("pk"))
    return wanted.order_by("name", "pk")
