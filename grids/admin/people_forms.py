"""What the verbs of households and dwellings ask in the registry."""

from __future__ import annotations

from typing import Any

from django import forms

from grids.forms import ContactFields
from grids.models import Dwelling
from grids.models.people import CareLevel
from organizations.verb_buttons import DayInput, VerbForm


class UseForm(VerbForm):
    use = forms.ChoiceField(label="用途", choices=Dwelling.Use.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"use": self.row.use}


class AssessForm(VerbForm):
    level = forms.ChoiceField(label="关爱等级", choices=CareLevel.choices)
    reason = forms.CharField(label="理由", max_length=100, help_text="为什么是这个等级。不要写姓名和号码。")
    days = forms.IntegerField(
        label="走访间隔（天）", required=False, min_value=1, max_value=366, help_text="空着按本区标准。"
    )
    review_on = forms.DateField(
        label="复核日期", required=False, widget=DayInput, help_text="空着按本区标准。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"level": self.row.care_level}


class ContactForm(ContactFields, VerbForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(self.user, self.row)
