"""Who signs in: one account per phone number, whatever its owner is in the city's life."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac
from knox.models import AbstractAuthToken

from ground import clock
from ground.fields import EncryptedCharField, masked_phone, phone_index

#: After so long without a proof the number may belong to somebody else (HOUSE, identity and privacy).
IDLE = timedelta(days=180)


class UserManager(BaseUserManager["User"]):
    def with_phone(self, phone: str) -> User | None:
        return self.filter(phone_index=phone_index(phone)).first()

    def create_user(self, phone: str, name: str = "", password: str | None = None, **extra: Any) -> User:
        """A new account for a phone number (11 digits). Without a password only codes sign it in."""
        user = self.model(phone=phone, phone_index=phone_index(phone), name=name, **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user


# knox has no types, so the manager behind `auth_token_set` has none either.
class User(AbstractBaseUser):  # type: ignore[django-manager-missing]
    """An account. Its powers come from appointments (RULES 5); only the system administrator has a flag."""

    phone = EncryptedCharField("手机号")
    phone_index = models.CharField("手机号索引", max_length=64, unique=True, editable=False)
    name = models.CharField("姓名", max_length=40, blank=True)
    is_active = models.BooleanField("可登录", default=True)
    is_administrator = models.BooleanField(
        "系统管理员", default=False, help_text="管理账号和设置，看不到点单和台账。"
    )
    proved_at = models.DateTimeField("最近核验手机号", null=True, blank=True)
    joined_at = models.DateTimeField("注册时间", default=clock.now)
    #: Part of what every session is checked against: raising it ends them all.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "phone_index"
    REQUIRED_FIELDS = []

    #: Set by the middleware (or the API token) for the session at hand. Powers of posts need a strong one:
    #: password and second factor. Code that runs without a session (tasks, commands) counts as strong.
    session_is_strong: bool = True

    class Meta:
        verbose_name = verbose_name_plural = "账号"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or self.masked_phone

    @property
    def masked_phone(self) -> str:
        return masked_phone(self.phone)

    @property
    def must_prove_identity(self) -> bool:
        """Whether the number was last proved so long ago that it may have been given to somebody else."""
        return clock.now() - (self.proved_at or self.joined_at) > IDLE

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        key_salt = f"accounts.User.session.{self.session_epoch}"
        return salted_hmac(key_salt, self.password, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_staff(self) -> bool:
        """What Django's admin asks; the admin site itself asks for posts as well."""
        return self.is_administrator

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's own permissions are not used: no second role system (RULES 5)."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class SignInCode(models.Model):
    """A code that was sent: kept as a hash for five minutes and five tries (HOUSE, identity and privacy)."""

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", "登录"
        SECOND = "second", "二次验证"

    phone_index = models.CharField(max_length=64)
    purpose = models.CharField(max_length=8, choices=Purpose)
    code_hash = models.CharField(max_length=64)
    address_index = models.CharField("来源地址的键控散列", max_length=64)
    sent_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "验证码"
        indexes = [
            models.Index(fields=["phone_index", "-sent_at"]),
            models.Index(fields=["address_index", "-sent_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.sent_at:%Y-%m-%d %H:%M}"


class TrustedDevice(models.Model):
    """A browser that passed the second factor and need not pass it again for 30 days."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="trusted_devices")
    token_hash = models.CharField(max_length=64, unique=True)
    label = models.CharField("设备", max_length=80, blank=True)
    session_key = models.CharField("它的登录", max_length=40, blank=True, editable=False)
    created_at = models.DateTimeField("添加时间", default=clock.now)
    used_at = models.DateTimeField("最近使用", default=clock.now)
    expires_at = models.DateTimeField("到期")

    class Meta:
        verbose_name = verbose_name_plural = "受信任的设备"
        ordering = ["-used_at"]

    def __str__(self) -> str:
        return self.label

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(32)


class ApiToken(AbstractAuthToken):
    """A knox token that remembers whether it was given for password and second factor."""

    is_strong = models.BooleanField("经过二次验证", default=False)

    class Meta(AbstractAuthToken.Meta):
        verbose_name = verbose_name_plural = "接口令牌"
