"""Who may open which boards, and what the policies of the districts let them show (RULES 5, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from ground import clock
from ground.kept import A_DAY, A_KEY, Kept
from organizations.models import Organization, Policy, Unit
from organizations.models.policies import Boards
from organizations.posts import Power, Seat, Tier
from organizations.scope import scope_of
from volunteers.leaderboards import naming
from volunteers.models import Board, BoardRow, BoardSnapshot, Registration, Star, Volunteer

#: Tiers that have a board of their own.
PLACES = (Tier.DISTRICT, Tier.COMMUNITY)


def saying_boards(nodes: QuerySet[Organization], today: date | None = None) -> QuerySet[Organization]:
    """Each with what the policy of its district shows in `boards_shown`, Boards.OFF among it: in the same query."""
    begun = Policy.objects.filter(
        district__tree_id=OuterRef("tree_id"), begins_on__lte=today or clock.today()
    )
    said = Coalesce(Subquery(begun.values("boards")[:1]), Value(Boards.ON))
    is_public = Coalesce(Subquery(begun.values("boards_public")[:1]), Value(False))
    return nodes.annotate(boards_shown=said, boards_public=is_public)


def with_boards(nodes: QuerySet[Organization]) -> QuerySet[Organization]:
    """Those whose district's policy has boards, each with what it shows in `boards_shown`."""
    return saying_boards(nodes).exclude(boards_shown=Boards.OFF)


def visible_to(user: Any) -> QuerySet[Organization]:
    """The districts whose boards the user may open: a member's own, where one is registered, within one's posts.

    Boards name people: who has only asked to be registered is a stranger yet. Where the policy sets boards
    off there are none; the others carry in `boards_shown` what their policy shows.
    """
    districts = with_boards(Organization.objects.filter(tier=Tier.DISTRICT))
    if not user.is_authenticated:
        return districts.none()
    own = Volunteer.objects.filter(user=user, member__isnull=False).values("district")
    registered = Registration.objects.confirmed().filter(volunteer__user=user).values("district")
    grants = scope_of(user).with_power(Power.TREE_SEE)
    if any(grant.seat is Seat.CITY for grant in grants):
        return districts
    seen = sorted({grant.interval[0] for grant in grants if grant.organization_id})
    return districts.filter(Q(pk__in=own) | Q(pk__in=registered) | Q(tree_id__in=seen))


def open_to(user: Any) -> dict[int, str]:
    """District id → what its boards show, of those whose boards the user may open.

    One query, kept for the rest of the HTTP request on `user.scope_cache`.
    """
    cache: dict[Any, Any] = getattr(user, "scope_cache", {})
    if "boards" not in cache:
        cache["boards"] = dict(visible_to(user).values_list("pk", "boards_shown"))
    return cache["boards"]


def places_open_to(user: Any) -> QuerySet[Organization]:
    """The places whose boards the user may open: districts, and the communities of each."""
    trees = visible_to(user).order_by().values("tree_id")
    return with_boards(Organization.objects.filter(tier__in=PLACES, tree_id__in=trees))


def public_places() -> QuerySet[Organization]:
    """Those whose policy opens its boards to everybody."""
    return with_boards(Organization.objects.filter(tier__in=PLACES)).filter(boards_public=True)


# Rows


@dataclass(frozen=True, slots=True)
class District:
    """What a district lets be shown on boards of the city."""

    pk: int
    tree_id: int
    boards: str
    is_public: bool


def districts() -> list[District]:
    """All districts that have boards. One query."""
    rows = with_boards(Organization.objects.filter(tier=Tier.DISTRICT)).order_by("pk")
    return [District(*row) for row in rows.values_list("pk", "tree_id", "boards_shown", "boards_public")]


def first_third(size: int) -> int:
    """The last place of the first third."""
    return -(-size // 3)


def size_of(board: Board) -> int:
    """How many places there are. One query, from the index: places have no gaps."""
    return board.rows.order_by("-rank").values_list("rank", flat=True).first() or 0


def rows_of(board: Board, boards: str | None = None, *, size: int | None = None) -> QuerySet[BoardRow]:
    """The rows of a board in order that the policies show.

    `boards`: what the district shows; for a board of the city each row is judged by the policy of its own district.
    Where boards are positive nobody below the first third is named, nor who wishes not to be.
    """
    rows = _with_names(board.rows.all()).order_by("rank")
    if board.kind not in naming.CITY:
        return rows.exclude(_unnamed(board, size)) if boards == Boards.POSITIVE else rows
    switched = districts()
    positive = [each for each in switched if each.boards == Boards.POSITIVE]
    rows = rows.filter(_of(board, switched))
    return rows.exclude(_unnamed(board, size) & _of(board, positive)) if positive else rows


def _unnamed(board: Board, size: int | None) -> Q:
    """Below the first third, or not willing to be named."""
    last = first_third(size_of(board) if size is None else size)
    return Q(rank__gt=last) | Q(volunteer__hides_from_boards=True)


def public_rows(board: Board, boards: str | None = None) -> QuerySet[BoardRow]:
    """What everybody may read: on boards of the city only rows of districts that allow it."""
    rows = rows_of(board, boards)
    if board.kind not in naming.CITY:
        return rows
    return rows.filter(_of(board, [each for each in districts() if each.is_public]))


def _of(board: Board, switched: list[District]) -> Q:
    """Rows that belong to one of the districts."""
    if naming.subject_of(board) == "community":
        return Q(community__tree_id__in=[each.tree_id for each in switched])
    return Q(**{f"{naming.subject_of(board)}__district__in": [each.pk for each in switched]})


def _with_names(rows: QuerySet[BoardRow]) -> QuerySet[BoardRow]:
    return rows.select_related("board", "volunteer__user", "volunteer__member__unit", "unit", "community")


def searched(rows: QuerySet[BoardRow], words: str) -> QuerySet[BoardRow]:
    """Those whose name has the words in it."""
    return rows.filter(
        Q(volunteer__member__name__icontains=words)
        | Q(volunteer__member=None, volunteer__user__name__icontains=words)
        | Q(unit__name__icontains=words)
        | Q(community__name__icontains=words)
        | Q(community__short_name__icontains=words)
    )


# One board, one row


def board_of(place: Organization, period: str, day: date | None = None) -> Board | None:
    """The members' board of a district or community in the period that `day` (default today) lies in."""
    return find(naming.kind_of(place), place.pk, period, day)


def find(kind: str, organization_id: int | None, period: str, day: date | None = None) -> Board | None:
    """A board as last computed; None where nothing has been counted yet."""
    starts_on = naming.first_day(period, day)
    rows = Board.objects.select_related("organization")
    return rows.filter(kind=kind, organization=organization_id, period=period, starts_on=starts_on).first()


def days_of(kind: str, organization_id: int | None, period: str, most: int = 24) -> list[date]:
    """The first days of the periods that have a board, newest first."""
    rows = Board.objects.filter(kind=kind, organization=organization_id, period=period)
    return list(rows.order_by("-starts_on").values_list("starts_on", flat=True)[:most])


def row_of(volunteer_id: int, organization_id: int, period: str, day: date | None = None) -> BoardRow | None:
    """Where one volunteer stands on the members' board of a district or community."""
    return row_in(
        Q(board__organization=organization_id, board__period=period)
        & Q(board__starts_on=naming.first_day(period, day), volunteer=volunteer_id)
    )


def row_in(which: Q) -> BoardRow | None:
    """One row with the size of its board in `size`."""
    last = BoardRow.objects.filter(board=OuterRef("board")).order_by("-rank").values("rank")[:1]
    return _with_names(BoardRow.objects.annotate(size=Subquery(last))).filter(which).first()


def top_of(place: Organization, period: str, boards: str, most: int) -> list[BoardRow]:
    """The first places of the present board of a district or community that the policy shows: one query."""
    rows = _top(most, boards == Boards.POSITIVE)(
        kind=naming.kind_of(place), place=place.pk, period=period, first=naming.first_day(period)
    )
    return [row for row in rows if place_of(row, boards) is not None]


@cache
def _top(most: int, is_positive: bool) -> Kept[BoardRow]:
    last = BoardRow.objects.filter(board=OuterRef("board")).order_by("-rank").values("rank")[:1]
    rows = _with_names(BoardRow.objects.annotate(size=Subquery(last)))
    named = rows.exclude(volunteer__hides_from_boards=True) if is_positive else rows

    def build(kind: str, place: int, period: str, first: date) -> QuerySet[BoardRow]:
        of_board = named.filter(
            board__kind=kind, board__organization=place, board__period=period, board__starts_on=first
        )
        return of_board.order_by("rank")[:most]

    return Kept(build, kind="a kind", place=A_KEY, period="a period", first=A_DAY)


def place_of(row: BoardRow, boards: str) -> int | None:
    """The place of a row of `row_of`, where the policy shows one."""
    is_shown = boards == Boards.ON or row.rank <= first_third(row.size)  # type: ignore[attr-defined]
    return row.rank if is_shown else None


def movement(row: BoardRow) -> int | None:
    """Places gained (positive) or lost since the board was last closed; None for a newcomer."""
    return None if row.closed_rank is None else row.closed_rank - row.rank


# Stars


def stars_of(place: Any, month: date | None = None) -> list[Star]:
    """The stars of a place in a month, or in the last one that has any. Two queries at most.

    Where boards are positive nobody is named who has left them since.
    """
    rows = Star.objects.filter(organization=place).select_related(
        "volunteer__user", "volunteer__member__unit"
    )
    if place.boards_shown == Boards.POSITIVE:
        rows = rows.exclude(volunteer__hides_from_boards=True)
    if month is None:
        newest = Star.objects.filter(organization=place).order_by("-month").values("month")[:1]
        return list(rows.filter(month=Subquery(newest)).order_by("rank"))
    return list(rows.filter(month=month).order_by("rank"))


def stars_in(places: QuerySet[Organization]) -> QuerySet[Star]:
    """The stars of several places (of `places_open_to`), newest first, without those who are not to be named."""
    positive = places.filter(boards_shown=Boards.POSITIVE).order_by().values("pk")
    rows = Star.objects.filter(organization__in=places.order_by().values("pk"))
    rows = rows.exclude(organization__in=positive, volunteer__hides_from_boards=True)
    return rows.select_related("organization", "volunteer__user", "volunteer__member")


def snapshot_rows(snapshot: BoardSnapshot, boards: str | None) -> list[dict[str, Any]]:
    """What a snapshot may still show: its rows without those that the policies do not name today, as `rows_of`."""
    return rows_by_day([snapshot], boards)[snapshot.pk]


def rows_by_day(snapshots: Sequence[BoardSnapshot], boards: str | None) -> dict[int, list[dict[str, Any]]]:
    """The same of several snapshots of one board, by their ids. Three queries at most, however many there are."""
    if not snapshots or (snapshots[0].board.kind not in naming.CITY and boards == Boards.ON):
        return {snapshot.pk: list(snapshot.rows) for snapshot in snapshots}
    board, ids = snapshots[0].board, {row["id"] for snapshot in snapshots for row in snapshot.rows}
    said = _said_of(board, ids) if board.kind in naming.CITY else dict.fromkeys(ids, boards)
    hidden: set[int] = set()
    if naming.subject_of(board) == "volunteer":
        people = Volunteer.objects.filter(pk__in=ids, hides_from_boards=True)
        hidden = set(people.values_list("pk", flat=True))

    def is_named(row: dict[str, Any], last: int) -> bool:
        if said.get(row["id"]) == Boards.POSITIVE:
            return row["rank"] <= last and row["id"] not in hidden
        return said.get(row["id"]) == Boards.ON

    return {
        snapshot.pk: [row for row in snapshot.rows if is_named(row, first_third(snapshot.size))]
        for snapshot in snapshots
    }


def _said_of(board: Board, ids: Iterable[int]) -> dict[int, str]:
    """Id of a row's subject → what the boards of its district show; nothing where it has none. Two queries."""
    switched = districts()
    if naming.subject_of(board) == "community":
        by_tree = {each.tree_id: each.boards for each in switched}
        homes = dict(Organization.objects.filter(pk__in=ids).order_by().values_list("pk", "tree_id"))
        return {pk: by_tree[tree] for pk, tree in homes.items() if tree in by_tree}
    by_district = {each.pk: each.boards for each in switched}
    model: Any = Volunteer if naming.subject_of(board) == "volunteer" else Unit
    homes = dict(model.objects.filter(pk__in=ids).order_by().values_list("pk", "district"))
    return {pk: by_district[home] for pk, home in homes.items() if home in by_district}
