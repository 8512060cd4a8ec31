"""排行榜 (S11, RULES 7): five boards of a month, a quarter or a year. Every score opens to its entries.

`naming` says which boards there are, `counting` what they count, `scoring` how it is summed and ranked,
`refreshing` when they are computed, `closing` what happens at midnight, `sight` who may open what.
"""

from volunteers.leaderboards.closing import close_due, proclaim_due
from volunteers.leaderboards.counting import entries_of
from volunteers.leaderboards.naming import CITY, first_day, kind_of, span, subject_of
from volunteers.leaderboards.refreshing import refresh, refresh_all, refresh_due, refresh_named
from volunteers.leaderboards.sight import (
    board_of,
    find,
    movement,
    open_to,
    place_of,
    places_open_to,
    public_places,
    row_of,
    rows_of,
    visible_to,
)

__all__ = (
    "CITY",
    "board_of",
    "close_due",
    "entries_of",
    "find",
    "first_day",
    "kind_of",
    "movement",
    "open_to",
    "place_of",
    "places_open_to",
    "proclaim_due",
    "public_places",
    "refresh",
    "refresh_all",
    "refresh_due",
    "refresh_named",
    "row_of",
    "rows_of",
    "span",
    "subject_of",
    "visible_to",
)
