"""The verbs of signing in (HOUSE, identity and privacy). No session here: `accounts.sessions` opens it.

A code by SMS gives a weak session: what residents and members need. Powers of posts need a strong one:
password and second factor.
"""

from __future__ import annotations

import base64
import unicodedata
from typing import Any
from urllib.parse import quote

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate, password_validation
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.codes import Purpose, check_code, normal_phone
from accounts.devices import end_everywhere
from accounts.models import User
from ground import clock
from ground.errors import RuleViolation
from ground.fields import blind_index, phone_index

SUSPENDED = "这个账号已停用，请联系社区。"


def sign_in_with_code(*, phone: str, code: str) -> User:
    """The account of `phone` after the code that was sent to it; made on the first sign-in.

    Raises RuleViolation for a wrong code or a suspended account. If `must_prove_identity` is true of the
    account, no session may be opened before `prove_identity` or `start_anew`; else the proof is noted here.
    """
    check_code(phone=phone, purpose=Purpose.SIGN_IN, code=code)
    user = User.objects.with_phone(phone) or _new_account(phone)
    if not user.is_active:
        raise RuleViolation(SUSPENDED, field="phone")
    if not user.must_prove_identity:
        _note_proof(user)
    return user


def sign_in_with_password(*, phone: str, password: str, request: HttpRequest) -> User:
    """The account if its password is right: the first of two factors, worth nothing without the second.

    Five wrong ones from one address lock the account there for half an hour. Raises RuleViolation with
    the same sentence for an unknown number, no password, and a wrong one.
    """
    credentials = {"phone": phone, "password": password}
    # While it is locked nothing is tried, so that trying does not prolong the lock.
    is_locked = not AxesProxyHandler.is_allowed(request, credentials)
    user = None if is_locked else authenticate(request, **credentials)
    if isinstance(user, User):
        return user
    if is_locked or getattr(request, "axes_locked_out", False):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        raise RuleViolation("密码错误次数过多，请 30 分钟后再试。", field="password")
    raise RuleViolation("手机号或密码不对。还没有设过密码的，请先用短信验证码登录。", field="password")


def lockout_name(request: Any, credentials: dict[str, Any] | None) -> str:
    """What axes counts failures by: the keyed hash of the phone, never the phone."""
    return phone_index((credentials or {}).get("phone") or "")


def answer_of_lockout(request: Any, answer: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """What axes answers with when it locks: the page or API answer that says so already, as 429."""
    answer.status_code = 429
    return answer


def pass_second_factor(*, user: User, token: str) -> None:
    """Check the second factor: a code sent to the account's number, or one of its authenticator app.

    Raises RuleViolation. A code by SMS proves the number anew.
    """
    if has_totp(user) and _passes_totp(user, token):
        _note_proof(user)
        return
    try:
        check_code(phone=user.phone, purpose=Purpose.SECOND, code=token)
    except RuleViolation as wrong:
        raise RuleViolation(wrong.sentence, field="code") from None
    _note_proof(user)


# Numbers are recycled: after 180 idle days whoever holds the number proves who he is


def prove_identity(*, user: User, name: str) -> None:
    """Take the name that the account is kept under as proof, five tries a day; raises RuleViolation."""
    if not user.name:
        raise RuleViolation("这个账号没有登记姓名，请重新开户。", field="name")
    _one_more_try(user)
    typed = "".join(unicodedata.normalize("NFKC", name).split())
    kept = "".join(unicodedata.normalize("NFKC", user.name).split())
    if not constant_time_compare(typed, kept):
        raise RuleViolation("姓名与这个账号登记的不一致。如果号码是新办的，请选择重新开户。", field="name")
    _note_proof(user)


def start_anew(*, user: User) -> User:
    """The number has a new owner: retire the idle account with its number, and give a new one."""
    if not user.must_prove_identity:
        raise RuleViolation("这个账号近期使用过，不能重新开户。")
    phone = user.phone
    with transaction.atomic():
        end_everywhere(user)
        user.phone_index = blind_index(f"{user.pk}:{phone}", "retired")
        user.phone, user.is_active = "", False
        user.set_unusable_password()
        user.save(update_fields=["phone", "phone_index", "is_active", "password"])
        fresh = _new_account(phone)
    _note_proof(fresh)
    return fresh


def say_name(*, user: User, name: str) -> None:
    """One's own name, once: it proves identity later, so others correct it. Raises RuleViolation."""
    if not User.objects.filter(pk=user.pk, name="").update(name=name.strip()):
        raise RuleViolation("姓名已经登记。有误请联系社区核对修改。", field="name")


# Passwords and authenticator apps


def set_first_password(*, user: User, password: str) -> None:
    """Give an account its first password; the caller has seen a fresh proof of the number."""
    if user.has_usable_password():
        raise RuleViolation("已经设过密码。忘记密码请联系系统管理员重置。", field="password")
    _set_password(user, password)


def change_password(*, user: User, old: str, new: str) -> None:
    """Replace the password by whoever knows the old one; ends all other sessions, devices and tokens."""
    if not user.check_password(old):
        raise RuleViolation("原密码不对。", field="old")
    _set_password(user, new)


def begin_totp(user: User) -> TOTPDevice:
    """The authenticator that is being set up: one per person until it is confirmed."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "动态口令"})
    return device


def totp_address(device: TOTPDevice) -> tuple[str, str]:
    """What the app reads from the picture, and the secret to type where it cannot; names no phone."""
    secret = base64.b32encode(device.bin_key).decode()
    name = quote(device.user.name or "账号")
    return f"otpauth://totp/{quote('闻哨')}:{name}?secret={secret}&issuer={quote('闻哨')}", secret


def add_totp(*, user: User, token: str) -> None:
    """Confirm the authenticator with a code that it shows, and drop the earlier one; raises RuleViolation."""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
        passed = device is not None and device.verify_token(token)
        if device is not None and passed:
            TOTPDevice.objects.filter(user=user, confirmed=True).delete()
            device.confirmed = True
            device.save(update_fields=["confirmed"])
    if not passed:
        raise RuleViolation("动态口令不对，请看手机上最新的一个。", field="code")


def has_totp(user: User) -> bool:
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def make_administrator(*, phone: str, name: str, password: str) -> tuple[User, bool]:
    """The system administrator with that number and password; True beside it if the account is new.

    An account that exists keeps its name and loses its old password, devices and sessions. Raises
    RuleViolation for a number or password that will not do.
    """
    phone = normal_phone(phone)
    with transaction.atomic():
        user = User.objects.with_phone(phone)
        is_new = user is None
        if user is None:
            user = User.objects.create_user(phone, name)
        user.is_administrator = user.is_active = True
        user.save(update_fields=["is_administrator", "is_active"])
        _set_password(user, password)
    return user, is_new


def reset_credentials(user: User) -> None:
    """For the administrator: no password, no authenticator, no device, no session; the next proof is by SMS."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        user.set_unusable_password()
        user.save(update_fields=["password"])
        end_everywhere(user)


def _new_account(phone: str) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(phone, proved_at=clock.now())
    except IntegrityError:  # two phones with one number were first at once
        return User.objects.get(phone_index=phone_index(phone))


def _note_proof(user: User) -> None:
    user.proved_at = clock.now()
    user.save(update_fields=["proved_at"])


def _passes_totp(user: User, token: str) -> bool:
    with transaction.atomic():
        devices = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True)
        return any(device.verify_token(token) for device in devices)


def _one_more_try(user: User) -> None:
    key = f"prove:{user.pk}:{clock.today()}"
    cache.add(key, 0, timeout=24 * 3600)
    try:
        tries = cache.incr(key)
    except ValueError:  # nobody counts now (`ground.caching`): nobody guesses either
        raise RuleViolation("现在核对不了，请过几分钟再试，或到社区核对身份。", field="name") from None
    if tries > 5:
        raise RuleViolation("今天尝试的次数过多，请明天再试，或到社区核对身份。", field="name")


def _set_password(user: User, password: str) -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as weak:
        raise RuleViolation("".join(weak.messages), field="password") from None
    user.set_password(password)
    user.save(update_fields=["password"])
    end_everywhere(user)
