"""政策: a district signs what holds from a day on; nothing that was signed is ever changed (RULES 4 and 6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from organizations.models import Organization, Policy
from organizations.models.policies import (
    MOST_DAYS,
    MOST_HOURS,
    MOST_PATTERN,
    MOST_TIMES,
    MOST_WEEKS,
    MOST_WEIGHT,
    Attendance,
    Boards,
    Preset,
    ResolvePhotos,
    default_spans,
)
from organizations.posts import Power, Tier
from organizations.scope import scope_of

#: Groups of clocks and the clocks in them, as pages call them, in the order of pages.
TRACKS = {"urgent": "急", "important": "要", "hard": "难"}
GRADES = {"work_dispatch": "工作哨", "hard_dispatch": "攻坚哨"}
CLOCKS = {"accept": "受理", "contact": "首次联系", "resolve": "办结"}
DISPATCH_CLOCKS = {"sign": "签收", "give_back": "退回", "contact": "首次联系", "arrive": "到场"}
#: A clock that runs day and night, and one that goes by working days, never run longer.
MOST_MINUTES, MOST_WORKING_DAYS = 30 * 24 * 60, 120

DAYS = ("ask_days", "lapse_days", "reopen_days", "object_days")
#: The switches of RULES 6: what a preset sets. The clocks are the same under either.
PRESETS: dict[str, dict[str, Any]] = {
    Preset.SHAOGUAN: {
        "attendance": Attendance.REQUIRED,
        "boards": Boards.ON,
        "likes_shown": True,
        "like_weight": Decimal(0),
        "quota_times": 1,
        "quota_hours": 20,
        "resolve_photos": ResolvePhotos.CATEGORY,
        "patrol_tracks": False,
    },
    Preset.RELIEF: {
        "attendance": Attendance.OPTIONAL,
        "boards": Boards.POSITIVE,
        "likes_shown": False,
        "like_weight": Decimal(0),
        "quota_times": 0,
        "quota_hours": 0,
        "resolve_photos": ResolvePhotos.NEVER,
        "patrol_tracks": False,
    },
}
#: Whether boards are open to everybody is a decision of its own: no preset makes it.
SWITCHES = (*PRESETS[Preset.SHAOGUAN], "boards_public")
#: 未诉先办: from how many requests in how many weeks on. No preset sets it: it asks nothing of anybody.
PATTERNS = ("pattern_building", "pattern_compound", "pattern_weeks")
#: All that a signature says.
FIELDS = ("spans", *DAYS, "legal_route", *SWITCHES, *PATTERNS)
_CHOICES = {"attendance": Attendance, "boards": Boards, "resolve_photos": ResolvePhotos}
_LIMITS = {
    **dict.fromkeys(DAYS, (1, MOST_DAYS)),
    "like_weight": (0, MOST_WEIGHT),
    "quota_times": (0, MOST_TIMES),
    "quota_hours": (0, MOST_HOURS),
    "pattern_building": (0, MOST_PATTERN),
    "pattern_compound": (0, MOST_PATTERN),
    "pattern_weeks": (2, MOST_WEEKS),
}


def every_span() -> Iterator[tuple[str, str]]:
    """(group, clock) of every clock that a policy sets."""
    return ((group, name) for group, clocks in default_spans().items() for name in clocks)


def can_sign(user: Any, district: Organization) -> bool:
    """Whoever changes policies at the district, or at the city above it (RULES 5)."""
    grants = scope_of(user).with_power(Power.POLICY_CHANGE)
    return any(grant.organization_id in (None, district.pk) for grant in grants)


def districts_in_sight(user: Any) -> QuerySet[Organization]:
    """Those in which the user has anything in sight: policies are no secret."""
    seen = Organization.objects.visible_to(user).order_by()
    return (
        Organization.objects.open().filter(parent=None, tree_id__in=seen.values("tree_id")).order_by("code")
    )


def in_force_for(user: Any) -> list[Policy]:
    """What holds today in each district in sight; the defaults, unsaved, where nothing was signed."""
    return list(Policy.in_force_in(districts_in_sight(user).values_list("pk", flat=True)).values())


def at_hand(user: Any, district_id: int) -> Policy:
    """What holds in a district today, kept for the rest of the HTTP request on `user.scope_cache`."""
    cache: dict[Any, Any] = getattr(user, "scope_cache", {})
    key = ("policy", district_id)
    if key not in cache:
        cache[key] = Policy.of(district_id)
    return cache[key]


def preset_of(said: dict[str, Any]) -> Preset:
    """The preset that sets all switches as they are said here; 自定 where none does."""
    fits = (
        preset
        for preset, switches in PRESETS.items()
        if all(said[name] == value for name, value in switches.items())
    )
    return Preset(next(fits, Preset.OWN))


def sign(
    *, by: Any, district: Organization, begins_on: date, document: str, preset: str, **fields: Any
) -> Policy:
    """Sign what holds in the district from a day on, today or later.

    `fields` are those of FIELDS that differ from the preset, and besides from what holds on that day. A preset
    that was changed is kept as 自定. Raises NoPower; RuleViolation with the field (a span's is `group_clock`);
    TypeError for other fields.
    """
    if unknown := set(fields) - set(FIELDS):
        raise TypeError(f"a policy says nothing about {unknown}")
    with transaction.atomic():
        if not can_sign(by, district):
            raise NoPower("政策由区里签发，你可以把意见报给区里。")
        if district.tier != Tier.DISTRICT:
            raise RuleViolation("政策按区县签发。", field="district")
        _check_heading(begins_on, document, preset)
        lock_row(district)  # two taps at once: the second one finds the first
        before = Policy.of(district.pk, begins_on)
        said = {name: getattr(before, name) for name in FIELDS} | PRESETS.get(preset, {}) | fields
        said["legal_route"] = said["legal_route"].strip()
        check(said)
        if preset != preset_of(said):
            preset = Preset.OWN
        policy = Policy(
            district=district,
            begins_on=begins_on,
            document=document.strip(),
            preset=preset,
            signed_by=by,
            **said,
        )
        _refuse_the_same_again(before, policy)
        policy.save()
    return policy


def _check_heading(begins_on: date, document: str, preset: str) -> None:
    if begins_on < clock.today():
        raise RuleViolation("施行日期不能早于今天：已经过去的日子按当时的政策。", field="begins_on")
    if not document.strip():
        raise RuleViolation("请写明依据的文件或会议。", field="document")
    if len(document.strip()) > 60:
        raise RuleViolation("依据文件最多 60 个字，写文号就够了。", field="document")
    if preset not in Preset.values:
        raise RuleViolation("请选一种方案：韶关 2020、减负或自定。", field="preset")


def check(said: dict[str, Any]) -> None:
    """Refuse, at its field, what no policy may say. `said` names all of FIELDS."""
    _check_spans(said["spans"])
    for name, (least, most) in _LIMITS.items():
        if not least <= said[name] <= most:
            raise RuleViolation(f"请填 {least} 到 {most} 之间的数。", field=name)
    for name, choices in _CHOICES.items():
        if said[name] not in choices.values:
            raise RuleViolation("请从列出的做法里选一种。", field=name)
    if not said["legal_route"] or len(said["legal_route"]) > 300:
        raise RuleViolation("请写明还有哪些法定途径，最多 300 字。", field="legal_route")
    if said["like_weight"] and not said["likes_shown"]:
        raise RuleViolation("不显示点赞时，权重填 0。", field="like_weight")
    for name in ("pattern_building", "pattern_compound"):
        if said[name] == 1:
            raise RuleViolation("一件不算反复出现：请填 2 以上，0 是不提示。", field=name)
    if said["boards_public"] and said["boards"] == Boards.OFF:
        raise RuleViolation("不设排行榜时，没有可以公开的。", field="boards_public")


def _check_spans(spans: Any) -> None:
    wanted = {group: set(clocks) for group, clocks in default_spans().items()}
    if not isinstance(spans, dict) or any(not isinstance(each, dict) for each in spans.values()):
        raise RuleViolation("时限要按分级和环节分开写。", field="spans")
    if {group: set(clocks) for group, clocks in spans.items()} != wanted:
        raise RuleViolation("每一级、每个环节的时限都要写，一个不多，一个不少。", field="spans")
    for group, name in every_span():
        _check_span(spans[group][name], f"{group}_{name}")


def _check_span(span: Any, field: str) -> None:
    """Either minutes, day and night, or working days."""
    is_one = isinstance(span, dict) and len(span) == 1 and set(span) <= {"minutes", "working_days"}
    if not is_one or any(type(number) is not int for number in span.values()):
        raise RuleViolation("请填整数，按分钟或者按工作日，只选一种。", field=field)
    if not 1 <= span.get("minutes", 1) <= MOST_MINUTES:
        raise RuleViolation(f"请填 1 到 {MOST_MINUTES} 分钟（30 天）。", field=field)
    if not 1 <= span.get("working_days", 1) <= MOST_WORKING_DAYS:
        raise RuleViolation(f"请填 1 到 {MOST_WORKING_DAYS} 个工作日。", field=field)


def _refuse_the_same_again(before: Policy, policy: Policy) -> None:
    """What holds on that day says the same already: a second tap, or nothing to sign."""
    is_same = all(getattr(before, name) == getattr(policy, name) for name in FIELDS)
    if is_same and before.pk is not None and before.document == policy.document:
        raise RuleViolation("和那天已经有效的政策完全一样，不用再签。")
