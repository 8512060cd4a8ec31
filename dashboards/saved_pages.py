"""常看: the pages of saved views. Rules are in `dashboards.saving`, the weekly letter in `dashboards.digests`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from dashboards import digests, saving
from dashboards.areas import nodes_in_sight, sees_city
from dashboards.models import SavedView
from ground.errors import RuleViolation
from organizations.guards import post_required, staff_page
from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of


class NameForm(forms.Form):
    """The verb says what is wrong with a name: the same sentence on the page and over the API."""

    name = forms.CharField(
        label="名字",
        max_length=100,
        help_text=f"最多 {saving.LONGEST_NAME} 个字。",
        error_messages={
            "required": "请起个名字，例如：本月全区。",
            "max_length": f"名字最多 {saving.LONGEST_NAME} 个字，请改短一些。",
        },
        widget=forms.TextInput({"maxlength": saving.LONGEST_NAME, "autocomplete": "off"}),
    )


class SaveForm(NameForm):
    """`node` is empty for the city; `query` the part of the address after the question mark."""

    node = forms.CharField(required=False, widget=forms.HiddenInput)
    query = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)


@require_GET
@post_required
def shown(request: HttpRequest) -> HttpResponse:
    """All of one's own, also those that cannot be opened any more: who moved to another post removes them here."""
    has_dashboards = scope_of(request.user).has(Power.TREE_SEE)
    if not has_dashboards and not SavedView.objects.filter(user=request.user.pk).exists():
        raise Http404
    return _page(request)


@require_POST
@staff_page(Power.TREE_SEE)
def save(request: HttpRequest) -> HttpResponse:
    """Back to the dashboard that was kept; a name that does not do is mended on the page of views."""
    form, node = SaveForm(request.POST), _node(request)
    if form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("query", "name")}
        try:
            kept = saving.save(by=request.user, node=node, **asked)
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"已存为常看：{kept.name}")
            return redirect(saving.address_of(kept))
    return _page(request, form=form, node=node)


@require_GET
@staff_page(Power.TREE_SEE)
def opened(request: HttpRequest, pk: int) -> HttpResponse:
    """The dashboard that was kept; 404 where it is out of sight now."""
    return redirect(saving.address_of(get_object_or_404(saving.in_sight(request.user), pk=pk)))


@require_POST
@post_required
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    view, form = _own(request, pk), NameForm(request.POST)
    if form.is_valid():
        try:
            saving.rename(view, by=request.user, name=form.cleaned_data["name"])
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"已改名：{view.name}")
            return redirect("dashboards:views")
    return _page(request, wrong=(pk, form))


@require_POST
@post_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    view = _own(request, pk)
    name = view.name
    view.delete()
    messages.success(request, f"已移除常看：{name}")
    return redirect("dashboards:views")


@require_POST
@staff_page(Power.TREE_SEE)
def send_weekly(request: HttpRequest, pk: int) -> HttpResponse:
    """`wanted` = 1 or 0, so that a second tap changes nothing."""
    view = get_object_or_404(saving.in_sight(request.user), pk=pk)
    saving.send_weekly(view, wanted=request.POST.get("wanted") == "1")
    what = "从下周一起，每周一 8:00 发到消息" if view.has_digest else "不再发周报"
    messages.success(request, f"{view.name}：{what}")
    return redirect("dashboards:views")


@require_GET
@staff_page(Power.TREE_SEE)
def digest(request: HttpRequest) -> HttpResponse:
    """周报的样子, and the whole of a letter whose text was too short for all of it."""
    context = digests.shown(request.user, request.GET.get("week", ""))
    return render(request, "dashboards/views/digest.html", context)


def _own(request: HttpRequest, pk: int) -> SavedView:
    """One's own only; somebody else's is not there."""
    return get_object_or_404(SavedView, pk=pk, user=request.user.pk)


def _node(request: HttpRequest) -> Organization | None:
    """The node whose page is to be kept, in sight; None for the city, to whom it is in sight. Raises Http404."""
    said = request.POST.get("node", "")
    if not said:
        if not sees_city(request.user):
            raise Http404
        return None
    if not (said.isascii() and said.isdecimal() and len(said) < 19):
        raise Http404
    return get_object_or_404(nodes_in_sight(request.user), pk=int(said))


def _page(
    request: HttpRequest,
    form: SaveForm | None = None,
    node: Organization | None = None,
    wrong: tuple[int, NameForm] | None = None,
) -> HttpResponse:
    lines: list[dict[str, Any]] = []
    for line in saving.lines_of(request.user):
        is_wrong = wrong is not None and wrong[0] == line.view.pk
        naming = wrong[1] if wrong is not None and is_wrong else _naming(line.view)
        lines.append({"line": line, "form": naming, "is_open": is_wrong})
    context = {
        "lines": lines,
        "form": form,
        "place": "全市" if node is None else node.short_name or node.name,
        "can_be_sent": any(not each["line"].gone for each in lines),
        "most": saving.MOST,
    }
    return render(request, "dashboards/views/list.html", context)


def _naming(view: SavedView) -> NameForm:
    return NameForm(initial={"name": view.name}, auto_id=f"view{view.pk}_%s")
