"""疑似重复: who looks registered twice, side by side; somebody who knows says whether it is one person."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from grids import merging
from grids.models import Resident
from grids.searching import number_of
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power


@never_cache
@require_GET
@staff_page(Power.REGISTRY_CHANGE)
def index(request: HttpRequest) -> HttpResponse:
    pairs = merging.pairs_for(request.user, merging.SHOWN + 1)
    shown = pairs[: merging.SHOWN]
    return render(request, "grids/twins.html", {"pairs": shown, "more": len(pairs) > len(shown)})


@require_POST
@staff_page(Power.REGISTRY_CHANGE)
def decide(request: HttpRequest) -> HttpResponse:
    """`keep` and `drop` become one person, or `first` and `second` are said to be two."""
    is_merging = "keep" in request.POST
    names = ("keep", "drop") if is_merging else ("first", "second")
    one, other = (_person(request, name) for name in names)
    try:
        if is_merging:
            merging.merge(one, other, by=request.user)
            messages.success(request, "已合并，两份登记成了一份。")
            if request.POST.get("back") == "person":
                return redirect("grids:resident", pk=one.pk)
        else:
            merging.say_not_the_same(one, other, by=request.user)
            messages.success(request, "已记下：不是同一人，以后不再提示。")
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
    return redirect("grids:twins")


def _person(request: HttpRequest, name: str) -> Resident:
    key = number_of(request.POST.get(name))
    found = Resident.objects.visible_to(request.user).filter(pk=key).first() if key else None
    if found is None:
        raise Http404
    return found
