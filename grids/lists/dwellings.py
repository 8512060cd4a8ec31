"""有房无人 and 有人无房: dwellings without people, and people without a dwelling (人盯房、房管人; N4)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from grids.lists.area import Area
from grids.lists.lines import whole
from grids.lists.links import page_of
from grids.lists.listing import Column, Listing, View
from grids.models import Dwelling, Resident


def unmarked(area: Area) -> QuerySet[Dwelling]:
    """Nobody is registered there, and nobody has said that it is empty.

    People are looked for by their dwelling alone: asked for by community as well, SQLite reads all of it for each.
    """
    people = Resident.objects.present().filter(household__dwelling=OuterRef("pk"))
    rows = Dwelling.objects.filter(area.rows(), ~Exists(people)).exclude(use=Dwelling.Use.EMPTY)
    return _shown(rows)


def marked(area: Area) -> QuerySet[Dwelling]:
    return _shown(Dwelling.objects.filter(area.rows(), use=Dwelling.Use.EMPTY))


def _shown(rows: QuerySet[Dwelling]) -> QuerySet[Dwelling]:
    return rows.select_related("building", "grid").defer("grid__boundary").order_by("code")


DWELLING_COLUMNS = (
    Column("房屋", str, 28, url=lambda row: page_of("grids:dwelling", row.pk)),
    Column("房屋编码", lambda row: row.code, 34, is_text=True),
    Column("网格", lambda row: row.grid.name, 16),
    Column("登记用途", lambda row: row.get_use_display(), 10),
)


def empty_ones(area: Area) -> int:
    return whole(area, unmarked)


def _empty_headline(area: Area) -> str:
    number = empty_ones(area)
    return f"{number:,} 套房屋没有登记人，也没有标空置" if number else "没有人住的房屋都标了空置"


EMPTY = Listing(
    slug="empty-dwellings",
    title="有房无人",
    question="哪些房屋没有登记人：是空置了，还是人没有登记",
    icon="door",
    views=(
        View(
            "unmarked",
            "没有登记人",
            DWELLING_COLUMNS,
            unmarked,
            "每套房屋都有人，或者标了空置。",
            of_registry=True,
            state="soon",
        ),
        View("marked", "已标空置", DWELLING_COLUMNS, marked, "没有标空置的房屋。", of_registry=True),
    ),
    headline=_empty_headline,
    needs=empty_ones,
    needing="套房屋没有登记人",
    fine="每套房屋都有人或标了空置",
)


def homeless(area: Area) -> QuerySet[Resident]:
    rows = Resident.objects.present().filter(area.rows(), household=None)
    rows = rows.select_related("grid", "community").defer("grid__boundary", "document_number", "phone")
    return rows.order_by("community_id", "id")


PEOPLE_COLUMNS = (
    Column("姓名", lambda row: row.name, 14, url=lambda row: page_of("grids:resident", row.pk)),
    Column("居住类型", lambda row: row.get_residence_display(), 14),
    Column("网格", lambda row: row.grid.name if row.grid else "没有编入", 16),
    Column("登记日期", lambda row: row.entered_at, 18),
)


def people_without(area: Area) -> int:
    return whole(area, homeless)


def _homeless_headline(area: Area) -> str:
    number = people_without(area)
    return f"{number:,} 人还没有登记住处" if number else "每个人都登记了住处"


HOMELESS = Listing(
    slug="homeless",
    title="有人无房",
    question="谁登记了，却不知道住在哪套房屋",
    icon="user",
    views=(
        View(
            "homeless",
            "没有住处的人",
            PEOPLE_COLUMNS,
            homeless,
            "每个人都登记了住处。",
            of_registry=True,
            is_personal=True,
            state="soon",
        ),
    ),
    headline=_homeless_headline,
    needs=people_without,
    needing="人没有登记住处",
    fine="每个人都登记了住处",
)
