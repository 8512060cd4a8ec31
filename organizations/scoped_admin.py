"""The registry's pages under the one permission system (RULES 5): Unfold's ModelAdmin, scoped.

A subclass names powers; rows come from `visible_to`, what is out of sight is 404, nothing is deleted,
encrypted fields are never shown in plain. Verbs of an app become buttons with `VerbButton`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import update_wrapper
from typing import Any

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from unfold.admin import ModelAdmin

from accounts.powers import administers
from ground.errors import RuleViolation
from ground.fields import EncryptedCharField
from organizations.pickers import KeysField, Picker, PickerOfSeveral, is_key
from organizations.posts import Power
from organizations.scope import scope_of
from organizations.verb_buttons import VerbButton, VerbForm

__all__ = ["ScopedAdmin", "SettingsAdmin", "VerbButton", "VerbForm"]


class ScopedAdmin(ModelAdmin):
    """see: power that opens the pages; write: power that adds and changes (None: read only).

    `covers` says whether the write power reaches one row; apps with grids put their own there.
    """

    see: Power | None = None
    write: Power | None = None
    verbs: Sequence[VerbButton] = ()
    #: Rows that belong to nobody's place (skills, categories): everybody with `see` sees all of them.
    is_common = False

    list_per_page = 50
    show_full_result_count = False
    change_form_before_template = "admin/verb_buttons.html"
    list_before_template = "admin/calendar_notice.html"

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        self._sealed = {
            each.name for each in model._meta.get_fields() if isinstance(each, EncryptedCharField)
        }
        shown = {*self.list_display, *self.list_editable, *self.readonly_fields, *self.search_fields}
        if self._sealed & shown:
            raise ImproperlyConfigured(
                f"{type(self).__name__} shows encrypted fields: {self._sealed & shown}"
            )

    # Sight

    def is_open_to(self, user: Any) -> bool:
        return self.see is not None and scope_of(user).has(self.see)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        if self.is_common:
            return rows if self.is_open_to(request.user) else rows.none()
        return rows.visible_to(request.user)

    def _open_or_404(self, request: HttpRequest) -> None:
        if not self.is_open_to(request.user):
            raise Http404

    def _get_obj_does_not_exist_redirect(self, *args: Any) -> HttpResponse:
        raise Http404

    # Powers

    def covers(self, user: Any, row: Any) -> bool:
        return self.write is not None and scope_of(user).reaches(self.write, row)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.is_open_to(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.write is not None and scope_of(request.user).has(self.write)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not self.has_add_permission(request):
            return False
        return obj is None or self.covers(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # Pages

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._open_or_404(request)
        try:
            return super().changelist_view(request, extra_context)
        except OverflowError:  # a year that no calendar has, in the address
            return redirect(f"{request.path}?e=1")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Saving may break a rule: then the transaction is undone and the form shows the sentence."""
        self._open_or_404(request)
        context = {"show_history": False, **(extra_context or {})}
        if object_id is not None and request.method == "POST" and self.get_object(request, object_id) is None:
            raise Http404  # Django asks for the power first, and says 403 to what is out of sight
        if object_id is not None:
            context["verb_buttons"] = self._buttons(request, object_id)
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, context)
        except RuleViolation as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise Http404

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django's own log is no history of ours: verbs write events."""
        raise Http404

    def get_urls(self) -> list[Any]:
        name = "{}_{}_verb".format(*self._label)
        guarded = self.admin_site.admin_view(self.verb_view)
        view = update_wrapper(lambda *args, **kwargs: guarded(*args, **kwargs), self.verb_view)
        return [path("<path:object_id>/verb/<slug:verb>/", view, name=name), *super().get_urls()]

    # Forms

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else _refused(form, refusal)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without encrypted fields once the row exists: those are replaced through a verb."""
        sets = super().get_fieldsets(request, obj)
        if obj is None:
            return sets
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in self._sealed]})
            for title, options in sets
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the URL fills in; a relation only with a number: the pickers look it up without asking."""
        related = {each.name for each in self.opts.get_fields() if each.is_relation}
        given = super().get_changeform_initial_data(request)
        return {name: value for name, value in given.items() if name not in related or is_key(value)}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices_of(db_field, request))
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Picker(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices_of(db_field, request))
        kwargs.setdefault("form_class", KeysField)
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", PickerOfSeveral(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        """What a form may point to: rows in sight only."""
        rows = db_field.remote_field.model._default_manager.all()
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows

    # Verbs

    @property
    def _label(self) -> tuple[str, str]:
        return self.opts.app_label, str(self.opts.model_name)

    def _buttons(self, request: HttpRequest, object_id: str) -> list[dict[str, str]]:
        row = self.get_object(request, object_id) if self.verbs else None
        if row is None:
            return []
        name = "admin:{}_{}_verb".format(*self._label)
        return [
            {"label": verb.label, "tone": verb.tone, "url": reverse(name, args=[row.pk, verb.name])}
            for verb in self.verbs
            if verb.may(request.user, row)
        ]

    def verb_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """A page with the form of one verb; POST calls it. Not offered or out of sight: 404."""
        self._open_or_404(request)
        row = self.get_object(request, object_id)
        found = next((each for each in self.verbs if each.name == verb), None)
        if row is None or found is None or not found.may(request.user, row):
            raise Http404
        form = found.form(request.POST if request.method == "POST" else None, user=request.user, row=row)
        back = reverse("admin:{}_{}_change".format(*self._label), args=[row.pk])
        if form.is_valid():
            try:
                found.act(request.user, row, **form.cleaned_data)
            except RuleViolation as refusal:
                refusal.add_to(form)
            else:
                messages.success(request, f"{found.label}：{row}，已完成。")
                return redirect(back)
        title = f"{found.label} · {row}"
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        context |= {"verb": found, "row": row, "form": form, "back": back}
        return render(request, "admin/verb_form.html", context)


class SettingsAdmin(ScopedAdmin):
    """Settings that belong to no place: open to the system administrator only."""

    is_common = True

    def is_open_to(self, user: Any) -> bool:
        return administers(user)

    def covers(self, user: Any, row: Any) -> bool:
        return self.is_open_to(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_open_to(request.user)


def _refused(form: type[ModelForm], refusal: RuleViolation) -> type[ModelForm]:
    """The same form with the sentence of a rule on it."""

    class Refused(form):  # type: ignore[valid-type,misc]
        def clean(self) -> Any:
            cleaned = super().clean()
            refusal.add_to(self)
            return cleaned

    return Refused
