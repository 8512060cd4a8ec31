"""How much the session at hand may do: strong after password and second factor, else weak (HOUSE, identity)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from ground import clock

GetResponse = Callable[[HttpRequest], HttpResponse]

#: True in a session that was opened with password and second factor …
STRONG = "is_strong"
#: … and until when, in seconds since 1970.
STRONG_UNTIL = "strong_until"


class SessionStrengthMiddleware:
    """Sets `request.user.session_is_strong` from the session, and an empty `scope_cache` for this request.

    Stays lazy: a page that asks for nobody costs no query.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A lazy object where the stubs expect a user: the same that AuthenticationMiddleware puts there.
        request.user = SimpleLazyObject(partial(_with_strength, request, request.user))  # type: ignore[assignment]
        return self.get_response(request)


def _with_strength(request: HttpRequest, user: Any) -> Any:
    user.session_is_strong = user.is_authenticated and _is_strong(request.session)
    user.scope_cache = {}
    return user


def _is_strong(session: Any) -> bool:
    until = session.get(STRONG_UNTIL)
    return bool(session.get(STRONG)) and (until is None or clock.now().timestamp() < until)
