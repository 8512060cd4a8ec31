"""常用语: what staff say again and again, offered above the words of a step, with the blanks filled in."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Q

from requests.models import ReplyTemplate, ServiceRequest

#: Step → the field of its form that holds the words.
FIELDS = {
    "accept": "text",
    "decline": "reason",
    "ask": "text",
    "contact": "text",
    "resolve": "text",
    "complete": "text",
    "explain": "text",
    "note": "text",
}
#: What is offered for a step under another name: a part is finished in the same words.
_AS = {"complete": "resolve"}
MOST = 12


class Reply(NamedTuple):
    """One choice: its key, what it is called, and what it says about this request."""

    key: str
    title: str
    text: str


def replies_for(service_request: ServiceRequest, step: str, user: Any) -> list[Reply]:
    """What the user may say with this step of this request: for its category first, then for any. One query."""
    if step not in FIELDS:
        return []
    rows = ReplyTemplate.objects.usable_by(user).filter(
        Q(category=None) | Q(category=service_request.category_id),
        Q(organization=service_request.community_id) | Q(organization=service_request.district_id),
        step=_AS.get(step, step),
        is_open=True,
    )
    rows = rows.order_by("category_id", "title", "id")
    found = [Reply(str(row.pk), row.title, filled(row.text, service_request)) for row in rows]
    special = {row.pk for row in rows if row.category_id}
    found.sort(key=lambda reply: int(reply.key) not in special)
    return found[:MOST]


def filled(text: str, service_request: ServiceRequest) -> str:
    """With the number and the handler in place of their blanks; nothing else is replaced."""
    return text.replace("{编号}", service_request.number).replace(
        "{承办}", service_request.handler.short_name
    )


def with_reply(data: Any, step: str, replies: list[Reply]) -> Any:
    """What was posted; where the words are empty and a choice was made, with the words of that choice."""
    field = FIELDS.get(step, "")
    chosen = next((reply for reply in replies if reply.key == data.get("reply")), None)
    if chosen is None or not field or data.get(field, "").strip():
        return data
    given = data.copy()
    given[field] = chosen.text
    return given
