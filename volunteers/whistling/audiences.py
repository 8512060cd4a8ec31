"""Whom a whistle is for, who goes, and who of the staff is told. Registered with the outbox in `apps.ready`."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import User
from organizations.models import Appointment
from organizations.posts import POWERS, Power, Tier
from volunteers.models import Claim, Registration, Team, TeamMembership, Whistle
from volunteers.states import Audience, ClaimState, TeamKind

#: Who may be named to show the code on site: whoever works at the community, by any of these.
_ON_SITE = (Power.WHISTLE, Power.CREDIT, Power.ATTEST)


def of_whistle(whistle_id: int) -> QuerySet[User]:
    """The accounts of everybody the whistle is meant for (as `Whistle.objects.open_to`, seen from the other end)."""
    whistle = Whistle.objects.select_related("team").get(pk=whistle_id)
    return User.objects.filter(_meant_by(whistle), is_active=True)


def _meant_by(whistle: Whistle) -> Q:
    if whistle.audience == Audience.TEAM:
        return _members_of(whistle.team)
    registered = Registration.objects.confirmed()
    if whistle.audience == Audience.REGISTERED:
        registered = registered.filter(community=whistle.community_id)
    else:
        registered = registered.filter(district=whistle.district_id)
    meant = Q(volunteer__in=registered.values("volunteer"))
    if whistle.audience == Audience.UNITS:
        meant &= Q(member__unit__in=whistle.units.values("pk"))
    return meant


def _members_of(team: Team | None) -> Q:
    """Those of `Team.objects.of`, seen from the team; nobody where it has been dissolved."""
    if team is None or team.closed_at is not None:
        return Q(pk__in=[])
    if team.kind == TeamKind.SERVICE:
        joined = TeamMembership.objects.current().filter(team=team)
        return Q(volunteer__in=joined.values("volunteer"))
    placed = Registration.objects.confirmed().filter(grid__branch=team.organization_id)
    return Q(volunteer__in=placed.values("volunteer"))


def claimants_of(whistle_id: int) -> QuerySet[User]:
    """The accounts of those who are to come: who has a place and has not been there yet."""
    coming = Claim.objects.filter(whistle=whistle_id, state=ClaimState.CLAIMED)
    return User.objects.filter(is_active=True, volunteer__in=coming.values("volunteer"))


def staff_of(whistle: Whistle, *powers: Power) -> QuerySet[User]:
    """Who holds one of the powers (whistling, if none is named) at the whistle's community today."""
    wanted = frozenset(powers or (Power.WHISTLE,))
    posts = [post for (post, seat), held in POWERS.items() if seat == Tier.COMMUNITY and wanted & held]
    held_here = Appointment.objects.in_force().filter(
        Q(organization=whistle.community_id) & Q(post__in=posts), organization__closed_at=None
    )
    return User.objects.filter(is_active=True, pk__in=held_here.values("user"))


def leaders_of(whistle: Whistle) -> QuerySet[User]:
    """Who may be named to lead on site: the community's people, and those who have a place on the whistle."""
    coming = Claim.objects.live().filter(whistle=whistle.pk).values("volunteer") if whistle.pk else None
    staff = Q(pk__in=staff_of(whistle, *_ON_SITE).values("pk"))
    named = staff | Q(volunteer__in=coming) if coming is not None else staff
    return User.objects.filter(named, is_active=True)


def teams_of(whistle: Whistle) -> QuerySet[Team]:
    """The teams that the community may call: its own, and those of the whole district."""
    here = Q(community=whistle.community_id) | Q(community=None)
    return Team.objects.open().filter(here, district=whistle.district_id).order_by("kind", "name", "id")
