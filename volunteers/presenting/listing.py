"""The list of whistles as cards, cut into pages: what fits first (S8), or what comes first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import TextChoices

from volunteers.claiming.fitting import MOST, Person
from volunteers.claiming.standing import Standing
from volunteers.presenting.cards import Card, card_of


class Order(TextChoices):
    FITS = "fits", "按适合"
    TIME = "time", "按时间"


@dataclass
class Cards:
    """What a paginator cuts. `found` are whistles by time, with `taken`; the next `MOST` of them are weighed, the
    others follow by time. Fixed queries, however many there are."""

    found: Any
    standing: Standing
    person: Person
    order: str = Order.FITS

    def count(self) -> int:
        return self.found.count()

    def __getitem__(self, part: slice) -> list[Card]:
        if self.order == Order.TIME:
            return self._drawn(self.found[part])
        start, stop = part.start or 0, part.stop
        cards = self._weighed[start:stop]
        return cards + self._drawn(self.found[max(start, MOST) : stop]) if stop > MOST else cards

    @cached_property
    def _weighed(self) -> list[Card]:
        """What can be claimed before what cannot; then by points, then by time."""
        return sorted(self._drawn(self.found[:MOST]), key=_place)

    def _drawn(self, rows: Iterable[Any]) -> list[Card]:
        return [card_of(row, row.taken, self.standing, self.person) for row in rows]


def _place(card: Card) -> tuple[Any, ...]:
    shut = card.claim is not None or card.waits is not None or bool(card.why_not)
    return shut, -card.fit.score, card.whistle.starts_at, card.whistle.pk
