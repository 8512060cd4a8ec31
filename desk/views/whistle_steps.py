"""The steps of one whistle on the desk: each with the form that it needs, on the whistle's own page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from desk.views.whistles import page_of_one, whistle_or_404
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from volunteers.forms.whistles import LeaderForm, ReasonForm, SeriesForm, TemplateForm
from volunteers.models import Whistle, WhistleSeries
from volunteers.states import LIVE
from volunteers.whistling import series, usual, whistles


@dataclass(frozen=True, slots=True)
class Ask:
    """A step that asks something first. `done` gives the sentence that is shown afterwards."""

    form: Callable[..., forms.Form]
    take: Callable[[Whistle, Any, dict[str, Any]], str]
    title: str
    button: str
    no: str = "不改了"
    text: str = ""
    danger: bool = False
    knows_whistle: bool = False

    def form_for(self, whistle: Whistle, data: Any) -> forms.Form:
        beside = {"whistle": whistle} if self.knows_whistle else {}
        return self.form(data, label_suffix="", **beside)


def _cancel(whistle: Whistle, by: Any, said: dict[str, Any]) -> str:
    is_claimed = whistle.claims.filter(state__in=LIVE).exists()
    whistles.cancel(whistle, by=by, **said)
    told = "，接单的同志会收到通知" if is_claimed else ""
    return f"已取消：{whistle.title}{told}。"


def _abort(whistle: Whistle, by: Any, said: dict[str, Any]) -> str:
    whistles.abort(whistle, by=by, **said)
    return f"已提前结束：{whistle.title}。到场的同志按实际时间认定。"


def _repeat(whistle: Whistle, by: Any, said: dict[str, Any]) -> str:
    begun = series.begin(whistle, by=by, **said)
    day = f"{begun.next_on.month}月{begun.next_on.day}日" if begun.next_on else "没有"
    return f"已定为系列，下一张是 {day}，提前七天自动发布。"


def _lead(whistle: Whistle, by: Any, said: dict[str, Any]) -> str:
    whistles.lead(whistle, by=by, **said)
    return f"现场负责人：{whistle.leader}" if whistle.leader else "社区工作人员都可以出示签到码。"


def _keep(whistle: Whistle, by: Any, said: dict[str, Any]) -> str:
    return f"已存为常用：{usual.save(whistle, by=by, **said).name}"


ASKS = {
    "cancel": Ask(
        ReasonForm, _cancel, "取消这张哨单", "取消哨单", "不取消", "取消后不能恢复。", danger=True
    ),
    "abort": Ask(
        ReasonForm, _abort, "提前结束", "提前结束", "继续进行",
        "服务时间算到现在。到场的同志会收到通知去签退，还没到的不用来了。", danger=True,
    ),
    "repeat": Ask(SeriesForm, _repeat, "定期重复", "定为系列", text="以后按同样的星期几、同样的时间自动吹哨。"),
    "lead": Ask(LeaderForm, _lead, "现场负责人", "保存", knows_whistle=True),
    "keep": Ask(
        TemplateForm, _keep, "存为常用", "存为常用", text="下次从常用开始，标题、说明、时间和人数都已填好。"
    ),
}  # fmt: skip


def _publish(whistle: Whistle, by: Any) -> str:
    return f"已吹哨：{whistles.publish(whistle, by=by).title}"


def _stop(whistle: Whistle, by: Any) -> str:
    row = WhistleSeries.objects.select_related("first__service_request").filter(whistles=whistle).first()
    if row is None:
        raise RuleViolation("这张哨单不在系列里。")
    series.stop(row, by=by)
    return "系列已停止，不再有下一张。已发布的照常进行，不办的请逐张取消。"


#: Steps that only want a tap.
TAPS = {"publish": _publish, "stop": _stop}


@require_http_methods(["GET", "POST"])
@staff_page(Power.WHISTLE)
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Take a step: at once, or after the form that it needs. A rule in the way is told on the page."""
    whistle = whistle_or_404(request, pk)
    if name == "copy":
        return _copy(request, whistle)
    if name not in ASKS and name not in TAPS:
        raise Http404
    if name in ASKS:
        return _asked(request, whistle, ASKS[name])
    if request.method == "POST":
        try:
            messages.success(request, TAPS[name](whistle, request.user))
        except RuleViolation as violation:
            messages.error(request, violation.sentence)
    return redirect("desk:whistle", pk=pk)


def _asked(request: HttpRequest, whistle: Whistle, ask: Ask) -> HttpResponse:
    form = ask.form_for(whistle, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, ask.take(whistle, request.user, form.cleaned_data))
        except RuleViolation as violation:
            if violation.field not in form.fields:
                messages.error(request, violation.sentence)
                return redirect("desk:whistle", pk=whistle.pk)
            violation.add_to(form)
        else:
            return redirect("desk:whistle", pk=whistle.pk)
    return page_of_one(request, whistle, {"ask": ask, "form": form, "url": request.path})


def _copy(request: HttpRequest, whistle: Whistle) -> HttpResponse:
    """A copy opens as a draft to be looked over."""
    if request.method != "POST":
        return redirect("desk:whistle", pk=whistle.pk)
    try:
        made = whistles.copy(whistle, by=request.user, key=_key(request))
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
        return redirect("desk:whistle", pk=whistle.pk)
    messages.success(request, "已复制成草稿，改好再吹哨。")
    return redirect("desk:whistle_edit", pk=made.pk)


def _key(request: HttpRequest) -> Any:
    """What the browser named the tap by, so that a double one copies once."""
    try:
        return forms.UUIDField(required=False).clean(request.POST.get("client_key"))
    except forms.ValidationError:
        return None
