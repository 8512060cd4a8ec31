"""Trusted devices: a browser that passed the second factor and is not asked again for 30 days."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.models import ApiToken, TrustedDevice, User
from ground import clock

TRUSTED_FOR = timedelta(days=30)
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("HarmonyOS", "华为浏览器"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "鸿蒙"),
    ("Android", "安卓手机"),
    ("Windows", "Windows 电脑"),
    ("Macintosh", "苹果电脑"),
    ("Linux", "Linux 电脑"),
)


def trust(*, user: User, label: str) -> tuple[TrustedDevice, str]:
    """Remember a browser of `user`; gives the row and the token for its cookie, which is kept as a hash only."""
    token = TrustedDevice.new_token()
    device = TrustedDevice.objects.create(
        user=user, token_hash=_hash(token), label=label[:80], expires_at=clock.now() + TRUSTED_FOR
    )
    return device, token


def trusted(*, user: User, token: str) -> TrustedDevice | None:
    """The device of `user` whose cookie holds `token`, unless its 30 days are over."""
    if not token:
        return None
    return user.trusted_devices.filter(token_hash=_hash(token), expires_at__gt=clock.now()).first()


def revoke(device: TrustedDevice) -> None:
    """Trust it no longer, and end the session that was opened on it."""
    _end_session(device.session_key)
    device.delete()


def end_everywhere(user: User) -> None:
    """End every session, trusted device and API token of an account."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
        user.trusted_devices.all().delete()
        ApiToken.objects.filter(user=user).delete()
    user.refresh_from_db(fields=["session_epoch"])


def forget_expired() -> int:
    """Delete devices whose 30 days are over; gives how many."""
    return TrustedDevice.objects.filter(expires_at__lt=clock.now()).delete()[0]


def label_of(user_agent: str) -> str:
    """A few words by which people recognise their device: "微信 · 安卓手机"."""
    browser = next((name for sign, name in _BROWSERS if re.search(sign, user_agent)), "浏览器")
    system = next((name for sign, name in _SYSTEMS if re.search(sign, user_agent)), "")
    return f"{browser} · {system}" if system else browser


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _end_session(key: str) -> None:
    if key:
        import_module(settings.SESSION_ENGINE).SessionStore(key).delete()
