"""吹哨: drafting, editing, publishing, cancelling, ending early, copying; the clock starts and finishes (RULES 2)."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from accounts.models import User
from ground import clock
from ground.errors import RuleViolation
from ground.geo import Point
from organizations.models import Organization, Skill, Unit
from organizations.tree import lock_tree
from requests import workflow
from requests.models import ServiceRequest
from requests.numbering import lock_series, take_number
from requests.tables import REQUESTS
from volunteers.claiming import claims
from volunteers.claiming.standing import taken
from volunteers.models import DEFAULT_RADIUS_M, Team, Whistle, WhistleSeries
from volunteers.states import Audience, Task, WhistleKind, WhistleState
from volunteers.tables import WHISTLES
from volunteers.whistling import audiences, calling, limits, reminders

log = structlog.get_logger(__name__)

#: What sets the numbers of whistles apart from those of requests: 哨.
MARK = "S"
#: What the community writes, by column: changed by `edit`, taken over by `copy`. Skills and units stand beside.
WRITTEN = (
    *("kind", "title", "text", "starts_at", "ends_at", "claim_by", "place", "lng", "lat", "radius_m"),
    *("places_min", "places_max", "duty_area", "task", "audience", "grid_id", "team_id", "leader_id"),
)
#: The arguments of `draft` that a copy takes over as they are.
AGAIN = (
    *("kind", "title", "text", "place", "point", "radius_m", "places_min", "places_max", "duty_area", "task"),
    *("audience", "team", "grid", "community"),
)


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
    places_max: int = 1,
    places_min: int = 1,
    claim_by: datetime | None = None,
    radius_m: int = DEFAULT_RADIUS_M,
    kind: str = WhistleKind.SERVICE,
    duty_area: str | None = None,
    task: str = Task.SERVICE,
    audience: str = Audience.REGISTERED,
    skills: Iterable[Skill] = (),
    units: Iterable[Unit] = (),
    team: Team | None = None,
    leader: User | None = None,
    grid: Any = None,
    service_request: ServiceRequest | None = None,
    series: WhistleSeries | None = None,
    key: uuid.UUID | None = None,
) -> Whistle:
    """A new draft of the community, for a request or without one. The same key gives the first draft again.

    Times are aware, `point` is WGS-84, `radius_m` metres; claims close at the start (of wishes and emergencies at
    the end) unless `claim_by` says otherwise. `by=None`: the platform, for the next one of a `series`. Raises
    RuleViolation with the field that is wrong, NoPower.
    """
    whistle = Whistle(
        title=title.strip(), text=text.strip(), starts_at=starts_at, ends_at=ends_at,
        place=place.strip(), lng=point.lng, lat=point.lat, radius_m=radius_m,
        places_min=places_min, places_max=places_max, kind=kind, task=task, audience=audience, team=team,
        leader=leader, grid=grid, service_request=service_request, series=series, key=key or uuid.uuid4(),
        created_by=by or (series.made_by if series else None),
    )  # fmt: skip
    if duty_area or service_request:
        whistle.duty_area = duty_area or service_request.category.duty_area  # type: ignore[union-attr]
    whistle.claim_by = claim_by or limits.usual_claim_by(whistle)
    wanted = list(units) if audience == Audience.UNITS else []
    limits.settle(whistle)
    whistle.place_under(community)
    limits.check(whistle, wanted)
    with transaction.atomic():
        lock_tree(whistle.district.tree_id)
        whistle.place_under(community)
        numbers = lock_series(whistle.district, MARK)
        if first := Whistle.objects.filter(key=whistle.key, created_by=whistle.created_by).first():
            _refuse_other_words(first, whistle)
            return first
        with WHISTLES.begin("draft", by=by) as move:
            whistle.number = take_number(numbers, digits=3)
            whistle.created_at = move.at
            move.thing = whistle
        whistle.skills.set(skills)
        whistle.units.set(wanted)
    return whistle


def _refuse_other_words(first: Whistle, second: Whistle) -> None:
    """A form that was kept as a draft and changed afterwards must not publish what stood in it before."""
    if any(getattr(first, name) != getattr(second, name) for name in WRITTEN):
        raise RuleViolation(
            f"这张表已存成{first.get_state_display()}“{first.title}”，后来的改动没有保存。请取消那一张，再重新起草。"
        )


def edit(whistle: Whistle, *, by: Any, **changes: Any) -> Whistle:
    """修改草稿: what is given and differs is changed, and the event says which fields. Nothing different: no event.

    `changes` are the arguments of `draft` that describe the whistle. Raises RuleViolation with the field, NoPower.
    """
    if point := changes.pop("point", None):
        changes |= {"lng": point.lng, "lat": point.lat}
    as_it_was = Whistle.objects.select_related("team", "grid", "leader").get(pk=whistle.pk)
    if not _written_over(as_it_was, dict(changes))[0] and WHISTLES.is_open("edit", by, whistle):
        return whistle
    with WHISTLES.take("edit", whistle, by=by) as move:
        fields, skills, units = _written_over(move.thing, changes)
        if move.thing.series_id is not None and (bound := {"starts_at", "kind"} & set(fields)):
            raise RuleViolation("已定为系列，时间和种类不能再改。请取消它，重新起草。", field=bound.pop())
        limits.check(move.thing, units)
        move.thing.skills.set(skills)
        move.thing.units.set(units)
        move.codes["fields"] = fields
    return whistle


def _written_over(row: Whistle, changes: dict[str, Any]) -> tuple[list[str], list[Skill], list[Unit]]:
    """Write the changes on the row, unsaved; gives the names of what differs, and what stands beside the row."""
    before = {name: getattr(row, name) for name in WRITTEN}
    was_usual = row.claim_by == limits.usual_claim_by(row)
    own_skills, own_units = list(row.skills.all()), list(row.units.all())
    skills, units = changes.pop("skills", own_skills), changes.pop("units", own_units)
    for name, value in changes.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    if changes.get("claim_by", ...) is None or ("claim_by" not in changes and was_usual):
        row.claim_by = limits.usual_claim_by(row)
    limits.settle(row)
    units = list(units) if row.audience == Audience.UNITS else []
    fields = [name.removesuffix("_id") for name in WRITTEN if getattr(row, name) != before[name]]
    fields += ["skills"] if set(skills) != set(own_skills) else []
    fields += ["units"] if set(units) != set(own_units) else []
    return fields, list(skills), units


def copy(
    whistle: Whistle, *, by: Any, starts_at: datetime | None = None, key: uuid.UUID | None = None
) -> Whistle:
    """复制: a new draft with the same words, on the same weekday and at the same time of a coming week unless
    `starts_at` says when; its other times keep their distances. It belongs to no series, and to the request only
    while that can still be whistled for.
    """
    start = starts_at or next_week_of(whistle)
    wanted = whistle.service_request
    if wanted is not None and not REQUESTS.is_open("whistle", by, wanted):
        wanted = None
    return draft(by=by, service_request=wanted, key=key, **arguments_of(whistle, start))


def arguments_of(whistle: Whistle, starts_at: datetime) -> dict[str, Any]:
    """The arguments of `draft` for the same whistle at another time; without its request, its series, and a
    leader who does not work there.
    """
    by = starts_at - whistle.starts_at
    # Whoever led because he had claimed has not claimed the next one.
    staff = audiences.leaders_of(Whistle(community=whistle.community))
    return {
        **{name: getattr(whistle, name) for name in AGAIN},
        "leader": staff.filter(pk=whistle.leader_id or 0).first(),
        "starts_at": starts_at,
        "ends_at": whistle.ends_at + by,
        "claim_by": whistle.claim_by + by,
        "skills": list(whistle.skills.all()),
        "units": list(whistle.units.all()),
    }


def next_week_of(whistle: Whistle) -> datetime:
    """The same weekday and time in the first week after it that has not begun."""
    weeks = math.floor((clock.now() - whistle.starts_at) / timedelta(weeks=1)) + 1
    return whistle.starts_at + timedelta(weeks=max(1, weeks))


def publish(whistle: Whistle, *, by: Any) -> Whistle:
    """发布: the whistle is heard. For a request it moves the request on (step "whistle") under its lock; a wish
    that was asked for holds its request as long as it is open.
    """
    with WHISTLES.take("publish", whistle, by=by) as move:
        row = move.thing
        limits.check_audience(row, row.units.all())
        row.remind_at = reminders.next_after(row, move.at)
        if row.service_request is not None:
            workflow.whistled(row.service_request, by=by, whistle_id=row.pk)
            if row.is_wish:
                workflow.set_hold(row.service_request, hold_key(row), f"微心愿“{row.title}”还没有完成")
        calling.announce(row)
    return whistle


def cancel(whistle: Whistle, *, by: Any, reason: str) -> Whistle:
    """取消: claims are released, their volunteers told. `by=None`: the platform, for a withdrawn request."""
    if not reason.strip():
        raise RuleViolation("请写明取消原因，接单的同志会看到。", field="reason")
    with transaction.atomic():
        with WHISTLES.take("cancel", whistle, by=by) as move:
            move.thing.cancelled_because = _short(reason)
            _over(move.thing)
        claims.release_all(whistle, by=by)
    return whistle


def abort(whistle: Whistle, *, by: Any, reason: str) -> Whistle:
    """提前结束: what runs is over now, presence is cut here; those with a place are told. Claims stay: who came is
    credited for the time he was there.
    """
    if not reason.strip():
        raise RuleViolation("请写明提前结束的原因，接单的同志会看到。", field="reason")
    with WHISTLES.take("abort", whistle, by=by) as move:
        move.thing.aborted_at, move.thing.aborted_because = move.at, _short(reason)
        _over(move.thing)
        calling.tell_that_it_ended_early(move.thing)
    return whistle


def _short(reason: str) -> str:
    if len(reason.strip()) > 100:
        raise RuleViolation("原因最多 100 个字。", field="reason")
    return reason.strip()


def lead(whistle: Whistle, *, by: Any, leader: User | None) -> Whistle:
    """指定现场负责人: who shows the code on site; None leaves it to the community. The same again does nothing."""
    if whistle.leader == leader and WHISTLES.is_open("lead", by, whistle):
        return whistle
    with WHISTLES.take("lead", whistle, by=by, leader=leader and leader.pk) as move:
        move.thing.leader = leader
        limits.check_leader(move.thing)
    return whistle


# The clock


def start(whistle: Whistle) -> Whistle:
    """The clock starts it; below the minimum the community is told and it runs all the same (RULES 2)."""
    with WHISTLES.take("start", whistle, by=None) as move:
        row = move.thing
        row.remind_at = None
        if row.service_request is not None and row.service_request.is_open:
            workflow.set_hold(row.service_request, hold_key(row), f"哨单“{row.title}”正在进行")
        coming = taken(row)
        if coming < row.places_min and row.ends_at > clock.now():  # caught up too late: nobody can step in
            calling.tell_of_too_few(row, coming)
    return whistle


def finish(whistle: Whistle) -> Whistle:
    """The clock finishes it and never waits for claims; the hold on the request goes."""
    with WHISTLES.take("finish", whistle, by=None) as move:
        _over(move.thing)
    return whistle


def fulfil(whistle: Whistle) -> Whistle:
    """A wish was fulfilled by its claimant (see claims): it is done. The caller holds the request's lock already."""
    with WHISTLES.take("fulfil", whistle, by=None) as move:
        _over(move.thing)
    return whistle


def expire(whistle: Whistle) -> Whistle:
    """The time of a wish is over and nobody fulfilled it: the community learns it."""
    with WHISTLES.take("expire", whistle, by=None) as move:
        _over(move.thing)
        calling.tell_of_unfulfilled(move.thing, taken(move.thing))
    return whistle


def _over(whistle: Whistle) -> None:
    """Nobody is reminded any more, and the request is held no longer."""
    whistle.remind_at = None
    if whistle.service_request is not None:
        workflow.clear_hold(whistle.service_request, hold_key(whistle))


def hold_key(whistle: Whistle) -> str:
    return f"whistle:{whistle.pk}"


def start_and_finish_due() -> int:
    """Take every step of the clock that is due, oldest first; safe to run twice and side by side.

    Returns how many were taken here. What another worker took meanwhile is passed over; a whistle that
    fails is logged and does not stop the others.
    """
    now = clock.now()
    opened = Whistle.objects.filter(state=WhistleState.OPEN)
    to_start = opened.exclude(kind=WhistleKind.WISH).filter(starts_at__lte=now).order_by("starts_at", "id")
    done = _each(start, to_start)
    to_finish = Whistle.objects.filter(state=WhistleState.RUNNING, ends_at__lte=now).order_by("ends_at", "id")
    done += _each(finish, to_finish)
    to_expire = opened.filter(kind=WhistleKind.WISH, ends_at__lte=now).order_by("ends_at", "id")
    return done + _each(expire, to_expire)


def _each(step: Callable[[Whistle], Whistle], rows: Any) -> int:
    return sum(_take(step, whistle) for whistle in rows.iterator(chunk_size=200))


def _take(step: Callable[[Whistle], Whistle], whistle: Whistle) -> bool:
    try:
        step(whistle)
    except RuleViolation:
        return False  # another worker was first
    except Exception:
        log.exception("step of the clock failed", whistle=whistle.pk, step=step.__name__)
        return False
    return True
