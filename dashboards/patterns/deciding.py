"""立项 or 不立项: the community decides what a pattern is worth. One decision each, however many tap at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Avg

from accounts.models import User
from dashboards.models import Pattern
from dashboards.patterns.counting import evidence_for
from grids.models import Building
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.geo import Point
from ground.steps import lock_row
from organizations.posts import Power
from organizations.scope import scope_of
from organizations.tree import lock_tree
from requests import workflow
from requests.models import ServiceRequest

REASON_LENGTH = 100


def can_decide(user: Any, pattern: Pattern) -> bool:
    """Whoever verifies requests at the community."""
    return scope_of(user).holds_at(Power.VERIFY, pattern.community_id)


def file(pattern: Pattern, *, by: User, text: str, title: str = "") -> ServiceRequest:
    """立项: file one request with the source 未诉先办, and link to it those that it is about.

    The same person again gets the same request. Raises NoPower; RuleViolation (decided already, no words).
    """
    with _deciding(pattern, by):
        if (
            pattern.state == Pattern.State.FILED
            and pattern.decided_by_id == by.pk
            and pattern.service_request
        ):
            return pattern.service_request
        _refuse_twice(pattern)
        filed = workflow.submit(
            by=by,
            category=pattern.category,
            title=title.strip() or title_for(pattern),
            text=text,
            building=pattern.building,
            compound=pattern.compound,
            point=point_of(pattern),
            address=pattern.compound.name if pattern.compound else "",
            key=uuid.uuid4(),
            is_proactive=True,
        )
        _link(pattern, filed)
        _decide(pattern, Pattern.State.FILED, by, service_request=filed)
    return filed


def dismiss(pattern: Pattern, *, by: User, reason: str) -> None:
    """不立项, with the reason. It comes again when as many new ones have come. Raises NoPower, RuleViolation."""
    said = " ".join(reason.split())
    if not said:
        raise RuleViolation("请写明为什么不立项，如：已经排进改造计划。", field="reason")
    if len(said) > REASON_LENGTH:
        raise RuleViolation(f"最多 {REASON_LENGTH} 字，现在有 {len(said)} 字。", field="reason")
    with _deciding(pattern, by):
        _refuse_twice(pattern)
        _decide(pattern, Pattern.State.DISMISSED, by, reason=said)


@contextmanager
def _deciding(pattern: Pattern, by: User) -> Iterator[None]:
    """Lock order: tree, then the pattern, then requests (RULES 0). The round that proposes takes the first too."""
    with transaction.atomic():
        lock_tree(pattern.district.tree_id)
        lock_row(pattern)
        if not can_decide(by, pattern):
            raise NoPower("未诉先办由社区书记或社区工作者决定。")
        yield


def _refuse_twice(pattern: Pattern) -> None:
    if pattern.state == Pattern.State.FILED and pattern.service_request:
        raise RuleViolation(f"{pattern.decided_by}已经立项：{pattern.service_request.number}。")
    if pattern.state == Pattern.State.DISMISSED:
        raise RuleViolation(f"{pattern.decided_by}已经决定不立项。")
    if pattern.state == Pattern.State.FADED:
        raise RuleViolation("这里已经没有那么多同类点单，不用立项。")


def _decide(pattern: Pattern, state: str, by: User, **more: Any) -> None:
    pattern.state, pattern.decided_by, pattern.decided_at = state, by, clock.now()
    for name, value in more.items():
        setattr(pattern, name, value)
    pattern.save()


def _link(pattern: Pattern, filed: ServiceRequest) -> None:
    """What was asked for up to now belongs to it; locked in one order, because their own steps may be under way."""
    ids = list(evidence_for(pattern).exclude(pk=filed.pk).values_list("pk", flat=True))
    locked = (
        ServiceRequest.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
    )
    list(locked.values_list("pk", flat=True))
    linked = ServiceRequest.objects.filter(pk__in=ids, cause=None).update(cause=filed)
    pattern.count = linked or pattern.count


# Words and place


def title_for(pattern: Pattern) -> str:
    return f"{pattern.place_name}{pattern.category}反复出现，整体检修"[:40]


def text_for(pattern: Pattern) -> str:
    """What the form begins with: 3 周里 6 件楼道照明，建议整栋检修."""
    where = "整栋" if pattern.building_id else "整个小区"
    return (
        f"{pattern.place_name}，{pattern.span_in_words} {pattern.count} 件“{pattern.category}”，"
        f"由 {pattern.people} 人提出。建议{where}检查一次，从根上解决。"
    )


def point_of(pattern: Pattern) -> Point | None:
    """Of a compound the middle of its buildings; a building knows its own."""
    if pattern.compound_id is None:
        return None
    middle = Building.objects.filter(compound=pattern.compound_id).aggregate(lng=Avg("lng"), lat=Avg("lat"))
    return (
        Point(middle["lng"], middle["lat"])
        if middle["lng"] is not None and middle["lat"] is not None
        else None
    )
