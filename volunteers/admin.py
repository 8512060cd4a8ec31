"""Registries to look things up in, read only: work is done on the desk, through the verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin

from grids.models import Grid
from ground.fields import surname_only
from ground.templatetags.wenshao import when
from organizations.posts import Power
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin, VerbButton, VerbForm
from volunteers.joining import registry, teams
from volunteers.models import (
    Claim,
    LedgerEntry,
    Registration,
    ServiceBalance,
    Team,
    Thanks,
    Volunteer,
    Whistle,
    WhistleSeries,
    WhistleTemplate,
)
from volunteers.powers import can_keep_team
from volunteers.tables import REGISTRATIONS
from volunteers.whistling import usual


class _LookUp(ScopedAdmin):
    """Open to posts with one of the powers; one's own rows as a volunteer are on the phone pages."""

    powers: tuple[Power, ...] = ()

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(*self.powers)


@admin.register(Volunteer)
class VolunteerAdmin(_LookUp):
    powers = (Power.CONFIRM_REGISTRATION, Power.UNIT_SEE)
    list_display = ["__str__", "kind", "unit", "district"]
    list_filter = ["kind"]
    search_fields = ["member__name", "user__name"]
    list_select_related = ["user", "member__unit", "district"]
    fields = ["kind", "member", "district"]


class BecauseVerb(VerbForm):
    reason = forms.CharField(label="原因", max_length=100, help_text="他会收到消息，看到这句话。")


class RegridVerb(VerbForm):
    grid = forms.ModelChoiceField(Grid.objects.none(), label="改到哪个网格")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grids = Grid.objects.filter(community=self.row.community_id).exclude(pk=self.row.grid_id)
        self.fields["grid"].queryset = grids.order_by("tier", "code")  # type: ignore[attr-defined]


def _registration_step(name: str) -> Callable[[Any, Any], bool]:
    """Whether the step is open, by the table; one's own registration is left on the phone."""
    return lambda user, row: row.volunteer.user_id != user.pk and REGISTRATIONS.is_open(name, user, row)


@admin.register(Registration)
class RegistrationAdmin(_LookUp):
    powers = (Power.CONFIRM_REGISTRATION,)
    verbs = (
        VerbButton(
            "decline",
            "不接收",
            _registration_step("decline"),
            lambda user, row, reason: registry.decline(row, by=user, reason=reason),
            BecauseVerb,
            "danger",
        ),
        VerbButton(
            "regrid",
            "调整网格",
            _registration_step("regrid"),
            lambda user, row, grid: registry.regrid(row, by=user, grid=grid),
            RegridVerb,
        ),
        VerbButton(
            "end",
            "结束报到",
            _registration_step("end"),
            lambda user, row, reason: registry.end(row, by=user, reason=reason),
            BecauseVerb,
            "danger",
            "已接的哨单和服务台账不受影响。",
        ),
    )
    list_display = ["volunteer", "community", "grid", "state", "choice", "requested_at", "confirmed_at"]
    list_filter = ["state"]
    search_fields = ["volunteer__member__name", "volunteer__user__name"]
    date_hierarchy = "requested_at"
    list_select_related = ["volunteer__user", "volunteer__member", "community", "grid"]


@admin.register(Team)
class TeamAdmin(_LookUp):
    """Looked up here; founded, changed and filled with people on the desk."""

    powers = (Power.CONFIRM_REGISTRATION, Power.REQUESTS_MASKED)
    list_display = ["name", "kind", "organization", "theme", "project", "founded_on", "closed_at"]
    list_filter = ["kind", "theme"]
    search_fields = ["name", "project"]
    list_select_related = ["organization"]
    verbs = (
        VerbButton(
            "close",
            "撤销",
            lambda user, team: team.closed_at is None and can_keep_team(user, team),
            lambda user, team: teams.close(team, by=user),
            tone="danger",
            help="撤销以后不能恢复，队员和历史都留着，名称可以再用。",
        ),
    )

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).in_sight_of_staff(request.user)


@admin.register(Whistle)
class WhistleAdmin(_LookUp):
    powers = (Power.WHISTLE, Power.CREDIT, Power.ATTEST)
    list_display = ["number", "title", "state", "starts_at", "place", "places_max", "duty_area", "community"]
    list_filter = ["state", "kind", "duty_area", "task"]
    search_fields = ["number", "title"]
    date_hierarchy = "starts_at"
    list_select_related = ["community"]
    exclude = ["key", "lng", "lat", "created_by", "service_request"]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).in_sight_of_staff(request.user)


@admin.register(Claim)
class ClaimAdmin(_LookUp):
    powers = (Power.CREDIT, Power.ATTEST)
    list_display = ["whistle", "volunteer", "state", "claimed_at", "checked_in_at", "checked_out_at"]
    list_filter = ["state"]
    search_fields = ["whistle__title", "volunteer__member__name", "volunteer__user__name"]
    date_hierarchy = "claimed_at"
    list_select_related = ["whistle", "volunteer__user", "volunteer__member"]
    exclude = ["key"]
    readonly_fields = ["shown_marks"]

    @admin.display(description="打卡记录")
    def shown_marks(self, claim: Claim) -> str:
        """Each mark: which end, how, when, and whether it came afterwards."""
        return "；".join(
            f"{mark} {when(mark.at, 'full')}{'，补传' if mark.is_late else ''}" for mark in claim.marks.all()
        )


@admin.register(LedgerEntry)
class LedgerEntryAdmin(_LookUp):
    powers = (Power.CREDIT, Power.UNIT_SEE)
    list_display = [
        *("volunteer", "whistle", "kind", "minutes", "off_hours_minutes"),
        *("duty_area", "attested", "reason", "served_at", "community"),
    ]
    list_filter = ["kind", "duty_area", "attested"]
    search_fields = ["volunteer__member__name", "volunteer__user__name", "whistle__title"]
    date_hierarchy = "served_at"
    list_select_related = ["volunteer__user", "volunteer__member", "whistle", "community"]


@admin.register(ServiceBalance)
class ServiceBalanceAdmin(_LookUp):
    """Sums that the ledger writes; `manage.py check_ledger` proves them."""

    powers = (Power.CONFIRM_REGISTRATION, Power.UNIT_SEE)
    list_display = ["volunteer", "quarter", "minutes", "off_hours_minutes", "times", "off_hours_times"]
    list_filter = ["quarter"]
    search_fields = ["volunteer__member__name", "volunteer__user__name"]
    list_select_related = ["volunteer__user", "volunteer__member"]


@admin.register(WhistleTemplate)
class WhistleTemplateAdmin(ScopedAdmin):
    """常用哨单: a community's own by those who whistle there, the district's by its policy power; those common to all
    by the city's."""

    list_display = [
        "name",
        "title",
        "kind",
        "duty_area",
        "begins_at",
        "minutes",
        "places_max",
        "organization",
    ]
    list_filter = ["kind", "duty_area"]
    search_fields = ["name", "title", "text"]
    list_select_related = ["organization"]
    exclude = ["retired_at"]
    filter_horizontal = ["skills"]
    verbs = [
        VerbButton(
            "retire",
            "停用",
            usual.keeps,
            lambda user, row: usual.retire(row, by=user),
            tone="danger",
            help="不再出现在“从常用开始”里；已经吹过的哨单不受影响。",
        )
    ]

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(Power.WHISTLE, Power.POLICY_CHANGE)

    def get_queryset(self, request: Any) -> Any:
        rows = usual.kept_by(request.user)
        return rows if self.is_open_to(request.user) else rows.none()

    def covers(self, user: Any, row: WhistleTemplate) -> bool:
        return usual.keeps(user, row)

    def has_add_permission(self, request: Any) -> bool:
        return usual.writes_somewhere(request.user)

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "organization":
            kwargs["queryset"] = usual.places_to_write_for(request.user)
            kwargs["required"] = not usual.keeps_common(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: Any, obj: WhistleTemplate, form: Any, change: bool) -> None:
        if not change:
            obj.made_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(WhistleSeries)
class WhistleSeriesAdmin(_LookUp):
    powers = (Power.WHISTLE,)
    list_display = ["first", "every_weeks", "until", "next_on", "stopped_at", "made_by", "community"]
    search_fields = ["first__title"]
    list_select_related = ["first", "made_by", "community"]
    fields = ["first", "every_weeks", "until", "next_on", "made_by", "made_at", "stopped_at"]

    def get_queryset(self, request: Any) -> Any:
        rows = WhistleSeries.objects.filter(scope_of(request.user).rows(Power.WHISTLE))
        return rows if self.is_open_to(request.user) else rows.none()


@admin.register(Thanks)
class ThanksAdmin(_LookUp):
    """What those served said, by surname: who it was is between them and the platform."""

    powers = (Power.CREDIT,)
    list_display = ["whistle", "surname", "is_like", "stars", "words", "at"]
    search_fields = ["whistle__title", "words"]
    date_hierarchy = "at"
    list_select_related = ["whistle", "by"]
    fields = ["whistle", "surname", "is_like", "stars", "words", "at"]
    readonly_fields = ["surname"]

    def get_queryset(self, request: Any) -> Any:
        in_sight = Whistle.objects.filter(scope_of(request.user).rows(Power.CREDIT))
        rows = Thanks.objects.filter(whistle__in=in_sight.order_by().values("pk"))
        return rows if self.is_open_to(request.user) else rows.none()

    @admin.display(description="谁")
    def surname(self, row: Thanks) -> str:
        return surname_only(row.by.name)
