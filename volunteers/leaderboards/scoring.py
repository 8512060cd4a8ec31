"""The score of RULES 7, reckoned and ranked by the database: one aggregate query for boards of a kind and period.

The querysets of `counting` say what is counted; the text here says how it is summed, and is the same on SQLite
and PostgreSQL. All of it is whole numbers up to the last division, so that both round the same way (half up).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from requests.models import Rating
from volunteers.leaderboards import counting
from volunteers.leaderboards.naming import Sheet, span
from volunteers.models import Board, Thanks, Whistle
from volunteers.states import BoardKind

#: A unit is ranked from so many registered members on.
FEWEST_MEMBERS = 5
#: points = (minutes / 60 + times / 2 + likes × w) / members + 2 × ((15 + stars) / (5 + ratings) − 3), over one
#: denominator, in hundredths. The mean rating begins as five ratings of three stars (RULES 7).
_NUMERATOR = """(
    (10 * minutes + 300 * times + 6 * weighted) * (5 + ratings) + 1200 * members * (stars - 3 * ratings)
)"""
_DENOMINATOR = "(6 * members * (5 + ratings))"
#: Rounded half away from zero: whole division cuts off.
CENTS = f"""CASE WHEN {_NUMERATOR} >= 0
    THEN (2 * {_NUMERATOR} + {_DENOMINATOR}) / (2 * {_DENOMINATOR})
    ELSE -((-2 * {_NUMERATOR} + {_DENOMINATOR}) / (2 * {_DENOMINATOR})) END"""
MEAN = "CASE WHEN ratings > 0 THEN (200 * stars + ratings) / (2 * ratings) / 100.0 END"

#: A person rates a service once: the stars of a thank-you do not count beside the rating of the request by the same.
_SUMS = """
WITH counted AS ({counted}),
marks AS (
    SELECT said.whistle_id, SUM(said.stars) AS stars, COUNT(said.stars) AS ratings, SUM(said.liked) AS likes
    FROM (
        SELECT t.whistle_id, CASE WHEN r.by_id = t.by_id THEN NULL ELSE t.stars END AS stars,
            CASE WHEN t.is_like THEN 1 ELSE 0 END AS liked
        FROM {thanks} t
        JOIN {whistle} w ON w.id = t.whistle_id
        LEFT JOIN {rating} r ON r.service_request_id = w.service_request_id
        WHERE w.starts_at < %s AND w.ends_at >= %s{here}
        UNION ALL
        SELECT w.id, r.satisfied, 0
        FROM {whistle} w
        JOIN {rating} r ON r.service_request_id = w.service_request_id
        WHERE w.starts_at < %s AND w.ends_at >= %s{here}
    ) said
    GROUP BY said.whistle_id
),
summed AS (
    SELECT c.place, c.subject, CAST(SUM(c.minutes) AS BIGINT) AS balance,
        CAST(SUM(c.is_service) AS BIGINT) AS times,
        CAST(COALESCE(SUM(c.is_service * m.stars), 0) AS BIGINT) AS stars,
        CAST(COALESCE(SUM(c.is_service * m.ratings), 0) AS BIGINT) AS ratings,
        CAST(COALESCE(SUM(c.is_service * c.shown * m.likes), 0) AS BIGINT) AS likes,
        CAST(COALESCE(SUM(c.is_service * c.weight * m.likes), 0) AS BIGINT) AS weighted,
        MAX(c.at) AS reached_at
    FROM counted c
    LEFT JOIN marks m ON m.whistle_id = c.whistle_id
    GROUP BY c.place, c.subject
    HAVING SUM(c.is_service) > 0
),
refused AS ({refused}),
figures AS (
    SELECT s.place, s.subject, CASE WHEN s.balance > 0 THEN s.balance ELSE 0 END AS minutes, s.times, s.stars,
        s.ratings, s.likes, s.weighted, s.reached_at, COALESCE(f.number, 0) AS refusals, {members} AS members
    FROM summed s
    LEFT JOIN refused f ON f.subject = s.subject AND f.place = s.place
    {of_units}
),
scored AS (SELECT figures.*, {cents} AS cents FROM figures)
SELECT b.id AS board_id, subject,
    ROW_NUMBER() OVER (
        PARTITION BY place
        ORDER BY cents DESC, CAST(minutes AS DOUBLE PRECISION) / members DESC, refusals, reached_at, subject
    ) AS rank,
    cents / 100.0 AS score, minutes, times, {mean} AS mean_rating, likes, refusals, {shown_members} AS members
FROM scored
JOIN {board} b ON COALESCE(b.organization_id, 0) = place AND b.kind = %s AND b.period = %s AND b.starts_on = %s
"""
_OF_UNITS = "JOIN ({members}) u ON u.subject = s.subject AND u.number >= %s"


def ranked(sheet: Sheet) -> tuple[str, tuple[Any, ...]]:
    """The query of some boards and its parameters: a row for everybody on one, with rank, score and its parts.

    Ties go by hours (per member where units are ranked), then by fewer refusals, then by who was first.
    """
    entries, of_entries = _sql(counting.counted(sheet, counting.terms_of(sheet)))
    refusals, of_refusals = _sql(counting.refused(sheet))
    members, of_units, of_members, shown = "1", "", (), "CAST(NULL AS INTEGER)"
    if sheet.kind == BoardKind.CITY_UNITS:
        people, of_people = _sql(counting.members_of_units(sheet))
        members, of_members, shown = "u.number", (*of_people, FEWEST_MEMBERS), "members"
        of_units = _OF_UNITS.format(members=people)
    text = _SUMS.format(
        counted=entries,
        here=_here(sheet),
        refused=refusals,
        of_units=of_units,
        members=members,
        shown_members=shown,
        cents=CENTS,
        mean=MEAN,
        **{
            str(model._meta.model_name): connection.ops.quote_name(model._meta.db_table)
            for model in (Thanks, Whistle, Rating, Board)
        },
    )
    said = (*of_entries, *_around(sheet) * 2, *of_refusals, *of_members)
    return text, (*said, sheet.kind, sheet.period, sheet.starts_on)


def _around(sheet: Sheet) -> tuple[Any, Any]:
    """Whistles outside of these moments have no service in the period: a wish counts when it was fulfilled."""
    start, end = span(sheet)
    return tuple(connection.ops.adapt_datetimefield_value(each) for each in (end, start - timedelta(days=1)))  # type: ignore[return-value]


def _here(sheet: Sheet) -> str:
    """Few communities do not want the thanks of the whole city; a district is worth no second look."""
    if sheet.kind != BoardKind.COMMUNITY_MEMBERS:
        return ""
    return f" AND w.community_id IN ({', '.join(str(int(pk)) for pk in sheet.boards)})"


def _sql(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    return rows.query.get_compiler(connection=connection).as_sql()
