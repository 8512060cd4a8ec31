"""The forms of a dispatch: of the unit that answers, and of the handler who judges the answer."""

from __future__ import annotations

from django import forms

from requests.forms.base import ContactFields, Day, DispatchStepForm, words

MARKS = [(5, "5 很好"), (4, "4 好"), (3, "3 一般"), (2, "2 较差"), (1, "1 差")]


def mark(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=MARKS, coerce=int, widget=forms.RadioSelect)


class PlainDispatchForm(DispatchStepForm):
    """Nothing to fill in: the button says it all."""


class GiveBackForm(DispatchStepForm):
    intro = "退回后不再看到这件点单。签收期限内可以退回。"
    reason = words("为什么退回", help_text="写明为什么不归你们管、该找谁。")


class ContactDispatchForm(ContactFields, DispatchStepForm):
    """How, and what was said."""


class AnswerDispatchForm(DispatchStepForm):
    takes_photos = True
    text = words("怎么办的", help_text="派单的社区核实后告诉提出人。")


class ConfirmForm(DispatchStepForm):
    intro = "反向评价：给这次回复打分，计入单位的统计。"
    timely = mark("及时")
    effective = mark("有效")
    attitude = mark("态度")
    text = words("说明", rows=2, required=False)


class RejectForm(DispatchStepForm):
    reason = words("哪里没有办好")
    answer_by = forms.DateField(
        label="哪天前再回复", required=False, widget=Day, help_text="空着：3 个工作日。"
    )


class RecallForm(DispatchStepForm):
    intro = "收回后对方不再看到这件点单。"
    reason = words("为什么收回")
