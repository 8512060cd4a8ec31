"""Whom a whistle is for, and who of the staff is told about it. Registered with the outbox in `apps.ready`."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import User
from organizations.models import Appointment
from organizations.posts import POWERS, Power, Tier
from volunteers.models import Registration, Whistle
from volunteers.states import Audience


def of_whistle(whistle_id: int) -> QuerySet[User]:
    """The accounts of everybody the whistle is meant for (as `Whistle.objects.open_to`, seen from the other end)."""
    whistle = Whistle.objects.get(pk=whistle_id)
    registered = Registration.objects.confirmed()
    if whistle.audience == Audience.DISTRICT:
        registered = registered.filter(district=whistle.district_id)
    else:
        registered = registered.filter(community=whistle.community_id)
    return User.objects.filter(is_active=True, volunteer__in=registered.values("volunteer"))


def staff_of(whistle: Whistle, power: Power = Power.WHISTLE) -> QuerySet[User]:
    """Who holds the power at the whistle's community today."""
    posts = [post for (post, seat), powers in POWERS.items() if seat == Tier.COMMUNITY and power in powers]
    held = Appointment.objects.in_force().filter(
        Q(organization=whistle.community_id) & Q(post__in=posts), organization__closed_at=None
    )
    return User.objects.filter(is_active=True, pk__in=held.values("user"))
