"""What is asked about a resident in the registry. Numbers go in and never come out again: a form is never filled
with those that are stored."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from unfold.widgets import UnfoldAdminTextInputWidget

from grids.forms import TELLING
from grids.models import Household, Resident, SpecialGroup
from grids.particulars import Particulars
from ground import clock
from ground.identity import DocumentKind, Sex
from organizations.pickers import KeysField, Picker
from organizations.verb_buttons import DayInput, VerbForm

#: What `Particulars` takes.
ASKED = (
    *("name", "document_kind", "document_number", "phone", "birth_date", "sex", "relation", "residence"),
)
#: A number as it may be typed, with spaces and brackets.
LONGEST_NUMBER = 40
_BLANK_SEX = [("", "按证件"), *Sex.choices]


def secret(label: str, **options: Any) -> forms.CharField:
    """A number of somebody else: the browser neither fills it in nor keeps it."""
    widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, required=False, max_length=LONGEST_NUMBER, widget=widget, **options)


class EnterForm(forms.ModelForm):
    """登记: in a household, or in a community without a dwelling."""

    document_number = secret("证件号码", help_text="保存后只显示首尾几位。")
    phone = secret("手机号", help_text="保存后只显示前三位和后四位。")

    class Meta:
        model = Resident
        fields = ["household", "community", *ASKED, "groups"]

    def particulars(self) -> Particulars:
        return Particulars(**{name: self.cleaned_data[name] for name in ASKED})


class ChangeForm(VerbForm):
    """更正. An empty number keeps what is stored."""

    name = forms.CharField(label="姓名", max_length=40)
    document_kind = forms.ChoiceField(label="证件类型", choices=DocumentKind.choices)
    document_number = secret("证件号码", help_text="空着就不改。要改证件类型，请连号码一起填。")
    phone = secret("手机号", help_text="空着就不改。")
    drops_phone = forms.BooleanField(label="去掉手机号", required=False)
    birth_date = forms.DateField(
        label="出生日期", required=False, widget=DayInput, help_text="有身份证时按证件，可以不填。"
    )
    sex = forms.ChoiceField(label="性别", choices=_BLANK_SEX, required=False)
    relation = forms.ChoiceField(label="与户主关系", choices=Resident.Relation.choices)
    residence = forms.ChoiceField(label="居住类型", choices=Resident.Residence.choices)
    groups = KeysField(SpecialGroup.objects.none(), label="重点人群", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = ("name", "document_kind", "birth_date", "sex", "relation", "residence")
        self.initial = {name: getattr(self.row, name) for name in given}
        if self.row.document_kind in TELLING:  # beside the masked number the day would be the rest of it
            self.initial["birth_date"] = None
        self.initial["groups"] = list(self.row.groups.values_list("pk", flat=True))
        self.fields["groups"].queryset = SpecialGroup.objects.filter(is_open=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """One value: what the verb takes."""
        data = super().clean() or {}
        if self.errors:
            return data
        phone = "" if data["drops_phone"] else data["phone"] or None
        number = data["document_number"] or None
        if data["document_kind"] == DocumentKind.NONE:
            number = ""
        asked = {name: data[name] for name in ASKED} | {"phone": phone, "document_number": number}
        return {"given": Particulars(**asked), "groups": list(data["groups"])}


class HouseholdForm(VerbForm):
    """搬到哪一户, or back into which."""

    to = forms.ModelChoiceField(Household.objects.none(), label="哪一户")
    relation = forms.ChoiceField(
        label="与户主关系", choices=Resident.Relation.choices, initial=Resident.Relation.OTHER
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["to"]
        field.widget = Picker(Resident._meta.get_field("household"), admin.site)
        field.queryset = Household.objects.visible_to(self.user).select_related("dwelling__building")


class LeaveForm(VerbForm):
    on = forms.DateField(label="哪天迁出", widget=DayInput)
    why = forms.CharField(label="原因", max_length=60, required=False, help_text="如：搬家、外出务工、去世。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"on": clock.today()}


class EraseForm(VerbForm):
    reason = forms.CharField(label="理由", max_length=100, help_text="谁、为什么要求删除。不要写姓名和号码。")
