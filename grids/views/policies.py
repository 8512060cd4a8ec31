"""范围标准: what holds in a district, who signed it, and the signing of a new one (RULES 6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from grids import policies
from grids.models import TerritoryPolicy
from grids.views.absences import Day
from ground import clock
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.models import Organization
from organizations.posts import Power

#: So many earlier ones are shown.
EARLIER = 30


class PolicyForm(forms.Form):
    """Every number of a policy, the day and the document. `arguments()` are those of `policies.sign`."""

    begins_on = forms.DateField(label="施行日期", widget=Day, help_text="今天或以后。")
    document = forms.CharField(
        label="依据文件",
        max_length=60,
        help_text="文号或会议名称。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, now: TerritoryPolicy, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name in policies.NUMBERS:
            self.fields[name] = forms.IntegerField(
                label=str(TerritoryPolicy._meta.get_field(name).verbose_name),  # type: ignore[union-attr]
                min_value=0,
                max_value=policies.MOST,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
            self.initial.setdefault(name, getattr(now, name))
        self.initial.setdefault("begins_on", clock.today())

    @property
    def ranges(self) -> list[tuple[str, Any, Any]]:
        return [(f"{what}（{unit}）", self[low], self[high]) for low, high, what, unit in policies.RANGES]

    @property
    def days(self) -> list[Any]:
        return [self[name] for name, _ in policies.DAYS]

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


@require_http_methods(["GET", "POST"])
@staff_page(Power.TREE_SEE)
def policy(request: HttpRequest) -> HttpResponse:
    """The policy of a district in sight; the district of the URL where there are several."""
    districts = list(policies.districts_in_sight(request.user))
    district = _chosen(districts, request.GET.get("district", ""))
    now = TerritoryPolicy.of(district.pk)
    may_sign = policies.can_sign(request.user, district)
    form = PolicyForm(request.POST or None, now=now) if may_sign or request.method == "POST" else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            signed = policies.sign(by=request.user, district=district, **form.arguments())
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"已签发，{signed.begins_on:%Y-%m-%d} 起施行。")
            return redirect(f"{reverse('grids:policy')}?district={district.pk}")
    return render(
        request,
        "grids/policy.html",
        {
            "district": district,
            "filters": _choice(districts, district),
            "now": now,
            "facts": facts_of(now),
            "coming": _coming(district),
            "earlier": [_told(each) for each in _history(district)[:EARLIER]],
            "form": form,
            "may_sign": may_sign,
        },
    )


def _chosen(districts: list[Organization], value: str) -> Organization:
    found = next((each for each in districts if str(each.pk) == value), None)
    if found is None and (value or not districts):
        raise Http404
    return found or districts[0]


def _choice(districts: list[Organization], district: Organization) -> list[dict[str, Any]]:
    if len(districts) < 2:
        return []
    choices = [(each.pk, each.short_name or each.name) for each in districts]
    return [{"name": "district", "label": "区县", "value": district.pk, "choices": choices}]


def facts_of(policy: TerritoryPolicy) -> list[tuple[str, str]]:
    """What a policy says, in words."""
    ranges = [
        (what, f"{getattr(policy, low):,}–{getattr(policy, high):,} {unit}")
        for low, high, what, unit in policies.RANGES
    ]
    return [*ranges, *((what, f"{getattr(policy, name)} 天") for name, what in policies.DAYS)]


def _history(district: Organization) -> Any:
    rows = TerritoryPolicy.objects.filter(district=district).select_related("signed_by")
    return rows.defer("signed_by__phone")


def _coming(district: Organization) -> list[dict[str, Any]]:
    return [_told(each) for each in _history(district).filter(begins_on__gt=clock.today()).reverse()]


def _told(policy: TerritoryPolicy) -> dict[str, Any]:
    return {"policy": policy, "facts": facts_of(policy)}
