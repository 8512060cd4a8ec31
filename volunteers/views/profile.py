"""我的专长和空闲时间."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ground.errors import RuleViolation
from volunteers.forms.profile import ProfileForm
from volunteers.joining import profile as profiles
from volunteers.models import Volunteer
from volunteers.views.answering import volunteer_of


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """What I can and when I am free. Who is no volunteer yet is led to registration."""
    volunteer = volunteer_of(request.user)
    if volunteer is None:
        return redirect("volunteers:registration")
    registered = list(volunteer.member.skills.all()) if volunteer.member else []
    given = request.POST if request.method == "POST" else None
    form = ProfileForm(given, volunteer=volunteer, registered=registered)
    if request.method == "POST" and _saves(request, volunteer, form):
        return redirect("volunteers:profile")
    context = {"tab": "me", "back": "/service/", "form": form, "registered": registered}
    return render(request, "volunteers/profile.html", context, status=422 if form.errors else 200)


def _saves(request: HttpRequest, volunteer: Volunteer, form: ProfileForm) -> bool:
    if not form.is_valid():
        return False
    try:
        profiles.declare(volunteer, by=request.user, **form.cleaned_data)
    except RuleViolation as refusal:
        refusal.add_to(form)
        return False
    messages.success(request, "已保存，哨单按它给你排。")
    return True
