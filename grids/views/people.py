"""居民 on the desk: the list and the box, one person with what can be done about him, a new one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grids import merging, residents, searching
from grids.changes import events_of
from grids.forms import NewPersonForm, NewPlaceForm, RevealForm, SearchForm
from grids.households import household_in
from grids.models import Building, Dwelling, Grid, Household, Resident, SpecialGroup
from grids.models.people import CareLevel
from grids.powers import can_change, can_change_all_of, can_reveal
from grids.scope import reach
from ground.errors import NoPower, RuleViolation
from organizations import access
from organizations.guards import staff_page
from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of

#: For how long a second tap on the same form leads to the person whom the first one entered (seconds).
SAME_FORM = 24 * 3600
#: After so long a first tap that has entered nobody is taken for lost, and the form may be sent again (seconds).
ON_ITS_WAY = 60
FILTERS = ("grid", "building", "group", "residence", "care", "age", "standing")
Standing = Resident.Standing


# The list


@never_cache
@require_GET
@staff_page(Power.REGISTRY_SEE, Power.REGISTRY_NAMES)
def index(request: HttpRequest) -> HttpResponse:
    """Who lives here: by filters of the address, or those whom the box has found; names only where that is all."""
    sees = scope_of(request.user).has(Power.REGISTRY_SEE)
    if not sees or request.GET.get("names"):
        return _names(request)
    if token := request.GET.get("s"):
        return _found(request, token)
    rows = searching.narrowed(Resident.objects.visible_to(request.user), request.GET)
    page = searching.page_after(searching.for_rows(rows), request.GET.get("after"))
    context = {
        "page": page,
        "people": page.rows,
        "count": f"{rows.count():,}",
        "filters": _filters(request),
        "is_filtered": any(request.GET.get(name) for name in FILTERS),
        "filter_query": _kept_filters(request),
    }
    return render(request, "grids/residents.html", {**_offered(request), **context})


def _found(request: HttpRequest, token: str) -> HttpResponse:
    words = searching.kept_words(request.session, token)
    found = searching.find(request.user, words) if words else None
    context = {"words": words, "found": found, "people": found.people if found else []}
    return render(request, "grids/residents.html", {**_offered(request), **context, "is_search": True})


def _names(request: HttpRequest) -> HttpResponse:
    """Name and door, for branch secretaries and building heads: nothing else is read."""
    if not scope_of(request.user).has(Power.REGISTRY_NAMES):
        raise Http404
    rows = Resident.objects.named_to(request.user).present().select_related("household__dwelling__building")
    shown = ("name", "household__number", "household__dwelling__staircase", "household__dwelling__door")
    rows = rows.only(*shown, "household__dwelling__building__name")
    page = searching.page_after(rows, request.GET.get("after"))
    return render(request, "grids/names.html", {"page": page, "people": page.rows})


def _offered(request: HttpRequest) -> dict[str, Any]:
    scope = scope_of(request.user)
    return {
        "can_change": scope.has(Power.REGISTRY_CHANGE),
        "can_export": bool(scope.seats(Power.EXPORT_PERSONAL)),
        "can_import": bool(scope.seats(Power.REGISTRY_CHANGE)),
        "sees_names_too": scope.has(Power.REGISTRY_NAMES),
    }


def _kept_filters(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop("after", None)
    return kept.urlencode()


def _filters(request: HttpRequest) -> list[dict[str, Any]]:
    user = request.user
    grids = Grid.objects.filter(reach(user, Power.REGISTRY_SEE, grid="pk"), tier__gt=Grid.Tier.FIRST)
    buildings = Building.objects.filter(reach(user, Power.REGISTRY_SEE))
    groups = SpecialGroup.objects.filter(is_open=True)
    choices: list[tuple[str, str, Any]] = [
        ("grid", "网格", grids.order_by("code").values_list("pk", "name")[:200]),
        ("building", "楼栋", buildings.order_by("code").values_list("pk", "name")[:400]),
        ("group", "重点人群", groups.values_list("pk", "name")),
        ("residence", "居住类型", Resident.Residence.choices),
        ("care", "关爱等级", CareLevel.choices),
        ("age", "年龄", [(key, band[0]) for key, band in searching.AGES.items()]),
        ("standing", "状态", [("left", "已迁出")]),
    ]
    return [
        {"name": name, "label": label, "value": request.GET.get(name, ""), "choices": list(values)}
        for name, label, values in choices
    ]


@require_POST
@staff_page(Power.REGISTRY_SEE)
def search(request: HttpRequest) -> HttpResponse:
    """The words stay here, sealed in the session; only a token goes into the address."""
    form = SearchForm(request.POST)
    if not form.is_valid() or not form.cleaned_data["words"].strip():
        return redirect("grids:residents")
    words = searching.Words(form.cleaned_data["words"], form.cleaned_data["with_left"])
    return redirect(f"{reverse('grids:residents')}?s={searching.keep(request.session, words)}")


# One person


def person_in_sight(user: Any, pk: int) -> Resident:
    """The person, or the one whom the row was merged into; what was erased is found by nobody (404)."""
    rows = Resident.objects.visible_to(user).filter(standing__in=[Standing.PRESENT, Standing.LEFT])
    shown = rows.select_related(
        "household__dwelling__building", "grid", "community", "last_import__by"
    ).defer("grid__boundary")
    found = shown.filter(Q(pk=pk) | Q(merged__pk=pk)).first()
    if found is None:
        raise Http404
    return found


@never_cache
@require_GET
@staff_page(Power.REGISTRY_SEE)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    resident = person_in_sight(request.user, pk)
    if resident.pk != pk:
        return redirect("grids:resident", pk=resident.pk)
    return page_of(request, resident)


def page_of(request: HttpRequest, resident: Resident, **more: Any) -> HttpResponse:
    user, household = request.user, resident.household
    others = household.residents.present().exclude(pk=resident.pk).order_by("id") if household else []
    context = {
        "resident": resident,
        "numbers": [_number(request, resident, field) for field in NUMBERS],
        "others": others,
        "groups": list(resident.groups.all()),
        "events": events_of(resident),
        "steps": _steps(user, resident),
        "twins": merging.twins_of(resident, user) if can_change(user, resident) else [],
        "can_change": can_change(user, resident),
    }
    return render(request, "grids/resident.html", {**context, **more})


def _steps(user: Any, resident: Resident) -> list[dict[str, Any]]:
    """What may be done now; the page draws a button for each."""
    if not can_change(user, resident):
        return []
    steps: list[dict[str, Any]] = []
    if resident.standing == Standing.PRESENT:
        steps = [
            _step(resident, "change", "修改", primary=True),
            _step(resident, "move", "搬动"),
            _step(resident, "leave", "迁出"),
        ]
        if resident.user_id:
            ends = "解除后，本人登录就看不到这份登记了。"
            steps.append(_step(resident, "unlink", "解除账号关联", needs_form=False, confirm=ends))
        elif resident.phone_index:
            begins = "请先核对过本人证件。关联后，用这个手机号登录的人能看到这份登记。"
            steps.append(_step(resident, "link", "关联账号", needs_form=False, confirm=begins))
    if resident.standing == Standing.LEFT:
        steps = [_step(resident, "return", "恢复在册", primary=True)]
    if resident.community is not None and can_change_all_of(user, resident.community):
        steps.append(_step(resident, "erase", "删除资料", danger=True))
    return steps


def _step(resident: Resident, name: str, label: str, needs_form: bool = True, **more: Any) -> dict[str, Any]:
    url = reverse("grids:resident_step", kwargs={"pk": resident.pk, "name": name})
    return {"label": label, "url": url, "needs_form": needs_form, **more}


# Behind the mask


NUMBERS = ("document_number", "phone")


def _number(request: HttpRequest, resident: Resident, field: str, **more: Any) -> dict[str, Any]:
    is_phone = field == "phone"
    masked = resident.masked_phone if is_phone else resident.masked_document
    may = bool(masked) and can_reveal(request.user, resident)
    return {
        "field": field,
        "label": "手机号" if is_phone else resident.get_document_kind_display(),
        "masked": masked,
        "may": may,
        "left": access.left_today(request.user) if may else 0,
        "form": RevealForm(initial={"field": field}, auto_id=f"id_{field}_%s"),
        "is_phone": is_phone,
        **more,
    }


@never_cache
@require_POST
@staff_page(Power.REGISTRY_SEE)
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """One number, with a reason and in the access log; shown this once."""
    resident = person_in_sight(request.user, pk)
    if not can_reveal(request.user, resident):
        raise NoPower()
    field = request.POST.get("field", "")
    if field not in NUMBERS:
        raise Http404
    form, value = RevealForm(request.POST, auto_id=f"id_{field}_%s"), ""
    if form.is_valid():
        try:
            value = _revealed(request, resident, field, form.cleaned_data["reason"])
        except RuleViolation as violation:
            violation.add_to(form)
    number = _number(request, resident, field, form=form, value=value)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "grids/_number.html", {"resident": resident, "number": number})
    others = [number if name == field else _number(request, resident, name) for name in NUMBERS]
    return page_of(request, resident, numbers=others)


def _revealed(request: HttpRequest, resident: Resident, field: str, reason: str) -> str:
    if resident.community is None:
        raise NoPower()
    return access.reveal(
        by=request.user,
        subject=resident,
        field=field,
        value_of=lambda: getattr(resident, field),
        reason=reason,
        organization=resident.community,
        may=can_reveal,
    )


# A new one


@never_cache
@require_http_methods(["GET", "POST"])
@staff_page(Power.REGISTRY_CHANGE)
def new(request: HttpRequest) -> HttpResponse:
    """登记一人: into the household or dwelling of the address, or into a place that is asked for."""
    user = request.user
    household, dwelling = _known_place(request)
    data = request.POST if request.method == "POST" else None
    form = NewPersonForm(data, initial={"relation": "" if household else Resident.Relation.HEAD})
    place = None
    if household is None and dwelling is None:
        place = NewPlaceForm(data, viewer=user, may_be_without=_own_community(user) is not None)
    if data is not None and form.is_valid() and (place is None or place.is_valid()):
        try:
            entered = _enter_once(request, form, place, household, dwelling)
        except RuleViolation as violation:
            violation.add_to(place if place and violation.field in place.fields else form)
        else:
            return entered
    context = {"form": form, "place": place, "household": household, "dwelling": dwelling}
    return render(request, "grids/resident_new.html", context)


def _known_place(request: HttpRequest) -> tuple[Household | None, Dwelling | None]:
    if key := request.GET.get("household"):
        rows = Household.objects.visible_to(request.user).select_related("dwelling__building")
        return get_object_or_404(rows, pk=searching.number_of(key)), None
    if key := request.GET.get("dwelling"):
        doors = Dwelling.objects.visible_to(request.user).select_related("building")
        return None, get_object_or_404(doors, pk=searching.number_of(key))
    return None, None


def _own_community(user: Any) -> Organization | None:
    return Organization.objects.filter(pk__in=scope_of(user).seats(Power.REGISTRY_CHANGE)).first()


def _enter_once(
    request: HttpRequest,
    form: NewPersonForm,
    place: NewPlaceForm | None,
    household: Household | None,
    dwelling: Dwelling | None,
) -> HttpResponse:
    """The second tap on the same form leads to the person whom the first one entered."""
    key = _form_key(request, form.cleaned_data["client_key"])
    if key and not cache.add(key, 0, ON_ITS_WAY):
        return _entered_already(request, cache.get(key))
    try:
        with transaction.atomic():
            where = _where(request.user, place, household, dwelling)
            given, groups = form.particulars(), form.cleaned_data["groups"]
            resident = residents.enter(given, by=request.user, groups=groups, **where)
    except Exception:
        if key:
            cache.delete(key)
        raise
    if key:
        cache.set(key, resident.pk, SAME_FORM)
    messages.success(request, f"已登记：{resident.name}")
    return redirect("grids:resident", pk=resident.pk)


def _where(
    user: Any, place: NewPlaceForm | None, household: Household | None, dwelling: Dwelling | None
) -> dict[str, Any]:
    """What `residents.enter` wants to know. Opens a household where the dwelling has none."""
    if household is not None:
        return {"household": household}
    if dwelling is not None:
        return {"household": household_in(dwelling, by=user)}
    if place is None or place.cleaned_data.get("without"):
        return {"community": _own_community(user)}
    return {"household": place.household()}


def _form_key(request: HttpRequest, key: UUID | None) -> str:
    return f"entered:{request.user.pk}:{key}" if key else ""


def _entered_already(request: HttpRequest, pk: int | None) -> HttpResponse:
    if not pk:
        messages.info(request, "刚才的登记还在处理，请在列表里核对；一分钟后还没有，再提交一次。")
        return redirect("grids:residents")
    messages.info(request, "这份登记已经提交过，没有重复登记。")
    return redirect("grids:resident", pk=pk)
