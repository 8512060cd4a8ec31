"""How boards look on a page: their names, their periods in words, and their lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.urls import reverse

from ground.fields import surname_only
from ground.templatetags.wenshao import minutes_as_hours
from organizations.models import Organization
from organizations.models.policies import Boards
from volunteers import leaderboards
from volunteers.models import BoardRow, Star
from volunteers.states import BoardKind, Period

#: The city's boards, by the word in their address.
CITY_SLUGS = {
    "members": BoardKind.CITY_MEMBERS,
    "units": BoardKind.CITY_UNITS,
    "communities": BoardKind.CITY_COMMUNITIES,
}
SLUGS = {kind: slug for slug, kind in CITY_SLUGS.items()}
CITY_TITLES = {
    BoardKind.CITY_MEMBERS: "全市党员服务榜",
    BoardKind.CITY_UNITS: "全市单位服务榜",
    BoardKind.CITY_COMMUNITIES: "全市社区服务榜",
}
#: The same in a row of five on a phone; the heading says it in full.
CITY_LABELS = {
    BoardKind.CITY_MEMBERS: "全市党员",
    BoardKind.CITY_UNITS: "单位",
    BoardKind.CITY_COMMUNITIES: "社区",
}
QUARTERS = "一二三四"
HARD = "\N{NO-BREAK SPACE}"
#: What is counted on a board, and how it calls what is one's own.
COUNTED = dict.fromkeys(BoardKind, "人") | {
    BoardKind.CITY_UNITS: "个单位",
    BoardKind.CITY_COMMUNITIES: "个社区",
}
OWN = dict.fromkeys(BoardKind, "我") | {
    BoardKind.CITY_UNITS: "我的单位",
    BoardKind.CITY_COMMUNITIES: "我报到的社区",
}
_RULE = (
    "得分 = 服务小时数 + 0.5 × 次数 + 2 ×（平均评价 − 3），政策给了点赞权重的再加点赞。"
    "平均评价按先有 5 个 3 星折算。"
)


def title_of(kind: str, place: Organization | None) -> str:
    """武江区党员服务榜, 全市单位服务榜."""
    return f"{place.short_name or place.name}党员服务榜" if place else CITY_TITLES[BoardKind(kind)]


def when_words(period: str, starts_on: date) -> str:
    """2026 年 10 月, 2026 年三季度, 2026 年."""
    if period == Period.MONTH:
        return f"{starts_on.year} 年 {starts_on.month} 月"
    if period == Period.QUARTER:
        return f"{starts_on.year} 年{QUARTERS[(starts_on.month - 1) // 3]}季度"
    return f"{starts_on.year} 年"


def rule_of(kind: str) -> str:
    """How the score of this board is reckoned, in a sentence (RULES 7)."""
    if kind == BoardKind.CITY_UNITS:
        return f"{_RULE}单位的小时数、次数和点赞按报到党员人均算，报到满 5 人的单位参加排名。"
    return _RULE


def rank_rows(
    rows: Iterable[BoardRow], me: int | None, query: str, boards: str = Boards.ON
) -> Sequence[dict[str, Any]]:
    """The lines of a board as `parts/_rank.html` takes them; each opens to what its score is made of.

    `me`: the volunteer, unit or community of whoever looks. A board that is positive only says who went up, and
    of nobody that he went down.
    """
    return [_rank_row(row, me, query, boards) for row in rows]


def _rank_row(row: BoardRow, me: int | None, query: str, boards: str) -> dict[str, Any]:
    subject = getattr(row, leaderboards.subject_of(row.board))
    return {
        "place": row.rank,
        "name": _name(subject),
        "text": _said(row),
        "score": row.score,
        "unit": "分",
        "is_me": subject.pk == me,
        "url": f"{url_of(row)}?{query}",
        **_moved(row, boards),
    }


def _name(subject: Any) -> str:
    return (subject.short_name or subject.name) if isinstance(subject, Organization) else str(subject)


def _moved(row: BoardRow, boards: str) -> dict[str, Any]:
    move = leaderboards.movement(row)
    if boards == Boards.POSITIVE and move is not None and move < 0:
        move = None
    return {"move": move, "moved_down": -move if move is not None and move < 0 else 0}


def _said(row: BoardRow) -> str:
    """What stands under a name: whose people, and what the score is made of. Lines break between the parts."""
    likes = f"{row.likes}{HARD}个赞" if row.likes else ""
    if row.members:
        parts = [f"报到 {row.members} 人", f"人均 {minutes_as_hours(row.minutes // row.members)} 小时"]
    elif row.volunteer:
        unit = row.volunteer.unit
        parts = [unit.name if unit else "", f"{row.times}{HARD}次"]
    else:
        parts = [f"{row.times}{HARD}人次", f"{minutes_as_hours(row.minutes)}{HARD}小时"]
    return f"{HARD}· ".join(filter(None, [*parts, likes]))


def url_of(row: BoardRow) -> str:
    """The page that says what a score is made of."""
    kind = BoardKind(row.board.kind)
    if kind in SLUGS:
        subject = getattr(row, f"{leaderboards.subject_of(row.board)}_id")
        return reverse("volunteers:city_score", args=[SLUGS[kind], subject])
    return reverse("volunteers:score", args=[row.board.organization_id, row.volunteer_id])


def public_lines(rows: Iterable[BoardRow]) -> list[dict[str, Any]]:
    """Lines for everybody: of members the surname and the unit only; they open to nothing."""
    return [
        {
            "place": row.rank,
            "name": surname_only(str(row.volunteer)) if row.volunteer else _name(row.unit or row.community),
            "text": _said(row),
            "score": str(row.score),
            "unit": "分",
            "move": None,
        }
        for row in rows
    ]


def star_lines(stars: Iterable[Star], *, is_public: bool = False) -> list[dict[str, Any]]:
    """The stars of a month, in gold."""
    return [
        {
            "name": surname_only(str(star.volunteer)) if is_public else str(star.volunteer),
            "text": star.volunteer.unit.name if star.volunteer.unit else "",
            "rank": star.rank,
            "times": star.times,
            "minutes": star.minutes,
        }
        for star in stars
    ]
