"""How many calls one account, or one address, may make to the API in a minute.

DRF keeps the moments of the last calls: two trips to the cache with up to three hundred numbers, and calls at the
same moment do not see each other. Here they are counted: one trip, and none is missed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.core.cache import cache
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle

from ground.caching import counted


class _Counting(SimpleRateThrottle):
    """So many in each minute of the clock (or whatever the rate names). While nobody can count, all pass."""

    num_requests: int
    duration: int

    def allow_request(self, request: Any, view: Any) -> bool:
        key = self.get_cache_key(request, view)
        if key is None or self.rate is None:
            return True
        self.now = time.time()
        return counted(_in_window(key, self.now, self.duration), self.duration) <= self.num_requests

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return self.duration - self.now % self.duration


class AnonThrottle(_Counting, AnonRateThrottle):
    pass


class UserThrottle(_Counting, UserRateThrottle):
    pass


def _in_window(key: str, now: float, duration: int) -> str:
    return f"{key}_{int(now // duration)}"


def forget(accounts: Iterable[int], throttle: _Counting | None = None) -> None:
    """Let these accounts begin anew: for the benchmark, which calls more often than anybody."""
    throttle, now = throttle or UserThrottle(), time.time()
    if throttle.rate is None:
        return
    names = [throttle.cache_format % {"scope": throttle.scope, "ident": pk} for pk in accounts]
    cache.delete_many([_in_window(name, now, throttle.duration) for name in names])
