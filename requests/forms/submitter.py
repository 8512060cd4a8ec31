"""The forms of whoever asked."""

from __future__ import annotations

from typing import Any

from django import forms

from requests.afterwards import WATCHED_REOPENING
from requests.forms.base import StepForm, words, yes_no
from requests.guards import ESCALATING_REOPENING
from requests.models import ServiceRequest

STARS = [(5, "很满意"), (4, "满意"), (3, "一般"), (2, "不满意"), (1, "很不满意")]


class AddForm(StepForm):
    takes_photos = True
    text = words("补充什么")


class AnswerForm(StepForm):
    takes_photos = True
    text = words("你的回答")


class RateForm(StepForm):
    satisfied = forms.TypedChoiceField(label="满意吗", choices=STARS, coerce=int, widget=forms.RadioSelect)
    contacted = yes_no("有人联系过你吗", "没有")
    solved = yes_no("问题解决了吗", "还没有")
    text = words("想说的话", rows=3, required=False, max_length=300)


class CallBackForm(RateForm):
    intro = "请打电话或上门问提出人，照他说的填。参与办理的人不能填。"
    contacted = yes_no("办理中有人联系过他吗", "没有")
    text = words("他说的话", rows=3, required=False, max_length=300)


class ReopenForm(StepForm):
    takes_photos = True
    reason = words("哪里没有办好")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.intro = _what_reopening_does(self.service_request)


class ObjectForm(StepForm):
    takes_photos = True
    reason = words("为什么应当受理")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.intro = f"由{_above(self.service_request)}重新核实。一件点单只能申诉一次，请把理由写全。"


def _what_reopening_does(service_request: ServiceRequest) -> str:
    """Which of the three times it is, and what will happen (RULES 1)."""
    time, handler = service_request.reopened + 1, service_request.handler.short_name
    if time >= ESCALATING_REOPENING:
        return f"这是第 {time} 次要求重办：由{_above(service_request)}接手，{handler}不再承办。"
    if time == WATCHED_REOPENING and service_request.tier_above_id is not None:
        return f"这是第 2 次要求重办：{handler}重新办，由{_above(service_request)}督办。再没办好，就由上一级接手。"
    return f"这是第 {time} 次要求重办：{handler}重新办，办结的期限重新算。再没办好，由上一级督办。"


def _above(service_request: ServiceRequest) -> str:
    row = service_request
    if row.tier_above_id is None:
        return "上一级"
    above = row.street if row.tier_above_id == row.street_id and row.street else row.district
    return above.short_name


class UrgeForm(StepForm):
    """Nothing to fill in: one tap."""

    intro = "承办人会收到提醒。一天可以催一次。"


class WithdrawForm(StepForm):
    intro = "撤回后这一单就结束了，为它吹的哨会取消，派出去的会收回，不能恢复。还有需要可以再点一单。"
    reason = words("为什么撤回", rows=2, required=False)
