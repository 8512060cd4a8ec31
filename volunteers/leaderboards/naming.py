"""Which boards there are: five kinds, of a month, a quarter or a year, of a place or of the city (S11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ground import clock, periods
from organizations.models import Organization
from organizations.posts import Tier
from volunteers.models import Board
from volunteers.states import BoardKind, Period

CITY = (BoardKind.CITY_UNITS, BoardKind.CITY_MEMBERS, BoardKind.CITY_COMMUNITIES)
#: What the rows of a board are about: the column of `BoardRow` that says whose row it is.
SUBJECTS = {
    BoardKind.CITY_UNITS: "unit",
    BoardKind.CITY_MEMBERS: "volunteer",
    BoardKind.CITY_COMMUNITIES: "community",
    BoardKind.DISTRICT_MEMBERS: "volunteer",
    BoardKind.COMMUNITY_MEMBERS: "volunteer",
}


@dataclass(frozen=True, slots=True)
class Name:
    """What tells one board from every other. The city's boards have no organization."""

    kind: str
    organization_id: int | None
    period: str
    starts_on: date

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "organization_id": self.organization_id,
            "period": self.period,
            "starts_on": self.starts_on,
        }


@dataclass(frozen=True, slots=True)
class Sheet:
    """Boards of one kind and period that are computed together; `boards`: place id (0: the city) → board id."""

    kind: str
    period: str
    starts_on: date
    boards: dict[int, int]


def first_day(period: str, day: date | None = None) -> date:
    """The first day of the period that `day` (default today) lies in."""
    return periods.first_day(period, day or clock.today())


def day_after(board: Board | Name | Sheet) -> date:
    """The first day that the board does not count any more."""
    return periods.first_day_after(board.period, board.starts_on)


def last_day(board: Board | Name | Sheet) -> date:
    return day_after(board) - timedelta(days=1)


def span(board: Board | Name | Sheet) -> tuple[datetime, datetime]:
    """First moment of the board's period and of the next one, where the city is."""
    return clock.midnight(board.starts_on), clock.midnight(day_after(board))


def names(kind: str, organization_id: int | None, day: date | None = None) -> Iterator[Name]:
    """The boards of one kind and place in the month, quarter and year that `day` lies in."""
    for period in Period:
        yield Name(kind, organization_id, period, first_day(period, day))


def names_of_service(district_id: int, community_id: int | None, day: date) -> Iterator[Name]:
    """Every board that counts what was served in a community on a day."""
    for kind in CITY:
        yield from names(kind, None, day)
    yield from names(BoardKind.DISTRICT_MEMBERS, district_id, day)
    if community_id is not None:
        yield from names(BoardKind.COMMUNITY_MEMBERS, community_id, day)


def kind_of(place: Organization) -> BoardKind:
    """The members' board of a district or a community; KeyError for nodes that have none."""
    kinds: dict[int, BoardKind] = {
        Tier.DISTRICT: BoardKind.DISTRICT_MEMBERS,
        Tier.COMMUNITY: BoardKind.COMMUNITY_MEMBERS,
    }
    return kinds[place.tier]


def subject_of(board: Board | Sheet) -> str:
    """The column of a row of this board that says whose it is."""
    return SUBJECTS[BoardKind(board.kind)]


def present(day: date | None = None) -> list[tuple[str, date]]:
    """(period, first day) of the month, quarter and year that `day` (default today) lies in."""
    return [(period, first_day(period, day)) for period in Period]
