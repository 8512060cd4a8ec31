"""The boards as somebody would write them in SQL by hand: what `manage.py bench_boards` measures ours against."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection

from volunteers.leaderboards.naming import SUBJECTS, Name, span, subject_of
from volunteers.models import Board, BoardRow
from volunteers.states import BoardKind

TABLE = "board_by_hand"
_GROUPS = {
    "volunteer": "e.volunteer_id",
    "unit": "e.unit_id",
    "community": "e.community_id",
}
_PLACES = {BoardKind.DISTRICT_MEMBERS: "district_id", BoardKind.COMMUNITY_MEMBERS: "community_id"}
_INSERT = """
INSERT INTO {table} ({columns})
SELECT b.id, s.subject,
    ROW_NUMBER() OVER (
        PARTITION BY s.place
        ORDER BY s.score DESC, 1.0 * s.minutes / s.members DESC, s.refusals, s.reached_at, s.subject
    ),
    s.score, s.minutes, s.times, ROUND(1.0 * s.stars / NULLIF(s.ratings, 0), 2), s.likes, s.refusals, s.members
FROM (
    SELECT f.*, ROUND(
        1.0 * ((f.minutes + 30 * f.times) * (5 + f.ratings) + 120 * f.members * (f.stars - 3 * f.ratings))
        / (60 * f.members * (5 + f.ratings)), 2) AS score
    FROM (
        SELECT {place} AS place, {group} AS subject, SUM(e.minutes) AS minutes, COUNT(*) AS times,
            MAX(e.at) AS reached_at, COALESCE(SUM(m.stars), 0) AS stars, COALESCE(SUM(m.ratings), 0) AS ratings,
            COALESCE(SUM(m.likes), 0) AS likes, 0 AS refusals, {members} AS members
        FROM volunteers_ledgerentry e
        JOIN volunteers_volunteer v ON v.id = e.volunteer_id AND v.kind IN ('employed', 'resident')
        JOIN volunteers_claim c ON c.id = e.claim_id AND c.state = 'credited'
        LEFT JOIN (
            SELECT whistle_id, SUM(stars) AS stars, COUNT(stars) AS ratings, SUM(liked) AS likes
            FROM (
                SELECT t.whistle_id, CASE WHEN r.by_id = t.by_id THEN NULL ELSE t.stars END AS stars,
                    CASE WHEN t.is_like THEN 1 ELSE 0 END AS liked
                FROM volunteers_thanks t JOIN volunteers_whistle w ON w.id = t.whistle_id
                LEFT JOIN requests_rating r ON r.service_request_id = w.service_request_id
                WHERE w.starts_at >= %s AND w.starts_at < %s
                UNION ALL
                SELECT w.id, r.satisfied, 0
                FROM volunteers_whistle w JOIN requests_rating r ON r.service_request_id = w.service_request_id
                WHERE w.starts_at >= %s AND w.starts_at < %s
            ) said GROUP BY whistle_id
        ) m ON m.whistle_id = e.whistle_id
        {units}
        WHERE e.served_at >= %s AND e.served_at < %s
        GROUP BY {grouped}
    ) f
) s
JOIN volunteers_board b ON b.kind = %s AND b.period = %s AND b.starts_on = %s
    AND COALESCE(b.organization_id, 0) = s.place
"""
_UNITS = """JOIN (
    SELECT p.unit_id, COUNT(*) AS members
    FROM volunteers_registration r
    JOIN volunteers_volunteer v ON v.id = r.volunteer_id
    JOIN organizations_member p ON p.id = v.member_id
    WHERE r.state = 'confirmed' GROUP BY p.unit_id HAVING COUNT(*) >= 5
) u ON u.unit_id = e.unit_id"""

_LIKE = "CREATE TABLE {table} (LIKE {model} INCLUDING ALL)"
_KEYS = """ALTER TABLE {table} ADD FOREIGN KEY (board_id) REFERENCES volunteers_board DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (volunteer_id) REFERENCES volunteers_volunteer DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (unit_id) REFERENCES organizations_unit DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (community_id) REFERENCES organizations_organization DEFERRABLE INITIALLY DEFERRED"""
_COPY = "CREATE TABLE {table} AS SELECT * FROM {model} WHERE 1 = 0"


def prepare() -> None:
    """A table like that of the boards: on PostgreSQL with the same indexes and foreign keys."""
    how = _LIKE if connection.vendor == "postgresql" else _COPY
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        cursor.execute(how.format(table=TABLE, model=BoardRow._meta.db_table))
        if connection.vendor == "postgresql":
            cursor.execute(_KEYS.format(table=TABLE))
        else:
            cursor.execute(f"CREATE INDEX {TABLE}_rank ON {TABLE} (board_id, rank)")


def write(kind: str, period: str, starts_on: date) -> None:
    """All boards of a kind and period by hand."""
    name = Name(kind, None, period, starts_on)
    subject, place = SUBJECTS[BoardKind(kind)], _PLACES.get(BoardKind(kind))
    is_units = kind == BoardKind.CITY_UNITS
    text = _INSERT.format(
        table=TABLE,
        columns=f"board_id, {subject}_id, rank, score, minutes, times, mean_rating, likes, refusals, members",
        group=_GROUPS[subject],
        place=f"e.{place}" if place else "0",
        grouped=f"e.{place}, {_GROUPS[subject]}" if place else _GROUPS[subject],
        members="MAX(u.members)" if is_units else "1",
        units=_UNITS if is_units else "",
    )
    moments = [_moment(each) for each in span(name) * 3]
    with connection.cursor() as cursor:
        cursor.execute(text, [*moments, kind, period, starts_on])


def _moment(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def differing(board: Board) -> int:
    """How many places of a board are not the same by hand."""
    subject = f"{subject_of(board)}_id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rank, {subject}, minutes, times, likes FROM {TABLE} WHERE board_id = %s",  # noqa: S608
            [board.pk],
        )
        by_hand = set(cursor.fetchall())
    ours = set(board.rows.values_list("rank", subject, "minutes", "times", "likes"))
    return len(by_hand ^ ours)
