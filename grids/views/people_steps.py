"""What can be done about a person: one page for each step, with its own form, in front of the same verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from grids import erasing, residents
from grids.forms import ChangeForm, EraseForm, LeaveForm, PlaceForm
from grids.models import Resident
from grids.powers import can_change, can_change_all_of
from grids.views.people import person_in_sight
from ground.errors import NoPower, RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power

Form = Callable[[Any, Resident, Any], forms.Form]
Take = Callable[[Resident, Any, Any], Any]


@dataclass(frozen=True, slots=True)
class PersonStep:
    """`form(data, resident, user)`: None for steps that ask nothing; `take(resident, user, form)`: the verb."""

    label: str
    take: Take
    form: Form | None = None
    intro: str = ""
    done: str = "已保存。"
    is_danger: bool = False
    needs_all: bool = False


def _change(resident: Resident, user: Any, form: Any) -> None:
    residents.change(resident, form.particulars(), by=user, groups=form.cleaned_data["groups"])


def _move(resident: Resident, user: Any, form: Any) -> None:
    residents.move(resident, by=user, to=form.household(), relation=form.cleaned_data["relation"])


def _return(resident: Resident, user: Any, form: Any) -> None:
    residents.come_back(resident, by=user, to=form.household(), relation=form.cleaned_data["relation"])


def _leave(resident: Resident, user: Any, form: Any) -> None:
    residents.leave(resident, by=user, why=form.cleaned_data["why"], on=form.cleaned_data["on"])


def _place_form(data: Any, resident: Resident, user: Any) -> forms.Form:
    is_head = resident.relation == Resident.Relation.HEAD
    relation = Resident.Relation.OTHER if is_head else resident.relation
    return PlaceForm(data, viewer=user, initial={"relation": relation})


_LEAVING = "迁出后不再计入在册人数，资料保留，以后可以恢复在册。搬到本社区别处请用“搬动”。"
_ERASING = (
    "姓名、证件号、手机号、出生日期、住处、重点人群和账号关联都会永久清空，修改记录只留经办人和时间，不能恢复。"
    "只留一条“某日已删除”的记录，并记入查看记录，街道和区里看得到。"
    "户里没有别人时，这一户的等级评定理由也一并清空。"
)
STEPS: dict[str, PersonStep] = {
    "change": PersonStep("修改资料", _change, lambda data, who, user: ChangeForm(data, resident=who)),
    "move": PersonStep("搬动", _move, _place_form, done="已搬动。"),
    "leave": PersonStep(
        "迁出", _leave, lambda data, who, user: LeaveForm(data), intro=_LEAVING, done="已记为迁出。"
    ),
    "return": PersonStep("恢复在册", _return, _place_form, done="已恢复在册。"),
    "link": PersonStep(
        "关联账号",
        lambda who, user, form: residents.link_account(who, by=user),
        done="已关联，本人登录后能看到自己的登记。",
    ),
    "unlink": PersonStep(
        "解除账号关联", lambda who, user, form: residents.unlink_account(who, by=user), done="已解除关联。"
    ),
    "erase": PersonStep(
        "删除资料",
        lambda who, user, form: erasing.erase(who, by=user, reason=form.cleaned_data["reason"]),
        lambda data, who, user: EraseForm(data),
        intro=_ERASING,
        done="资料已删除。",
        is_danger=True,
        needs_all=True,
    ),
}


@never_cache
@require_http_methods(["GET", "POST"])
@staff_page(Power.REGISTRY_SEE)
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """GET asks, POST does. Steps that ask nothing are posted from the person's page."""
    resident = person_in_sight(request.user, pk)
    if name not in STEPS:
        raise Http404
    taken = STEPS[name]
    _refuse_without_power(request.user, resident, taken)
    data = request.POST if request.method == "POST" else None
    form = taken.form(data, resident, request.user) if taken.form else None
    if data is not None and (form is None or form.is_valid()):
        try:
            with transaction.atomic():  # a household that was opened on the way goes with the refusal
                taken.take(resident, request.user, form)
        except RuleViolation as violation:
            if form is None:
                messages.error(request, violation.sentence)
                return redirect("grids:resident", pk=pk)
            violation.add_to(form)
        else:
            messages.success(request, taken.done)
            return redirect("grids:residents") if name == "erase" else redirect("grids:resident", pk=pk)
    if form is None:
        return redirect("grids:resident", pk=pk)
    fresh = person_in_sight(request.user, pk)  # a verb that refused may have written into the other one
    return render(request, "grids/resident_step.html", {"resident": fresh, "step": taken, "form": form})


def _refuse_without_power(user: Any, resident: Resident, taken: PersonStep) -> None:
    if not can_change(user, resident):
        raise NoPower()
    if taken.needs_all and (resident.community is None or not can_change_all_of(user, resident.community)):
        raise NoPower()
