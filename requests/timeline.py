"""What happened to a request, in plain words. Phone, desk and API show the same entries.

Names are masked for the viewer: staff appear with their post, whoever asked is 你 or 居民 周**.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from requests import clocks
from requests.contacts import posts_of
from requests.models import RequestEvent, ServiceRequest
from requests.presenting import asker_of
from requests.states import ContactBy, Outcome, State, Track


@dataclass(slots=True)
class Entry:
    """One line of the history; the keys of `parts/_timeline.html`. `photos`: url, thumb, alt."""

    step: str
    title: str
    at: datetime
    by: str = ""
    note: str = ""
    text: str = ""
    photos: list[dict[str, str]] = field(default_factory=list)


#: Floors above add entries of their own (claims, whistles): (service_request, viewer) → entries.
contributors: list[Callable[[ServiceRequest, Any], Iterable[Entry]]] = []
#: Floors above word the steps that begin with them: step → (events of it) → headline by id of the event.
wordings: dict[str, Callable[[list[RequestEvent]], dict[int, str]]] = {}


def entries_of(service_request: ServiceRequest, viewer: Any) -> list[Entry]:
    """The history, newest first. Four queries, and what the contributors need."""
    events = list(
        service_request.events.select_related("by", "note").prefetch_related("photos").order_by("at", "id")
    )
    teller = _Teller(service_request, viewer, events)
    entries = [teller.entry(event) for event in events]
    for contribute in contributors:
        entries.extend(contribute(service_request, viewer))
    return sorted(entries, key=lambda entry: entry.at)[::-1]


class _Teller:
    """Words the events of one request for one viewer."""

    def __init__(self, service_request: ServiceRequest, viewer: Any, events: list[RequestEvent]) -> None:
        self.service_request = service_request
        self.asker = asker_of(service_request, viewer)
        self.viewer_id = getattr(viewer, "pk", None)
        named = {event.codes["responsible"] for event in events if "responsible" in event.codes}
        staff = {event.by_id for event in events if event.by_id} | named
        self.posts = posts_of(staff - {service_request.submitter_id}, service_request)
        self.headlines: dict[int, str] = {}
        for step, word in wordings.items():
            if taken := [event for event in events if event.step == step]:
                self.headlines |= word(taken)
        self.names = {user.pk: str(user) for user in User.objects.filter(pk__in=named)} if named else {}

    def entry(self, event: RequestEvent) -> Entry:
        title, note = getattr(self, f"_{event.step}", self._other)(event)
        said = getattr(event, "note", None)
        return Entry(
            step=event.step,
            title=self.headlines.get(event.pk, title),
            at=event.at,
            by="" if event.by_id == self.service_request.submitter_id else self._person(event.by),
            note=note,
            text=str(said) if said else "",
            photos=self._photos(event),
        )

    def _person(self, user: Any) -> str:
        if user is None:
            return "系统"
        post = self.posts.get(user.pk)
        return f"{post} {user}" if post else str(user)

    def _photos(self, event: RequestEvent) -> list[dict[str, str]]:
        number = self.service_request.number
        urls = [reverse("requests:photo", args=[number, photo.pk]) for photo in event.photos.all()]
        return [{"url": url, "thumb": f"{url}?size=small", "alt": f"{event.step}照片"} for url in urls]

    # One method per step: headline, note

    def _submit(self, event: RequestEvent) -> tuple[str, str]:
        span = clocks.promised(self.service_request, "accept")
        note = f"承诺 {span}内受理" if span else ""
        return ("代点单" if "on_behalf_of" in event.codes else f"{self.asker}提交了点单"), note

    def _add(self, event: RequestEvent) -> tuple[str, str]:
        return f"{self.asker}补充了情况", ""

    def _accept(self, event: RequestEvent) -> tuple[str, str]:
        how = Track(event.codes["track"]).motto
        span = clocks.promised(self.service_request, "resolve")
        return f"{self._community}受理，按{how}", f"承诺 {span}内办结" if span else ""

    def _contact(self, event: RequestEvent) -> tuple[str, str]:
        how = ContactBy(event.codes["how"]).label
        return f"{how}联系了{self.asker}", "首次联系" if event.codes.get("is_first") else ""

    def _decline(self, event: RequestEvent) -> tuple[str, str]:
        return "不予受理", ""

    def _handle(self, event: RequestEvent) -> tuple[str, str]:
        person = event.codes["responsible"]
        post = self.posts.get(person, "")
        return f"{post} {self.names.get(person, '')} 负责办理".strip(), ""

    def _whistle(self, event: RequestEvent) -> tuple[str, str]:
        return f"{self._community}吹哨，召集党员来帮忙", ""

    def _resolve(self, event: RequestEvent) -> tuple[str, str]:
        return f"办结：{Outcome(event.codes['outcome']).label}", ""

    def _rate(self, event: RequestEvent) -> tuple[str, str]:
        solved = "问题解决了" if event.codes["solved"] else "问题没有解决"
        return f"{self.asker}评了 {event.codes['satisfied']} 星", solved

    def _withdraw(self, event: RequestEvent) -> tuple[str, str]:
        return f"{self.asker}撤回了点单", ""

    def _other(self, event: RequestEvent) -> tuple[str, str]:
        return State(event.target).label, ""

    @property
    def _community(self) -> str:
        return self.service_request.handler.short_name
