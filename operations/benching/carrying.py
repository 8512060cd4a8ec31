"""Imports and exports: each a function that does it once and says how many rows went through; run by `jobs` in a
process of its own. They change the database at hand, which is a copy.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg2.extras  # type: ignore[import-untyped]
import xlsxwriter
from django.db import connection
from django.db.models import Count

from grids import exporting
from grids.importing import jobs
from grids.models import Grid, ImportJob, Resident
from ground import clock
from operations.benching import people
from operations.simulating.census import Census, Person
from organizations import tree
from organizations.models import Appointment, Organization
from organizations.posts import Post, Tier
from organizations.tree import Seed

#: People of one sheet, those of a large community of 荔湾; and the nodes of its tree.
SHEET_ROWS = 20_000
NODES = 27_000
_PEOPLE = (
    *("楼栋编码", "楼栋名称", "小区", "单元", "楼层", "房号", "户号", "姓名", "证件号码", "手机号"),
    *("与户主关系", "居住类型"),
)
_BUILDINGS = ("楼栋编码", "楼栋名称", "小区", "网格编号", "楼栋类型", "层数", "单元数")
_FLOORS, _DOORS = 16, 4
_STREETS, _COMMUNITIES, _BRANCHES = 22, 9, 20


# The tree


def plant_tree() -> int:
    """A district of 27,000 nodes in one pass."""
    return len(tree.plant_many(_seeds()))


def plant_by_hand() -> int:
    """Reference: the same rows, reckoned already, into a table of the same shape with its indexes."""
    rows = list(Organization.objects.order_by("-pk").values_list()[:NODES])
    columns = ", ".join(f'"{field.column}"' for field in Organization._meta.concrete_fields)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_tree (LIKE organizations_organization INCLUDING ALL)")
        psycopg2.extras.execute_values(
            cursor.cursor,
            f"INSERT INTO bench_tree ({columns}) VALUES %s",  # noqa: S608 - names of our own columns
            rows,
            page_size=1000,
        )
    return len(rows)


def _seeds() -> list[Seed]:
    root = Seed(Tier.DISTRICT, "测速区委", None, "测速区", "990000")
    seeds = [root]
    for street in range(_STREETS):
        above = Seed(Tier.STREET, f"测速{street}街党工委", root, f"测速{street}街", f"990000{street:03d}")
        seeds.append(above)
        for each in range(_COMMUNITIES):
            code = f"{above.code}{each:03d}"
            seeds.append(Seed(Tier.COMMUNITY, f"测速{code}党委", above, f"测速{code}", code))
    communities = [seed for seed in seeds if seed.tier == Tier.COMMUNITY]
    branches = [
        Seed(Tier.GRID_BRANCH, f"测速支部{number}", home)
        for home in communities
        for number in range(_BRANCHES)
    ]
    groups = [
        Seed(Tier.BUILDING_GROUP, f"测速小组{number}", branches[number % len(branches)])
        for number in range(NODES - len(seeds) - len(branches))
    ]
    return [*seeds, *branches, *groups]


# A sheet of residents


def take_in(rows: int = SHEET_ROWS) -> int:
    """A sheet of so many people is made and taken in as a community uploads it."""
    jobs.begin(by=None, community=_community(), content=_sheet(rows), name="台账.xlsx", is_handed_over=False)
    return rows


def check() -> int:
    """Every row read, validated and compared with the registry."""
    job = ImportJob.objects.latest("pk")
    jobs.check(job.pk)
    job.refresh_from_db()
    if job.state != ImportJob.State.CHECKED or job.counts["bad"]:
        raise RuntimeError("the sheet is not accepted")
    return int(job.counts["rows"])


def load() -> int:
    """Planned again and written: people, households, dwellings, buildings."""
    job = ImportJob.objects.latest("pk")
    jobs.confirm(job, by=None, is_handed_over=False)
    jobs.load(job.pk)
    job.refresh_from_db()
    if job.state != ImportJob.State.DONE:
        raise RuntimeError("the sheet is not loaded")
    return int(job.counts["rows"])


def _community() -> Organization:
    """One with grids and few residents, so that the rows are new."""
    grids = Grid.objects.filter(tier=2).values("community")
    nodes = Organization.objects.open().filter(tier=Tier.COMMUNITY, pk__in=grids)
    return nodes.order_by("-pk")[0]


def _sheet(rows: int) -> bytes:
    community = _community()
    grid = Grid.objects.filter(community=community, tier=2).order_by("pk")[0]
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    homes = list(_homes(rows))
    last = homes[-1][0]
    buildings = ([*_building(community, number), grid.code, "住宅", _FLOORS, 1] for number in range(last + 1))
    _write(book.add_worksheet("楼栋"), _BUILDINGS, buildings)
    people = (_row(community, home[:3], person) for home in homes for person in home[3])
    _write(book.add_worksheet("居民"), _PEOPLE, people)
    book.close()
    return file.getvalue()


def _homes(rows: int) -> Iterator[tuple[int, int, int, list[Person]]]:
    """(building, floor, door, family) until there are as many people as the sheet has rows."""
    # The last of very many communities: its numbers are none of those that the simulator gave out.
    census = Census(random.Random(11), clock.today(), number=999, of=1000)  # noqa: S311 - invented
    written = place = 0
    while written < rows:
        family, _ = census.family(rows - written)
        building, rest = divmod(place, _FLOORS * _DOORS)
        yield building, rest // _DOORS + 1, rest % _DOORS + 1, family
        written, place = written + len(family), place + 1


def _building(community: Organization, number: int) -> list[Any]:
    return [f"{community.code[:12]}-9{number:04d}", f"测速{number + 1} 栋", "测速花园"]


def _row(community: Organization, home: tuple[int, int, int], person: Person) -> list[Any]:
    given, (building, floor, door) = person.given, home
    where = [*_building(community, building), "1", str(floor), f"{floor}{door:02d}", "1"]
    words = Resident.Relation(given.relation).label, Resident.Residence(given.residence).label
    return [*where, given.name, given.document_number, given.phone, *words]


def _write(sheet: Any, titles: tuple[str, ...], rows: Iterator[list[Any]]) -> None:
    sheet.write_row(0, 0, titles)
    for number, row in enumerate(rows, 1):
        sheet.write_row(number, 0, row)


# Exports


def export_residents() -> int:
    """The workbook of the residents of the largest community that may still be exported at once."""
    sizes = Resident.objects.values("community").annotate(count=Count("pk")).order_by("-count")
    fitting = [row for row in sizes if row["community"] and row["count"] <= exporting.MOST_ROWS]
    if not fitting:
        raise LookupError("no residents")
    community = Organization.objects.get(pk=fitting[0]["community"])
    (user,) = people.made(1, "测导出", 96_000_000)
    Appointment.objects.create(user=user, post=Post.SECRETARY, organization=community)
    rows = Resident.objects.visible_to(user)
    exporting.export(rows, by=user, community=community, reason="测算导出的速度")
    return int(fitting[0]["count"])


#: The sheet of a quick run.
FEW_ROWS = 200
#: Making the sheet is most of it: run, not shown.
PREPARING = "import: the sheet made and taken in"
#: In this order: what comes later needs what was written before.
CARRIED = {
    f"tree of {NODES:,} nodes": plant_tree,
    f"tree of {NODES:,} nodes, rows by hand": plant_by_hand,
    PREPARING: take_in,
    "import: check": check,
    "import: load": load,
    "export: residents": export_residents,
}
#: Those of a quick run: a short sheet.
FEW_CARRIED: dict[str, Callable[[], Any]] = {
    PREPARING: partial(take_in, FEW_ROWS),
    "import: check": check,
    "import: load": load,
}
