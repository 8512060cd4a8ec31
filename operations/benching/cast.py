"""Who uses the platform daily: one of each, at the place with the most to do, signed in on the measured copy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Count, F

from accounts.middleware import STRONG
from accounts.models import User
from accounts.sessions import BACKEND
from grids.models import GridDuty, Resident
from operations.benching import people
from organizations.models import Appointment, Organization
from organizations.posts import Post, Tier
from requests.models import Dispatch, ServiceRequest
from volunteers.models import Claim

#: People of the benchmark's own where nobody holds the post: these numbers.
FIRST = 92_000_000
DISTRICT, STREET, COMMUNITY, GRID = "district", "street", "community", "grid"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody with a session and a token: heads of calls to pages and to the API."""

    user: User
    cookie: dict[str, str]
    token: dict[str, str]


def signed_in(user: User, *, strong: bool) -> Actor:
    """As after a sign-in: by code, or (`strong`) by password and second factor."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[STRONG] = strong
    session.save()
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}
    return Actor(user, cookie, people.token_of(user, strong=strong))


class Cast:
    """The actors by role; each is looked for when first asked for. `node`: tier → where they hold their post."""

    def __init__(self) -> None:
        self._actors: dict[str, Actor | None] = {}

    def actor(self, role: str) -> Actor | None:
        """None where the database has nobody for the role (no dispatch, no claim)."""
        if role not in self._actors:
            user = getattr(self, f"_{role}")()
            self._actors[role] = user and signed_in(user, strong=role not in ("resident", "member"))
        return self._actors[role]

    def accounts(self) -> list[int]:
        """Keys of those who were asked for until now."""
        return [actor.user.pk for actor in self._actors.values() if actor]

    @cached_property
    def node(self) -> dict[str, Organization]:
        """The community with the most requests, and what lies above it."""
        rows = ServiceRequest.objects.values("community").annotate(count=Count("pk")).order_by("-count")
        busiest = rows.exclude(community=None).values_list("community", flat=True).first()
        community = Organization.objects.select_related("parent__parent").get(pk=busiest)
        assert community.parent is not None  # noqa: S101 - a community lies under a street
        district = community.get_ancestors().get(tier=Tier.DISTRICT)
        return {COMMUNITY: community, STREET: community.parent, DISTRICT: district}

    def _resident(self) -> User | None:
        staff = Appointment.objects.in_force().values("user")
        rows = ServiceRequest.objects.exclude(submitter__in=staff).exclude(submitter=None)
        most = rows.values("submitter").annotate(count=Count("pk")).order_by("-count", "submitter")
        return User.objects.filter(pk__in=[row["submitter"] for row in most[:1]]).first()

    def _member(self) -> User | None:
        """The volunteer with the most claims."""
        rows = Claim.objects.filter(volunteer__user__isnull=False)
        most = rows.values(who=F("volunteer__user")).annotate(count=Count("pk")).order_by("-count", "who")
        return User.objects.filter(pk__in=[row["who"] for row in most[:1]]).first()

    def _grid_worker(self) -> User | None:
        duties = GridDuty.objects.in_force().filter(appointment__user__is_active=True)
        here = duties.filter(grid__community=self.node[COMMUNITY]).first() or duties.first()
        return here.appointment.user if here else None

    def _secretary(self) -> User:
        return self._at(Post.SECRETARY, self.node[COMMUNITY], 1)

    def _registrar(self) -> User | None:
        """The secretary of the community with the most residents: not every place keeps them."""
        rows = Resident.objects.exclude(community=None).values("community").annotate(count=Count("pk"))
        most = rows.order_by("-count", "community").first()
        return most and self._at(Post.SECRETARY, Organization.objects.get(pk=most["community"]), 4)

    def _street(self) -> User:
        return self._at(Post.OFFICER, self.node[STREET], 2)

    def _officer(self) -> User:
        return self._at(Post.OFFICER, self.node[DISTRICT], 3)

    def _city(self) -> User:
        return people.city_officer(FIRST)[0]

    def _case_officer(self) -> User | None:
        """Of the unit that was sent the most."""
        rows = Dispatch.objects.exclude(unit=None).values("unit").annotate(count=Count("pk"))
        posts = Appointment.objects.in_force().filter(post=Post.CASE_OFFICER)
        for row in rows.order_by("-count")[:20]:
            if found := posts.filter(unit=row["unit"]).first():
                return found.user
        return None

    def _liaison(self) -> User | None:
        found = Appointment.objects.in_force().filter(post=Post.UNIT_LIAISON)
        most = found.annotate(count=Count("unit__members")).order_by("-count").first()
        return most.user if most else None

    def _at(self, post: Post, node: Organization, number: int) -> User:
        """Whoever holds the post there; somebody of the benchmark's own where nobody does."""
        held = Appointment.objects.in_force().filter(post=post, organization=node).first()
        if held is not None:
            return held.user
        (user,) = people.made(1, "测岗位", FIRST + number)
        Appointment.objects.create(user=user, post=post, organization=node)
        return user
