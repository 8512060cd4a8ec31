"""The tables of RULES 2: which step leads from where to where, by whom, and what may stand in the way."""

from __future__ import annotations

from datetime import datetime, timedelta

from ground import clock
from ground.steps import NEW, Machine, Step, clock_only
from volunteers import powers, signals
from volunteers.models import Claim, ClaimEvent, Registration, RegistrationEvent, Whistle, WhistleEvent
from volunteers.states import AWAITING, PRESENT, ClaimState, RegistrationState, WhistleKind, WhistleState

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


def _may_be_called_off(whistle: Whistle) -> str:
    return "" if whistle.is_wish else _not_begun(whistle)


def _has_a_site(whistle: Whistle) -> str:
    return "微心愿没有现场，不用指定负责人。" if whistle.is_wish else ""


def _may_be_repeated(whistle: Whistle) -> str:
    if whistle.kind not in (WhistleKind.SERVICE, WhistleKind.ACTIVITY):
        return f"{whistle.get_kind_display()}不能定为系列，只有服务和活动可以定期重复。"
    if whistle.service_request_id is not None:
        return "为点单吹的哨单办完就结束，不能定为系列。请另外直接吹哨。"
    if whistle.series_id is not None:
        return "这张哨单已经在一个系列里了。"
    return ""


def _is_repeated(whistle: Whistle) -> str:
    series = getattr(whistle, "begun_series", None)
    if series is None:
        return "这张哨单没有定为系列。"
    return "这个系列没有下一次了。" if series.next_on is None else ""


def _has_begun(whistle: Whistle) -> str:
    if whistle.is_wish:
        return "微心愿不按时间开始，由认领的同志完成。"
    return "" if whistle.starts_at <= clock.now() else "还没到开始时间。"


def _is_over(whistle: Whistle) -> str:
    return "" if whistle.ends_at <= clock.now() else "还没到结束时间。"


def _is_wish_past(whistle: Whistle) -> str:
    if not whistle.is_wish:
        return "这张哨单不是微心愿。"
    return _is_over(whistle)


def _before_start(claim: Claim) -> str:
    whistle = claim.whistle
    if whistle.is_wish:
        is_over = whistle.state != WhistleState.OPEN or whistle.ends_at <= clock.now()
        return "心愿已经到期，不能退单。实际完成了的，请联系社区说明。" if is_over else ""
    if whistle.starts_at <= clock.now():
        return "已经开始了，不能退单。去不了请打电话告诉社区。"
    return ""


def _check_in_window(claim: Claim) -> str:
    """Whether now is a time to check in."""
    whistle = claim.whistle
    if not whistle.is_wish and whistle.state not in (WhistleState.OPEN, WhistleState.RUNNING):
        return "这张哨单已经结束，不能签到。实际到场的，请联系社区说明。"
    return why_not_check_in_at(whistle, clock.now())


def why_not_check_in_at(whistle: Whistle, moment: datetime) -> str:
    """Whether `moment` was a time to check in: a mark that was kept on the phone is asked by its own time."""
    if whistle.is_wish:
        return "微心愿不用签到，完成以后拍照上传。"
    if moment < whistle.starts_at - CHECK_IN_OPENS:
        minutes = int(CHECK_IN_OPENS.total_seconds() // 60)
        return f"还没到签到时间，开始前 {minutes} 分钟起可以签到。"
    if moment > whistle.over_at:
        return "已过结束时间，不能签到。实际到场的，请联系社区说明。"
    return ""


def _is_not_called_off(claim: Claim) -> str:
    """A mark that was kept on the phone may arrive after the end; the verb asks its own time."""
    if claim.whistle.state == WhistleState.CANCELLED:
        return "哨单取消了，不用签到。"
    return ""


def _can_be_fulfilled(claim: Claim) -> str:
    whistle = claim.whistle
    if not whistle.is_wish:
        return "只有微心愿用拍照完成，其他哨单请签到签退。"
    if whistle.starts_at > clock.now():
        return "还没到可以完成的时间。"
    if whistle.state != WhistleState.OPEN or whistle.ends_at <= clock.now():
        return "心愿已经到期。实际完成了的，请联系社区说明。"
    return ""


def _can_be_attested(claim: Claim) -> str:
    if claim.whistle.is_wish:
        return "微心愿由认领的同志拍照完成。"
    return "服务还没开始，不能确认到场。" if claim.whistle.starts_at > clock.now() else ""


def _can_be_credited(claim: Claim) -> str:
    whistle = claim.whistle
    if claim.state in (ClaimState.CLAIMED, ClaimState.CHECKED_IN) and whistle.over_at > clock.now():
        return "服务还没结束，等签退或结束以后再认定。"
    if whistle.starts_at > clock.now():
        return "服务还没开始，不能认定。"
    return ""


def _is_past(claim: Claim) -> str:
    return "" if claim.whistle.over_at <= clock.now() else "服务还没结束，不能记缺席。"


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
            "place", "调剂", frozenset({NEW}), RegistrationState.PLACED,
            power=powers.can_place, done="区里调剂到社区", needs_input=True,
        ),
        Step(
            "confirm", "确认报到", frozenset(AWAITING), RegistrationState.CONFIRMED,
            power=powers.can_confirm_registration, done="社区确认报到", impartial=True,
            tone="primary", needs_input=True,
        ),
        Step(
            "decline", "不予接收", frozenset(AWAITING), RegistrationState.ENDED,
            power=powers.can_confirm_registration, done="社区没有接收", impartial=True,
            tone="danger", needs_input=True,
        ),
        Step(
            "drop", "撤回自选", frozenset({RegistrationState.REQUESTED}), RegistrationState.ENDED,
            power=powers.is_own_registration, done="撤回自选", tone="danger",
        ),
        Step(
            "lapse", "另处报到", frozenset(AWAITING), RegistrationState.ENDED,
            power=clock_only, done="已在别的社区报到",
        ),
        Step(
            "regrid", "调整网格", frozenset({RegistrationState.CONFIRMED}), None,
            power=powers.can_confirm_registration, done="调整网格", needs_input=True,
        ),
        Step(
            "end", "结束报到", frozenset({RegistrationState.CONFIRMED}), RegistrationState.ENDED,
            power=powers.can_end_registration, done="结束报到", tone="danger", needs_input=True,
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
            power=powers.can_publish, done="起草哨单", needs_input=True,
        ),
        Step(
            "edit", "修改", frozenset({WhistleState.DRAFT}), None,
            power=powers.can_whistle, done="修改草稿", needs_input=True,
        ),
        Step(
            "publish", "发布", frozenset({WhistleState.DRAFT}), WhistleState.OPEN,
            power=powers.can_publish, done="社区吹哨", guard=_still_ahead, tone="primary", hot_key="F",
        ),
        Step(
            "cancel", "取消", frozenset({WhistleState.DRAFT, WhistleState.OPEN}), WhistleState.CANCELLED,
            power=powers.can_cancel, done="取消哨单", guard=_may_be_called_off, tone="danger", needs_input=True,
        ),
        Step(
            "start", "开始", frozenset({WhistleState.OPEN}), WhistleState.RUNNING,
            power=clock_only, done="到时开始", guard=_has_begun,
        ),
        Step(
            "finish", "结束", frozenset({WhistleState.RUNNING}), WhistleState.DONE,
            power=clock_only, done="到时结束", guard=_is_over,
        ),
        Step(
            "abort", "提前结束", frozenset({WhistleState.RUNNING}), WhistleState.DONE,
            power=powers.can_whistle, done="提前结束", tone="danger", needs_input=True,
        ),
        Step(
            "lead", "指定现场负责人", frozenset({WhistleState.OPEN, WhistleState.RUNNING}), None,
            power=powers.can_whistle, done="指定现场负责人", guard=_has_a_site, needs_input=True,
        ),
        Step(
            "repeat", "定期重复", frozenset({WhistleState.DRAFT, WhistleState.OPEN}), None,
            power=powers.can_whistle, done="定为系列", guard=_may_be_repeated, needs_input=True,
        ),
        Step(
            "stop", "停止系列", frozenset(WhistleState), None,
            power=powers.can_cancel, done="停止系列", guard=_is_repeated, tone="danger",
        ),
        Step(
            "fulfil", "心愿完成", frozenset({WhistleState.OPEN}), WhistleState.DONE,
            power=clock_only, done="心愿完成",
        ),
        Step(
            "expire", "到期", frozenset({WhistleState.OPEN}), WhistleState.DONE,
            power=clock_only, done="心愿到期", guard=_is_wish_past,
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
            "wait", "候补", frozenset({NEW}), ClaimState.WAITING,
            power=powers.is_own_claim, done="排队候补",
        ),
        Step(
            "promote", "递补", frozenset({ClaimState.WAITING}), ClaimState.CLAIMED,
            power=clock_only, done="有人退单，递补上了",
        ),
        Step(
            "pass_over", "候补落空", frozenset({ClaimState.WAITING}), ClaimState.RELEASED,
            power=clock_only, done="候补没有轮到",
        ),
        Step(
            "leave", "退出候补", frozenset({ClaimState.WAITING}), ClaimState.WITHDRAWN,
            power=powers.is_own_claim, done="退出候补", tone="danger",
        ),
        Step(
            "check_in", "签到", frozenset({ClaimState.CLAIMED}), ClaimState.CHECKED_IN,
            power=powers.is_own_claim, done="到场签到", guard=_check_in_window,
            tone="primary", needs_input=True,
        ),
        Step(
            "check_in_late", "补传签到", frozenset({ClaimState.CLAIMED}), ClaimState.CHECKED_IN,
            power=powers.is_own_claim, done="没网时签到，后来补传", guard=_is_not_called_off, needs_input=True,
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
            "release", "解除", frozenset({ClaimState.WAITING, ClaimState.CLAIMED}) | _PRESENT, ClaimState.RELEASED,
            power=powers.can_release, done="哨单取消，接单解除",
        ),
        Step(
            "fulfil", "完成心愿", frozenset({ClaimState.CLAIMED}), ClaimState.CHECKED_OUT,
            power=powers.is_own_claim, done="完成心愿", guard=_can_be_fulfilled, tone="primary", needs_input=True,
        ),
        Step(
            "attest", "确认到场", frozenset({ClaimState.CLAIMED, ClaimState.CHECKED_IN}), ClaimState.CHECKED_OUT,
            power=powers.can_attest, done="工作人员确认到场", impartial=True, guard=_can_be_attested,
            needs_input=True,
        ),
        Step(
            "propose", "建议时长", frozenset({ClaimState.CLAIMED}) | _PRESENT, None,
            power=powers.can_propose, done="单位建议时长", impartial=True, guard=_can_be_credited,
            needs_input=True,
        ),
        Step(
            "credit", "认定时长", frozenset({ClaimState.CLAIMED}) | _PRESENT, ClaimState.CREDITED,
            power=powers.can_credit, done="社区认定时长", impartial=True, guard=_can_be_credited,
            tone="primary", needs_input=True,
        ),
        Step(
            "refuse", "不予认定", _PRESENT, ClaimState.REFUSED,
            power=powers.can_credit, done="社区不予认定", impartial=True, guard=_can_be_credited,
            tone="danger", needs_input=True,
        ),
        Step(
            "absent", "记缺席", frozenset({ClaimState.CLAIMED}), ClaimState.ABSENT,
            power=powers.can_call_absent, done="没有到场", impartial=True, guard=_is_past,
            tone="danger",
        ),
        Step(
            "correct", "更正", frozenset({ClaimState.ABSENT, ClaimState.REFUSED, ClaimState.CREDITED}),
            ClaimState.CREDITED,
            power=powers.can_credit, done="社区更正时长", impartial=True, needs_input=True,
        ),
        Step(
            "reverse", "冲销", frozenset({ClaimState.CREDITED}), ClaimState.REFUSED,
            power=powers.can_credit, done="社区冲销时长", impartial=True, tone="danger", needs_input=True,
        ),
    ],
)  # fmt: skip
