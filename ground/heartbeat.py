"""How far a job is, told across processes: a transaction hides rows, so it stands in the cache "progress".

A job is any row with `made_at` and `began_at` that a worker has on lease (`ground.leases`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.cache import caches

from ground import clock

#: A job that has not been heard of for so long has lost its worker.
SILENCE = timedelta(seconds=60)
#: Seconds between two writes, and how long the last word is kept.
EVERY, KEPT_SECONDS = 0.5, 24 * 3600


class Progress(NamedTuple):
    """`total` is 0 while nobody can know it; `phase` is Chinese, "" before anything was heard."""

    done: int = 0
    total: int = 0
    phase: str = ""


def progress(job: Any) -> Progress:
    """What the worker last said. One look into the cache, no query."""
    said = caches["progress"].get(_key(job))
    return Progress(*said[:3]) if said else Progress()


def is_silent(job: Any) -> bool:
    """Whether nobody seems to be at work on it: neither taken nor heard of within the last minute."""
    said = caches["progress"].get(_key(job))
    heard = [job.began_at or job.made_at, *([said[3]] if said else [])]
    return clock.now() - max(heard) > SILENCE


def forget(job: Any) -> None:
    caches["progress"].delete(_key(job))


def _key(job: Any) -> str:
    """Numbers are given again where a database is restored: the moment at which it was made belongs to the name."""
    return f"{job._meta.label_lower}:{job.pk}:{job.made_at.timestamp()}"


@dataclass
class Voice:
    """Says how far a job is, at most twice a second; without a job it says nothing to the cache."""

    job: Any = None

    def __post_init__(self) -> None:
        self._last = 0.0
        self._now = Progress()

    @property
    def now(self) -> Progress:
        return self._now

    def phase(self, phase: str, total: int = 0) -> None:
        self._now = Progress(0, total, phase)
        self._say()

    def go_on(self, phase: str) -> None:
        """The next phase of the same count."""
        self._now = self._now._replace(phase=phase)
        self._say()

    def at(self, done: int) -> None:
        """So many of the phase are done."""
        self._now = self._now._replace(done=done)
        if time.monotonic() - self._last >= EVERY:
            self._say()

    def beat(self) -> None:
        """Still there, with nothing new to tell."""
        self.at(self._now.done)

    def _say(self) -> None:
        self._last = time.monotonic()
        self.heard(self._now)

    def heard(self, now: Progress) -> None:
        if self.job is not None:
            said: tuple[int, int, str, datetime] = (*now, clock.now())
            caches["progress"].set(_key(self.job), said, KEPT_SECONDS)


#: Seconds between two beats of somebody who cannot say how far he is.
ALONGSIDE = 10


@contextmanager
def beating(voice: Voice) -> Iterator[None]:
    """While something long is done that tells of nothing (a file is packed), say from beside that it goes on."""
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(ALONGSIDE):
            Voice.heard(voice, voice.now)  # the cache only: the rows belong to the thread that works

    beside = threading.Thread(target=beat, daemon=True)
    beside.start()
    try:
        yield
    finally:
        is_over.set()
        beside.join()
