"""How whistles, claims and scores look on a page: everything a template would otherwise have to reckon."""

from volunteers.claiming.fitting import Person, person_of
from volunteers.presenting.boards import rank_rows
from volunteers.presenting.cards import Card, card_of
from volunteers.presenting.claims import (
    CHIPS,
    Requester,
    is_at_work,
    offers_of,
    photos_of,
    requester_of,
    steps_of,
    timeline_of,
)
from volunteers.presenting.listing import Cards, Order
from volunteers.presenting.summaries import (
    RUNNING,
    kept_until,
    summaries_headline,
    summary_headline,
    summary_progress,
    summary_row,
)
from volunteers.presenting.thanks import Thanked, thanks_for, thanks_to

__all__ = (
    "summary_row",
    "summary_progress",
    "summary_headline",
    "summaries_headline",
    "kept_until",
    "RUNNING",
    "CHIPS",
    "Card",
    "Cards",
    "Order",
    "Person",
    "Requester",
    "Thanked",
    "card_of",
    "is_at_work",
    "offers_of",
    "person_of",
    "photos_of",
    "rank_rows",
    "requester_of",
    "steps_of",
    "thanks_for",
    "thanks_to",
    "timeline_of",
)
