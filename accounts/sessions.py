"""The HTTP side of signing in: opening sessions, what waits for a second step, cookies, guards of pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from accounts import devices
from accounts.middleware import STRONG, STRONG_UNTIL
from accounts.models import TrustedDevice, User
from ground import clock
from ground.fields import Undecipherable, decrypt, encrypt

BACKEND = "accounts.backends.PhoneBackend"
#: How long a strong session stays strong on a browser that is not trusted.
WORKING_DAY = timedelta(hours=12)
#: How long a proof of the number counts as fresh, and an unfinished sign-in waits.
FRESH = timedelta(minutes=10)
TRUST_COOKIE = "wenshao_device"

PENDING, PHONE, PROVED = "pending_sign_in", "sign_in_phone", "phone_proved_at"
View = Callable[..., HttpResponse]


class SignedInRequest(HttpRequest):
    """What a view behind `login_required` gets: the user is an account."""

    user: User


# Opening and closing


def open_session(
    request: HttpRequest,
    user: User,
    *,
    strong: bool = False,
    phone_proved: bool = False,
    device: TrustedDevice | None = None,
) -> None:
    """Sign `user` in under a new session key; strong for a working day, on a trusted device for its 30 days."""
    login(request, user, backend=BACKEND)
    for key in (PENDING, PHONE):
        request.session.pop(key, None)
    if phone_proved:
        request.session[PROVED] = clock.now().timestamp()
    if strong:
        until = device.expires_at if device else clock.now() + WORKING_DAY
        request.session[STRONG] = True
        request.session[STRONG_UNTIL] = until.timestamp()
    request.session.save()
    if device is not None:
        device.session_key, device.used_at = request.session.session_key or "", clock.now()
        device.save(update_fields=["session_key", "used_at"])


def close_session(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Sign out; what the browser kept of this site (drafts) goes too. A trusted device stays trusted."""
    logout(request)
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


def trust_this_browser(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Put the token of a trusted device into its cookie."""
    response.set_cookie(
        TRUST_COOKIE,
        token,
        max_age=int(devices.TRUSTED_FOR.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        path="/sign-in/",
    )


def device_of(request: HttpRequest, user: User) -> TrustedDevice | None:
    return devices.trusted(user=user, token=request.COOKIES.get(TRUST_COOKIE, ""))


def has_fresh_proof(request: HttpRequest) -> bool:
    """Whether the number of the one signed in was proved by a code within the last ten minutes."""
    proved = request.session.get(PROVED, 0)
    return request.user.is_authenticated and clock.now().timestamp() - proved < FRESH.total_seconds()


# Between two steps


def wait_for(request: HttpRequest, user: User, step: str) -> None:
    """Remember who passed the first step, for ten minutes and under a new session key; nobody is signed in yet."""
    request.session.cycle_key()
    request.session[PENDING] = {"user": user.pk, "step": step, "at": clock.now().timestamp()}


def waiting(request: HttpRequest, step: str) -> User | None:
    """Who waits in this session for that step."""
    kept = request.session.get(PENDING) or {}
    if kept.get("step") != step or clock.now().timestamp() - kept["at"] > FRESH.total_seconds():
        return None
    return User.objects.filter(pk=kept["user"], is_active=True).first()


def keep_phone(request: HttpRequest, phone: str) -> None:
    """The number between the page that asks for it and the page that asks for its code, encrypted."""
    request.session[PHONE] = encrypt(phone, "session.phone")


def kept_phone(request: HttpRequest) -> str:
    try:
        return decrypt(request.session.get(PHONE, ""), "session.phone")
    except Undecipherable:
        return ""


# Where to go next


def safe_next(request: HttpRequest, default: str = "/") -> str:
    """The page that was wanted (`next`), if it is one of this site."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    secure = request.is_secure()
    return target if url_has_allowed_host_and_scheme(target, {request.get_host()}, secure) else default


def strong_required(view: View) -> View:
    """A page for posts: visitors are sent to sign in, weak sessions to the password, then back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and request.user.session_is_strong:
            return view(request, *args, **kwargs)
        return to_strong_sign_in(request)

    return guarded


def to_strong_sign_in(request: HttpRequest) -> HttpResponse:
    """The redirect of `strong_required`, for views that decide themselves (the admin site)."""
    page = "accounts:password" if request.user.is_authenticated else "accounts:sign_in"
    answer = redirect_to_login(_page_of(request), reverse(page))
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(answer["Location"])
    return answer


def _page_of(request: HttpRequest) -> str:
    """The page to come back to: a form that was sent, or a part of a page, is not one."""
    if request.method == "GET" and not getattr(request, "htmx", False):
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure()):
        return "/"
    parts = urlsplit(came_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
