"""Pages of one's own account: what is stored, devices, password, authenticator, signing out everywhere."""

from __future__ import annotations

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import devices, sessions, signin, stored
from accounts.forms import ChangePasswordForm, CodeForm, FirstPasswordForm, NameForm
from accounts.models import ApiToken
from accounts.sessions import SignedInRequest
from ground import clock
from ground.errors import RuleViolation

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@login_required
def me(request: SignedInRequest) -> HttpResponse:
    user = request.user
    context = {
        "tab": "me",
        "facts": stored.about(user),
        "devices": user.trusted_devices.filter(expires_at__gt=clock.now()),
        "tokens": ApiToken.objects.filter(user=user).count(),
        "here": request.session.session_key,
        "has_totp": signin.has_totp(user),
        "name_form": NameForm(),
    }
    return render(request, "accounts/me.html", context)


@require_POST
@login_required
def name(request: SignedInRequest) -> HttpResponse:
    """Say one's name once; later it is corrected by the community, as it is a proof of identity."""
    form = NameForm(request.POST)
    try:
        if form.is_valid():
            signin.say_name(user=request.user, name=form.cleaned_data["name"])
            messages.success(request, "姓名已保存。")
        else:
            messages.error(request, "请填写姓名。")
    except RuleViolation as refusal:
        messages.error(request, refusal.sentence)
    return redirect("accounts:me")


@require_POST
@login_required
def revoke_device(request: SignedInRequest, pk: int) -> HttpResponse:
    devices.revoke(get_object_or_404(request.user.trusted_devices, pk=pk))
    messages.success(request, "已移除这台设备，它上面的登录也已退出。")
    return redirect("accounts:me")


@require_POST
@login_required
def sign_out_everywhere(request: SignedInRequest) -> HttpResponse:
    devices.end_everywhere(request.user)
    return sessions.close_session(request, redirect(reverse("accounts:sign_in") + "?out=1"))


@never_cache
@login_required
@get_or_post
def set_password(request: SignedInRequest) -> HttpResponse:
    """The first password after a fresh proof of the number, or another one by who knows the old one."""
    is_first = not request.user.has_usable_password()
    if is_first and not sessions.has_fresh_proof(request):
        wanted = f"{request.path}?{urlencode({'next': sessions.safe_next(request, '')})}"
        messages.info(request, "设置密码前，请先用短信验证码确认是你本人。")
        return redirect(f"{reverse('accounts:sign_in')}?{urlencode({'again': '1', 'next': wanted})}")
    form = (FirstPasswordForm if is_first else ChangePasswordForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _write_password(request, form, is_first=is_first)
        except RuleViolation as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, "密码已保存，其他设备上的登录已退出。")
            return redirect(sessions.safe_next(request, reverse("accounts:me")))
    context = {"form": form, "is_first": is_first, "next": sessions.safe_next(request, "")}
    return render(request, "accounts/set_password.html", context)


def _write_password(request: SignedInRequest, form: forms.Form, *, is_first: bool) -> None:
    new = form.cleaned_data["password"]
    if is_first:
        signin.set_first_password(user=request.user, password=new)
    else:
        signin.change_password(user=request.user, old=form.cleaned_data["old"], new=new)
    # Both factors were shown just now: the number by its code, the password by making it.
    if is_first or sessions.has_fresh_proof(request):
        sessions.open_session(request, request.user, strong=True)
    else:
        update_session_auth_hash(request, request.user)


@never_cache
@sessions.strong_required
@get_or_post
def totp(request: SignedInRequest) -> HttpResponse:
    """Set up an authenticator app as second factor: works without SMS."""
    form = CodeForm(request.POST or None)
    form.fields["code"].label = "动态口令"
    if request.method == "POST" and form.is_valid():
        try:
            signin.add_totp(user=request.user, token=form.cleaned_data["code"])
        except RuleViolation as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, "动态口令已启用，下次登录可以不等短信。")
            return redirect("accounts:me")
    uri, secret = signin.totp_address(signin.begin_totp(request.user))
    picture = segno.make(uri, error="m").svg_data_uri(scale=5, border=4, light="white")
    return render(request, "accounts/totp.html", {"form": form, "picture": picture, "secret": secret})
