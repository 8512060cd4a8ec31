"""等级到期待复核 (N9): households whose care level has to be looked at again, now or within two weeks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from grids.lists.area import Area
from grids.lists.lines import whole
from grids.lists.links import page_of
from grids.lists.listing import Column, Listing, View
from grids.models import CareAssessment, Household
from grids.models.people import CareLevel
from ground import clock

SOON = timedelta(days=14)


def due(area: Area) -> QuerySet[Household]:
    return _shown(Household.objects.filter(area.rows(), care_review_on__lte=clock.today()))


def soon(area: Area) -> QuerySet[Household]:
    today = clock.today()
    rows = Household.objects.filter(area.rows(), care_review_on__gt=today, care_review_on__lte=today + SOON)
    return _shown(rows)


def _shown(rows: QuerySet[Household]) -> QuerySet[Household]:
    rows = rows.select_related("dwelling__building", "grid").defer("grid__boundary")
    return rows.order_by("care_review_on", "id")


def with_assessment(rows: list[Any], area: Area) -> list[Any]:
    """With `last`: the newest assessment, where there is one. One query."""
    found = CareAssessment.objects.filter(household__in=[row.pk for row in rows]).select_related("by")
    newest: dict[int, CareAssessment] = {}
    for assessment in found.defer("by__phone").order_by("at", "id"):
        newest[assessment.household_id] = assessment
    for row in rows:
        row.last = newest.get(row.pk)
    return rows


def _of_last(read: Callable[[CareAssessment], Any]) -> Callable[[Any], Any]:
    return lambda row: read(row.last) if row.last else None


COLUMNS = (
    Column("户", str, 30, url=lambda row: page_of("grids:household", row.pk)),
    Column(
        "等级",
        lambda row: row.get_care_level_display(),
        10,
        state=lambda row: "late" if row.care_level == CareLevel.RED else "soon",
    ),
    Column("复核日期", lambda row: row.care_review_on, 12),
    Column("理由", _of_last(lambda last: last.reason), 30),
    Column("上次评定", _of_last(lambda last: last.at), 18),
    Column("评定人", _of_last(lambda last: last.by.name if last.by else "系统"), 12),
    Column("网格", lambda row: row.grid.name, 16),
)


def needs(area: Area) -> int:
    return whole(area, due)


def headline(area: Area) -> str:
    number = needs(area)
    return f"{number:,} 户的等级到期，等着复核" if number else "没有到期的等级"


LISTING = Listing(
    slug="care-due",
    title="等级到期待复核",
    question="哪些关心户、连心户的等级到期了，该再看看",
    icon="heart",
    views=(
        View(
            "due",
            "已到期",
            COLUMNS,
            due,
            "没有到期的等级。",
            with_assessment,
            of_registry=True,
            is_personal=True,
            state="late",
        ),
        View(
            "soon",
            "14 天内到期",
            COLUMNS,
            soon,
            "14 天内没有到期的等级。",
            with_assessment,
            of_registry=True,
            is_personal=True,
        ),
    ),
    headline=headline,
    needs=needs,
    needing="户的等级到期待复核",
    fine="没有到期的等级",
)
