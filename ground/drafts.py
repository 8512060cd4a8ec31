"""Folders in which a worker keeps what is not finished yet: its own, closed to others, gone when it has ended.

What lies there is not sealed. A worker that was killed cannot tidy up; the next sweep does it for him.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models


@contextmanager
def folder(job: Any) -> Iterator[Path]:
    """An empty folder for as long as this lease of the job is worked on (`ground.leases`)."""
    path = _root() / name_of(job)
    path.mkdir(mode=0o700, parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sweep(model: type[models.Model], open_states: Iterable[str]) -> int:
    """Remove the folders of leases of this model that are none any more. Gives how many there were."""
    under_way = model._default_manager.filter(state__in=tuple(open_states)).exclude(began_at=None)
    kept = {name_of(job) for job in under_way}
    left = [path for path in _root().glob(f"{model._meta.label_lower}-*") if path.name not in kept]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def _root() -> Path:
    return settings.VAR / "drafts"


def name_of(job: Any) -> str:
    """The folder of this lease of a job."""
    return f"{job._meta.label_lower}-{job.pk}-{job.began_at.timestamp()}"
