"""What boards count, as querysets: entries of members, refusals, members of units; and on which terms (RULES 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
)

from ground import clock
from organizations.models import Organization, Policy
from organizations.models.policies import Boards
from organizations.posts import Tier
from volunteers.leaderboards.naming import CITY, Sheet, last_day, span, subject_of
from volunteers.models import Board, Claim, LedgerEntry, Registration
from volunteers.states import (
    BoardKind,
    ClaimState,
    EntryKind,
    RegistrationState,
    VolunteerKind,
    WhistleKind,
)

MEMBERS = (VolunteerKind.EMPLOYED, VolunteerKind.RESIDENT)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the policy of a district says to a board: the weight of a like in hundredths, and whether likes show."""

    weight: int
    shows_likes: bool


def terms_of(sheet: Sheet) -> dict[int, Terms]:
    """District id → its terms, of the districts that have boards. Three queries.

    Whether a district has boards is asked today; what a like weighs, on the last day of a board that is over:
    later policies do not change what was earned.
    """
    districts = list(
        Organization.objects.filter(tier=Tier.DISTRICT).order_by("pk").values_list("pk", flat=True)
    )
    now = Policy.in_force_in(districts)
    then = Policy.in_force_in(districts, min(clock.today(), last_day(sheet)))
    return {
        pk: Terms(
            weight=int(then[pk].like_weight * 100) if then[pk].likes_shown else 0,
            shows_likes=now[pk].likes_shown,
        )
        for pk in districts
        if now[pk].boards != Boards.OFF
    }


def entries_of(board: Board) -> QuerySet[LedgerEntry]:
    """The ledger entries that a board counts: those of members, by when and where they served."""
    return _entries(Sheet(board.kind, board.period, board.starts_on, {board.organization_id or 0: board.pk}))


def _entries(sheet: Sheet) -> QuerySet[LedgerEntry]:
    start, end = span(sheet)
    rows = LedgerEntry.objects.filter(
        served_at__gte=start, served_at__lt=end, volunteer__kind__in=MEMBERS, **_places(sheet)
    ).order_by()
    if sheet.kind == BoardKind.CITY_UNITS:
        return rows.filter(unit__isnull=False)
    return rows.filter(community__isnull=False) if sheet.kind == BoardKind.CITY_COMMUNITIES else rows


def counted(sheet: Sheet, terms: dict[int, Terms]) -> QuerySet[Any, Any]:
    """The entries as the sums want them: `is_service` is 1 in the one entry by which a credited claim counts once.

    A claim has one entry of the kind CREDIT (a constraint of the ledger); corrections and reversals come on top.
    """
    rows = _entries(sheet)
    if sheet.kind in CITY:
        rows = rows.filter(district__in=list(terms) or [0])  # an empty list is no SQL
    is_service = Q(kind=EntryKind.CREDIT, claim__state=ClaimState.CREDITED)
    return rows.annotate(
        place=_place(sheet),
        subject=F(f"{subject_of(sheet)}_id"),
        is_service=Case(When(is_service, then=1), default=0, output_field=IntegerField()),
        weight=_by_district({pk: each.weight for pk, each in terms.items()}),
        shown=_by_district({pk: int(each.shows_likes) for pk, each in terms.items()}),
    ).values("place", "subject", "whistle_id", "minutes", "at", "is_service", "weight", "shown")


def refused(sheet: Sheet) -> QuerySet[Any, Any]:
    """Claims that were not credited, by whose they are."""
    start, end = span(sheet)
    path = {
        "volunteer": "volunteer_id",
        "unit": "volunteer__member__unit_id",
        "community": "whistle__community_id",
    }
    rows = Claim.objects.filter(
        _served_in(start, end),
        state=ClaimState.REFUSED,
        volunteer__kind__in=MEMBERS,
        **{f"whistle__{name}": value for name, value in _places(sheet).items()},
    ).order_by()
    rows = rows.annotate(place=_place(sheet, "whistle__"), subject=F(path[subject_of(sheet)]))
    return rows.values("place", "subject").annotate(number=Count("pk"))


def _served_in(start: datetime, end: datetime) -> Q:
    """Claims that count in [start, end), as `ledger.served_at` has it for one of them."""
    wish = Q(whistle__kind=WhistleKind.WISH)
    begun = Q(whistle__starts_at__gte=start, whistle__starts_at__lt=end)
    fulfilled = Q(checked_out_at__gte=start, checked_out_at__lt=end)
    past = Q(checked_out_at=None, whistle__ends_at__gte=start, whistle__ends_at__lt=end)
    return (~wish & begun) | (wish & (fulfilled | past))


def members_of_units(sheet: Sheet) -> QuerySet[Any, Any]:
    """Registered members by unit, as they were at the end of the period, or are now."""
    moment = min(clock.now(), span(sheet)[1])
    rows = Registration.objects.filter(
        Q(state=RegistrationState.CONFIRMED) | Q(state=RegistrationState.ENDED, ended_at__gt=moment),
        confirmed_at__lte=moment,
        volunteer__kind__in=MEMBERS,
        volunteer__member__unit__isnull=False,
    )
    unit = F("volunteer__member__unit_id")
    return rows.order_by().values(subject=unit).annotate(number=Count("volunteer", distinct=True))


_COLUMNS = {BoardKind.DISTRICT_MEMBERS: "district", BoardKind.COMMUNITY_MEMBERS: "community"}


def _places(sheet: Sheet) -> dict[str, Any]:
    """Where the boards count: some districts, some communities, or everywhere."""
    column = _COLUMNS.get(BoardKind(sheet.kind))
    return {f"{column}__in": list(sheet.boards)} if column else {}


def _place(sheet: Sheet, prefix: str = "") -> Any:
    """The place on whose board a row counts; 0 is the city."""
    column = _COLUMNS.get(BoardKind(sheet.kind))
    return F(f"{prefix}{column}_id") if column else Value(0, output_field=IntegerField())


def _by_district(values: dict[int, int]) -> Any:
    """A number that depends on the entry's district; a plain one where all agree."""
    if len(set(values.values())) <= 1:
        return Value(next(iter(values.values()), 0), output_field=IntegerField())
    cases = [When(district=pk, then=Value(value)) for pk, value in values.items()]
    return Case(*cases, default=Value(0), output_field=IntegerField())
