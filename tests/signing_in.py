"""Browsers that are signed in already, as strongly as the test needs."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from accounts.middleware import STRONG, STRONG_UNTIL
from accounts.models import User
from accounts.sessions import BACKEND
from ground import clock


def weak_client(user: User) -> Client:
    """Signed in by a code: powers of posts sleep."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def strong_client(user: User) -> Client:
    """Signed in by password and second factor."""
    client = weak_client(user)
    session = client.session
    session[STRONG] = True
    session[STRONG_UNTIL] = (clock.now() + timedelta(hours=12)).timestamp()
    session.save()
    return client
