"""Bringing boards up to date: where news says so, and all of them every night (S11).

Safe to kill and to run side by side: every board is computed anew in a transaction of its own, under its lock,
from what is committed by then; news is forgotten only after all boards concerned are done.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ground import clock
from organizations.models import Organization, Policy
from organizations.posts import Tier
from volunteers.leaderboards import naming, scoring
from volunteers.leaderboards.naming import Name
from volunteers.leaderboards.sight import with_boards
from volunteers.models import Board, BoardNews, BoardRow, LedgerEntry
from volunteers.states import BoardKind

#: So much news is read in one round; what is beyond waits for the next.
MOST_NEWS = 50_000
_FIGURES = ("rank", "score", "minutes", "times", "mean_rating", "likes", "refusals", "members")
#: Where a board is reckoned before its rows are touched: what has not changed is not written.
_DRAFT = """CREATE TEMPORARY TABLE IF NOT EXISTS board_draft (
    subject BIGINT PRIMARY KEY, rank INTEGER, score NUMERIC(9, 2), minutes INTEGER, times INTEGER,
    mean_rating NUMERIC(3, 2), likes INTEGER, refusals INTEGER, members INTEGER)"""

_FORGET = """DELETE FROM {table} AS o
    WHERE o.board_id = %s AND NOT EXISTS (SELECT 1 FROM board_draft d WHERE d.subject = o.{subject})"""
_CHANGE = "UPDATE {table} AS o SET {changes} FROM board_draft d WHERE {here} AND ({differs})"
_ADD = """INSERT INTO {table} (board_id, {subject}, {columns}) SELECT %s, d.subject, {values}
    FROM board_draft d WHERE NOT EXISTS (SELECT 1 FROM {table} o WHERE {here})"""


def refresh_due() -> int:
    """Bring the boards up to date that news has come for, also those of past periods; returns how many.

    Run by beat every ten minutes. Where nothing has changed nothing is computed.
    """
    news = list(
        BoardNews.objects.order_by("pk").values_list("pk", "district", "community", "served_on")[:MOST_NEWS]
    )
    if not news:
        return 0
    matters = {(district, community, day) for _, district, community, day in news}
    done = sum(refresh_named(name) for name in sorted(_concerned(matters), key=_order))
    BoardNews.objects.filter(pk__in=[pk for pk, *_ in news]).delete()
    return done


def _order(name: Name) -> tuple[str, str, str, int]:
    """Always the same: boards of places before the city's, so that a long round shows something soon."""
    return (
        {"community": "0", "district": "1"}.get(name.kind.partition("_")[0], "2"),
        name.kind,
        f"{name.period}{name.starts_on}",
        name.organization_id or 0,
    )


def _concerned(matters: Iterable[tuple[int, int | None, object]]) -> set[Name]:
    """The boards that count any of it, of the districts that have boards."""
    found: set[Name] = set()
    switched_on = set(
        with_boards(Organization.objects.filter(tier=Tier.DISTRICT)).values_list("pk", flat=True)
    )
    for district, community, day in matters:
        if district in switched_on:
            found.update(naming.names_of_service(district, community, day))  # type: ignore[arg-type]
    return found


def refresh_all() -> int:
    """Compute every board of the present month, quarter and year that was not computed today; returns how many.

    The night's work: the policy that comes into force, and members who registered or left, write no news. Where a
    policy begins today, past boards follow too.
    """
    today = clock.midnight(clock.today())
    fresh = {_name(board) for board in _present_boards().filter(refreshed_at__gte=today)}
    wanted = [name for name in _wanted() if name not in fresh]
    done = sum(refresh_named(name) for name in sorted(wanted, key=_order))
    return done + sum(refresh(board) for board in _judged_anew().filter(refreshed_at__lt=today))


def _name(board: Board) -> Name:
    return Name(board.kind, board.organization_id, board.period, board.starts_on)


def _present_boards() -> QuerySet[Board]:
    now = Q()
    for period, day in naming.present():
        now |= Q(period=period, starts_on=day)
    return Board.objects.filter(now)


def _wanted() -> Iterable[Name]:
    """The present boards of the city, of the districts, and of the communities where somebody served this year."""
    for kind in naming.CITY:
        yield from naming.names(kind, None)
    start, end = naming.span(Name("", None, "year", naming.first_day("year")))
    served = LedgerEntry.objects.filter(served_at__gte=start, served_at__lt=end)
    districts = with_boards(Organization.objects.filter(tier=Tier.DISTRICT))
    for pk in districts.filter(Exists(served.filter(district=OuterRef("pk")))).values_list("pk", flat=True):
        yield from naming.names(BoardKind.DISTRICT_MEMBERS, pk)
    communities = with_boards(Organization.objects.filter(tier=Tier.COMMUNITY))
    for pk in communities.filter(Exists(served.filter(community=OuterRef("pk")))).values_list(
        "pk", flat=True
    ):
        yield from naming.names(BoardKind.COMMUNITY_MEMBERS, pk)


def _judged_anew() -> QuerySet[Board]:
    """Every board that a policy which begins today may have changed."""
    begun = Policy.objects.filter(begins_on=clock.today()).values("district__tree_id")
    if not begun.exists():
        return Board.objects.none()
    return Board.objects.filter(Q(organization=None) | Q(organization__tree_id__in=begun)).order_by("pk")


def refresh_named(name: Name) -> bool:
    """Compute one board anew, and make it where it is not there yet."""
    board = Board.objects.filter(**name.columns).first()
    if board is None:
        try:
            with transaction.atomic():
                board = Board.objects.create(**name.columns, refreshed_at=clock.now())
        except IntegrityError:  # somebody made it meanwhile
            board = Board.objects.get(**name.columns)
    return refresh(board)


def refresh(board: Board) -> bool:
    """Compute one board anew, under its lock."""
    with transaction.atomic():
        board = Board.objects.select_for_update(of=("self",)).select_related("organization").get(pk=board.pk)
        _draft(board)
        _take_over(board)
        board.refreshed_at = clock.now()
        board.save(update_fields=["refreshed_at"])
    return True


def _draft(board: Board) -> None:
    """The one aggregate query of a board."""
    text, parameters = scoring.ranked(board)
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(f"{_DRAFT} ON COMMIT DELETE ROWS" if is_postgresql else _DRAFT)
        cursor.execute("DELETE FROM board_draft")
        columns = ", ".join(("subject", *_FIGURES))
        cursor.execute(f"INSERT INTO board_draft ({columns}) {text}", parameters)  # noqa: S608 - our own text


def _take_over(board: Board) -> None:
    """Make the board's rows what the draft says, writing only what differs; `closed_rank` stays as it was."""
    subject = f"{naming.subject_of(board)}_id"
    words = {
        "table": BoardRow._meta.db_table,
        "subject": subject,
        "here": f"o.board_id = %s AND o.{subject} = d.subject",
        "columns": ", ".join(_FIGURES),
        "values": ", ".join(f"d.{name}" for name in _FIGURES),
        "changes": ", ".join(f"{name} = d.{name}" for name in _FIGURES),
        "differs": " OR ".join(f"COALESCE(o.{name}, -1) <> COALESCE(d.{name}, -1)" for name in _FIGURES),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FORGET.format(**words), [board.pk])
        cursor.execute(_CHANGE.format(**words), [board.pk])
        cursor.execute(_ADD.format(**words), [board.pk, board.pk])
