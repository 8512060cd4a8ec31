"""What a browser is known by when it marks presence: a keyed hash of a random cookie, never the cookie itself."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ground.fields import blind_index

COOKIE, KEPT_FOR = "ws_device", timedelta(days=365)


def device_of(request: Any) -> str:
    """64 hex digits of the browser that asks; "" of one that has no cookie (yet)."""
    known = request.COOKIES.get(COOKIE, "")
    return blind_index(known, "device") if known else ""


def mark(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give the browser its cookie, on the pages from which presence is marked."""
    if not request.COOKIES.get(COOKIE):
        response.set_cookie(
            COOKIE,
            secrets.token_urlsafe(24),
            max_age=KEPT_FOR,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response
