"""The inbox pages, and what one wants to be called for."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.sessions import SignedInRequest
from ground.errors import RuleViolation
from notifications import inbox
from notifications import preferences as wishes
from notifications.forms import PreferenceForm
from notifications.models import Message


@never_cache
@login_required
def messages_list(request: HttpRequest) -> HttpResponse:
    page = inbox.page_of(request.user, request.GET.get("before", ""))
    return render(request, "notifications/inbox.html", {"tab": "messages", "page": page})


@require_POST
@login_required
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a message: it counts as read, and the page it is about is shown."""
    try:
        message = inbox.mark_read(request.user, pk)
    except Message.DoesNotExist:
        raise Http404 from None
    is_ours = url_has_allowed_host_and_scheme(message.url, None)
    return redirect(message.url if is_ours else "notifications:inbox")


@require_POST
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    inbox.mark_all_read(request.user)
    messages.success(request, "全部消息已标为已读。")
    return redirect("notifications:inbox")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    """What calls me, and when nothing may."""
    data = request.POST if request.method == "POST" else None
    must_hear = wishes.must_hear_of_work(request.user)
    form = PreferenceForm(data, preference=wishes.preference_of(request.user), has_post=must_hear)
    if form.is_valid():
        try:
            wishes.change(by=request.user, **form.cleaned_data)
        except RuleViolation as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, "消息设置已保存。")
            return redirect("notifications:inbox")
    context = {"tab": "messages", "form": form, "must_hear_of_work": must_hear}
    return render(request, "notifications/preferences.html", context)
