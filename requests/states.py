"""The states, tracks and outcomes of a request (RULES 1), in words."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    SUBMITTED = "submitted", "待受理"
    ACCEPTED = "accepted", "已受理"
    IN_PROGRESS = "in_progress", "办理中"
    RESOLVED = "resolved", "待评价"
    CLOSED = "closed", "已办结"
    DECLINED = "declined", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"


#: The states in which somebody still has to act on it.
OPEN = (State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS)


class Track(models.TextChoices):
    """急事立刻办、要事商议办、难事合力办 (D4). Each has its own clock."""

    URGENT = "urgent", "急"
    IMPORTANT = "important", "要"
    HARD = "hard", "难"

    @property
    def motto(self) -> str:
        """How the track is done, in the words people know."""
        return {Track.URGENT: "急事立刻办", Track.IMPORTANT: "要事商议办", Track.HARD: "难事合力办"}[self]


class Outcome(models.TextChoices):
    SOLVED = "solved", "已解决"
    PARTLY = "partly", "部分解决"


#: A rating of so many stars, or fewer, is told to the handler and comes back to the work list.
BAD_RATING = 2


class DutyArea(models.TextChoices):
    """八大职责 (S5)."""

    PARTY_BUILDING = "party", "党建指导"
    POLICY = "policy", "政策宣传"
    COORDINATION = "coordination", "社务协调"
    CIVILITY = "civility", "文明倡导"
    CLEANING = "cleaning", "环境保洁"
    SAFETY = "safety", "平安守护"
    CONVENIENCE = "convenience", "便民服务"
    RELIEF = "relief", "扶贫济困"


class ContactBy(models.TextChoices):
    """How the first contact was made."""

    PHONE = "phone", "电话"
    VISIT = "visit", "上门"
    MESSAGE = "message", "消息"
