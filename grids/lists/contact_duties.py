"""联户 "1+10" (C5): members with far more or fewer than ten households, and households that nobody contacts."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Abs

from grids.lists.area import Area
from grids.lists.lines import whole
from grids.lists.links import page_of
from grids.lists.listing import Column, Listing, View, link
from grids.models import Household, Resident, TerritoryPolicy
from organizations.models import Member

SLUG = "contact-duties"


def members(area: Area) -> QuerySet[Member]:
    """Those with a household in the area; `n` counts all of theirs, `n_here` those in the area."""
    here = Household.objects.filter(area.rows(), contact_member__isnull=False)
    everywhere = Household.objects.filter(contact_member=OuterRef("pk"))
    rows = Member.objects.filter(pk__in=here.order_by().values("contact_member"))
    rows = rows.annotate(n=_count(everywhere), n_here=_count(everywhere.filter(area.rows())))
    return rows.select_related("unit").defer("phone")


def _count(rows: QuerySet[Household]) -> Subquery:
    counted = rows.order_by().values("contact_member").annotate(n=Count("*")).values("n")
    return Subquery(counted, output_field=IntegerField())


def policy_of(area: Area) -> TerritoryPolicy:
    """Where several districts are in reach, each is asked when one of them is chosen; the first speaks for all."""
    return area.policy(area.nodes[0].tree_id if area.nodes else 0)


def off(area: Area) -> QuerySet[Member]:
    """The farthest from the policy first."""
    policy = policy_of(area)
    middle = (policy.contact_min + policy.contact_max) // 2
    rows = members(area).filter(Q(n__lt=policy.contact_min) | Q(n__gt=policy.contact_max))
    return rows.order_by(Abs(F("n") - middle).desc(), "name", "id")


def everybody(area: Area) -> QuerySet[Member]:
    return members(area).order_by("name", "id")


def judged(rows: list[Any], area: Area) -> list[Any]:
    """With `said`: too many, too few or fine by the policy; `address`: where their households are listed."""
    policy = policy_of(area)
    url = LISTING.url
    for row in rows:
        low, high = row.n < policy.contact_min, row.n > policy.contact_max
        row.said = (
            f"少 {policy.contact_min - row.n} 户"
            if low
            else f"多 {row.n - policy.contact_max} 户"
            if high
            else "合适"
        )
        row.address = link(url, area, view="households", member=row.pk)
    return rows


def without(area: Area) -> QuerySet[Household]:
    return _shown(Household.objects.filter(area.rows(), contact_member=None))


def with_one(area: Area) -> QuerySet[Household]:
    """Those that somebody keeps in touch with: of the member whom the URL names, or all."""
    rows = Household.objects.filter(area.rows(), contact_member__isnull=False)
    member = area.query.get("member", "")
    return _shown(rows.filter(contact_member=int(member)) if member.isdecimal() else rows)


def _shown(rows: QuerySet[Household]) -> QuerySet[Household]:
    rows = rows.select_related("dwelling__building", "grid", "contact_member")
    return rows.defer("grid__boundary", "contact_member__phone").order_by("dwelling__code", "number")


def with_people(rows: list[Any], area: Area) -> list[Any]:
    """With `n_people`. One query."""
    people = Resident.objects.present().filter(household__in=[row.pk for row in rows]).order_by()
    counted = dict(people.values_list("household_id").annotate(n=Count("*")))
    for row in rows:
        row.n_people = counted.get(row.pk, 0)
    return rows


MEMBER_COLUMNS = (
    Column("党员", lambda row: row.name, 14),
    Column("单位", lambda row: row.unit.name if row.unit else "", 28),
    Column("联系户数", lambda row: row.n, 10, url=lambda row: row.address),
    Column("其中在这里", lambda row: row.n_here, 10),
    Column("和标准比", lambda row: row.said, 12, state=lambda row: "done" if row.said == "合适" else "soon"),
)
HOUSEHOLD_COLUMNS = (
    Column("户", str, 30, url=lambda row: page_of("grids:household", row.pk)),
    Column("网格", lambda row: row.grid.name, 16),
    Column("人数", lambda row: row.n_people, 8),
)
CONTACT_COLUMNS = (
    *HOUSEHOLD_COLUMNS,
    Column("等级", lambda row: row.get_care_level_display(), 10),
    Column("联户党员", lambda row: row.contact_member.name if row.contact_member else "", 14),
)


def needs(area: Area) -> int:
    return whole(area, without)


def headline(area: Area) -> str:
    number = needs(area)
    policy = policy_of(area)
    said = f"{number:,} 户还没有联户党员" if number else "每一户都有联户党员"
    return f"{said}；标准每人 {policy.contact_min}–{policy.contact_max} 户"


LISTING = Listing(
    slug=SLUG,
    title="联户",
    question="哪些党员联系的户太多或太少，哪些户还没有党员联系",
    icon="handshake",
    views=(
        View(
            "off",
            "户数不合适的党员",
            MEMBER_COLUMNS,
            off,
            "每名党员联系的户数都合适。",
            judged,
            of_registry=True,
            is_personal=True,
            is_placed=False,
            state="soon",
        ),
        View(
            "members",
            "联户党员",
            MEMBER_COLUMNS,
            everybody,
            "还没有党员联户。",
            judged,
            of_registry=True,
            is_personal=True,
            is_placed=False,
        ),
        View(
            "without",
            "没有联户党员的户",
            HOUSEHOLD_COLUMNS,
            without,
            "每一户都有联户党员。",
            with_people,
            of_registry=True,
            state="soon",
        ),
        View(
            "households",
            "已联系的户",
            CONTACT_COLUMNS,
            with_one,
            "没有这样的户。",
            with_people,
            of_registry=True,
            is_personal=True,
        ),
    ),
    headline=headline,
    needs=needs,
    needing="户没有联户党员",
    fine="每一户都有联户党员",
)
