"""Bringing boards up to date: where news says so, and all of them every night (S11).

Safe to kill and to run side by side: boards of a kind and period are computed anew together in one transaction,
under their locks, from what is committed by then; news is forgotten only after all boards concerned are done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ground import clock
from organizations.models import Organization, Policy
from organizations.posts import Tier
from volunteers.leaderboards import naming, scoring
from volunteers.leaderboards.naming import Name, Sheet
from volunteers.leaderboards.sight import with_boards
from volunteers.models import Board, BoardNews, BoardRow, LedgerEntry
from volunteers.states import BoardKind

#: So much news is read in one round; what is beyond waits for the next.
MOST_NEWS = 50_000
#: So many boards are computed in one transaction.
TOGETHER = 1_000
_FIGURES = ("rank", "score", "minutes", "times", "mean_rating", "likes", "refusals", "members")
#: Where boards are reckoned before their rows are touched: what has not changed is not written.
_DRAFT = """CREATE TEMPORARY TABLE IF NOT EXISTS board_draft (
    board_id BIGINT, subject BIGINT, rank INTEGER, score NUMERIC(9, 2), minutes INTEGER, times INTEGER,
    mean_rating NUMERIC(3, 2), likes INTEGER, refusals INTEGER, members INTEGER, PRIMARY KEY (board_id, subject))"""
_FORGET = """DELETE FROM {table} AS o WHERE o.board_id IN ({boards})
    AND NOT EXISTS (SELECT 1 FROM board_draft d WHERE {same})"""
_CHANGE = "UPDATE {table} AS o SET {changes} FROM board_draft d WHERE {same} AND ({differs})"
_ADD = """INSERT INTO {table} (board_id, {subject}, {columns}) SELECT d.board_id, d.subject, {values}
    FROM board_draft d WHERE NOT EXISTS (SELECT 1 FROM {table} o WHERE {same})"""


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
    done = refresh_named(_concerned(matters))
    BoardNews.objects.filter(pk__in=[pk for pk, *_ in news]).delete()
    return done


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

    The night's work: members who registered or left write no news. Nor does a policy: boards that were computed
    before one took effect follow it, past ones too.
    """
    today = clock.midnight(clock.today())
    fresh = {_name(board) for board in _present_boards().filter(refreshed_at__gte=today)}
    return refresh_named(({*_wanted()} - fresh) | {_name(board) for board in _judged_anew()})


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
    """Every board that was computed before a policy took effect: on its first day, or when it was signed on it."""
    begun = Policy.objects.filter(begins_on__lte=clock.today()).order_by()
    latest: dict[int, datetime] = {}
    for tree, day, signed_at in begun.values_list("district__tree_id", "begins_on", "signed_at"):
        latest[tree] = max(clock.midnight(day), signed_at, latest.get(tree, signed_at))
    if not latest:
        return Board.objects.none()
    old = Q(organization=None, refreshed_at__lte=max(latest.values()))
    for tree, moment in latest.items():
        old |= Q(organization__tree_id=tree, refreshed_at__lte=moment)
    return Board.objects.filter(old).order_by("pk")


def refresh_named(names: Iterable[Name]) -> int:
    """Compute boards anew, and make them where they are not there yet; returns how many."""
    sheets: dict[tuple[str, str, date], list[Name]] = defaultdict(list)
    for name in set(names):
        sheets[name.kind, name.period, name.starts_on].append(name)
    for alike in (sheets[key] for key in sorted(sheets, key=_places_first)):
        boards = sorted(_board(name) for name in alike)
        for first in range(0, len(boards), TOGETHER):
            _refresh(boards[first : first + TOGETHER])
    return sum(len(alike) for alike in sheets.values())


def _places_first(key: tuple[str, str, date]) -> tuple[bool, tuple[str, str, date]]:
    """Boards of places before the city's, so that a long round shows something soon."""
    return key[0] in naming.CITY, key


def _board(name: Name) -> int:
    """The id of a board, made where it is not there yet. A new one has nothing to close of the days before."""
    found = Board.objects.filter(**name.columns).values_list("pk", flat=True).first()
    if found is not None:
        return found
    closed = min(clock.today() - timedelta(days=1), naming.last_day(name))
    try:
        with transaction.atomic():
            return Board.objects.create(**name.columns, refreshed_at=clock.now(), closed_on=closed).pk
    except IntegrityError:  # somebody made it meanwhile
        return Board.objects.values_list("pk", flat=True).get(**name.columns)


def refresh(board: Board) -> None:
    """Compute one board anew."""
    _refresh([board.pk])


def _refresh(boards: list[int]) -> None:
    """Compute boards of one kind and period anew, under their locks."""
    with transaction.atomic():
        rows = list(Board.objects.select_for_update().filter(pk__in=boards).order_by("pk"))
        begun = clock.now()  # a policy that is signed from here on comes too late for this round
        first = rows[0]
        places = {row.organization_id or 0: row.pk for row in rows}
        sheet = Sheet(first.kind, first.period, first.starts_on, places)
        if BoardRow.objects.filter(board__in=boards).exists():
            _draft(sheet)
            _take_over(sheet)
        else:
            _fill(sheet)
        Board.objects.filter(pk__in=boards).update(refreshed_at=begun)


def _fill(sheet: Sheet) -> None:
    """Boards without rows: the one aggregate query writes them."""
    text, parameters = scoring.ranked(sheet)
    columns = ", ".join(("board_id", f"{naming.subject_of(sheet)}_id", *_FIGURES))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {BoardRow._meta.db_table} ({columns}) {text}", parameters)  # noqa: S608


def _draft(sheet: Sheet) -> None:
    """The one aggregate query, where there are rows to compare with."""
    text, parameters = scoring.ranked(sheet)
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(f"{_DRAFT} ON COMMIT DELETE ROWS" if is_postgresql else _DRAFT)
        cursor.execute("DELETE FROM board_draft")
        columns = ", ".join(("board_id", "subject", *_FIGURES))
        cursor.execute(f"INSERT INTO board_draft ({columns}) {text}", parameters)  # noqa: S608 - our own text
        if is_postgresql:  # or the planner guesses what is in it
            cursor.execute("ANALYZE board_draft")


def _take_over(sheet: Sheet) -> None:
    """Make the rows what the draft says, writing only what differs; `closed_rank` stays as it was."""
    subject = f"{naming.subject_of(sheet)}_id"
    words = {
        "table": BoardRow._meta.db_table,
        "subject": subject,
        "same": f"o.board_id = d.board_id AND o.{subject} = d.subject",
        "boards": ", ".join(str(int(pk)) for pk in sheet.boards.values()),
        "columns": ", ".join(_FIGURES),
        "values": ", ".join(f"d.{name}" for name in _FIGURES),
        "changes": ", ".join(f"{name} = d.{name}" for name in _FIGURES),
        "differs": " OR ".join(f"COALESCE(o.{name}, -1) <> COALESCE(d.{name}, -1)" for name in _FIGURES),
    }
    with connection.cursor() as cursor:
        for text in (_FORGET, _CHANGE, _ADD):
            cursor.execute(text.format(**words))
