"""The states and kinds of whistles, claims and registrations (RULES 2), in words."""

from __future__ import annotations

from django.db import models


class VolunteerKind(models.TextChoices):
    """Whoever may claim. Quotas (S6) bind employed members only."""

    EMPLOYED = "employed", "在职党员"
    RESIDENT = "resident", "社区党员"
    VOLUNTEER = "volunteer", "志愿者"


class RegistrationState(models.TextChoices):
    REQUESTED = "requested", "待确认"
    CONFIRMED = "confirmed", "已报到"


class WhistleState(models.TextChoices):
    DRAFT = "draft", "草稿"
    OPEN = "open", "招募中"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已取消"


class ClaimState(models.TextChoices):
    CLAIMED = "claimed", "已接单"
    CHECKED_IN = "checked_in", "已签到"
    CHECKED_OUT = "checked_out", "已签退"
    CREDITED = "credited", "已认定"
    WITHDRAWN = "withdrawn", "已退单"
    RELEASED = "released", "已解除"


#: Claims that take a place on their whistle.
LIVE = (ClaimState.CLAIMED, ClaimState.CHECKED_IN, ClaimState.CHECKED_OUT, ClaimState.CREDITED)


#: Claims of people who came: they wait to be credited.
PRESENT = (ClaimState.CHECKED_IN, ClaimState.CHECKED_OUT)


class WhistleKind(models.TextChoices):
    SERVICE = "service", "服务"
    ACTIVITY = "activity", "活动"


class Task(models.TextChoices):
    """The three tasks a whistle serves (S4)."""

    PARTY = "party", "党建"
    GOVERNANCE = "governance", "治理"
    SERVICE = "service", "服务"


class Audience(models.TextChoices):
    REGISTERED = "registered", "报到到本社区的"
    DISTRICT = "district", "全区的"


class Attested(models.TextChoices):
    """What the minutes of a credit rest on."""

    LOCATION = "location", "定位签到签退"
    FORGOTTEN = "forgotten", "签到后忘记签退"
    COMMUNITY = "community", "社区认定到场"


class Period(models.TextChoices):
    MONTH = "month", "本月"
    QUARTER = "quarter", "本季"
    YEAR = "year", "本年"
