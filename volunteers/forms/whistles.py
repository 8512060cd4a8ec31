"""The shape of what pages and API send for whistles, claims and registrations. The rules are in the verbs."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from grids.models import Building
from ground import clock
from ground.geo import Point
from ground.personal import without_numbers
from organizations.models import Organization, Skill
from requests.models import ServiceRequest
from requests.states import DutyArea
from volunteers.models import DEFAULT_RADIUS_M
from volunteers.states import Audience, Task, WhistleKind

#: When most volunteers have time: after work.
EVENING, EVENING_LASTS = time(19, 0), timedelta(minutes=90)
_LOCAL = "%Y-%m-%dT%H:%M"


def _moment(label: str, *, required: bool = True, help_text: str = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL)
    return forms.DateTimeField(label=label, required=required, widget=widget, help_text=help_text)


class WhistleForm(forms.Form):
    """A whistle as the community writes it: `arguments()` are those of `whistles.draft`, without `by`."""

    title = forms.CharField(label="标题", max_length=40, help_text="一句话说清要人做什么，如“楼道灯抢修”。")
    text = forms.CharField(
        label="说明", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="做什么、带什么工具、找谁。不写居民姓名和电话，接单后会看到。",
    )  # fmt: skip
    starts_at = _moment("开始")
    ends_at = _moment("结束")
    claim_by = _moment("接单截止", required=False, help_text="不填就是到开始时为止。")
    building = forms.ModelChoiceField(
        Building.objects.none(), label="楼栋", required=False, empty_label="不在楼里"
    )
    place = forms.CharField(label="地点", max_length=80, required=False, help_text="不填就用楼栋名称。")
    lng = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-90, max_value=90)
    radius_m = forms.IntegerField(
        label="签到范围（米）", min_value=50, max_value=5000, initial=DEFAULT_RADIUS_M
    )
    places_max = forms.IntegerField(label="要几个人", min_value=1, max_value=1000, initial=1)
    places_min = forms.IntegerField(
        label="最少几个人",
        min_value=1,
        max_value=1000,
        initial=1,
        help_text="不到这个数也会开始，会提醒你补位。",
    )
    kind = forms.ChoiceField(label="种类", choices=WhistleKind.choices, initial=WhistleKind.SERVICE)
    duty_area = forms.ChoiceField(label="职责领域", choices=DutyArea.choices, initial=DutyArea.CONVENIENCE)
    task = forms.ChoiceField(label="任务", choices=Task.choices, initial=Task.SERVICE)
    audience = forms.ChoiceField(label="对象", choices=Audience.choices, initial=Audience.REGISTERED)
    skills = forms.ModelMultipleChoiceField(
        Skill.objects.all(), label="需要的专长", required=False, widget=forms.CheckboxSelectMultiple
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        community: Organization,
        service_request: ServiceRequest | None = None,
        **kwargs: Any,
    ) -> None:
        self.community, self.service_request = community, service_request
        kwargs["initial"] = {**_evening(), **_of_request(service_request), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["building"].queryset = Building.objects.filter(community=community)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("place") and data.get("building"):
            data["place"] = data["building"].name
        if not data.get("place") and "place" not in self.errors:
            self.add_error("place", "请写明地点，或选一栋楼。")
        if self._point(data) is None:
            self.add_error("building", "请选一栋有位置的楼，签到要用。")
        if data.get("starts_at") and data["starts_at"] <= clock.now():
            self.add_error("starts_at", "这个时间已经过了，请改到现在以后。")
        return data

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `whistles.draft`; only after `is_valid()`."""
        data = dict(self.cleaned_data)
        point, building = self._point(data), data.pop("building")
        for name in ("lng", "lat"):
            data.pop(name)
        request_grid = self.service_request.grid if self.service_request else None
        return {
            **data,
            "point": point,
            "grid": building.grid if building else request_grid,
            "community": self.community,
            "service_request": self.service_request,
        }

    def _point(self, data: dict[str, Any]) -> Point | None:
        """Where it is: the point sent, the building, the request's place, in this order (WGS-84)."""
        places = [(data.get("lng"), data.get("lat"))]
        building, request = data.get("building"), self.service_request
        if building is not None:
            places.insert(0, (building.lng, building.lat))
        if request is not None:
            places.append((request.lng, request.lat))
            if request.building is not None:
                places.append((request.building.lng, request.building.lat))
        places.append((self.community.lng, self.community.lat))
        return next((Point(x, y) for x, y in places if x is not None and y is not None), None)


def _evening() -> dict[str, datetime]:
    """The next evening that has not begun yet."""
    start = timezone.make_aware(datetime.combine(clock.today(), EVENING))
    if start <= clock.now():
        start += timedelta(days=1)
    return {"starts_at": start, "ends_at": start + EVENING_LASTS}


def _of_request(service_request: ServiceRequest | None) -> dict[str, Any]:
    if service_request is None:
        return {}
    # Whoever asked may have written numbers; a whistle is read by everybody it is meant for.
    return {
        "title": without_numbers(service_request.title, "…"),
        "text": without_numbers(service_request.text, "…"),
        "building": service_request.building_id,
        "place": _coarse(service_request),
        "duty_area": service_request.category.duty_area,
    }


def _coarse(service_request: ServiceRequest) -> str:
    """Grid and building: the door itself is for those who claimed (RULES 5)."""
    parts = (service_request.grid, service_request.building)
    return " · ".join(part.name for part in parts if part) or service_request.handler.short_name


class ReasonForm(forms.Form):
    """Why a whistle is cancelled; the claimants read it."""

    reason = forms.CharField(label="原因", max_length=100, help_text="接单的同志会看到。")
