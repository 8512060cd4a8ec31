"""The inbox pages."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from notifications import inbox
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
