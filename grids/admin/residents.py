"""居民: looked up in one's own scope, masked; written through the verbs of `grids.residents` and `grids.erasing`.

No search: what somebody is called does not belong into an address. The desk's page searches by POST.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grids import erasing, residents
from grids.admin import resident_forms as asked
from grids.admin.filters import InSight
from grids.admin.people import HousedAdmin
from grids.choices import whole_communities
from grids.models import Resident, SpecialGroup
from grids.powers import can_change, can_change_all_of
from organizations.scoped_admin import VerbButton

PRESENT, LEFT, ERASED = Resident.Standing.PRESENT, Resident.Standing.LEFT, Resident.Standing.ERASED
_DERIVED = ["shown_document", "shown_phone", "years", "groups_in_words", "is_linked"]


def _changes_present(user: Any, resident: Resident) -> bool:
    return resident.standing == PRESENT and can_change(user, resident)


def _erases(user: Any, resident: Resident) -> bool:
    community = resident.community
    return resident.standing != ERASED and community is not None and can_change_all_of(user, community)


VERBS = (
    VerbButton(
        "change",
        "更正",
        _changes_present,
        lambda user, resident, given, groups: residents.change(resident, given, by=user, groups=groups),
        asked.ChangeForm,
    ),
    VerbButton(
        "move",
        "搬动",
        _changes_present,
        lambda user, resident, to, relation: residents.move(resident, by=user, to=to, relation=relation),
        asked.HouseholdForm,
    ),
    VerbButton(
        "leave",
        "迁出",
        _changes_present,
        lambda user, resident, on, why: residents.leave(resident, by=user, on=on, why=why),
        asked.LeaveForm,
        tone="danger",
        help="不再计入在册人数，登记保留，回来时可以恢复。",
    ),
    VerbButton(
        "back",
        "恢复在册",
        lambda user, resident: resident.standing == LEFT and can_change(user, resident),
        lambda user, resident, to, relation: residents.come_back(resident, by=user, to=to, relation=relation),
        asked.HouseholdForm,
    ),
    VerbButton(
        "link",
        "关联账号",
        lambda user, resident: resident.user_id is None and _changes_present(user, resident),
        lambda user, resident: residents.link_account(resident, by=user),
        help="核对本人身份证件后再关联。关联后，本人可以看到自己的登记。",
    ),
    VerbButton(
        "unlink",
        "解除关联",
        lambda user, resident: resident.user_id is not None and _changes_present(user, resident),
        lambda user, resident: residents.unlink_account(resident, by=user),
        tone="danger",
    ),
    VerbButton(
        "erase",
        "删除资料",
        _erases,
        lambda user, resident, reason: erasing.erase(resident, by=user, reason=reason),
        asked.EraseForm,
        tone="danger",
        help="姓名、证件、电话和所属人群全部抹去，不能恢复，只留下删除的记录。",
    ),
)


@admin.register(Resident)
class ResidentAdmin(HousedAdmin):
    form = asked.EnterForm
    list_display = ["name", "shown_document", "shown_phone", "years", "sex", "relation", "door", "standing"]
    list_filter = ["standing", "residence", ("grid", InSight), ("groups", InSight)]
    autocomplete_fields = ["household"]
    verbs = VERBS

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("household__dwelling__building")

    # What is shown

    @admin.display(description="证件号码")
    def shown_document(self, resident: Resident) -> str:
        return resident.masked_document

    @admin.display(description="手机号")
    def shown_phone(self, resident: Resident) -> str:
        return resident.masked_phone

    @admin.display(description="年龄")
    def years(self, resident: Resident) -> int | None:
        return resident.age()

    @admin.display(description="住处")
    def door(self, resident: Resident) -> str:
        return str(resident.household or "未登记房屋")

    @admin.display(description="重点人群")
    def groups_in_words(self, resident: Resident) -> str:
        return "、".join(group.name for group in resident.groups.all())

    @admin.display(description="已关联账号", boolean=True)
    def is_linked(self, resident: Resident) -> bool:
        return resident.user_id is not None

    @admin.display(description="办理")
    def on_desk(self, resident: Resident) -> SafeString:
        address = reverse("grids:resident", args=[resident.pk])
        return format_html('<a href="{}">打开（查看号码要写理由）</a>', address)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return list(asked.EnterForm.Meta.fields)
        known = ["name", "document_kind", *_DERIVED[:3], "sex", "relation", "residence", "household"]
        standing = ["standing", "left_on"] if obj.standing == LEFT else ["standing"]
        return [*known, "grid", "community", *_DERIVED[3:], *standing, "changed_at", "on_desk"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else [*_DERIVED, "standing", "left_on", "changed_at", "on_desk"]

    # Entering

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            kwargs["form"] = ModelForm  # what is shown of a row needs no field that asks
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is None:
            form.base_fields["community"].help_text = "没有房屋的人（空挂户）登记在社区名下；有房屋时不用选。"
        return form

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        if db_field.name == "groups":
            return SpecialGroup.objects.filter(is_open=True)
        if db_field.name == "community":
            return whole_communities(request.user)
        return super().choices_of(db_field, request)

    def save_model(self, request: HttpRequest, obj: Resident, form: Any, change: bool) -> None:
        data = form.cleaned_data
        entered = residents.enter(
            form.particulars(),
            by=request.user,
            household=data["household"],
            community=data["community"],
            groups=data["groups"],
        )
        obj.__dict__.update(entered.__dict__)
