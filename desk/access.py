"""Who may open the staff pages: a post with the power at hand, in a session with a second factor (HOUSE)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from organizations.guards import View, post_required
from organizations.posts import Power, Tier
from organizations.scope import scope_of

#: Posts with any of these have the work list.
WORK = (Power.VERIFY, Power.HANDLE, Power.WHISTLE)
#: Posts with any of these see requests.
SIGHT = (Power.REQUESTS_SEE, Power.REQUESTS_MASKED)
#: Posts with any of these see whistles.
WHISTLE_SIGHT = (Power.WHISTLE, Power.CREDIT, Power.ATTEST)


def whistles_for_a_community(user: Any) -> bool:
    """Whether the user may whistle without a request: communities do, the tiers above for escalated ones."""
    return any(
        grant.seat is Tier.COMMUNITY and not grant.is_narrowed_to_grids
        for grant in scope_of(user).with_power(Power.WHISTLE)
    )


def staff_page(*powers: Power) -> Callable[[View], View]:
    """`post_required`, and one of the powers: who holds none of them finds nothing (404)."""

    def decorate(view: View) -> View:
        @wraps(view)
        @post_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not scope_of(request.user).has(*powers):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorate
