"""What is asked for with a summary: which place, which days, with names or without."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from django import forms

from ground import clock, periods
from organizations.models import Organization, Unit
from organizations.posts import Tier
from volunteers.summaries import asking

OWN_DAYS = "days"
PERIODS = (
    ("month", "本月"),
    ("last_month", "上月"),
    ("quarter", "本季"),
    ("year", "今年"),
    (OWN_DAYS, "自选日期"),
)
NAMES = "names"


def days_of(period: str) -> tuple[date, date]:
    """First and last day of a period, as far as it has come."""
    today = clock.today()
    if period == "last_month":
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    return periods.first_day(period, today), today


def _a_day(label: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    wrong = {"invalid": "请填日期，如 2026-11-20。", "required": "请填日期。"}
    return forms.DateField(label=label, widget=widget, error_messages=wrong)


class SummaryForm(forms.Form):
    """The place is asked only where there are several; names only where some place's ledger is in sight."""

    place = forms.ChoiceField(
        label="哪里的活动",
        error_messages={"required": "请选范围。", "invalid_choice": "请从列表里选。"},
    )
    period = forms.ChoiceField(
        label="哪段时间", choices=PERIODS, widget=forms.RadioSelect, error_messages={"required": "请选时间。"}
    )
    first_day = _a_day("从")
    last_day = _a_day("到")
    names = forms.ChoiceField(
        label="要不要姓名",
        choices=[(NAMES, "写出姓名和台账"), ("counts", "只要数字")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选要不要姓名。"},
    )
    reason = forms.CharField(
        label="为什么要姓名",
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "例如：年度考核核对服务时长", "autocomplete": "off"}),
        error_messages={"required": "请写明理由。"},
    )
    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, user: Any, initial: dict[str, Any] | None = None) -> None:
        first = {"period": "last_month" if clock.today().day <= 7 else "month", "names": NAMES}
        self.places = places_of(user)
        super().__init__(
            data, label_suffix="", initial=first | {"place": highest(self.places)} | (initial or {})
        )
        self.named = {key for key, place in self.places.items() if asking.shows_names(user, place)}
        self.only = next(iter(self.places)) if len(self.places) == 1 else None
        if self.only:
            del self.fields["place"]
        else:
            choices: Any = self.fields["place"]
            choices.choices = [("", "请选择"), *_grouped(self.places)]
        if not self.named:
            del self.fields["names"], self.fields["reason"]
        if self.is_bound:
            self._want_what_belongs_together()

    def _want_what_belongs_together(self) -> None:
        """Days are wanted with 自选日期 only, a reason only with names."""
        for name in ("first_day", "last_day"):
            self.fields[name].required = self.data.get("period") == OWN_DAYS
        if self.named:
            self.fields["reason"].required = self._wants_names(self.data)

    def _wants_names(self, data: Any) -> bool:
        return data.get("names") == NAMES and (self.only or data.get("place")) in self.named

    @property
    def has_both(self) -> bool:
        """Some places show names and some do not."""
        return bool(self.named) and len(self.named) < len(self.places)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        period = data.get("period")
        if period and period != OWN_DAYS:
            data["first_day"], data["last_day"] = days_of(period)
        return data

    def question(self) -> dict[str, Any]:
        """Keyword arguments for `asking.ask`, but for who asks. Only after `is_valid()`."""
        data = self.cleaned_data
        key = self.only or data["place"]
        with_names = self._wants_names(data)
        return {
            "key": data["client_key"] or uuid.uuid4(),
            "place": self.places[key],
            "first_day": data["first_day"],
            "last_day": data["last_day"],
            "with_names": with_names,
            "reason": data["reason"] if with_names else "",
        }


Place = Organization | Unit


def places_of(user: Any) -> dict[str, Place]:
    """What may be chosen, in the order of the tree, then units. Two queries."""
    nodes = asking.organizations_of(user).order_by("tree_id", "lft")
    found: dict[str, Place] = {f"o{node.pk}": node for node in nodes}
    return found | {f"u{unit.pk}": unit for unit in asking.units_of(user)}


def highest(places: dict[str, Place]) -> str:
    """The key of the node above all others, which is asked for most; "" where several stand side by side."""
    nodes = [(place.tier, key) for key, place in places.items() if isinstance(place, Organization)]
    top = [key for tier, key in nodes if tier == min(nodes)[0]]
    return top[0] if len(top) == 1 else ""


def _grouped(places: dict[str, Place]) -> list[Any]:
    """A street with its communities is a group; what has no street above it stands for itself."""
    choices: list[Any] = []
    group: list[Any] = choices
    for key, place in places.items():
        if isinstance(place, Unit):
            choices.append((key, place.name))
            continue
        if place.tier == Tier.STREET:
            group = []
            choices.append((place.short_name, group))
        elif place.tier == Tier.DISTRICT:
            group = choices
        whole = "" if place.tier == Tier.COMMUNITY else "（全部）"
        group.append((key, f"{place.short_name}{whole}"))
    return choices
