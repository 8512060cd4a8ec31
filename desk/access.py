"""Which powers open which pages of the desk."""

from __future__ import annotations

from typing import Any

from organizations.posts import Power, Tier
from organizations.scope import scope_of

#: Posts with any of these act on requests: the work list is where their session begins.
ACTS = (Power.VERIFY, Power.HANDLE, Power.WHISTLE, Power.CONSENT)
#: Posts with any of these have the work list; those who only supervise begin with their figures.
WORK = (*ACTS, Power.SUPERVISE)
#: Posts with any of these see requests.
SIGHT = (Power.REQUESTS_SEE, Power.REQUESTS_MASKED)
#: Posts with any of these see whistles.
WHISTLE_SIGHT = (Power.WHISTLE, Power.CREDIT, Power.ATTEST)

#: Posts with any of these see teams: who confirms registrations; the tiers above and the branches, whose common
#: power this is.
TEAM_SIGHT = (Power.CONFIRM_REGISTRATION, Power.REQUESTS_MASKED)


def whistles_for_a_community(user: Any) -> bool:
    """Whether the user may whistle without a request: communities do, the tiers above for escalated ones."""
    return any(
        grant.seat is Tier.COMMUNITY and not grant.is_narrowed_to_grids
        for grant in scope_of(user).with_power(Power.WHISTLE)
    )
