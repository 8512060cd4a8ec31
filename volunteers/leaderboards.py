"""排行榜: members of a district in a month, quarter or year (S11, RULES 7). Every score opens to its entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from ground import clock
from organizations.models import Organization, Policy
from organizations.models.policies import Boards
from organizations.posts import Tier
from requests.models import Rating
from volunteers.ledger import bounds, first_day
from volunteers.models import Board, BoardRow, LedgerEntry, Registration, Volunteer
from volunteers.states import BoardKind, Period, VolunteerKind

#: The weights of RULES 7. Likes come with the policies.
PER_HOUR, PER_TIME, PER_STAR = Decimal(1), Decimal("0.5"), Decimal(2)
#: A mean rating begins as five ratings of three stars, so that one kind word does not lead the board.
PRIOR, PRIOR_WEIGHT = Decimal(3), 5
RATED = "whistle__service_request__rating__satisfied"
MEMBERS = (VolunteerKind.EMPLOYED, VolunteerKind.RESIDENT)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Tally:
    """What a score is made of: ledger minutes, services, and the stars given to the requests served."""

    volunteer_id: int
    minutes: int
    times: int
    stars: int
    ratings: int
    reached_at: datetime

    @property
    def score(self) -> Decimal:
        """hours + 0.5 × times + 2 × (mean rating shrunk by five prior ratings − 3), to two places."""
        shrunk = (PRIOR * PRIOR_WEIGHT + self.stars) / (PRIOR_WEIGHT + self.ratings)
        points = PER_HOUR * self.minutes / 60 + PER_TIME * self.times + PER_STAR * (shrunk - PRIOR)
        return points.quantize(_CENT, ROUND_HALF_UP)

    @property
    def mean_rating(self) -> Decimal | None:
        if not self.ratings:
            return None
        return (Decimal(self.stars) / self.ratings).quantize(_CENT, ROUND_HALF_UP)

    @property
    def order(self) -> tuple[Any, ...]:
        """Score, then hours, then who got there first."""
        return (-self.score, -self.minutes, self.reached_at, self.volunteer_id)


def entries_of(organization: Organization, period: str, today: date | None = None) -> QuerySet[LedgerEntry]:
    """The ledger entries that a board of the district counts: those of its members, by when they served."""
    start, end = bounds(period, today)
    return LedgerEntry.objects.filter(
        district=organization, served_at__gte=start, served_at__lt=end, volunteer__kind__in=MEMBERS
    )


def tallies(entries: QuerySet[LedgerEntry]) -> list[Tally]:
    """One query: the sums per volunteer, best first. A corrected claim counts as one service, rated once."""
    earlier = LedgerEntry.objects.filter(claim=OuterRef("claim"), pk__lt=OuterRef("pk"))
    rows = (
        entries.order_by()
        .annotate(is_first=~Exists(earlier))
        .values("volunteer_id")
        .annotate(
            total=Sum("minutes"),
            times=Count("claim", distinct=True),
            stars=Sum(RATED, filter=Q(is_first=True), default=0),
            ratings=Count(RATED, filter=Q(is_first=True)),
            reached_at=Max("at"),
        )
    )
    return in_order(
        Tally(
            volunteer_id=row["volunteer_id"],
            minutes=max(row["total"], 0),
            times=row["times"],
            stars=row["stars"],
            ratings=row["ratings"],
            reached_at=row["reached_at"],
        )
        for row in rows
    )


def in_order(found: Iterable[Tally]) -> list[Tally]:
    return sorted(found, key=lambda tally: tally.order)


def refresh_due() -> int:
    """Bring every board up to date where entries or ratings came in; returns how many were computed anew.

    Run by beat. Safe to repeat and side by side: a board's row is locked, and an unchanged one is left as it is.
    """
    districts = _with_boards(Organization.objects.open().filter(tier=Tier.DISTRICT))
    return sum(refresh(district, period) for district in districts for period in Period)


def refresh(organization: Organization, period: str) -> bool:
    """Compute one board anew if anything that it counts has changed; whether it was."""
    with transaction.atomic():
        named = {
            "kind": BoardKind.DISTRICT_MEMBERS,
            "organization": organization,
            "period": period,
            "starts_on": first_day(period),
        }
        Board.objects.get_or_create(**named, defaults={"refreshed_at": clock.now()})
        board = Board.objects.select_for_update().get(**named)
        _compute(board)
        board.refreshed_at = clock.now()
        board.save(update_fields=["refreshed_at"])
    return True


def _state_of(organization: Organization, period: str) -> str:
    """Newest entry and rating, with their numbers: a late commit changes the number where it keeps the newest."""
    entries = entries_of(organization, period).aggregate(newest=Max("pk"), number=Count("pk"))
    ratings = Rating.objects.filter(service_request__district=organization)
    rated = ratings.aggregate(newest=Max("at"), number=Count("pk"))
    newest = f"{rated['newest']:%y%m%d%H%M%S%f}" if rated["newest"] else "-"
    return f"{entries['newest'] or 0}/{entries['number']}:{newest}/{rated['number']}"


def _compute(board: Board) -> None:
    before = dict(board.rows.values_list("volunteer_id", "rank"))
    found = tallies(entries_of(board.organization, board.period, board.starts_on))
    board.rows.all().delete()
    BoardRow.objects.bulk_create(
        (
            BoardRow(
                board=board,
                volunteer_id=tally.volunteer_id,
                rank=rank,
                closed_rank=before.get(tally.volunteer_id),
                score=tally.score,
                minutes=tally.minutes,
                times=tally.times,
                mean_rating=tally.mean_rating,
            )
            for rank, tally in enumerate(found, start=1)
        ),
        batch_size=1000,
    )


def board_of(organization: Organization, period: str) -> Board | None:
    """The district's board of the present month, quarter or year, as last computed."""
    return Board.objects.filter(organization=organization, period=period, starts_on=first_day(period)).first()


def rows_of(board: Board, boards: str = Boards.ON) -> QuerySet[BoardRow]:
    """The rows of a board in order that the policy shows, with what a page says about each."""
    rows = board.rows.select_related("board", "volunteer__user", "volunteer__member__unit").order_by("rank")
    return rows.filter(rank__lte=_last_shown(board.rows.count())) if boards == Boards.POSITIVE else rows


def place_of(row: BoardRow, boards: str) -> int | None:
    """The place of a row of `row_of`, where the policy shows one."""
    is_shown = boards == Boards.ON or row.rank <= _last_shown(row.size)  # type: ignore[attr-defined]
    return row.rank if is_shown else None


def _last_shown(size: int) -> int:
    """The last place of the first third."""
    return -(-size // 3)


def row_of(volunteer_id: int, organization_id: int, period: str) -> BoardRow | None:
    """Where one volunteer stands on the present board of a district."""
    rows = BoardRow.objects.select_related("board", "volunteer__user", "volunteer__member__unit")
    size = BoardRow.objects.filter(board=OuterRef("board")).order_by().values("board").annotate(n=Count("pk"))
    rows = rows.annotate(size=Subquery(size.values("n")))
    return rows.filter(
        board__organization=organization_id,
        board__period=period,
        board__starts_on=first_day(period),
        volunteer=volunteer_id,
    ).first()


def visible_to(user: Any) -> QuerySet[Organization]:
    """The districts whose boards the user may open: a member's own, where one is registered, within one's posts.

    Boards name people: who has only asked to be registered is a stranger yet. Where the policy sets boards
    off there are none; the others carry in `boards_shown` what their policy shows.
    """
    districts = _with_boards(Organization.objects.filter(tier=Tier.DISTRICT))
    if not user.is_authenticated:
        return districts.none()
    own = Volunteer.objects.filter(user=user, member__isnull=False).values("district")
    registered = Registration.objects.confirmed().filter(volunteer__user=user).values("district")
    seen = Organization.objects.visible_to(user).order_by().values("tree_id")
    return districts.filter(Q(pk__in=own) | Q(pk__in=registered) | Q(tree_id__in=seen))


def _with_boards(districts: QuerySet[Organization]) -> QuerySet[Organization]:
    """Those whose policy has boards, each with what it shows in `boards_shown`: in the same query."""
    begun = Policy.objects.filter(district=OuterRef("pk"), begins_on__lte=clock.today())
    said = Coalesce(Subquery(begun.values("boards")[:1]), Value(Boards.ON))
    return districts.annotate(boards_shown=said).exclude(boards_shown=Boards.OFF)


def open_to(user: Any) -> dict[int, str]:
    """District id → what its boards show, of those whose boards the user may open.

    One query, kept for the rest of the HTTP request on `user.scope_cache`.
    """
    cache: dict[Any, Any] = getattr(user, "scope_cache", {})
    if "boards" not in cache:
        cache["boards"] = dict(visible_to(user).values_list("pk", "boards_shown"))
    return cache["boards"]


def movement(row: BoardRow) -> int | None:
    """Places gained (positive) or lost since the last time the board changed; None for a newcomer."""
    return None if row.closed_rank is None else row.closed_rank - row.rank
