"""What happened to a request, in plain words. Phone, desk and API show the same entries.

Each viewer reads his own version (`requests.readers`): staff appear with their post, whoever asked is 你 or
居民 周**, and what the tiers say among themselves stays with them. The words are in `requests.telling`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ground.kept import A_KEY, Kept
from requests import beside
from requests.entries import Entry
from requests.models import DispatchEvent, Photo, RequestEvent, ServiceRequest
from requests.readers import Reader, may_read, reader_of, words_of
from requests.telling import Teller

__all__ = ["Entry", "contributors", "entries_of", "headlines_of", "wordings"]


#: Floors above add entries of their own (claims, whistles): (service_request, viewer) → entries.
contributors: list[Callable[[ServiceRequest, Any], Iterable[Entry]]] = []
#: Floors above word the steps that begin with them: step → (events of it) → headline by id of the event.
wordings: dict[str, Callable[[list[RequestEvent]], dict[int, str]]] = {}


def entries_of(service_request: ServiceRequest, viewer: Any) -> list[Entry]:
    """The history, newest first. A fixed number of queries, and what the contributors need."""
    reader = reader_of(service_request, viewer)
    entries = _told(service_request, viewer, reader)
    for contribute in contributors:
        entries.extend(contribute(service_request, viewer))
    return _newest_first(entries)


def headlines_of(service_request: ServiceRequest) -> list[Entry]:
    """What anybody may read who knows number and code: no names, no words, no photos, no places."""
    return _newest_first(_told(service_request, None, Reader.PUBLIC))


def _newest_first(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.at)[::-1]


def _events(subject: int) -> QuerySet[RequestEvent]:
    rows = RequestEvent.objects.filter(subject=subject).select_related("by", "note")
    return rows.defer("by__phone").order_by("at", "id")


_EVENTS = Kept(_events, subject=A_KEY)


def remember_first(service_request: ServiceRequest) -> None:
    """Of one that was filed in this moment, by `workflow.submit`, and is shown to whoever filed it: nobody has to
    look for what happened to it."""
    event = service_request.filing
    RequestEvent._meta.get_field("note").set_cached_value(event, None)
    service_request.all_events = [event]


def _told(service_request: ServiceRequest, viewer: Any, reader: Reader) -> list[Entry]:
    rows = service_request.all_events or _EVENTS(subject=service_request.pk)
    events = [event for event in rows if may_read(event, reader)]
    dispatched = _dispatch_events(service_request) if any(each.step == "dispatch" for each in events) else []
    teller = Teller(service_request, viewer, reader, events, dispatched)
    if reader is not Reader.PUBLIC:
        for step, word in wordings.items():
            if taken := [event for event in events if event.step == step]:
                teller.headlines |= word(taken)
    entries = [teller.entry(event, words_of(event, reader)) for event in events]
    entries += [entry for event in dispatched if (entry := teller.of_dispatch(event)) is not None]
    if reader is not Reader.PUBLIC:
        _hang_photos(service_request, entries, teller.shown)
    return entries


def _dispatch_events(service_request: ServiceRequest) -> list[DispatchEvent]:
    """What the recipients did, with what the words need. One query."""
    rows = DispatchEvent.objects.filter(subject__service_request=service_request)
    related = rows.select_related("by", "note", "subject__unit", "subject__organization")
    return list(related.defer("by__phone").order_by("at", "id"))


def _hang_photos(
    service_request: ServiceRequest, entries: list[Entry], shown: dict[tuple[str, int], Entry]
) -> None:
    """Each photo to the entry of its event, as far as that entry shows photos. One query."""
    if not beside.has(service_request, "photos"):
        return
    links: dict[tuple[str, int], list[dict[str, str]]] = defaultdict(list)
    for photo in Photo.objects.filter(service_request=service_request):
        key = ("event", photo.event_id) if photo.event_id else ("dispatch", photo.dispatch_event_id or 0)
        url = reverse("requests:photo", args=[service_request.number, photo.pk])
        links[key].append({"url": url, "thumb": f"{url}?size=small", "alt": "照片"})
    for key, entry in shown.items():
        entry.photos = links.get(key, [])
