"""What the community hears of new patterns: one message a day for all of them, in the morning."""

from __future__ import annotations

from datetime import time

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dashboards.models import Pattern
from ground import clock
from notifications.models import FanOut
from notifications.outbox import audiences, say_to_many
from organizations.models import Organization
from requests import powers

#: Nobody is called to work at night.
MORNING = time(9, 0)


def tell(district: Organization) -> int:
    """Tell each community of what it has not been told yet; gives how many were told. Idempotent.

    What is found after the message of the day waits for the next morning; so does what an outage kept back.
    """
    now = timezone.localtime(clock.now())
    if now.time() < MORNING:
        return 0
    untold = Pattern.objects.proposed().filter(district=district, told_on=None, community__isnull=False)
    told = 0
    for community in Organization.objects.filter(pk__in=untold.order_by().values("community")).order_by("pk"):
        told += _tell(community)
    return told


def _tell(community: Organization) -> bool:
    today = clock.today()
    key = f"patterns:{community.pk}:{today:%Y%m%d}"
    with transaction.atomic():
        if FanOut.objects.filter(key=key).exists():
            return False
        untold = Pattern.objects.proposed().filter(community=community, told_on=None)
        examples = list(untold.select_related("building", "compound", "category")[:3])
        count = untold.update(told_on=today)
        if not count or not examples:  # another round was faster
            return False
        say_to_many(
            audience="pattern_news",
            audience_id=community.pk,
            key=key,
            title=f"{count} 处反复出现同样的点单，可以未诉先办",
            text="；".join(f"{each.place_name} {each.category} {each.count} 件" for each in examples),
            url=reverse("dashboards:patterns"),
            about=f"patterns:{community.pk}",
        )
    return True


def concerned(community_id: int) -> object:
    """The audience "pattern_news": those who verify at the community, and may file."""
    community = Organization.objects.filter(pk=community_id).first()
    return powers.verifiers(community) if community else User.objects.none()


audiences.register("pattern_news", concerned)  # type: ignore[arg-type]
