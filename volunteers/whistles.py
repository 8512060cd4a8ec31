"""吹哨: drafting, publishing, cancelling; the clock starts and finishes (RULES 2)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.urls import reverse

from ground import clock
from ground.errors import RuleViolation
from ground.geo import Point
from notifications.outbox import say, say_to_many
from organizations.models import Organization, Skill
from organizations.tree import lock_tree
from requests import workflow
from requests.models import ServiceRequest
from requests.numbering import lock_series, take_number
from volunteers import audiences, claims
from volunteers.models import DEFAULT_RADIUS_M, Whistle
from volunteers.states import Audience, Task, WhistleKind, WhistleState
from volunteers.tables import WHISTLES

log = structlog.get_logger(__name__)

#: What sets the numbers of whistles apart from those of requests: 哨.
MARK = "S"
#: No credit can exceed the window, so the window has an end of its own.
LONGEST = timedelta(hours=24)


def draft(
    *,
    by: Any,
    community: Organization,
    title: str,
    text: str,
    starts_at: datetime,
    ends_at: datetime,
    place: str,
    point: Point,
    places_max: int,
    places_min: int = 1,
    claim_by: datetime | None = None,
    radius_m: int = DEFAULT_RADIUS_M,
    kind: str = WhistleKind.SERVICE,
    duty_area: str | None = None,
    task: str = Task.SERVICE,
    audience: str = Audience.REGISTERED,
    skills: Iterable[Skill] = (),
    grid: Any = None,
    service_request: ServiceRequest | None = None,
    key: uuid.UUID | None = None,
) -> Whistle:
    """A new draft of the community, for a request or without one. The same key gives the first draft again.

    Times are aware, `point` is WGS-84, `radius_m` metres; claims close at the start unless `claim_by` says
    otherwise. Raises RuleViolation with the field that is wrong, NoPower.
    """
    whistle = Whistle(
        title=title.strip(), text=text.strip(), starts_at=starts_at, ends_at=ends_at, claim_by=claim_by or starts_at,
        place=place.strip(), lng=point.lng, lat=point.lat, radius_m=radius_m,
        places_min=places_min, places_max=places_max, kind=kind, task=task, audience=audience,
        grid=grid, service_request=service_request, created_by=by, key=key or uuid.uuid4(),
    )  # fmt: skip
    if duty_area or service_request:
        whistle.duty_area = duty_area or service_request.category.duty_area  # type: ignore[union-attr]
    whistle.place_under(community)
    _refuse_what_cannot_be(whistle)
    with transaction.atomic():
        lock_tree(whistle.district.tree_id)
        whistle.place_under(community)
        series = lock_series(whistle.district, MARK)
        if first := Whistle.objects.filter(key=whistle.key, created_by=by).first():
            _refuse_other_words(first, whistle)
            return first
        with WHISTLES.begin("draft", by=by) as move:
            whistle.number = take_number(series, digits=3)
            whistle.created_at = move.at
            move.thing = whistle
        whistle.skills.set(skills)
    return whistle


def _refuse_other_words(first: Whistle, second: Whistle) -> None:
    """A form that was kept as a draft and changed afterwards must not publish what stood in it before."""
    said = (
        "title",
        "text",
        "place",
        "starts_at",
        "ends_at",
        "claim_by",
        "places_min",
        "places_max",
        "audience",
    )
    if any(getattr(first, name) != getattr(second, name) for name in said):
        raise RuleViolation(
            f"这张表已存成{first.get_state_display()}“{first.title}”，后来的改动没有保存。请取消那一张，再重新起草。"
        )


def _refuse_what_cannot_be(whistle: Whistle) -> None:
    """The rules that the database would refuse too, in words and at their fields."""
    service_request = whistle.service_request
    if whistle.community_id is None:
        raise RuleViolation("请选一个社区（村）。", field="community")
    if service_request is not None and service_request.community_id != whistle.community_id:
        raise RuleViolation("这件点单不在本社区，不能在这里吹哨。")
    if whistle.ends_at <= whistle.starts_at:
        raise RuleViolation("结束时间要晚于开始时间。", field="ends_at")
    if whistle.ends_at - whistle.starts_at > LONGEST:
        raise RuleViolation("一张哨单最长 24 小时，几天的事请按天分开吹哨。", field="ends_at")
    if whistle.claim_by > whistle.ends_at:
        raise RuleViolation("接单截止不能晚于结束时间。", field="claim_by")
    if not 1 <= whistle.places_min <= whistle.places_max:
        raise RuleViolation("人数至少 1 人，且不少于最少人数。", field="places_max")


def publish(whistle: Whistle, *, by: Any) -> Whistle:
    """发布: the whistle is heard. For a request it moves the request on (step "whistle") under its lock."""
    with WHISTLES.take("publish", whistle, by=by) as move:
        if move.thing.service_request is not None:
            workflow.whistled(move.thing.service_request, by=by, whistle_id=move.thing.pk)
        say_to_many(
            audience="whistle",
            audience_id=whistle.pk,
            key=f"whistle:{whistle.pk}:publish",
            title=f"{move.thing.community.short_name}吹哨：{move.thing.title}",
            text=f"要 {move.thing.places_max} 人 · {move.thing.place}",
            url=reverse("volunteers:whistle", args=[whistle.pk]),
        )
    return whistle


def cancel(whistle: Whistle, *, by: Any, reason: str) -> Whistle:
    """取消: claims are released, their volunteers told. `by=None`: the platform, for a withdrawn request."""
    if not reason.strip():
        raise RuleViolation("请写明取消原因，接单的同志会看到。", field="reason")
    with transaction.atomic():
        with WHISTLES.take("cancel", whistle, by=by) as move:
            move.thing.cancelled_because = reason.strip()
        claims.release_all(whistle, by=by)
    return whistle


def start(whistle: Whistle) -> Whistle:
    """The clock starts it; below the minimum the community is told and it runs all the same (RULES 2)."""
    with WHISTLES.take("start", whistle, by=None) as move:
        row = move.thing
        if row.service_request is not None and row.service_request.is_open:
            workflow.set_hold(row.service_request, hold_key(row), f"哨单“{row.title}”正在进行")
        taken = claims.taken(row)
        if taken < row.places_min and row.ends_at > clock.now():  # caught up too late: nobody can step in
            _tell_of_too_few(row, taken)
    return whistle


def _tell_of_too_few(whistle: Whistle, taken: int) -> None:
    for person in audiences.staff_of(whistle):
        say(
            to=person,
            key=f"whistle:{whistle.pk}:too-few",
            title=f"人手不足：{whistle.title}",
            text=f"最少要 {whistle.places_min} 人，现在 {taken} 人，已按时开始，请安排补位。",
            url=reverse("desk:whistle", args=[whistle.pk]),
        )


def finish(whistle: Whistle) -> Whistle:
    """The clock finishes it and never waits for claims; the hold on the request goes."""
    with WHISTLES.take("finish", whistle, by=None) as move:
        if move.thing.service_request is not None:
            workflow.clear_hold(move.thing.service_request, hold_key(move.thing))
    return whistle


def hold_key(whistle: Whistle) -> str:
    return f"whistle:{whistle.pk}"


def start_and_finish_due() -> int:
    """Take every step of the clock that is due, oldest first; safe to run twice and side by side.

    Returns how many were taken here. What another worker took meanwhile is passed over; a whistle that
    fails is logged and does not stop the others.
    """
    now = clock.now()
    to_start = Whistle.objects.filter(state=WhistleState.OPEN, starts_at__lte=now).order_by("starts_at", "id")
    taken = sum(_take(start, whistle) for whistle in to_start.iterator(chunk_size=200))
    to_finish = Whistle.objects.filter(state=WhistleState.RUNNING, ends_at__lte=now).order_by("ends_at", "id")
    return taken + sum(_take(finish, whistle) for whistle in to_finish.iterator(chunk_size=200))


def _take(step: Callable[[Whistle], Whistle], whistle: Whistle) -> bool:
    try:
        step(whistle)
    except RuleViolation:
        return False  # another worker was first
    except Exception:
        log.exception("step of the clock failed", whistle=whistle.pk, step=step.__name__)
        return False
    return True
