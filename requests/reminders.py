"""提醒: at half of the time, at four fifths and when it is over the owner hears, then those above (RULES 4).

Messages say the number of the request and what is due when, nothing of its words: they go to those above too.
"""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse

from ground import clock
from notifications.outbox import audiences, say_to_many
from requests import powers
from requests.clocks import DUE, OVERDUE
from requests.models import Dispatch, ServiceRequest
from requests.news import people
from requests.news.dispatches import doing as doing_of_dispatch
from requests.news.dispatches import is_pressing, page_of
from requests.news.people import People
from requests.news.phrases import about, moment, span
from requests.states import State, Track


def say_level(row: ServiceRequest | Dispatch, level: int) -> None:
    """Say one level of the present due. Said again for the same row, due and level it arrives once."""
    is_dispatch = isinstance(row, Dispatch)
    whole: ServiceRequest = row.service_request if isinstance(row, Dispatch) else row
    due = row.due or clock.now()
    kind = "dispatch" if is_dispatch else "request"
    doing = doing_of_dispatch(row) if isinstance(row, Dispatch) else _doing(row)
    say_to_many(
        audience=f"{kind}_{'overdue' if level == OVERDUE else 'owner'}",
        audience_id=row.pk,
        key=f"{kind}:{row.pk}:due:{due.timestamp():.0f}:{level}",
        title=f"{_how_far(row, level, doing)}：{whole.number}",
        text=f"{'派单的' if is_dispatch else ''}{doing}期限是 {moment(due)}",
        url=_page(row),
        is_urgent=is_pressing(row) if isinstance(row, Dispatch) else row.track == Track.URGENT,
        about=about(whole),
    )


def say_contact(row: ServiceRequest, level: int) -> None:
    """Say one level of the first contact: its clock runs beside the one for accepting or resolving."""
    due = row.contact_due or clock.now()
    left = due - clock.now()
    say_to_many(
        audience=f"request_{'overdue' if level == OVERDUE else 'owner'}",
        audience_id=row.pk,
        key=f"request:{row.pk}:contact:{due.timestamp():.0f}:{level}",
        title=f"{_in_words(left, level, '联系提出人')}：{row.number}",
        text=f"首次联系的期限是 {moment(due)}",
        url=_page(row),
        is_urgent=row.track == Track.URGENT,
        about=about(row),
    )


def _doing(service_request: ServiceRequest) -> str:
    """What has to be done by the present due of a request."""
    if service_request.state == State.SUBMITTED:
        return "受理"
    is_new_here = service_request.takeover_due is not None
    return "接手" if is_new_here and service_request.due == service_request.takeover_due else "办结"


def _how_far(row: ServiceRequest | Dispatch, level: int, doing: str) -> str:
    """How far the present due is: as it is when it is said, however late that is."""
    return _in_words((row.due or clock.now()) - clock.now(), level, doing)


def _in_words(left: timedelta, level: int, doing: str) -> str:
    """“还剩 2 小时受理”, “受理到期”, “超时 3 小时未受理”."""
    if level < DUE:
        return f"还剩 {span(left)}{doing}"
    return f"{doing}到期" if level == DUE else f"超时 {span(-left)}未{doing}"


def _page(row: ServiceRequest | Dispatch) -> str:
    """Of a dispatch always its own page: both sides open it, and the request is out of sight for a unit's posts."""
    if isinstance(row, Dispatch):
        return page_of(row, for_recipient=True)
    return reverse("desk:request", args=[row.number])


# Whom


def _without_submitter(found: People, service_request: ServiceRequest) -> People:
    return found if service_request.asker_id is None else found.exclude(pk=service_request.asker_id)


def owner_of_request(request_id: int) -> People:
    row = ServiceRequest.objects.select_related("handler", "grid").filter(pk=request_id).first()
    return _without_submitter(people.owners(row), row) if row else people.nobody()


def above_request(request_id: int) -> People:
    """The owner's tier and the tier above; of a part the owner's tier, for the whole is told by its own clock."""
    row = ServiceRequest.objects.select_related("handler", "grid").filter(pk=request_id).first()
    if row is None:
        return people.nobody()
    here = people.at_handler(row)
    return _without_submitter(here if row.is_part else people.any_of(here, people.above(row)), row)


def _dispatch(dispatch_id: int) -> Dispatch | None:
    rows = Dispatch.objects.select_related(
        "service_request__handler", "service_request__grid", "organization"
    )
    return rows.filter(pk=dispatch_id).first()


def owner_of_dispatch(dispatch_id: int) -> People:
    row = _dispatch(dispatch_id)
    return _without_submitter(powers.officers_of(row), row.service_request) if row else people.nobody()


def above_dispatch(dispatch_id: int) -> People:
    """Its officers and those who verify at the handler: the handler's own clock tells the tiers above them."""
    row = _dispatch(dispatch_id)
    if row is None:
        return people.nobody()
    found = people.any_of(powers.officers_of(row), people.at_handler(row.service_request))
    return _without_submitter(found, row.service_request)


audiences.register("request_owner", owner_of_request)
audiences.register("request_overdue", above_request)
audiences.register("dispatch_owner", owner_of_dispatch)
audiences.register("dispatch_overdue", above_dispatch)
