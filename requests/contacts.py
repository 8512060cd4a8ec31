"""Who can be reached: the person who handles a request, and, with a reason, whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Case, QuerySet, Value, When

from ground.kept import A_KEY, Kept, some_keys
from organizations import access
from organizations.models import Appointment
from organizations.posts import Post
from requests import powers
from requests.models import ServiceRequest


class Keeper(NamedTuple):
    """Who has a request in hand, as the submitter sees it. `phone` is a work number, or ""."""

    name: str
    post: str
    phone: str


#: Whom to ring while nobody has taken it yet.
_FRONT_DESK = [Post.COMMUNITY_WORKER, Post.SECRETARY, Post.FIRST_SECRETARY, Post.OFFICER]


def keeper_of(service_request: ServiceRequest) -> Keeper:
    """The responsible person with post and work phone; until there is one, the handler itself. One query."""
    places = {service_request.handler_id, service_request.community_id}
    held = Appointment.objects.in_force().filter(organization__in=places)
    person = service_request.responsible
    if person is None:
        desk = held.filter(post__in=_FRONT_DESK).exclude(work_phone="")
        return Keeper(service_request.handler.short_name, "", _phone_of(desk, service_request))
    post = held.filter(user=person).order_by("id").first()
    if post is None:
        return Keeper(str(person), service_request.handler.short_name, "")
    return Keeper(str(person), post.get_post_display(), post.work_phone)


def _phone_of(desk: QuerySet[Appointment], service_request: ServiceRequest) -> str:
    """The handler's own telephone; the community's where the handler above it gave none."""
    is_handler = Case(When(organization=service_request.handler_id, then=Value(0)), default=Value(1))
    return desk.order_by(is_handler, "id").values_list("work_phone", flat=True).first() or ""


def front_desk_of(service_request: ServiceRequest) -> str:
    """The telephone of the community for those without an account, or "". One query."""
    desk = Appointment.objects.in_force().filter(
        organization__in={service_request.community_id, service_request.handler_id}, post__in=_FRONT_DESK
    )
    is_community = Case(When(organization=service_request.community_id, then=Value(0)), default=Value(1))
    numbers = desk.exclude(work_phone="").order_by(is_community, "id").values_list("work_phone", flat=True)
    return numbers.first() or ""


class Known(NamedTuple):
    """Somebody of the staff as the history names him."""

    name: str
    post: str


#: For so many people their posts are asked at once, along the four nodes above a request.
AT_ONCE, NODES = 4, 4


def _held(people: Sequence[int], nodes: Sequence[int]) -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(organization__in=nodes, user__in=people).select_related("user")
    return rows.defer("user__phone").order_by("-id")


_HELD = Kept(_held, people=some_keys(AT_ONCE), nodes=some_keys(NODES, A_KEY + AT_ONCE))


def staff_of(people: set[int], service_request: ServiceRequest) -> dict[int, Known]:
    """User id → name and the post by which that person acts on this request. One query for every four of them; the
    first post wins."""
    row, named, found = service_request, sorted(people), dict[int, Known]()
    nodes = {row.handler_id, row.community_id, row.street_id, row.district_id} - {None}
    for begin in range(0, len(named), AT_ONCE):
        held = _HELD(people=named[begin : begin + AT_ONCE], nodes=nodes)
        found |= {each.user_id: Known(str(each.user), each.get_post_display()) for each in held}
    return found


def reveal_phone(service_request: ServiceRequest, *, by: Any, reason: str) -> str:
    """The submitter's number, with a reason and in the access log. Raises NoPower, RuleViolation (limit)."""
    return access.reveal(
        by=by,
        subject=service_request,
        field="phone",
        value_of=lambda: service_request.submitter.phone,
        reason=reason,
        organization=service_request.handler,
        may=powers.can_reveal_phone,
    )
