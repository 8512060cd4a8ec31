"""The tables of RULES 2: which step leads from where to where, by whom, and what may stand in the way."""

from __future__ import annotations

from datetime import timedelta

from ground import clock
from ground.steps import NEW, Machine, Step, clock_only
from volunteers import powers, signals
from volunteers.models import Claim, ClaimEvent, Registration, RegistrationEvent, Whistle, WhistleEvent
from volunteers.states import PRESENT, ClaimState, RegistrationState, WhistleState

#: How long before the start one can check in (RULES 2).
CHECK_IN_OPENS = timedelta(minutes=30)


def _still_ahead(whistle: Whistle) -> str:
    if whistle.ends_at <= clock.now():
        return "结束时间已经过了，不能再发布。请取消这张草稿，重新起草。"
    if whistle.claim_by <= clock.now():
        return "接单截止时间已经过了，不能再发布。请取消这张草稿，重新起草。"
    return ""


def _not_begun(whistle: Whistle) -> str:
    if whistle.state == WhistleState.OPEN and whistle.starts_at <= clock.now():
        return "已到开始时间，不能取消。结束后按实际到场情况认定时长。"
    return ""


def _has_begun(whistle: Whistle) -> str:
    return "" if whistle.starts_at <= clock.now() else "还没到开始时间。"


def _is_over(whistle: Whistle) -> str:
    return "" if whistle.ends_at <= clock.now() else "还没到结束时间。"


def _before_start(claim: Claim) -> str:
    if claim.whistle.starts_at <= clock.now():
        return "已经开始了，不能退单。去不了请打电话告诉社区。"
    return ""


def _check_in_window(claim: Claim) -> str:
    now, whistle = clock.now(), claim.whistle
    if whistle.state not in (WhistleState.OPEN, WhistleState.RUNNING):
        return "这张哨单已经结束，不能签到。实际到场的，请联系社区说明。"
    if now < whistle.starts_at - CHECK_IN_OPENS:
        minutes = int(CHECK_IN_OPENS.total_seconds() // 60)
        return f"还没到签到时间，开始前 {minutes} 分钟起可以签到。"
    if now > whistle.ends_at:
        return "已过结束时间，不能签到。实际到场的，请联系社区说明。"
    return ""


def _can_be_credited(claim: Claim) -> str:
    if claim.state == ClaimState.CHECKED_IN and claim.whistle.ends_at > clock.now():
        return "服务还没结束，等签退或结束以后再认定。"
    if claim.whistle.starts_at > clock.now():
        return "服务还没开始，不能认定。"
    return ""


REGISTRATIONS = Machine(
    model=Registration,
    event=RegistrationEvent,
    signal=signals.registration_moved,
    owner=lambda registration: registration.volunteer.user_id,
    locks=("volunteer",),
    steps=[
        Step(
            "choose", "自选报到", frozenset({NEW}), RegistrationState.REQUESTED,
            power=powers.is_own_registration, done="自选报到社区", tone="primary",
        ),
        Step(
            "confirm", "确认报到", frozenset({RegistrationState.REQUESTED}), RegistrationState.CONFIRMED,
            power=powers.can_confirm_registration, done="社区确认报到", impartial=True,
            tone="primary", needs_input=True,
        ),
    ],
)  # fmt: skip

WHISTLES = Machine(
    model=Whistle,
    event=WhistleEvent,
    signal=signals.whistle_moved,
    locks=("service_request",),
    steps=[
        Step(
            "draft", "起草", frozenset({NEW}), WhistleState.DRAFT,
            power=powers.can_whistle, done="起草哨单", needs_input=True,
        ),
        Step(
            "publish", "发布", frozenset({WhistleState.DRAFT}), WhistleState.OPEN,
            power=powers.can_whistle, done="社区吹哨", guard=_still_ahead, tone="primary", hot_key="F",
        ),
        Step(
            "cancel", "取消", frozenset({WhistleState.DRAFT, WhistleState.OPEN}), WhistleState.CANCELLED,
            power=powers.can_cancel, done="取消哨单", guard=_not_begun, tone="danger", needs_input=True,
        ),
        Step(
            "start", "开始", frozenset({WhistleState.OPEN}), WhistleState.RUNNING,
            power=clock_only, done="到时开始", guard=_has_begun,
        ),
        Step(
            "finish", "结束", frozenset({WhistleState.RUNNING}), WhistleState.DONE,
            power=clock_only, done="到时结束", guard=_is_over,
        ),
    ],
)  # fmt: skip

_PRESENT = frozenset(PRESENT)

CLAIMS = Machine(
    model=Claim,
    event=ClaimEvent,
    signal=signals.claim_moved,
    owner=lambda claim: claim.volunteer.user_id,
    locks=("whistle",),
    steps=[
        Step(
            "claim", "接单", frozenset({NEW}), ClaimState.CLAIMED,
            power=powers.is_own_claim, done="接单", tone="primary",
        ),
        Step(
            "check_in", "签到", frozenset({ClaimState.CLAIMED}), ClaimState.CHECKED_IN,
            power=powers.is_own_claim, done="到场签到", guard=_check_in_window,
            tone="primary", needs_input=True,
        ),
        Step(
            "check_out", "签退", frozenset({ClaimState.CHECKED_IN}), ClaimState.CHECKED_OUT,
            power=powers.is_own_claim, done="签退", tone="primary", needs_input=True,
        ),
        Step(
            "withdraw", "退单", frozenset({ClaimState.CLAIMED}), ClaimState.WITHDRAWN,
            power=powers.is_own_claim, done="退单", guard=_before_start, tone="danger",
        ),
        Step(
            "release", "解除", frozenset({ClaimState.CLAIMED}) | _PRESENT, ClaimState.RELEASED,
            power=powers.can_release, done="哨单取消，接单解除",
        ),
        Step(
            "credit", "认定时长", _PRESENT, ClaimState.CREDITED,
            power=powers.can_credit, done="社区认定时长", impartial=True, guard=_can_be_credited,
            tone="primary", needs_input=True,
        ),
    ],
)  # fmt: skip
