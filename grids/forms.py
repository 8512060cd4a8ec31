"""The shape of what the registry asks on its pages: people, where they live, who looks after them.

What may stand in a field is said by the verbs (`grids.particulars` and its neighbours); forms only ask.
"""

from __future__ import annotations

import uuid
from dataclasses import fields
from typing import Any

from django import forms
from django.db.models import QuerySet

from grids.choices import chosen_contact, contact_members, named_members
from grids.dwellings import normal_door, normal_staircase
from grids.households import LONGEST_RHYTHM, household_in
from grids.models import Building, Dwelling, Household, Resident, SpecialGroup, TerritoryPolicy
from grids.models.people import CareLevel
from grids.particulars import Particulars
from grids.scope import reach
from ground import clock
from ground.errors import RuleViolation
from ground.identity import DocumentKind, Sex
from organizations.models import Member
from organizations.posts import Power

#: Nothing of a person is offered again by a browser that others use too.
PRIVATE = {"autocomplete": "off", "data-private": ""}
#: Kinds whose number always tells birth date and sex.
TELLING = frozenset({DocumentKind.RESIDENT_ID, DocumentKind.HMT_RESIDENCE})


class Plain(forms.Form):
    """Without the colon behind labels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


def a_day(label: str, **extra: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    wrong = {"invalid": "请填日期，如 2026-11-20。", "required": "请填日期。"}
    return forms.DateField(label=label, widget=widget, error_messages=wrong, **extra)


def a_reason(label: str, example: str, length: int = 100) -> forms.CharField:
    widget = forms.TextInput(attrs={"placeholder": example, "autocomplete": "off"})
    return forms.CharField(
        label=label, max_length=length, widget=widget, error_messages={"required": "请写明理由。"}
    )


class SearchForm(forms.Form):
    """Posted, never in an address: names and numbers are personal data."""

    words = forms.CharField(label="找人", max_length=60, required=False)
    with_left = forms.BooleanField(label="包括已迁出的", required=False)


class RevealForm(Plain):
    field = forms.ChoiceField(choices=[("document_number", "证件号"), ("phone", "手机号")])
    reason = a_reason("为什么要看", "例如：代办高龄津贴")


# People


class PersonForm(Plain):
    """What is asked about a person. `particulars()` after `is_valid()` is what the verbs take."""

    name = forms.CharField(
        label="姓名",
        max_length=60,
        widget=forms.TextInput(attrs=PRIVATE),
        error_messages={"required": "请填写姓名。"},
    )
    document_kind = forms.ChoiceField(
        label="证件类型", choices=DocumentKind.choices, initial=DocumentKind.RESIDENT_ID
    )
    document_number = forms.CharField(
        label="证件号码", max_length=40, required=False, widget=forms.TextInput(attrs=PRIVATE)
    )
    phone = forms.CharField(
        label="手机号",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={**PRIVATE, "inputmode": "tel"}),
        help_text="也可以填带区号的座机。",
    )
    relation = forms.ChoiceField(label="与户主关系", choices=Resident.Relation.choices)
    residence = forms.ChoiceField(label="居住类型", choices=Resident.Residence.choices)
    birth_date = a_day("出生日期", required=False)
    sex = forms.ChoiceField(label="性别", required=False, choices=[("", "不清楚"), *Sex.choices])
    groups = forms.ModelMultipleChoiceField(
        label="重点人群",
        queryset=SpecialGroup.objects.filter(is_open=True),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def particulars(self) -> Particulars:
        given = self.cleaned_data
        names = [each.name for each in fields(Particulars) if each.name in given]
        return Particulars(**{name: given[name] for name in names})

    #: Drawn by `grids/_person_fields.html`: birth date and sex apart, because most documents tell.
    is_about_a_person = True


class ChangeForm(PersonForm):
    """An empty number stays as it is; birth date and sex are asked only where the document does not tell."""

    no_phone = forms.BooleanField(label="删去登记的手机号", required=False)

    def __init__(self, *args: Any, resident: Resident, **kwargs: Any) -> None:
        copied = ("name", "document_kind", "relation", "residence")
        kwargs["initial"] = {name: getattr(resident, name) for name in copied} | {
            "groups": [group.pk for group in resident.groups.all()]
        }
        if resident.document_kind not in TELLING:
            kwargs["initial"] |= {"birth_date": resident.birth_date, "sex": resident.sex}
        super().__init__(*args, **kwargs)
        self.resident = resident
        self.fields["document_number"].help_text = _kept(resident.masked_document)
        self.fields["phone"].help_text = _kept(resident.masked_phone)
        if not resident.phone:
            del self.fields["no_phone"]
        groups = SpecialGroup.objects.filter(is_open=True) | resident.groups.all()
        self.fields["groups"].queryset = groups.distinct()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        is_same_kind = data.get("document_kind") == self.resident.document_kind
        if not data.get("document_number") and data.get("document_kind") != DocumentKind.NONE:
            data["document_number"] = None
            if not is_same_kind:
                self.add_error("document_number", "换了证件类型，请填写新的号码。")
            elif self.resident.document_kind in TELLING:
                data |= {"birth_date": None, "sex": ""}
        if data.get("no_phone") and data.get("phone"):
            self.add_error("phone", "要删去手机号，这里就不要填。")
        elif not data.get("phone"):
            data["phone"] = "" if data.get("no_phone") else None
        return data


def _kept(masked: str) -> str:
    return f"已登记 {masked}，不改就空着。" if masked else "还没有登记。"


# Where


class BuildingChoice(forms.ModelChoiceField):
    def label_from_instance(self, building: Any) -> str:
        return str(building.name)


class PlaceFields(Plain):
    """A dwelling by building, staircase and door; the household in it by its number where there are several."""

    building = BuildingChoice(
        label="楼栋",
        queryset=Building.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择楼栋。", "invalid_choice": "请从列表里选择楼栋。"},
    )
    staircase = forms.CharField(label="单元", max_length=10, required=False, help_text="没有单元的楼空着。")
    door = forms.CharField(label="房号", max_length=12, error_messages={"required": "请填房号，如 302。"})
    number = forms.IntegerField(
        label="户号",
        min_value=1,
        max_value=99,
        required=False,
        help_text="同一房屋住了几户时才填。",
        error_messages={"invalid": "户号是 1、2、3 这样的数。"},
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        rows = Building.objects.filter(reach(viewer, Power.REGISTRY_CHANGE)).order_by("community", "code")
        self.fields["building"].queryset = rows  # type: ignore[attr-defined]

    def dwelling(self) -> Dwelling:
        """The dwelling that was named. Raises RuleViolation where the building has none like that."""
        given = self.cleaned_data
        found = Dwelling.objects.filter(
            building=given["building"],
            staircase=normal_staircase(given["staircase"]),
            door=normal_door(given["door"]),
        ).first()
        if found is None:
            raise RuleViolation("这栋楼没有登记这个房号，请核对；新房屋先到楼栋页登记。", field="door")
        return found

    def household(self) -> Household:
        """Inside a transaction: a household may be opened. Raises NoPower, RuleViolation."""
        return household_in(self.dwelling(), by=self.viewer, number=self.cleaned_data["number"])


class PlaceForm(PlaceFields):
    relation = forms.ChoiceField(label="与户主关系", choices=Resident.Relation.choices)


class NewPersonForm(PersonForm):
    """Into a household that is known already, or into a place that is asked for with `NewPlaceForm`."""

    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("client_key", uuid.uuid4())
        super().__init__(*args, **kwargs)


class NewPlaceForm(PlaceFields):
    """Community staff may also enter somebody who belongs to no dwelling (空挂户)."""

    without = forms.BooleanField(label="不登记房屋，只记在社区名下（空挂户）", required=False)

    def __init__(self, *args: Any, may_be_without: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_be_without:
            del self.fields["without"]
        if self.is_bound and may_be_without and self.data.get("without"):
            for name in ("building", "door"):
                self.fields[name].required = False


class LeaveForm(Plain):
    on = a_day("迁出日期")
    why = forms.CharField(
        label="原因",
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "例如：搬往外地", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = clock.today


class EraseForm(Plain):
    reason = a_reason("为什么删除", "例如：本人书面申请")


# Households and buildings


class AssessForm(Plain):
    """三色 (N9). Rhythm and review day of the district stand in the fields."""

    level = forms.ChoiceField(label="等级", choices=CareLevel.choices, widget=forms.RadioSelect)
    reason = a_reason("理由", "例如：独居，上月摔伤")
    days = forms.IntegerField(
        label="走访间隔（天）",
        min_value=1,
        max_value=LONGEST_RHYTHM,
        required=False,
        error_messages={"invalid": "请填天数。"},
    )
    review_on = a_day("复核日期", required=False)

    def __init__(self, *args: Any, household: Household, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        policy = TerritoryPolicy.of(household.district_id or 0)
        self.fields["level"].initial = household.care_level
        self.fields[
            "days"
        ].help_text = f"空着就按本区标准：关心户 {policy.yellow_days} 天，连心户 {policy.red_days} 天。"
        self.fields["review_on"].help_text = f"空着就是 {policy.review_days} 天以后；放心户都不用填。"


class MemberChoice(forms.ModelChoiceField):
    """With the unit, because names repeat."""

    def label_from_instance(self, member: Any) -> str:
        return f"{member.name}（{member.unit or '社区党员'}）"


class ContactFields(forms.Form):
    """Who keeps in touch: one of those offered, or found by name (`grids.choices`). Asks for `offer` when it is made.

    Cleaned it holds `member` alone.
    """

    member = MemberChoice(
        label="联户党员",
        queryset=Member.objects.none(),
        required=False,
        empty_label="不安排",
        error_messages={"invalid_choice": "请从列表里选择。"},
    )
    name = forms.CharField(
        label="或按姓名找本区党员",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=PRIVATE),
        help_text="至少写两个字。",
    )

    def offer(self, viewer: Any, household: Household) -> None:
        self.viewer, self.household = viewer, household
        self.initial.setdefault("member", household.contact_member_id)
        name = self.data.get("name", "")[:40]
        # PostgreSQL takes no NUL, not even in a question; the field itself refuses it afterwards.
        self._offer(contact_members(viewer, household, "" if "\0" in name else name))

    def _offer(self, members: QuerySet[Member]) -> None:
        self.fields["member"].queryset = members  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.errors:
            return given
        name, member = given.pop("name"), given["member"]
        try:
            given["member"] = chosen_contact(self.viewer, self.household, name=name, member=member)
        except RuleViolation as violation:
            violation.add_to(self)
            if violation.field == "member":
                found = named_members(self.viewer, self.household, name)
                self._offer(Member.objects.filter(pk__in=[each.pk for each in found]).select_related("unit"))
        return given


class ContactForm(ContactFields, Plain):
    def __init__(self, *args: Any, viewer: Any, household: Household, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(viewer, household)


class DwellingForm(Plain):
    staircase = forms.CharField(label="单元", max_length=10, required=False, help_text="没有单元的楼空着。")
    floor = forms.IntegerField(
        label="楼层",
        min_value=-9,
        max_value=200,
        help_text="地下一层写 -1。",
        error_messages={"required": "请填楼层。", "invalid": "楼层是一个数。"},
    )
    door = forms.CharField(label="房号", max_length=12, error_messages={"required": "请填房号，如 302。"})
    use = forms.ChoiceField(label="用途", choices=Dwelling.Use.choices)


class UseForm(Plain):
    use = forms.ChoiceField(label="房屋用途", choices=Dwelling.Use.choices)


# Taking away


class ExportForm(Plain):
    reason = a_reason("导出理由", "例如：街道人口核对")
    whole = forms.ChoiceField(
        label="号码",
        choices=[("", "遮盖（440203********1234，138****5678）"), ("1", "完整号码：文件要按涉密资料保管")],
        required=False,
        widget=forms.RadioSelect,
        initial="",
    )

    def clean_whole(self) -> bool:
        return bool(self.cleaned_data["whole"])
