"""Browsers that are signed in already, as strongly as the test needs."""

from __future__ import annotations

from django.test import Client

from accounts.middleware import STRONG
from accounts.models import User
from accounts.sessions import BACKEND


def weak_client(user: User) -> Client:
    """Signed in by a code: powers of posts sleep."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def strong_client(user: User) -> Client:
    """Signed in by password and second factor; for as long as a test likes, at whatever moment it plays."""
    client = weak_client(user)
    session = client.session
    session[STRONG] = True
    session.save()
    return client
