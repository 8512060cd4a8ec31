"""What the registry's lists are narrowed by: never with a list of what is out of sight."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.filters import RelatedFieldListFilter
from django.http import HttpRequest


class InSight(RelatedFieldListFilter):
    """A relation, with the rows in sight to choose from."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        return [(row.pk, str(row)) for row in model_admin.choices_of(field, request)]


class ThreeLacking(admin.SimpleListFilter):
    """三无小区 (D9), and those that lack one of the three."""

    title = "三无"
    parameter_name = "lacks"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("all", "三无小区"),
            ("branch", "没有党组织"),
            ("owners_committee", "没有业主委员会"),
            ("property_company", "没有物业公司"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset.three_lacking()
        if self.value() in ("branch", "owners_committee", "property_company"):
            return queryset.filter(**{str(self.value()): None})
        return queryset
