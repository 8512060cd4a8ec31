"""Pages of signing in and out. Those of one's own account are in `accounts.me`."""

from __future__ import annotations

import re

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import devices, sessions, signin
from accounts.codes import Purpose, send_code
from accounts.forms import CodeForm, NameForm, OwnPasswordForm, PasswordSignInForm, PhoneForm, SecondForm
from accounts.models import User
from ground.channels import Screen
from ground.errors import RuleViolation
from ground.fields import masked_phone

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def onward(request: HttpRequest, name: str) -> HttpResponseRedirect:
    """To the next page of signing in, carrying `next` along."""
    target = sessions.safe_next(request, "")
    return redirect(reverse(name) + (f"?{urlencode({'next': target})}" if target else ""))


@never_cache
@get_or_post
def sign_in(request: HttpRequest) -> HttpResponse:
    """The number; a code goes to it, whether there is an account or not."""
    wants_proof = "again" in request.GET
    if request.user.is_authenticated and request.method == "GET" and not wants_proof:
        return redirect(sessions.safe_next(request))
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        phone = form.cleaned_data["phone"]
        try:
            send_code(phone=phone, purpose=Purpose.SIGN_IN, address=request.META["REMOTE_ADDR"])
        except RuleViolation as refusal:
            refusal.add_to(form)
        else:
            sessions.keep_phone(request, phone)
            return onward(request, "accounts:code")
    return render(request, "accounts/sign_in.html", _page(request, form=form, out="out" in request.GET))


@never_cache
@get_or_post
def code(request: HttpRequest) -> HttpResponse:
    """The code that was sent; opens a weak session."""
    phone = sessions.kept_phone(request)
    if not phone:
        return onward(request, "accounts:sign_in")
    if "resend" in request.POST:
        _send_again(request, phone, Purpose.SIGN_IN)
        return onward(request, "accounts:code")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = signin.sign_in_with_code(phone=phone, code=form.cleaned_data["code"])
        except RuleViolation as refusal:
            refusal.add_to(form)
        else:
            return _into_weak_session(request, user)
    return render(request, "accounts/code.html", _page(request, form=form, sent_to=phone))


def _into_weak_session(request: HttpRequest, user: User) -> HttpResponse:
    if user.must_prove_identity:
        sessions.wait_for(request, user, "again")
        return onward(request, "accounts:again")
    sessions.open_session(request, user, phone_proved=True)
    return redirect(sessions.safe_next(request))


@never_cache
@get_or_post
def again(request: HttpRequest) -> HttpResponse:
    """After 180 idle days: the name the account is kept under, or a new account for the number's new owner."""
    user = sessions.waiting(request, "again")
    if user is None:
        return onward(request, "accounts:sign_in")
    form = NameForm(request.POST if "anew" not in request.POST else None)
    try:
        if "anew" in request.POST:
            fresh = signin.start_anew(user=user)
            sessions.open_session(request, fresh, phone_proved=True)
            return redirect(sessions.safe_next(request))
        if form.is_valid():
            signin.prove_identity(user=user, name=form.cleaned_data["name"])
            sessions.open_session(request, user, phone_proved=True)
            return redirect(sessions.safe_next(request))
    except RuleViolation as refusal:
        refusal.add_to(form)
    return render(request, "accounts/again.html", _page(request, form=form, has_name=bool(user.name)))


@never_cache
@get_or_post
def password(request: HttpRequest) -> HttpResponse:
    """The password: first of two factors. Who is signed in by code is not asked for the number again."""
    known = request.user if request.user.is_authenticated else None
    if known is not None and request.method == "GET" and known.session_is_strong:
        return redirect(sessions.safe_next(request, "/desk/"))
    form_class = OwnPasswordForm if known else PasswordSignInForm
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        phone = known.phone if known else form.cleaned_data["phone"]
        try:
            user = signin.sign_in_with_password(
                phone=phone, password=form.cleaned_data["password"], request=request
            )
        except RuleViolation as refusal:
            refusal.add_to(form)
        else:
            return _after_password(request, user)
    return render(request, "accounts/password.html", _page(request, form=form, known=known))


def _after_password(request: HttpRequest, user: User) -> HttpResponse:
    """Strong at once with a fresh proof of the number or on a trusted device, else on to the second factor."""
    if sessions.has_fresh_proof(request) and request.user == user:
        sessions.open_session(request, user, strong=True)
        return redirect(sessions.safe_next(request, "/desk/"))
    device = None if user.must_prove_identity else sessions.device_of(request, user)
    if device is not None:
        sessions.open_session(request, user, strong=True, device=device)
        return redirect(sessions.safe_next(request, "/desk/"))
    if not signin.has_totp(user):
        _send_again(request, user.phone, Purpose.SECOND)
    sessions.wait_for(request, user, "second")
    return onward(request, "accounts:second")


@never_cache
@get_or_post
def second(request: HttpRequest) -> HttpResponse:
    """The second factor: a code by SMS or of the authenticator app; opens a strong session."""
    user = sessions.waiting(request, "second")
    if user is None:
        return onward(request, "accounts:password")
    if "resend" in request.POST:
        _send_again(request, user.phone, Purpose.SECOND)
        return onward(request, "accounts:second")
    form = SecondForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            signin.pass_second_factor(user=user, token=form.cleaned_data["code"])
        except RuleViolation as refusal:
            refusal.add_to(form)
        else:
            return _into_strong_session(request, user, trust=form.cleaned_data["trust"])
    context = _page(request, form=form, sent_to=user.phone, has_totp=signin.has_totp(user))
    return render(request, "accounts/second.html", context)


def _into_strong_session(request: HttpRequest, user: User, *, trust: bool) -> HttpResponse:
    answer = redirect(sessions.safe_next(request, "/desk/"))
    device = None
    if trust:
        label = devices.label_of(request.headers.get("User-Agent", ""))
        device, token = devices.trust(user=user, label=label)
        sessions.trust_this_browser(request, answer, token)
    sessions.open_session(request, user, strong=True, phone_proved=True, device=device)
    return answer


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    return sessions.close_session(request, redirect(reverse("accounts:sign_in") + "?out=1"))


def _send_again(request: HttpRequest, phone: str, purpose: Purpose) -> None:
    """Send a code; a limit is told, but the code sent before still counts."""
    try:
        send_code(phone=phone, purpose=purpose, address=request.META["REMOTE_ADDR"])
    except RuleViolation as refusal:
        messages.warning(request, refusal.sentence)
    else:
        messages.success(request, "验证码已发送。")


def _page(request: HttpRequest, *, sent_to: str = "", **context: object) -> dict[str, object]:
    """What every page of signing in shows; in the demo, the code that would have gone to `sent_to`."""
    context |= {"next": sessions.safe_next(request, ""), "is_demo": settings.WENSHAO_DEMO}
    if sent_to:
        digits = re.search(r"\d{6}", Screen.last(sent_to))
        context |= {"masked": masked_phone(sent_to), "demo_code": digits.group() if digits else ""}
    return context
