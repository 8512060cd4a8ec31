"""Sign-in by phone number and password. Without Django's permissions: powers come from posts (RULES 5)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend

from accounts.models import User


class PhoneBackend(BaseBackend):
    def authenticate(
        self, request: Any, phone: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The active account of `phone` (11 digits) if the password is right, else None.

        A number without an account costs the same time as one with it.
        """
        if not phone or password is None:
            return None
        user = User.objects.with_phone(phone)
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
