"""One line of the history of a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Entry:
    """The keys of `parts/_timeline.html`. `photos`: url, thumb, alt."""

    step: str
    title: str
    at: datetime
    by: str = ""
    note: str = ""
    text: str = ""
    photos: list[dict[str, str]] = field(default_factory=list)
