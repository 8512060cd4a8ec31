"""政策: clocks, days and switches of a district, dated and signed (RULES 4 and 6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from ground import clock
from ground.history import AppendOnly, AppendOnlyQuerySet
from ground.kept import A_DAY, A_KEY, Kept
from ground.worktime import Span
from organizations.models.tree import Organization
from organizations.posts import Power
from organizations.scope import scope_of

USER = settings.AUTH_USER_MODEL

#: How a span is written down: {"minutes": 30} runs day and night, {"working_days": 5} by the calendar.
Spans = dict[str, dict[str, dict[str, int]]]
DAY = 24 * 60
LEGAL_ROUTE = (
    "对区里的答复仍有意见的，可以依法向信访部门提出信访事项；属于行政行为的，可以自知道之日起 60 日内申请行政复议，"
    "或者 6 个月内向人民法院提起行政诉讼（法律另有规定的，按其规定）。需要法律帮助，可以拨打 12348。"
)
#: Nobody is kept waiting longer than that by a rule of days.
MOST_DAYS, MOST_TIMES, MOST_HOURS = 365, 90, 1_000
MOST_WEIGHT = Decimal(10)
#: 未诉先办: beyond so many requests nothing would be a pattern; so many weeks are looked back at most.
MOST_PATTERN, MOST_WEEKS = 99, 12


def default_spans() -> Spans:
    """The clocks of the three tracks (RULES 4) and of the two grades of dispatch (RULES 3)."""
    return {
        "urgent": {
            "accept": {"minutes": 30},
            "contact": {"minutes": 120},
            "resolve": {"minutes": DAY},
        },
        "important": {
            "accept": {"working_days": 1},
            "contact": {"working_days": 1},
            "resolve": {"working_days": 5},
        },
        "hard": {
            "accept": {"working_days": 1},
            "contact": {"working_days": 2},
            "resolve": {"working_days": 15},
        },
        "work_dispatch": {
            "sign": {"working_days": 1},
            "give_back": {"working_days": 1},
            "arrive": {"working_days": 3},
        },
        "hard_dispatch": {
            "sign": {"minutes": 60},
            "give_back": {"working_days": 1},
            "contact": {"minutes": DAY},
            "arrive": {"working_days": 5},
        },
    }


class Preset(models.TextChoices):
    SHAOGUAN = "shaoguan", "韶关 2020"
    RELIEF = "relief", "减负"
    OWN = "own", "自定"


class Attendance(models.TextChoices):
    """How presence at a whistle is shown (RULES 2)."""

    REQUIRED = "required", "到场定位签到"
    OPTIONAL = "optional", "可以不报位置"
    ATTESTED = "attested", "只由社区认定到场"


class Boards(models.TextChoices):
    ON = "on", "全部名次"
    POSITIVE = "positive", "只显示前三分之一的名次"
    OFF = "off", "不设排行榜"


class ResolvePhotos(models.TextChoices):
    CATEGORY = "category", "按事项类别要求照片"
    NEVER = "never", "不要求照片"


class PolicyQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: Any) -> Self:
        """The policies of the districts in which `user` has anything in sight: policies are no secret."""
        scope = scope_of(user)
        nodes = scope.organizations(Organization.objects.order_by(), Power.TREE_SEE)
        return self.filter(district__tree_id__in=nodes.values("tree_id"))


def _number(label: str, default: int, most: int, least: int = 1) -> Any:
    limits = [MinValueValidator(least), MaxValueValidator(most)]
    return models.PositiveSmallIntegerField(label, default=default, validators=limits)


class Policy(AppendOnly):
    """政策: the newest one that has come into force holds; none is ever changed (RULES 6).

    What was promised under an earlier one stays as it was promised: dues are columns of the requests.
    """

    district = models.ForeignKey(
        Organization, verbose_name="区县", on_delete=models.PROTECT, related_name="policies"
    )
    begins_on = models.DateField("施行日期", default=clock.today)
    signed_by = models.ForeignKey(
        USER, verbose_name="签发人", on_delete=models.PROTECT, editable=False, related_name="+"
    )
    signed_at = models.DateTimeField("签发时间", default=clock.now, editable=False)
    document = models.CharField("依据文件", max_length=60, help_text="文号或会议名称。")
    preset = models.CharField("方案", max_length=10, choices=Preset, default=Preset.SHAOGUAN)

    spans = models.JSONField("时限", default=default_spans)
    ask_days = _number("等待补充（天）", 5, MOST_DAYS)
    lapse_days = _number("等待评价（天）", 7, MOST_DAYS)
    reopen_days = _number("可以重办（天）", 15, MOST_DAYS)
    object_days = _number("可以申诉（天）", 15, MOST_DAYS)
    legal_route = models.CharField("法定途径", max_length=300, default=LEGAL_ROUTE)

    attendance = models.CharField("签到", max_length=10, choices=Attendance, default=Attendance.REQUIRED)
    boards = models.CharField("排行榜", max_length=10, choices=Boards, default=Boards.ON)
    boards_public = models.BooleanField("排行榜对外公开", default=False)
    likes_shown = models.BooleanField("显示点赞", default=True)
    like_weight = models.DecimalField(
        "点赞权重",
        max_digits=4,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(MOST_WEIGHT)],
    )
    quota_times = _number("每季度八小时外服务（次）", 1, MOST_TIMES, least=0)
    quota_hours = _number("每年八小时外服务（小时）", 20, MOST_HOURS, least=0)
    resolve_photos = models.CharField(
        "办结照片", max_length=10, choices=ResolvePhotos, default=ResolvePhotos.CATEGORY
    )
    patrol_tracks = models.BooleanField("记录巡查轨迹", default=False)
    pattern_building = _number("同一栋楼反复出现（件）", 4, MOST_PATTERN, least=0)
    pattern_compound = _number("同一小区反复出现（件）", 6, MOST_PATTERN, least=0)
    pattern_weeks = _number("在多少周里", 4, MOST_WEEKS, least=2)

    objects = PolicyQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = "政策"
        ordering = ["-begins_on", "-id"]
        indexes = [models.Index(fields=["district", "-begins_on", "-id"], name="policy_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ask_days__range=(1, MOST_DAYS))
                & Q(lapse_days__range=(1, MOST_DAYS))
                & Q(reopen_days__range=(1, MOST_DAYS))
                & Q(object_days__range=(1, MOST_DAYS)),
                name="policy_days_in_range",
                violation_error_message=f"天数在 1 到 {MOST_DAYS} 之间。",
            ),
            models.CheckConstraint(
                condition=Q(like_weight__range=(0, MOST_WEIGHT))
                & Q(quota_times__range=(0, MOST_TIMES))
                & Q(quota_hours__range=(0, MOST_HOURS)),
                name="policy_quotas_in_range",
                violation_error_message="权重和服务指标不能是负数，也不能这么大。",
            ),
            models.CheckConstraint(
                condition=Q(pattern_building__range=(0, MOST_PATTERN))
                & ~Q(pattern_building=1)
                & Q(pattern_compound__range=(0, MOST_PATTERN))
                & ~Q(pattern_compound=1)
                & Q(pattern_weeks__range=(2, MOST_WEEKS)),
                name="policy_patterns_in_range",
                violation_error_message="未诉先办的件数是 0 或 2 以上，周数在 2 到 12 之间。",
            ),
            models.CheckConstraint(
                condition=Q(preset__in=Preset.values)
                & Q(attendance__in=Attendance.values)
                & Q(boards__in=Boards.values)
                & Q(resolve_photos__in=ResolvePhotos.values),
                name="policy_choices_known",
                violation_error_message="请从列出的做法里选一种。",
            ),
            models.CheckConstraint(
                condition=~Q(document="") & ~Q(legal_route=""),
                name="policy_says_why",
                violation_error_message="依据文件和法定途径都要写明。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.district} {self.begins_on} 起"

    @property
    def finds_patterns(self) -> bool:
        """未诉先办 is on, for buildings, for compounds, or for both."""
        return bool(self.pattern_building or self.pattern_compound)

    def span(self, group: str, clock: str) -> Span | None:
        """How long `clock` ("accept", "sign" …) of `group` ("urgent" … "hard_dispatch") may run; None: no clock."""
        said = self.spans.get(group, {}).get(clock)
        return Span(**said) if said else None

    @classmethod
    def of(cls, district_id: int, on: date | None = None) -> Policy:
        """What holds in a district on a day (default today); the defaults, unsaved, where nothing was signed."""
        return _NEWEST.first(district=district_id, day=on or clock.today()) or cls(district_id=district_id)

    @classmethod
    def in_force_in(cls, district_ids: Iterable[int], on: date | None = None) -> dict[int, Policy]:
        """District id → what holds there on a day (default today); unsaved defaults where nothing was signed.

        One query, of those that have begun; a district signs a few in a year.
        """
        wanted = list(district_ids)
        begun = cls.objects.filter(district__in=wanted, begins_on__lte=on or clock.today())
        signed = {policy.district_id: policy for policy in reversed(begun)}
        return {pk: signed.get(pk) or cls(district_id=pk) for pk in wanted}


def _newest(district: int, day: date) -> models.QuerySet[Policy]:
    return Policy.objects.filter(district=district, begins_on__lte=day)[:1]


_NEWEST = Kept(_newest, district=A_KEY, day=A_DAY)
