"""离岗交接: note that a grid worker is away, and that he is back (N6)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from grids import absences
from grids.models import Absence
from ground import clock
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.models import Appointment
from organizations.posts import Power


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class AbsenceForm(forms.Form):
    """Who is away, from when, until when. `arguments()` are those of `absences.note`."""

    appointment = forms.ModelChoiceField(
        label="谁", queryset=Appointment.objects.none(), empty_label="请选择"
    )
    begins_on = forms.DateField(label="从哪天起离岗", widget=Day)
    ends_on = forms.DateField(
        label="哪天回岗",
        required=False,
        widget=Day,
        help_text="从这一天起回到岗位；不确定可以空着，回来时再登记。",
    )
    reason = forms.CharField(
        label="事由",
        max_length=60,
        required=False,
        help_text="如：年假、培训、外出。不要写病情。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.initial.setdefault("begins_on", clock.today())
        field: Any = self.fields["appointment"]
        field.queryset = absences.notable_by(viewer)
        field.label_from_instance = lambda held: f"{held.user.name} · {held}"
        if (only := list(field.queryset[:2])) and len(only) == 1:
            self.initial.setdefault("appointment", only[0].pk)

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class BackForm(forms.Form):
    on = forms.DateField(label="从哪天起回岗", required=False, widget=Day)


def _present_and_coming(user: Any) -> Any:
    """The absences of today and later whose end the user may note."""
    rows = Absence.objects.filter(appointment__in=absences.notable_by(user).order_by().values("pk"))
    rows = rows.exclude(ends_on__lte=clock.today()).select_related(
        "appointment__user", "appointment__organization"
    )
    return rows.defer("appointment__user__phone").order_by("begins_on", "id")


@require_http_methods(["GET", "POST"])
@staff_page(Power.TREE_SEE)
def note(request: HttpRequest) -> HttpResponse:
    """The form, and below it who is or will be away. Whoever may note nobody finds nothing (404)."""
    if not absences.notable_by(request.user).exists():
        raise Http404
    form = AbsenceForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            absence = absences.note(by=request.user, **form.arguments())
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(
                request, f"已登记：{absence.appointment.user.name} {absences.span_of(absence)}离岗。"
            )
            return redirect("grids:absences")
    return render(request, "grids/absences.html", {"form": form, "rows": _rows(request.user)})


def _rows(user: Any) -> list[dict[str, Any]]:
    today = clock.today()
    return [
        {
            "absence": absence,
            "span": absences.span_of(absence),
            "is_away": absence.begins_on <= today,
            "least": _earliest_back(absence),
        }
        for absence in _present_and_coming(user)
    ]


def _earliest_back(absence: Absence) -> date:
    return max(absence.begins_on, clock.today())


@require_POST
@staff_page(Power.TREE_SEE)
def back(request: HttpRequest, pk: int) -> HttpResponse:
    """回岗: from today, or from the day that was chosen."""
    absence = get_object_or_404(_present_and_coming(request.user), pk=pk)
    name, was_coming = absence.appointment.user.name, absence.begins_on > clock.today()
    form = BackForm(request.POST)
    on = form.cleaned_data["on"] if form.is_valid() else None
    try:
        absences.come_back(absence, by=request.user, on=on)
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
    else:
        messages.success(
            request, f"已取消 {name} 的离岗。" if was_coming and not on else f"已登记 {name} 回岗。"
        )
    return redirect("grids:absences")
