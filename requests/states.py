"""The states, tracks and outcomes of a request (RULES 1), in words."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    SUBMITTED = "submitted", "待受理"
    ACCEPTED = "accepted", "已受理"
    IN_PROGRESS = "in_progress", "办理中"
    ASKED = "asked", "待补充"
    RESOLVED = "resolved", "待评价"
    CLOSED = "closed", "已办结"
    DECLINED = "declined", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"
    MERGED = "merged", "已并案"


#: The states in which somebody still has to act on it. 议事中 joins them with the app `deliberations`.
OPEN = (State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS, State.ASKED)


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
    EXPLAINED = "explained", "依法依规解释"


#: What the handler may say alone; EXPLAINED needs the consent of the tier above and is counted apart.
PLAIN_OUTCOMES = (Outcome.SOLVED, Outcome.PARTLY)


class ConsentKind(models.TextChoices):
    """What needs the consent of the tier above (RULES 1)."""

    EXTEND = "extend", "延期"
    EXPLAINED = "explained", "解释办结"
    HAND_DOWN = "hand_down", "再次交办"


class Grade(models.TextChoices):
    """两级哨 of a dispatch (RULES 3): any handler, or street and above."""

    WORK = "work", "工作哨"
    HARD = "hard", "攻坚哨"

    @property
    def spans(self) -> str:
        """The group of `Policy.spans` that holds its clocks."""
        return f"{self.value}_dispatch"


class DispatchState(models.TextChoices):
    SENT = "sent", "待签收"
    ACCEPTED = "accepted", "办理中"
    ANSWERED = "answered", "已回复"
    CONFIRMED = "confirmed", "已核销"
    RETURNED = "returned", "已退回"
    RECALLED = "recalled", "已收回"


#: The dispatches that still stand in the way of resolving, and those whose recipient sees the request.
LIVE = (DispatchState.SENT, DispatchState.ACCEPTED, DispatchState.ANSWERED)
SEEING = (*LIVE, DispatchState.CONFIRMED)


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
