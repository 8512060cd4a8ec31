"""Room for the frames of deep calls, in one piece.

CPython keeps the frames of Python calls in chunks of 16 kB, and until it was mended in 2026 (for 3.13 and later) it
gave a chunk back to the system as soon as the call that needed it returned. A loop that calls across the end of a
chunk asks the system for memory at every turn (CPython issue 142183): a sixth of the time of a page. A chunk is as
large as the call that begins it says it needs, rounded up to a power of two, so a call that says it needs a bit more
than half of one leaves the rest to all that it calls.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

#: What a call says it needs, in words: a bit more than half of a chunk of 1 MB. Of that nothing is touched, so no
#: memory is taken for it; the other half holds some 1,500 frames.
WORDS = 66_000


def with_room(function: Callable[P, R]) -> Callable[P, R]:
    """The function, calling everything below it within one chunk."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    call.__code__ = call.__code__.replace(co_stacksize=WORDS)
    return wraps(function)(call)
