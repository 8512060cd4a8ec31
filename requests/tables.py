"""The table of RULES 1: the steps of a request. Buttons, API permissions and history are drawn from it."""

from __future__ import annotations

from typing import Any

from ground.steps import NEW, Machine, Step
from requests import powers
from requests.models import RequestEvent, ServiceRequest
from requests.signals import request_moved
from requests.states import OPEN, State

_OPEN = frozenset(OPEN)


def _holds_stand(service_request: Any) -> str:
    """What has to be finished before the request can be resolved; "" when nothing is left."""
    labels = [hold.label for hold in service_request.holds.all()]
    return f"还有未了结的事项：{'、'.join(labels)}。请先了结，再办结。" if labels else ""


REQUESTS = Machine(
    model=ServiceRequest,
    event=RequestEvent,
    signal=request_moved,
    owner=lambda service_request: service_request.submitter_id,
    steps=[
        Step("submit", "点单", frozenset({NEW}), State.SUBMITTED, powers.can_submit, done="提交了点单"),
        Step(
            "accept",
            "受理",
            frozenset({State.SUBMITTED}),
            State.ACCEPTED,
            powers.can_verify,
            done="受理",
            impartial=True,
            tone="primary",
            needs_input=True,
            hot_key="A",
        ),
        Step(
            "decline",
            "不予受理",
            frozenset({State.SUBMITTED}),
            State.DECLINED,
            powers.can_verify,
            done="不予受理",
            impartial=True,
            tone="danger",
            needs_input=True,
            hot_key="D",
        ),
        Step(
            "contact",
            "联系",
            _OPEN,
            None,
            powers.can_contact,
            done="联系了提出人",
            impartial=True,
            needs_input=True,
            hot_key="C",
        ),
        Step(
            "handle",
            "自办",
            frozenset({State.ACCEPTED}),
            State.IN_PROGRESS,
            powers.can_handle,
            done="开始办理",
            impartial=True,
            tone="primary",
            needs_input=True,
            hot_key="H",
        ),
        # Begins in the verb upstairs (volunteers.whistles.publish), which ends it through workflow.whistled.
        Step(
            "whistle",
            "吹哨",
            frozenset({State.ACCEPTED, State.IN_PROGRESS}),
            State.IN_PROGRESS,
            powers.can_whistle,
            done="吹哨",
            impartial=True,
            needs_input=True,
            hot_key="W",
        ),
        Step(
            "resolve",
            "办结",
            frozenset({State.IN_PROGRESS}),
            State.RESOLVED,
            powers.can_handle,
            done="办结",
            impartial=True,
            guard=_holds_stand,
            tone="primary",
            needs_input=True,
            hot_key="R",
        ),
        Step(
            "rate",
            "评价",
            frozenset({State.RESOLVED}),
            State.CLOSED,
            powers.can_rate,
            done="作了评价",
            tone="primary",
            needs_input=True,
        ),
        Step("add", "补充", _OPEN, None, powers.can_add, done="补充了情况", needs_input=True),
        Step(
            "withdraw",
            "撤回",
            _OPEN,
            State.WITHDRAWN,
            powers.can_withdraw,
            done="撤回了点单",
            tone="danger",
            needs_input=True,
        ),
    ],
)
