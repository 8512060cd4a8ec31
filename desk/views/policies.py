"""政策: what holds in a district, who signed it on which document, and the signing of a new one (RULES 4, 6)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from desk.policy_forms import PolicyForm
from ground import clock
from ground.errors import RuleViolation
from organizations import policies
from organizations.guards import staff_page
from organizations.models import Organization, Policy
from organizations.models.policies import Boards, Preset
from organizations.posts import Power

#: So many earlier ones are shown.
EARLIER = 30


@require_http_methods(["GET", "POST"])
@staff_page(Power.TREE_SEE)
def policy(request: HttpRequest) -> HttpResponse:
    """The policy of a district in sight; the district of the URL where there are several."""
    districts = list(policies.districts_in_sight(request.user))
    district = _chosen(districts, request.GET.get("district", ""))
    now, preset = policies.at_hand(request.user, district.pk), request.GET.get("preset", "")
    may_sign = policies.can_sign(request.user, district)
    form = None
    if may_sign or request.method == "POST":
        form = PolicyForm(request.POST or None, now=now, preset=preset)
    if request.method == "POST" and form is not None and _signs(request, district, form):
        return redirect(f"{reverse('desk:policies')}?district={district.pk}")
    context = {
        "district": district,
        "filters": _choice(districts, district),
        "now": told(now),
        "coming": [told(each) for each in _history(district).filter(begins_on__gt=clock.today()).reverse()],
        "earlier": [told(each) for each in _history(district)[:EARLIER]],
        "form": form,
        "presets": _presets(district, preset),
        "filled_with": f"“{Preset(preset).label}”" if preset in policies.PRESETS else "现在",
        "is_open": preset in policies.PRESETS or (form is not None and form.is_bound),
        "may_sign": may_sign,
    }
    return render(request, "desk/policies.html", context)


def _signs(request: HttpRequest, district: Organization, form: PolicyForm) -> bool:
    """Sign what was sent; what stands in the way is said at its field."""
    if not form.is_valid():
        return False
    try:
        signed = policies.sign(by=request.user, district=district, **form.arguments())
    except RuleViolation as violation:
        violation.add_to(form)
        return False
    messages.success(request, f"已签发，{signed.begins_on:%Y-%m-%d} 起施行。已经作出的承诺不变。")
    return True


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


def _presets(district: Organization, chosen: str) -> list[dict[str, Any]]:
    """Links that fill the form in with a preset; the signature is still to be given."""
    return [
        {
            "label": Preset(name).label,
            "url": f"?district={district.pk}&preset={name}#sign",
            "on": name == chosen,
        }
        for name in policies.PRESETS
    ]


def _history(district: Organization) -> Any:
    rows = Policy.objects.filter(district=district).select_related("signed_by")
    return rows.defer("signed_by__phone")


# In words


def told(policy: Policy) -> dict[str, Any]:
    """What a policy says, in words: two tables of clocks, the days, the switches."""
    return {
        "policy": policy,
        "clocks": list(policies.CLOCKS.values()),
        "tracks": _spans(policy, policies.TRACKS, policies.CLOCKS),
        "dispatch_clocks": list(policies.DISPATCH_CLOCKS.values()),
        "grades": _spans(policy, policies.GRADES, policies.DISPATCH_CLOCKS),
        "days": _days(policy),
        "switches": _switches(policy),
    }


def _spans(
    policy: Policy, groups: dict[str, str], clocks: dict[str, str]
) -> list[tuple[str, str, list[Any]]]:
    """(code, name, [(clock, span in words or "—")]) for every group."""
    return [
        (group, label, [(said, str(policy.span(group, name) or "—")) for name, said in clocks.items()])
        for group, label in groups.items()
    ]


def _days(policy: Policy) -> list[tuple[str, str]]:
    return [
        ("请居民补充", f"{policy.ask_days} 天没有补充的，接着办理"),
        ("等居民评价", f"{policy.lapse_days} 天没有评价的，按未评价结单，不算满意"),
        ("重办", f"办结后 {policy.reopen_days} 天内可以要求重办"),
        ("申诉", f"不予受理后 {policy.object_days} 天内可以申诉"),
        ("法定途径", policy.legal_route),
    ]


def _switches(policy: Policy) -> list[tuple[str, str]]:
    return [
        ("签到", policy.get_attendance_display()),
        ("排行榜", _boards(policy)),
        ("点赞", _likes(policy)),
        ("服务指标", _quota(policy)),
        ("办结照片", policy.get_resolve_photos_display()),
        ("未诉先办", _patterns(policy)),
        ("巡查轨迹", f"{'记录' if policy.patrol_tracks else '不记录'}（巡查功能启用以后生效）"),
    ]


def _boards(policy: Policy) -> str:
    if policy.boards == Boards.OFF:
        return policy.get_boards_display()
    return f"{policy.get_boards_display()}，{'不登录也能看' if policy.boards_public else '不对外公开'}"


def _likes(policy: Policy) -> str:
    if not policy.likes_shown:
        return "不显示"
    weight = policy.like_weight
    return f"显示，按权重 {weight.normalize():f} 计入榜单，不作考核" if weight else "显示，不计入榜单"


def _patterns(policy: Policy) -> str:
    counts = [
        f"{where} {number} 件"
        for where, number in (("一栋楼", policy.pattern_building), ("一个小区", policy.pattern_compound))
        if number
    ]
    if not counts:
        return "不提示"
    return f"{policy.pattern_weeks} 周里同类点单，{'、'.join(counts)}，提示社区主动立项"


def _quota(policy: Policy) -> str:
    wanted = [
        f"每季度 {policy.quota_times} 次" if policy.quota_times else "",
        f"每年 {policy.quota_hours} 小时" if policy.quota_hours else "",
    ]
    said = "、".join(filter(None, wanted))
    return f"在职党员八小时外服务{said}" if said else "不设指标"
