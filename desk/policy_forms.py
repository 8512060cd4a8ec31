"""The shape of a signature: every clock, day and switch of a policy, the day it begins and the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grids.views.absences import Day
from ground import clock
from ground.worktime import Span
from organizations import policies
from organizations.models import Policy

#: How a span is counted on the form: what the choice is called, and how it is written down.
UNITS = {"minutes": "分钟", "hours": "小时", "working_days": "个工作日"}


class SpanWidget(forms.MultiWidget):
    """A number and what it counts, side by side."""

    use_fieldset = False

    def __init__(self) -> None:
        number = forms.NumberInput(attrs={"inputmode": "numeric", "min": 1})
        unit = forms.Select(choices=list(UNITS.items()), attrs={"aria-label": "单位"})
        super().__init__([number, unit])

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0"

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return format_html('<span class="span-input">{}</span>', super().render(*args, **kwargs))

    def decompress(self, value: Any) -> list[Any]:
        span = Span(**value) if isinstance(value, Mapping) else value
        if span is None:
            return [None, "working_days"]
        if span.working_days:
            return [span.working_days, "working_days"]
        return [span.minutes // 60, "hours"] if span.minutes % 60 == 0 else [span.minutes, "minutes"]


class SpanField(forms.MultiValueField):
    """Gives what a policy writes down: {"minutes": 30} or {"working_days": 5}. The verb knows the limits."""

    def __init__(self, label: str) -> None:
        number = forms.IntegerField(
            min_value=1, error_messages={"invalid": "请填整数。", "min_value": "至少填 1。"}
        )
        super().__init__(
            [number, forms.ChoiceField(choices=list(UNITS.items()))], label=label, widget=SpanWidget
        )

    def compress(self, data_list: list[Any]) -> dict[str, int] | None:
        if not data_list:
            return None
        number, unit = data_list
        return {"minutes": number * 60} if unit == "hours" else {unit: number}


class PolicyForm(forms.Form):
    """Prefilled with what holds, or with a preset over it. `arguments()` are those of `policies.sign`."""

    begins_on = forms.DateField(label="施行日期", widget=Day, help_text="今天或以后。")
    document = forms.CharField(
        label="依据文件",
        max_length=60,
        help_text="文号或会议名称。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, now: Policy, preset: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for group, name in policies.every_span():
            labels = policies.CLOCKS if group in policies.TRACKS else policies.DISPATCH_CLOCKS
            self.fields[f"{group}_{name}"] = SpanField(labels[name])
            self.initial[f"{group}_{name}"] = now.span(group, name)
        for name in (*policies.DAYS, "legal_route", *policies.SWITCHES, *policies.PATTERNS):
            self.fields[name] = _field_of(name)
            self.initial[name] = getattr(now, name)
        self.initial.update(policies.PRESETS.get(preset, {}), begins_on=clock.today())

    def _clocks(self, groups: dict[str, str]) -> list[tuple[str, list[forms.BoundField]]]:
        names = list(policies.every_span())
        return [
            (label, [self[f"{group}_{name}"] for each, name in names if each == group])
            for group, label in groups.items()
        ]

    @property
    def tracks(self) -> list[tuple[str, list[forms.BoundField]]]:
        return self._clocks(policies.TRACKS)

    @property
    def grades(self) -> list[tuple[str, list[forms.BoundField]]]:
        return self._clocks(policies.GRADES)

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[name] for name in policies.DAYS]

    def arguments(self) -> dict[str, Any]:
        said = dict(self.cleaned_data)
        spans: dict[str, dict[str, Any]] = {}
        for group, name in policies.every_span():
            spans.setdefault(group, {})[name] = said.pop(f"{group}_{name}")
        return {**said, "spans": spans, "preset": policies.preset_of(said)}


_HELP = {
    "boards_public": "不登录也能看；党员只显示姓氏和单位。",
    "likes_shown": "关掉以后，居民不再点赞，已有的赞也不显示。",
    "like_weight": "计入榜单得分的权重，0 是不计入。点赞任何时候都不作考核。",
    "patrol_tracks": "巡查功能启用以后生效，默认不记录。",
    "quota_times": "只对在职党员，0 是不设指标。",
    "quota_hours": "只对在职党员，0 是不设指标。",
    "pattern_building": "同类点单到这么多件，提示社区未诉先办；0 是不提示。",
    "pattern_compound": "分在几栋楼的，按小区算；0 是不提示。",
    "pattern_weeks": "从今天往回数。至少两个人、分在两周里提出才算。",
    "legal_route": "在区里不予受理、不再重办的时候，告诉居民还可以走哪些途径。",
}


def _field_of(name: str) -> forms.Field:
    """The model's field as a field of the form; the verb knows the limits."""
    column: Any = Policy._meta.get_field(name)
    options: dict[str, Any] = {"label": str(column.verbose_name), "help_text": _HELP.get(name, "")}
    if column.choices:
        return forms.ChoiceField(choices=column.choices, widget=forms.RadioSelect, **options)
    if name in ("boards_public", "likes_shown", "patrol_tracks"):
        return forms.BooleanField(required=False, **options)
    if name == "legal_route":
        return forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 4}), **options)
    if name == "like_weight":
        number = forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01", "min": 0})
        return forms.DecimalField(max_digits=4, decimal_places=2, widget=number, **options)
    return forms.IntegerField(widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 0}), **options)
