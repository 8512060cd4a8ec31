"""The tables of RULES 1 and 3: the steps of a request and of a dispatch.

Buttons, API permissions, history and the diagrams of docs/workflows.md are drawn from them.
"""

from __future__ import annotations

from ground.steps import NEW, Machine, Step, clock_only
from requests import guards, powers
from requests.models import Dispatch, DispatchEvent, RequestEvent, ServiceRequest
from requests.signals import dispatch_moved, request_moved
from requests.states import OPEN, DispatchState, State

_OPEN = frozenset(OPEN)
_NEW = frozenset({NEW})
_UNDER_WAY = frozenset({State.ACCEPTED, State.IN_PROGRESS})
_ENDED = frozenset({State.CLOSED, State.DECLINED, State.WITHDRAWN})


REQUESTS = Machine(
    model=ServiceRequest,
    event=RequestEvent,
    signal=request_moved,
    owner=lambda service_request: service_request.asker_id,
    steps=[
        Step("submit", "点单", _NEW, State.SUBMITTED, powers.can_submit, done="提交了点单"),
        Step(
            "accept", "受理", frozenset({State.SUBMITTED}), State.ACCEPTED,
            powers.can_verify, done="受理", impartial=True, tone="primary", needs_input=True, hot_key="A",
        ),
        Step(
            "decline", "不予受理", frozenset({State.SUBMITTED}), State.DECLINED,
            powers.can_verify, done="不予受理", impartial=True, tone="danger", needs_input=True, hot_key="D",
        ),
        Step(
            "take_over", "接手", frozenset({State.ACCEPTED}), None,
            powers.can_take_over, done="接手办理", impartial=True, tone="primary", hot_key="A",
        ),
        Step(
            "handle", "自办", _UNDER_WAY, State.IN_PROGRESS,
            powers.can_handle, done="开始办理", impartial=True, tone="primary", needs_input=True, hot_key="H",
        ),
        Step(
            "dispatch", "派单", _UNDER_WAY, State.IN_PROGRESS,
            powers.can_dispatch, done="派单", impartial=True, needs_input=True, hot_key="P",
        ),
        # Begins in the verb upstairs (volunteers.whistles.publish), which ends it through workflow.whistled.
        Step(
            "whistle", "吹哨", _UNDER_WAY, State.IN_PROGRESS,
            powers.can_whistle, done="吹哨", impartial=True, needs_input=True, hot_key="W",
        ),
        Step(
            "contact", "联系", _OPEN, None,
            powers.can_contact, done="联系了提出人", impartial=True, needs_input=True, hot_key="C",
        ),
        Step(
            "ask", "请补充", _UNDER_WAY, State.ASKED,
            powers.can_ask, done="请提出人补充", impartial=True, guard=guards.asked_already,
            needs_input=True, hot_key="Q",
        ),
        Step(
            "answer", "回答", frozenset({State.ASKED}), None, powers.speaks_for, done="作了回答",
            tone="primary", needs_input=True, returns=_UNDER_WAY,
        ),
        Step(
            "timeout", "逾期未补充", frozenset({State.ASKED}), None, clock_only, done="逾期没有补充",
            guard=guards.still_time_to_answer, returns=_UNDER_WAY,
        ),
        Step(
            "merge", "并案", frozenset({State.SUBMITTED}) | _UNDER_WAY, State.MERGED,
            powers.can_merge, done="并案", impartial=True, guard=guards.cannot_be_merged,
            needs_input=True, hot_key="M",
        ),
        Step(
            "unmerge", "撤销并案", frozenset({State.MERGED}), State.ACCEPTED,
            powers.can_unmerge, done="撤销并案", impartial=True,
        ),
        Step("resolve_with", "随主件办结", frozenset({State.MERGED}), State.RESOLVED, clock_only, done="随主件办结"),
        Step(
            "split", "拆分", _UNDER_WAY, State.IN_PROGRESS,
            powers.can_split, done="拆分", impartial=True, guard=guards.too_many_parts, needs_input=True, hot_key="S",
        ),
        Step("begin_part", "拆出", _NEW, State.ACCEPTED, powers.can_begin_part, done="拆分立件"),
        Step(
            "complete", "办完", frozenset({State.IN_PROGRESS}), State.CLOSED,
            powers.can_complete, done="办完", impartial=True, guard=guards.holds_stand,
            tone="primary", needs_input=True, hot_key="R",
        ),
        Step("end_part", "随总件结束", _OPEN, State.WITHDRAWN, clock_only, done="随总件结束"),
        Step(
            "escalate", "上报", _UNDER_WAY, State.ACCEPTED,
            powers.can_escalate, done="上报", impartial=True, needs_input=True, hot_key="U",
        ),
        Step(
            "hand_down", "交办", _UNDER_WAY, State.ACCEPTED,
            powers.can_hand_down, done="交办", impartial=True, guard=guards.dispatched_out,
            needs_input=True, hot_key="J",
        ),
        Step(
            "propose_hand_down", "报请再次交办", _UNDER_WAY, None,
            powers.can_propose_hand_down, done="报请再次交办", impartial=True, guard=guards.waits_for_consent,
            needs_input=True,
        ),
        Step(
            "extend", "申请延期", _UNDER_WAY, None,
            powers.can_extend, done="申请延期", impartial=True, guard=guards.cannot_be_extended, needs_input=True,
        ),
        Step(
            "explain", "报请解释办结", frozenset({State.IN_PROGRESS}), None,
            powers.can_explain, done="报请依法依规解释办结", impartial=True, guard=guards.cannot_be_explained,
            needs_input=True,
        ),
        Step(
            "consent_extension", "同意延期", _UNDER_WAY, None,
            powers.can_consent_to_extend, done="同意延期", impartial=True, tone="primary", hot_key="Y",
        ),
        Step(
            "consent_hand_down", "同意再次交办", _UNDER_WAY, State.ACCEPTED,
            powers.can_consent_to_hand_down, done="同意再次交办", impartial=True, guard=guards.dispatched_out,
            tone="primary", hot_key="Y",
        ),
        Step(
            "consent_explained", "同意解释办结", frozenset({State.IN_PROGRESS}), State.RESOLVED,
            powers.can_consent_to_explain, done="同意解释办结", impartial=True, guard=guards.holds_stand,
            tone="primary", hot_key="Y",
        ),
        Step(
            "deny", "不同意", _UNDER_WAY, None,
            powers.can_consent, done="不同意", impartial=True, tone="danger", needs_input=True, hot_key="N",
        ),
        Step(
            "resolve", "办结", frozenset({State.IN_PROGRESS}), State.RESOLVED,
            powers.can_resolve, done="办结", impartial=True, guard=guards.holds_stand,
            tone="primary", needs_input=True, hot_key="R",
        ),
        Step(
            "rate", "评价", frozenset({State.RESOLVED}), State.CLOSED,
            powers.can_rate, done="作了评价", tone="primary", needs_input=True,
        ),
        Step(
            "call_back", "回访评价", frozenset({State.RESOLVED}), State.CLOSED,
            powers.can_call_back, done="回访评价", tone="primary", needs_input=True,
        ),
        Step(
            "lapse", "逾期未评价", frozenset({State.RESOLVED}), State.CLOSED, clock_only,
            done="逾期未评价，自动办结", guard=guards.still_time_to_rate,
        ),
        Step(
            "conclude", "结案", frozenset({State.RESOLVED}), State.CLOSED, clock_only,
            done="未诉先办，无需评价，结案", guard=guards.somebody_rates,
        ),
        Step(
            "reopen", "要求重办", frozenset({State.RESOLVED, State.CLOSED}), State.ACCEPTED,
            powers.can_reopen, done="要求重办", guard=guards.cannot_be_reopened, needs_input=True,
        ),
        Step(
            "object", "申诉", frozenset({State.DECLINED}), State.SUBMITTED,
            powers.speaks_for, done="申诉", guard=guards.cannot_object, tone="primary", needs_input=True,
        ),
        Step("add", "补充", _OPEN, None, powers.speaks_for, done="补充了情况", needs_input=True),
        Step("urge", "催办", _OPEN, None, powers.speaks_for, done="催办", guard=guards.urged_today),
        Step(
            "supervise", "督办", _OPEN, None, powers.can_supervise, done="督办", impartial=True,
            needs_input=True, hot_key="V",
        ),
        Step(
            "note", "内部记录", _OPEN | _ENDED | {State.RESOLVED, State.MERGED}, None,
            powers.can_note, done="内部记录", impartial=True, needs_input=True, hot_key="I",
        ),
        Step(
            "withdraw", "撤回", _OPEN | {State.MERGED}, State.WITHDRAWN,
            powers.can_withdraw, done="撤回了点单", tone="danger", needs_input=True,
        ),
    ],
)  # fmt: skip


_SENT = frozenset({DispatchState.SENT})
_ACCEPTED = frozenset({DispatchState.ACCEPTED})
_ANSWERED = frozenset({DispatchState.ANSWERED})

DISPATCHES = Machine(
    model=Dispatch,
    event=DispatchEvent,
    signal=dispatch_moved,
    owner=lambda dispatch: dispatch.service_request.asker_id,
    locks=("service_request",),
    steps=[
        Step("send", "派单", _NEW, DispatchState.SENT, powers.sends, done="派单", impartial=True),
        Step(
            "sign", "签收", _SENT, DispatchState.ACCEPTED,
            powers.answers, done="签收", impartial=True, tone="primary", hot_key="A",
        ),
        Step(
            "give_back", "退回", _SENT, DispatchState.RETURNED,
            powers.answers, done="退回", impartial=True, guard=guards.too_late_to_give_back,
            tone="danger", needs_input=True, hot_key="B",
        ),
        Step(
            "contact", "联系", _ACCEPTED, None,
            powers.answers, done="联系了提出人", impartial=True, needs_input=True, hot_key="C",
        ),
        Step(
            "arrive", "到场", _ACCEPTED, None,
            powers.answers, done="到场", impartial=True, guard=guards.arrived_already, hot_key="D",
        ),
        Step(
            "answer", "回复", _ACCEPTED, DispatchState.ANSWERED,
            powers.answers, done="回复", impartial=True, tone="primary", needs_input=True, hot_key="R",
        ),
        Step(
            "confirm", "核销", _ANSWERED, DispatchState.CONFIRMED,
            powers.sends, done="核销", impartial=True, tone="primary", needs_input=True, hot_key="Y",
        ),
        Step(
            "reject", "退回重办", _ANSWERED, DispatchState.ACCEPTED,
            powers.sends, done="退回重办", impartial=True, tone="danger", needs_input=True, hot_key="N",
        ),
        Step(
            "recall", "收回", _SENT | _ACCEPTED, DispatchState.RECALLED,
            powers.sends, done="收回", impartial=True, tone="danger", needs_input=True,
        ),
        Step(
            "end_with", "随点单结束", _SENT | _ACCEPTED | _ANSWERED, DispatchState.RECALLED,
            clock_only, done="点单已撤回，派单收回",
        ),
    ],
)  # fmt: skip
