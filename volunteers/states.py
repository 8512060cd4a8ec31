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
    PLACED = "placed", "调剂待确认"
    CONFIRMED = "confirmed", "已报到"
    ENDED = "ended", "已结束"


#: Registrations that wait for the community's word.
AWAITING = (RegistrationState.REQUESTED, RegistrationState.PLACED)


class FreeTime(models.TextChoices):
    """When a volunteer says that he has time; whistles that begin then fit him better."""

    DAYTIME = "daytime", "工作日白天"
    EVENING = "evening", "工作日晚上"
    SATURDAY = "saturday", "周六"
    SUNDAY = "sunday", "周日"


class TeamKind(models.TextChoices):
    """先锋队 of a grid branch (S3), and 服务队 with a theme of its own (D11)."""

    PIONEER = "pioneer", "网格先锋队"
    SERVICE = "service", "服务队"


class TeamTheme(models.TextChoices):
    """What the service teams of D11 are for."""

    MEDIATION = "mediation", "矛盾调解"
    CULTURE = "culture", "文化文艺"
    LAW = "law", "法律服务"
    MEDICINE = "medicine", "医疗健康"
    MINORS = "minors", "关爱未成年人"
    ELDERS = "elders", "敬老助老"
    PSYCHOLOGY = "psychology", "心理疏导"
    SCIENCE = "science", "科普宣传"
    OTHER = "other", "其他"


class TeamRole(models.TextChoices):
    CAPTAIN = "captain", "队长"
    VICE = "vice", "副队长"
    MEMBER = "member", "队员"


class WhistleState(models.TextChoices):
    DRAFT = "draft", "草稿"
    OPEN = "open", "招募中"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已取消"


class ClaimState(models.TextChoices):
    WAITING = "waiting", "候补"
    CLAIMED = "claimed", "已接单"
    CHECKED_IN = "checked_in", "已签到"
    CHECKED_OUT = "checked_out", "已签退"
    CREDITED = "credited", "已认定"
    WITHDRAWN = "withdrawn", "已退单"
    RELEASED = "released", "已解除"
    ABSENT = "absent", "缺席"
    REFUSED = "refused", "不予认定"


#: Claims that take a place on their whistle.
LIVE = (ClaimState.CLAIMED, ClaimState.CHECKED_IN, ClaimState.CHECKED_OUT, ClaimState.CREDITED)


#: Claims of which a volunteer has at most one on a whistle: a place, or a place in the queue for one.
STANDING = (ClaimState.WAITING, *LIVE)


#: Claims of people who came: they wait to be credited.
PRESENT = (ClaimState.CHECKED_IN, ClaimState.CHECKED_OUT)

#: Claims on which the community has given its word; it can still be corrected.
JUDGED = (ClaimState.CREDITED, ClaimState.REFUSED, ClaimState.ABSENT)


#: Claims of people who served: whom those served may thank.
SERVED = (*PRESENT, ClaimState.CREDITED)


class WhistleKind(models.TextChoices):
    SERVICE = "service", "服务"
    ACTIVITY = "activity", "活动"
    WISH = "wish", "微心愿"
    EMERGENCY = "emergency", "应急"


class Task(models.TextChoices):
    """The three tasks a whistle serves (S4)."""

    PARTY = "party", "党建"
    GOVERNANCE = "governance", "治理"
    SERVICE = "service", "服务"


class Audience(models.TextChoices):
    REGISTERED = "registered", "报到到本社区的"
    DISTRICT = "district", "全区的"
    UNITS = "units", "指定单位的"
    TEAM = "team", "指定队伍的"


class CheckWay(models.TextChoices):
    """Which end of a presence a check mark stands for."""

    IN = "in", "签到"
    OUT = "out", "签退"


class CheckBy(models.TextChoices):
    """How somebody showed that he was there."""

    LOCATION = "location", "手机定位"
    CODE = "code", "扫现场码"
    PLAIN = "plain", "没有报位置"
    STAFF = "staff", "工作人员确认"


class Attested(models.TextChoices):
    """What the minutes of a credit rest on."""

    LOCATION = "location", "定位签到签退"
    CODE = "code", "扫现场码签到签退"
    PHOTO = "photo", "心愿完成照片"
    FORGOTTEN = "forgotten", "签到后忘记签退"
    COMMUNITY = "community", "社区认定到场"


class EntryKind(models.TextChoices):
    """Why a row stands in the ledger. Balances are sums over all of them."""

    CREDIT = "credit", "认定"
    CORRECTION = "correction", "更正"
    REVERSAL = "reversal", "冲销"


class BoardKind(models.TextChoices):
    """The five boards of S11 (RULES 7): whose scores, and within what."""

    CITY_UNITS = "city_units", "全市单位"
    CITY_MEMBERS = "city_members", "全市党员"
    CITY_COMMUNITIES = "city_communities", "全市社区"
    DISTRICT_MEMBERS = "district_members", "全区党员"
    COMMUNITY_MEMBERS = "community_members", "社区党员"


class Period(models.TextChoices):
    MONTH = "month", "本月"
    QUARTER = "quarter", "本季"
    YEAR = "year", "本年"
