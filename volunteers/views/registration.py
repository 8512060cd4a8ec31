"""报到: choosing communities, what became of it, moving to another one, leaving."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from volunteers import presenting
from volunteers.forms.registration import ChooseForm, LeaveForm
from volunteers.joining import registry
from volunteers.models import Registration, Team
from volunteers.states import RegistrationState
from volunteers.views.answering import says_no, volunteer_of


@login_required
@require_http_methods(["GET", "POST"])
def registration(request: HttpRequest) -> HttpResponse:
    """报到: choose up to three communities; see what became of it; ask to move."""
    if request.method == "POST":
        return _choose(request)
    volunteer = volunteer_of(request.user)
    member = registry.member_of(request.user)
    standing = registry.registrations_of(volunteer)
    confirmed = next((row for row in standing if row.state == RegistrationState.CONFIRMED), None)
    waiting = [row for row in standing if row is not confirmed]
    query = request.GET.get("q", "").strip()[:20]
    context = {
        "tab": "me",
        "back": "/me/",
        "member": member,
        "kind": registry.kind_for(member),
        "confirmed": confirmed,
        "waiting": waiting,
        "history": registry.history_of(volunteer),
        "left": registry.CHOICES - sum(row.choice > 0 for row in waiting),
        "chips": presenting.CHIPS,
        "teams": list(Team.objects.of(request.user)) if confirmed else [],
        "q": query,
        "is_moving": bool(query) or "move" in request.GET,
        "found": registry.communities(query, member, standing),
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


@login_required
@require_POST
def registration_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take a choice back, or leave the community."""
    rows = Registration.objects.filter(volunteer__user=request.user.pk).select_related(
        "volunteer__user", "community"
    )
    row = get_object_or_404(rows, pk=pk)
    name = row.community.short_name if row.community else ""
    if step == "drop":
        says_no(request, lambda: registry.drop(row, by=request.user), f"已撤回{name}。")
    elif step == "end":
        form = LeaveForm(request.POST)
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        says_no(
            request,
            lambda: registry.end(row, by=request.user, reason=reason),
            f"你在{name}的报到已结束，历史和服务台账都保留。",
        )
    else:
        raise Http404
    return redirect("volunteers:registration")
