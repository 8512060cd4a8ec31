"""What the registry of organizations asks."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.forms import PhoneField
from ground import clock
from organizations.models import Appointment, Member, Organization, Unit
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from organizations.verb_buttons import DayInput, VerbForm


def phone_field(**options: Any) -> PhoneField:
    """A phone number of somebody else, so the browser does not fill in one's own."""
    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "tel", "autocomplete": "off"})
    return PhoneField(widget=widget, **options)


class PlantForm(VerbForm):
    tier = forms.TypedChoiceField(label="层级", coerce=int)
    name = forms.CharField(label="名称", max_length=60)
    short_name = forms.CharField(
        label="简称", max_length=40, required=False, help_text="如“花城社区”，可不填。"
    )
    code = forms.RegexField(
        r"^(\d{9}|\d{12})$",
        label="区划代码",
        required=False,
        error_messages={"invalid": "街镇 9 位，社区村 12 位数字。"},
        help_text="没有可不填。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].choices = [  # type: ignore[attr-defined]
            (tier.value, tier.label) for tier in Tier if tier > self.row.tier
        ]


class RenameForm(VerbForm):
    name = forms.CharField(label="名称", max_length=60)
    short_name = forms.CharField(label="简称", max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"name": self.row.name, "short_name": self.row.short_name}


class MoveForm(VerbForm):
    to = forms.ModelChoiceField(Organization.objects.none(), label="新的上级", blank=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nodes = scope_of(self.user).organizations(Organization.objects.open(), Power.TREE_CHANGE)
        self.fields["to"].queryset = (  # type: ignore[attr-defined]
            nodes.filter(tier__lt=min(self.row.tier, Tier.BUILDING_GROUP)).exclude(pk=self.row.parent_id)
        )


class EndForm(VerbForm):
    on = forms.DateField(label="从哪天起不再担任", widget=DayInput, help_text="填今天，权限立即停止。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"on": clock.today()}


class PhoneForm(VerbForm):
    phone = phone_field()


class DistrictForm(forms.ModelForm):
    """A new district, which only the city plants."""

    class Meta:
        model = Organization
        fields = ["name", "short_name", "code"]


class UnitForm(forms.ModelForm):
    place = forms.ModelChoiceField(
        Organization.objects.none(), label="所在党组织", help_text="区县、街镇或社区，决定谁管理它。"
    )

    class Meta:
        model = Unit
        fields = ["name", "kind", "code"]


class MemberForm(forms.ModelForm):
    phone = phone_field(help_text="保存后只显示前三位和后四位。")

    class Meta:
        model = Member
        fields = ["name", "district", "unit", "skills"]


class AppointmentForm(forms.ModelForm):
    """Who is named by phone number: an account that stands, or a new one with that name."""

    phone = phone_field(help_text="被任职人登录用的手机号。")
    person = forms.CharField(
        label="姓名",
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="新账号必填。",
    )

    class Meta:
        model = Appointment
        fields = ["post", "organization", "unit", "at_city", "begins_on", "work_phone"]
