"""The forms of whoever asked."""

from __future__ import annotations

from django import forms

from requests.forms.base import StepForm, words, yes_no

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
    intro = "会回到承办人手里重新办；第二次由上一级督办，第三次由上一级接手。"
    reason = words("哪里没有办好")


class ObjectForm(StepForm):
    takes_photos = True
    intro = "申诉由上一级重新核实，只能申诉一次。"
    reason = words("为什么应当受理")


class UrgeForm(StepForm):
    """Nothing to fill in: one tap."""


class WithdrawForm(StepForm):
    intro = "撤回后这一单就结束了，为它吹的哨会取消，派出去的会收回，不能恢复。还有需要可以再点一单。"
    reason = words("为什么撤回", rows=2, required=False)
