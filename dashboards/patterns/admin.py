"""Patterns to look up, read only; the two decisions are buttons that call the verbs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards.models import Pattern
from dashboards.patterns import deciding
from organizations.posts import Power
from organizations.scoped_admin import ScopedAdmin, VerbButton, VerbForm
from requests.intake import TITLE_LENGTH
from requests.workflow import TEXT_LENGTH


class FileVerb(VerbForm):
    title = forms.CharField(label="标题", max_length=TITLE_LENGTH)
    text = forms.CharField(label="要办的事", max_length=TEXT_LENGTH)

    def __init__(self, *args: Any, row: Pattern, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.initial.update(title=deciding.title_for(row), text=deciding.text_for(row))


class DismissVerb(VerbForm):
    reason = forms.CharField(label="为什么不立项", max_length=deciding.REASON_LENGTH)


def _may(user: Any, row: Pattern) -> bool:
    return row.state == Pattern.State.PROPOSED and deciding.can_decide(user, row)


@admin.register(Pattern)
class PatternAdmin(ScopedAdmin):
    see = Power.TREE_SEE
    list_display = [
        "place",
        "category",
        "count",
        "people",
        "weeks",
        "state",
        "community",
        "last_at",
        "on_desk",
    ]
    list_filter = ["state", "category"]
    search_fields = ["building__name", "compound__name"]
    list_select_related = ["building", "compound", "category", "community"]
    #: The request opens on the desk, within the powers of whoever looks.
    exclude = ["service_request", "building", "compound", "grid"]
    readonly_fields = ["place"]
    verbs = [
        VerbButton(
            "file",
            "立项",
            _may,
            lambda user, row, **said: deciding.file(row, by=user, **said),
            FileVerb,
            "primary",
        ),
        VerbButton(
            "dismiss",
            "不立项",
            _may,
            lambda user, row, reason: deciding.dismiss(row, by=user, reason=reason),
            DismissVerb,
            "danger",
        ),
    ]

    @admin.display(description="地点")
    def place(self, row: Pattern) -> str:
        return row.place_name

    @admin.display(description="办理")
    def on_desk(self, row: Pattern) -> SafeString:
        return format_html('<a href="{}">打开</a>', reverse("dashboards:pattern", args=[row.pk]))
