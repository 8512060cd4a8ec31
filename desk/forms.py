"""The forms that only the desk has: filing for a resident, and a reason before a number is shown."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from accounts.forms import PhoneField
from grids.models import Building
from grids.scope import reach
from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from requests.asking import whom_for, whom_refused
from requests.forms import words
from requests.models import Category


class RevealForm(forms.Form):
    """Why somebody has to see a phone number; goes into the access log."""

    reason = forms.CharField(
        label="为什么要看",
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "例如：约上门时间"}),
        error_messages={"required": "请写明理由，会记入查看记录。"},
    )


class FileForm(forms.Form):
    """代点: whom it is for, what it is, where. `arguments()` are those of `workflow.submit`."""

    phone = PhoneField(
        label="居民手机号",
        required=False,
        help_text="办理进度会发到这个号码；没有账号的会新建一个。",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label="姓名", max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    no_phone = forms.BooleanField(
        label="他没有手机",
        required=False,
        help_text="由你们代为联系，提交后打印回执给他；办结后由没有参与办理的人回访。",
    )
    category = forms.ModelChoiceField(
        label="什么事", queryset=Category.objects.filter(is_open=True), empty_label="请选择"
    )
    text = words("说说情况")
    building = forms.ModelChoiceField(
        label="楼栋", queryset=Building.objects.none(), required=False, empty_label="不在楼里，或不清楚"
    )
    address = forms.CharField(
        label="具体位置",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "例如：1 单元 3 楼"}),
    )
    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        self.initial.setdefault("client_key", uuid.uuid4())
        rows = Building.objects.filter(reach(viewer, Power.HANDLE)).order_by("code")
        self.fields["building"].queryset = rows  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        phone, name, without = data.get("phone", ""), data.get("name", ""), data.get("no_phone", False)
        if sentence := whom_refused(phone, name, without):
            self.add_error("phone" if phone else "name", sentence)
        elif not phone and not without and "phone" not in self.errors:
            self.add_error("phone", "请填他的手机号；没有手机的，请勾选“他没有手机”。")
        if not data.get("building") and "building" not in self.errors and self._community() is None:
            self.add_error("building", "请选一栋楼。")
        return data

    def arguments(self) -> dict[str, Any]:
        """Only after `is_valid()`. Photos and `by` come beside it."""
        given = self.cleaned_data
        return {
            "category": given["category"],
            "text": given["text"],
            "address": given["address"],
            "building": given["building"],
            "community": None if given["building"] else self._community(),
            "key": given["client_key"],
            **whom_for(given["phone"], given["name"], given["no_phone"]),
        }

    def _community(self) -> Organization | None:
        """The community at which the viewer sits, where there is exactly one."""
        rows = Organization.objects.filter(
            pk__in=scope_of(self.viewer).seats(Power.HANDLE), tier=Tier.COMMUNITY
        )
        found = list(rows[:2])
        return found[0] if len(found) == 1 else None
