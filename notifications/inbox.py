"""The inbox: reading, marking as read, and how many lines wait."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

from ground import clock
from notifications.models import Message

PAGE = 30
#: Beyond this the tab says "99+": counting stays cheap however much waits.
COUNTED = 100


class Page(NamedTuple):
    """Some messages, newest first, and the mark from which older ones go on ("" at the end)."""

    messages: list[Message]
    older: str


def page_of(user: Any, before: str = "") -> Page:
    """One page of somebody's inbox; `before` is the `older` mark of the page before it. One query."""
    rows: QuerySet[Message] = Message.objects.visible_to(user)
    if (mark := _parsed(before)) is not None:
        at, pk = mark
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))
    found = list(rows[: PAGE + 1])
    messages = found[:PAGE]
    older = f"{messages[-1].at.isoformat()}~{messages[-1].pk}" if len(found) > PAGE else ""
    return Page(messages, older)


def mark_read(user: Any, pk: int) -> Message:
    """Mark one's own message as read (again: nothing changes); Message.DoesNotExist for another's."""
    message = Message.objects.visible_to(user).get(pk=pk)
    Message.objects.filter(pk=pk, read_at=None).update(read_at=clock.now())
    return message


def mark_all_read(user: Any) -> int:
    """Mark everything as read; gives how many were not."""
    return Message.objects.visible_to(user).unread().change(read_at=clock.now())


def unread_count(user: Any) -> int:
    """How many messages wait, counted up to 100; once per HTTP request."""
    if not user.is_authenticated:
        return 0
    cache: dict[str, Any] = getattr(user, "scope_cache", {})
    if "unread" not in cache:
        cache["unread"] = Message.objects.visible_to(user).unread().order_by()[:COUNTED].count()
    return cache["unread"]


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `unread_messages`, counted only where a template asks for it."""
    # A page refused early (a wrong host) has no user yet; a template calls this where it names it.
    user = request.user if hasattr(request, "user") else AnonymousUser()
    return {"unread_messages": partial(unread_count, user)}


def is_mark(before: str) -> bool:
    """Whether it is an `older` mark of some page."""
    return _parsed(before) is not None


def _parsed(mark: str) -> tuple[datetime, int] | None:
    at, _, pk = mark.partition("~")
    try:
        moment = parse_datetime(at.replace(" ", "+"))
    except ValueError:
        return None
    if not moment or is_naive(moment) or not 2000 <= moment.year < 2200:
        return None
    return (moment, int(pk)) if pk.isdecimal() and len(pk) < 19 else None
