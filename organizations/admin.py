"""The registry of organizations, units, members and posts. Every change goes through a verb."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.powers import administers
from ground.errors import RuleViolation
from organizations import admin_forms, appointments, tree, units
from organizations.models import (
    AccessLogEntry,
    Appointment,
    Member,
    Organization,
    Skill,
    Unit,
    UnitBranch,
    WorkdayOverride,
)
from organizations.posts import Power, Tier
from organizations.powers import can_change_node, can_end, can_plant_under
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin, SettingsAdmin, VerbButton
from organizations.units import can_change_member, can_change_unit, keeps_members


@admin.register(Organization)
class OrganizationAdmin(ScopedAdmin):
    """The tree, read only; it grows and changes through the verbs of `organizations.tree`."""

    see = Power.TREE_SEE
    form = admin_forms.DistrictForm
    list_display = ["indented", "tier", "short_name", "code", "condition"]
    list_filter = ["tier", ("closed_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "short_name", "code"]
    ordering = ["tree_id", "lft"]
    verbs = (
        VerbButton(
            "plant",
            "新建下级",
            lambda user, node: (
                node.closed_at is None and node.tier < Tier.DUTY_ZONE and can_plant_under(user, node)
            ),
            lambda user, node, **data: tree.plant(parent=node, by=user, **data),
            admin_forms.PlantForm,
        ),
        VerbButton(
            "rename",
            "改名",
            can_change_node,
            lambda user, node, **data: tree.rename(node, by=user, **data),
            admin_forms.RenameForm,
        ),
        VerbButton(
            "move",
            "调整上级",
            lambda user, node: (
                node.parent_id is not None and node.closed_at is None and can_change_node(user, node)
            ),
            lambda user, node, to: tree.move(node, to=to, by=user),
            admin_forms.MoveForm,
            help="它下面的党组织、网格和点单都跟着过去。",
        ),
        VerbButton(
            "close",
            "撤销",
            lambda user, node: node.closed_at is None and can_change_node(user, node),
            lambda user, node: tree.close(node, by=user),
            tone="danger",
            help="撤销后不能恢复，在这里的任职同时失去权限。",
        ),
    )

    @admin.display(description="名称", ordering="lft")
    def indented(self, node: Organization) -> str:
        return "　" * node.level + node.name

    @admin.display(description="状态")
    def condition(self, node: Organization) -> str:
        return "已撤销" if node.closed_at else "正常"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can_plant_under(request.user, None)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["name", "short_name", "code"]
        names = ["name", "short_name", "tier", "parent", "code", "official_name", "letters"]
        return [*names, "closed_at"] if obj.closed_at else names

    def save_model(self, request: HttpRequest, obj: Organization, form: ModelForm, change: bool) -> None:
        data = {name: form.cleaned_data[name] for name in ("name", "short_name", "code")}
        planted = tree.plant(parent=None, tier=Tier.DISTRICT, by=request.user, **data)
        obj.__dict__.update(planted.__dict__)


@admin.register(Unit)
class UnitAdmin(ScopedAdmin):
    see = Power.TREE_SEE
    write = Power.TREE_CHANGE
    form = admin_forms.UnitForm
    list_display = ["name", "kind", "district", "street", "community", "condition"]
    list_filter = ["kind"]
    list_select_related = ["district", "street", "community"]
    search_fields = ["name", "code"]
    verbs = (
        VerbButton(
            "close",
            "撤销",
            lambda user, unit: unit.closed_at is None and can_change_unit(user, unit),
            lambda user, unit: units.close_unit(unit, by=user),
            tone="danger",
        ),
    )

    @admin.display(description="状态")
    def condition(self, unit: Unit) -> str:
        return "已撤销" if unit.closed_at else "正常"

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(Power.TREE_SEE, Power.UNIT_SEE)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is not None and not self.covers(request.user, obj):
            return ["name", "kind", "code", "district", "street", "community"]
        return ["name", "kind", "code", "place"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "place" in form.base_fields:
            nodes = scope_of(request.user).organizations(Organization.objects.open(), Power.TREE_CHANGE)
            place = form.base_fields["place"]
            place.queryset = nodes.filter(tier__lte=Tier.COMMUNITY)
            place.initial = (obj.community_id or obj.street_id or obj.district_id) if obj else None
        return form

    def save_model(self, request: HttpRequest, obj: Unit, form: ModelForm, change: bool) -> None:
        obj.place_under(form.cleaned_data["place"])
        if Unit.objects.filter(district=obj.district, name=obj.name).exclude(pk=obj.pk).exists():
            raise RuleViolation("本区已有同名单位。", field="name")
        super().save_model(request, obj, form, change)


@admin.register(UnitBranch)
class UnitBranchAdmin(ScopedAdmin):
    """Counted in coverage (H2)."""

    see = Power.TREE_SEE
    write = Power.TREE_CHANGE
    list_display = ["name", "unit", "superior", "founded_on", "closed_on"]
    list_select_related = ["unit", "superior"]
    search_fields = ["name", "unit__name"]
    autocomplete_fields = ["unit", "superior"]

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(Power.TREE_SEE, Power.UNIT_SEE)

    def covers(self, user: Any, row: UnitBranch) -> bool:
        return can_change_unit(user, row.unit)

    def save_model(self, request: HttpRequest, obj: UnitBranch, form: ModelForm, change: bool) -> None:
        if not can_change_unit(request.user, obj.unit):
            raise RuleViolation("这个单位不在你管理的范围内。", field="unit")
        super().save_model(request, obj, form, change)


@admin.register(Member)
class MemberAdmin(ScopedAdmin):
    """The register of members: kept by the district, seen by each unit for its own. Phones stay masked."""

    see = Power.UNIT_SEE
    write = Power.TREE_CHANGE
    form = admin_forms.MemberForm
    list_display = ["name", "shown_phone", "unit", "is_linked"]
    list_select_related = ["unit"]
    list_filter = [("user", admin.EmptyFieldListFilter)]
    search_fields = ["name", "unit__name"]
    autocomplete_fields = ["unit", "skills"]
    readonly_fields = ["shown_phone", "is_linked"]
    verbs = (
        VerbButton(
            "phone",
            "更换手机号",
            can_change_member,
            lambda user, member, phone: units.change_phone(member, by=user, phone=phone),
            admin_forms.PhoneForm,
        ),
        VerbButton(
            "link",
            "关联账号",
            lambda user, member: member.user_id is None and can_change_member(user, member),
            lambda user, member: units.link_account(member, by=user),
            help="核对本人身份证件后再关联。关联后，本人可以看到自己的报到和服务记录。",
        ),
    )

    @admin.display(description="手机号")
    def shown_phone(self, member: Member) -> str:
        return member.masked_phone

    @admin.display(description="已关联账号", boolean=True)
    def is_linked(self, member: Member) -> bool:
        return member.user_id is not None

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(Power.UNIT_SEE) or keeps_members(user)

    def covers(self, user: Any, row: Member) -> bool:
        return can_change_member(user, row)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return keeps_members(request.user)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["name", "phone", "district", "unit", "skills"]
        return ["name", "shown_phone", "unit", "skills", "is_linked"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None:
            form.declared_fields = {}  # the phone is asked once; later it goes through its verb
            form.base_fields.pop("phone", None)
        return form

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        rows = super().choices_of(db_field, request)
        return rows.filter(tier=Tier.DISTRICT) if db_field.name == "district" else rows

    def save_model(self, request: HttpRequest, obj: Member, form: ModelForm, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        data = {name: form.cleaned_data[name] for name in ("name", "phone", "district", "unit")}
        obj.__dict__.update(units.register_member(by=request.user, **data).__dict__)


@admin.register(Skill)
class SkillAdmin(ScopedAdmin):
    see = Power.TREE_SEE
    write = Power.POLICY_CHANGE
    is_common = True
    list_display = ["name"]
    search_fields = ["name"]

    def covers(self, user: Any, row: Skill) -> bool:
        return scope_of(user).has(Power.POLICY_CHANGE)


@admin.register(Appointment)
class AppointmentAdmin(ScopedAdmin):
    """Who holds which post where. Given and ended through the verbs of `organizations.appointments`."""

    see = Power.TREE_SEE
    form = admin_forms.AppointmentForm
    list_display = ["user", "post", "place_name", "begins_on", "ends_on"]
    list_select_related = ["user", "organization", "unit"]
    list_filter = ["post", ("ends_on", admin.EmptyFieldListFilter)]
    search_fields = ["user__name", "organization__name", "organization__short_name", "unit__name"]
    autocomplete_fields = ["organization", "unit"]
    verbs = (
        VerbButton(
            "end",
            "免职",
            lambda user, row: row.ends_on is None and can_end(user, row),
            lambda user, row, on: appointments.end(row, by=user, on=on),
            admin_forms.EndForm,
            tone="danger",
        ),
    )

    @admin.display(description="任职处")
    def place_name(self, row: Appointment) -> str:
        return row.place_name

    def is_open_to(self, user: Any) -> bool:
        scope = scope_of(user)
        return scope.has(Power.TREE_SEE, Power.UNIT_SEE) or administers(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return scope_of(request.user).has(Power.TREE_CHANGE) or administers(request.user)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is not None:
            return ["user", "post", "organization", "unit", "at_city", "work_phone", "begins_on", "ends_on"]
        place = ["organization", "unit"] if scope_of(request.user).has(Power.TREE_CHANGE) else []
        city = ["at_city"] if administers(request.user) else []
        return ["phone", "person", "post", *place, *city, "begins_on", "work_phone"]

    def save_model(self, request: HttpRequest, obj: Appointment, form: ModelForm, change: bool) -> None:
        data = dict(form.cleaned_data)
        user = _account(data.pop("phone"), data.pop("person"))
        held = appointments.appoint(by=request.user, user=user, **data)
        obj.__dict__.update(held.__dict__)


def _account(phone: str, name: str) -> Any:
    accounts = get_user_model().objects
    user = accounts.with_phone(phone)
    if user is None and not name.strip():
        raise RuleViolation("这个手机号还没有账号，请填写姓名。", field="person")
    return user or accounts.create_user(phone, name.strip())


@admin.register(WorkdayOverride)
class WorkdayOverrideAdmin(SettingsAdmin):
    list_display = ["day", "is_workday", "reason"]
    list_filter = ["is_workday"]
    date_hierarchy = "day"


@admin.register(AccessLogEntry)
class AccessLogEntryAdmin(ScopedAdmin):
    """Who looked behind the mask: read only, for those whose own reveals are watched from above."""

    see = Power.ACCESS_LOG
    list_display = ["at", "by", "done", "what", "fields_seen", "organization", "reason", "unusual"]
    list_select_related = ["by", "organization"]
    list_filter = ["is_unusual", "why_unusual", "action"]
    search_fields = ["by__name", "subject", "reason"]
    date_hierarchy = "at"
    fields = ["at", "by", "done", "what", "fields_seen", "organization", "reason", "unusual"]
    readonly_fields = ["done", "what", "fields_seen", "unusual"]

    @admin.display(description="动作", ordering="action")
    def done(self, entry: AccessLogEntry) -> str:
        rows = "" if entry.rows is None else f" {entry.rows} 行"
        return f"{entry.get_action_display()}{rows}"

    @admin.display(description="对象", ordering="subject")
    def what(self, entry: AccessLogEntry) -> str:
        return entry.subject_words

    @admin.display(description="字段")
    def fields_seen(self, entry: AccessLogEntry) -> str:
        return entry.field_words

    @admin.display(description="异常", ordering="is_unusual")
    def unusual(self, entry: AccessLogEntry) -> str:
        return f"异常：{entry.get_why_unusual_display()}" if entry.is_unusual else ""
