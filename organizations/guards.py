"""Who is let through to the pages of posts, before any power is asked (HOUSE, identity and privacy)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from accounts.sessions import to_strong_sign_in
from organizations.posts import Power
from organizations.scope import scope_of

View = Callable[..., HttpResponseBase]  # also what streams


def has_a_seat(user: Any) -> bool:
    """Whether there is anything that a strong session would open: a post in force, or administration."""
    return user.is_administrator or user.appointments.in_force().exists()


def post_required(view: View) -> View:
    """Visitors are sent to sign in, posts in a weak session to the password; whoever has no post: 404."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if user.is_authenticated and user.session_is_strong:
            return view(request, *args, **kwargs)
        if user.is_authenticated and not has_a_seat(user):
            raise Http404
        return to_strong_sign_in(request)

    return guarded


def staff_page(*powers: Power) -> Callable[[View], View]:
    """`post_required`, and one of the powers: who holds none of them finds nothing (404)."""

    def decorate(view: View) -> View:
        @wraps(view)
        @post_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not scope_of(request.user).has(*powers):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorate
