"""How thanks look to the volunteers and to the community: a count, a mean, words with a surname at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, Q, QuerySet

from ground.fields import surname_only
from volunteers.models import Thanks, Whistle

#: How many lines of words a page shows.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Said:
    """One line of words: who (周**), what, when, about which whistle."""

    name: str
    words: str
    stars: int | None
    at: datetime
    title: str


@dataclass(frozen=True, slots=True)
class Thanked:
    """`likes` is None where the policy shows none; `mean` where nobody gave stars."""

    times: int
    likes: int | None
    mean: float | None
    said: list[Said]

    @property
    def figures(self) -> str:
        """3 位居民道谢，2 个赞，平均 4.5 星."""
        parts = [f"{self.times} 位居民道谢"]
        if self.likes:
            parts.append(f"{self.likes} 个赞")
        if self.mean is not None:
            parts.append(f"平均 {self.mean:.1f} 星")
        return "，".join(parts)


def thanks_for(whistle: Whistle, *, likes_shown: bool) -> Thanked | None:
    """What those served said of a whistle; None while nobody did. Two queries at most."""
    return _thanked(Thanks.objects.filter(whistle=whistle), likes_shown)


def thanks_to(user: Any, *, likes_shown: bool) -> Thanked | None:
    """What he has been told over all whistles that he served. Two queries at most."""
    return _thanked(Thanks.objects.received_by(user), likes_shown)


def _thanked(rows: QuerySet[Thanks], likes_shown: bool) -> Thanked | None:
    figures: Any = rows.order_by().aggregate(
        times=Count("pk"), likes=Count("pk", filter=Q(is_like=True)), mean=Avg("stars")
    )
    if not figures["times"]:
        return None
    worded = rows.exclude(words="").select_related("by", "whistle").defer("by__phone")
    said = [
        Said(surname_only(row.by.name), row.words, row.stars, row.at, row.whistle.title)
        for row in worded[:SHOWN]
    ]
    likes = figures["likes"] if likes_shown else None
    return Thanked(figures["times"], likes, figures["mean"], said)
