"""The shape of what pages and API send for whistles. The rules are in the verbs."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from grids.models import Building
from ground import clock
from ground.geo import Point
from ground.personal import without_numbers
from organizations.models import Organization, Skill, Unit
from requests.models import ServiceRequest
from requests.states import DutyArea
from volunteers.models import DEFAULT_RADIUS_M, Registration, Team, Whistle
from volunteers.states import Audience, Task, WhistleKind
from volunteers.whistling import audiences
from volunteers.whistling.limits import MOST_PLACES, RADIUS_M, usual_claim_by

#: When most volunteers have time: after work.
EVENING, EVENING_LASTS = time(19, 0), timedelta(minutes=90)
_LOCAL = "%Y-%m-%dT%H:%M"


def _moment(label: str, *, required: bool = True, help_text: str = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL)
    return forms.DateTimeField(label=label, required=required, widget=widget, help_text=help_text)


class WhistleForm(forms.Form):
    """A whistle as the community writes it: `arguments()` are those of `whistles.draft`, without `by`.

    With `whistle` it is that draft again, to be changed. Fields that do not apply to the kind or the audience are
    left empty or ignored; the rules themselves are asked by the verb.
    """

    kind = forms.ChoiceField(
        label="种类", choices=WhistleKind.choices, initial=WhistleKind.SERVICE, widget=forms.RadioSelect
    )
    title = forms.CharField(label="标题", max_length=40, help_text="一句话说清要人做什么，如“楼道灯抢修”。")
    text = forms.CharField(
        label="说明", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="做什么、带什么工具、找谁。不写居民姓名和电话，接单后会看到。",
    )  # fmt: skip
    starts_at = _moment("开始")
    ends_at = _moment("结束")
    claim_by = _moment(
        "接单截止", required=False, help_text="不填：服务和活动到开始为止，微心愿和应急到结束为止。"
    )
    building = forms.ModelChoiceField(
        Building.objects.none(), label="楼栋", required=False, empty_label="不在楼里"
    )
    place = forms.CharField(label="地点", max_length=80, required=False, help_text="不填就用楼栋名称。")
    lng = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-90, max_value=90)
    radius_m = forms.IntegerField(
        label="签到范围（米）", min_value=RADIUS_M[0], max_value=RADIUS_M[1], initial=DEFAULT_RADIUS_M
    )
    places_max = forms.IntegerField(label="要几个人", min_value=1, max_value=MOST_PLACES, initial=1)
    places_min = forms.IntegerField(
        label="最少几个人",
        min_value=1,
        max_value=MOST_PLACES,
        initial=1,
        help_text="不到这个数也会开始，前一天晚上和开始时会提醒你补位。",
    )
    duty_area = forms.ChoiceField(label="职责领域", choices=DutyArea.choices, initial=DutyArea.CONVENIENCE)
    task = forms.ChoiceField(label="任务", choices=Task.choices, initial=Task.SERVICE)
    audience = forms.ChoiceField(
        label="对象", choices=Audience.choices, initial=Audience.REGISTERED, widget=forms.RadioSelect
    )
    units = forms.ModelMultipleChoiceField(
        Unit.objects.none(),
        label="哪些单位",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="选“指定单位的”时勾选；列出的是有人在本区报到的单位。",
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label="哪支队伍",
        required=False,
        empty_label="没有选",
        help_text="选“指定队伍的”时才用。",
    )
    skills = forms.ModelMultipleChoiceField(
        Skill.objects.all(), label="需要的专长", required=False, widget=forms.CheckboxSelectMultiple
    )
    leader = forms.ModelChoiceField(
        User.objects.none(),
        label="现场负责人",
        required=False,
        empty_label="社区工作人员都可以",
        help_text="在现场出示签到码。接单以后也可以请接单的同志负责。",
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        community: Organization,
        service_request: ServiceRequest | None = None,
        whistle: Whistle | None = None,
        **kwargs: Any,
    ) -> None:
        self.community, self.service_request, self.whistle = community, service_request, whistle
        start = _of_whistle(whistle) if whistle else {**_evening(), **_of_request(service_request)}
        kwargs["initial"] = {**start, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        here = whistle or Whistle(community=community, district=_district_of(community))
        choices: dict[str, Any] = {
            "building": Building.objects.filter(community=community),
            "units": units_with_people(here),
            "team": audiences.teams_of(here),
            "leader": audiences.leaders_of(here).order_by("name", "pk"),
        }
        for name, rows in choices.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == WhistleKind.WISH:
            data["places_max"] = data["places_min"] = 1
            for name in ("places_max", "places_min"):
                self.errors.pop(name, None)
        if not data.get("place") and data.get("building"):
            data["place"] = data["building"].name
        if not data.get("place") and "place" not in self.errors:
            self.add_error("place", "请写明地点，或选一栋楼。")
        if self._point(data) is None:
            self.add_error("building", "请选一栋有位置的楼，签到要用。")
        self._clean_start(data)
        return data

    def _clean_start(self, data: dict[str, Any]) -> None:
        """A service begins later. An emergency may have begun, and a wish stands open already."""
        starts, ends = data.get("starts_at"), data.get("ends_at")
        is_planned = data.get("kind") in (WhistleKind.SERVICE, WhistleKind.ACTIVITY)
        if starts and starts <= clock.now() and (is_planned or (ends and ends <= clock.now())):
            self.add_error("starts_at", "这个时间已经过了，请改到现在以后。")

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `whistles.draft`; only after `is_valid()`."""
        return {
            **self.changes(),
            "community": self.community,
            "service_request": self.service_request,
            "key": self.cleaned_data["key"],
        }

    def changes(self) -> dict[str, Any]:
        """Keyword arguments for `whistles.edit`; only after `is_valid()`."""
        left_out = ("lng", "lat", "building", "key")
        data = {name: value for name, value in self.cleaned_data.items() if name not in left_out}
        building = self.cleaned_data["building"]
        known = self.whistle or self.service_request
        grid = known.grid if known else None
        return {
            **data,
            "point": self._point(self.cleaned_data),
            "grid": building.grid if building else grid,
        }

    def _point(self, data: dict[str, Any]) -> Point | None:
        """Where it is: the building, the point sent, the request's place, in this order (WGS-84)."""
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


def units_with_people(whistle: Whistle) -> QuerySet[Unit]:
    """Units of whose people somebody is registered in the whistle's district: others would not hear it."""
    registered = Registration.objects.confirmed().filter(district=whistle.district_id)
    people = registered.order_by().values("volunteer__member__unit")
    return Unit.objects.filter(pk__in=people, district=whistle.district_id).order_by("name", "pk")


def _district_of(community: Organization) -> Organization:
    """The root of the community's tree. One query."""
    return Organization.objects.get(tree_id=community.tree_id, parent=None)


def _of_whistle(whistle: Whistle) -> dict[str, Any]:
    """What stands in a draft. Its building is not kept, only where it is."""
    same = (
        *("kind", "title", "text", "starts_at", "ends_at", "place", "lng", "lat", "radius_m", "places_max"),
        *("places_min", "duty_area", "task", "audience", "team", "leader"),
    )
    found = {name: getattr(whistle, name) for name in same}
    if whistle.claim_by != usual_claim_by(whistle):
        found["claim_by"] = whistle.claim_by
    return {**found, "skills": list(whistle.skills.all()), "units": list(whistle.units.all())}


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
    """Why a whistle is cancelled or ended early; the claimants read it."""

    reason = forms.CharField(label="原因", max_length=100, help_text="接单的同志会看到。")


class SeriesForm(forms.Form):
    """定期重复: every so many weeks until a day."""

    every_weeks = forms.TypedChoiceField(
        label="多久一次",
        coerce=int,
        choices=[(1, "每周"), (2, "每两周"), (3, "每三周"), (4, "每四周")],
        initial=1,
    )
    until = forms.DateField(
        label="到哪天为止",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        initial=lambda: clock.today() + timedelta(weeks=12),
        help_text="最长一年。提前七天自动发布下一张，时间、地点、人数都和这张一样。",
    )


class LeaderForm(forms.Form):
    """Who shows the code on site."""

    leader = forms.ModelChoiceField(
        User.objects.none(),
        label="现场负责人",
        required=False,
        empty_label="社区工作人员都可以",
        help_text="本社区的工作人员，或接了这张哨单的同志。",
    )

    def __init__(self, *args: Any, whistle: Whistle, **kwargs: Any) -> None:
        kwargs["initial"] = {"leader": whistle.leader_id}
        super().__init__(*args, **kwargs)
        rows = audiences.leaders_of(whistle).order_by("name", "pk")
        self.fields["leader"].queryset = rows  # type: ignore[attr-defined]


class TemplateForm(forms.Form):
    """存为常用: the words of a whistle under a name of their own."""

    name = forms.CharField(label="名称", max_length=20, help_text="在“从常用开始”里看到的名字。")
