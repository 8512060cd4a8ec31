"""报到: choosing communities, and what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from volunteers import presenting, registry
from volunteers.forms.registration import ChooseForm
from volunteers.views.answering import says_no, volunteer_of


@login_required
@require_http_methods(["GET", "POST"])
def registration(request: HttpRequest) -> HttpResponse:
    """报到: choose up to three communities; see what became of it."""
    if request.method == "POST":
        return _choose(request)
    volunteer = volunteer_of(request.user)
    member = registry.member_of(request.user)
    existing = registry.registrations_of(volunteer)
    query = request.GET.get("q", "").strip()
    confirmed = next((each for each in existing if each.confirmed_at), None)
    context = {
        "tab": "me",
        "back": "/me/",
        "member": member,
        "kind": registry.kind_for(member),
        "existing": existing,
        "confirmed": confirmed,
        "left": 0 if confirmed else registry.CHOICES - len(existing),
        "chips": presenting.CHIPS,
        "q": query,
        "found": registry.communities(query, member, existing) if not confirmed else [],
        "chosen": {each.community_id for each in existing},
    }
    return render(request, "volunteers/registration.html", context)


def _choose(request: HttpRequest) -> HttpResponse:
    form = ChooseForm(request.POST, communities=registry.open_communities())
    if not form.is_valid():
        messages.error(request, "请选一个社区。")
        return redirect("volunteers:registration")
    community = form.cleaned_data["community"]
    says_no(
        request,
        lambda: registry.register(user=request.user, community=community),
        f"已选{community.short_name}，等社区确认，确认后会收到消息。",
    )
    return redirect("volunteers:registration")
