"""Scope columns: every row says where it lies, as the tree and the place that it hangs on have it.

The models are found by their columns, so that a new one cannot be forgotten; what need not agree is listed with
its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from grids.models import Building, Compound, Dwelling, Grid, Household, Resident
from operations.doctor.findings import MOST, Finding, Level, of_rows
from operations.doctor.registry import Ask, check
from organizations.models import Organization
from organizations.posts import Tier
from requests.models import ServiceRequest
from requests.states import OPEN, State

TIERS = {"district_id": Tier.DISTRICT, "street_id": Tier.STREET, "community_id": Tier.COMMUNITY}
COLUMNS = (*TIERS, "grid_id")

#: Model → why its columns need not be those of the tree as it stands now; the tiers are proved all the same.
OF_THE_TIME = {
    "volunteers.LedgerEntry": "it says where the service counted at the time; trees change",
    "volunteers.BoardNews": "it names the places whose boards were touched, and is gone with the next round",
}
#: (model, foreign key, column) → why the row and what it hangs on may differ in it.
MAY_DIFFER = {
    ("grids.Building", "compound", "grid_id"): "a compound may reach over several grids",
    ("requests.ServiceRequest", "building", "grid_id"): "a building goes to another grid, its requests stay",
    ("dashboards.Pattern", "building", "grid_id"): "it was found while the building lay there",
    ("dashboards.Pattern", "compound", "grid_id"): "a compound may reach over several grids",
}
FOLLOW = (
    "先找出是谁绕过平台改了数据（查日志、备份）。把上级节点挪走再挪回（党组织 › 移动），下面的行会跟着重写；"
    "楼栋、房屋、住户的，把楼栋调到别的网格再调回；仍不对的从备份恢复。"
)

Line = Mapping[str, int]


@check(
    "scope",
    "所在列",
    cost="每个型号一次分组、一次连接：约 40 次查询，115 万居民约 10 秒",
    looks_twice=True,
)
def scope(ask: Ask) -> Iterator[Finding]:
    """district, street, community and grid of every row are those of the tree, and of the grid, building, dwelling
    or household that it hangs on. Sight (`visible_to`) and figures are equalities on these columns: a wrong one
    hides a row from those who answer for it and shows it to strangers."""
    lines = _lines()
    for model in scoped_models():
        yield from _along_the_tree(model, lines)
        for field in hung_on(model):
            yield from _beside(model, field)
    yield from _residents()
    yield from of_rows(
        "点单的承办党组织不在它的社区、街镇、区县这条线上",
        FOLLOW,
        ServiceRequest.objects.filter(state__in=[*OPEN, State.RESOLVED, State.MERGED]).exclude(
            Q(handler=F("district")) | Q(handler=F("street")) | Q(handler=F("community"))
        ),
    )


def scoped_models() -> list[type[models.Model]]:
    """Every model that has one of the columns."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and columns_of(model)
    ]


def columns_of(model: type[models.Model]) -> list[str]:
    return [name for name in COLUMNS if name in {field.attname for field in model._meta.concrete_fields}]


def hung_on(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """Foreign keys to what lies somewhere itself: a grid, a compound, a building, a dwelling, a household."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and field.related_model in (Grid, Compound, Building, Dwelling, Household)
        and shared(model, field)
    ]


def shared(model: type[models.Model], field: models.ForeignKey[Any, Any]) -> list[str]:
    """The columns in which a row must agree with what it hangs on. Districts and streets follow the community."""
    theirs = columns_of(field.related_model)
    wanted = [name for name in ("community_id", "grid_id") if name in columns_of(model) and name in theirs]
    return [name for name in wanted if (model._meta.label, field.name, name) not in MAY_DIFFER]


def _lines() -> dict[int, Line]:
    """Node → the node of each tier above it, itself included, as the parents say. One query."""
    rows = {pk: (parent, tier) for pk, parent, tier in _nodes()}
    found: dict[int, Line] = {}
    for pk in rows:
        line: dict[str, int] = {}
        node: int | None = pk
        while node is not None and node in rows and len(line) < len(Tier):
            parent, tier = rows[node]
            line[_column(tier)] = node
            node = parent if parent != node else None
        found[pk] = line
    return found


def _nodes() -> Any:
    return Organization.objects.order_by().values_list("pk", "parent", "tier")


def _column(tier: int) -> str:
    return next((name for name, each in TIERS.items() if each == tier), f"tier {tier}")


def _along_the_tree(model: type[models.Model], lines: Mapping[int, Line]) -> Iterator[Finding]:
    """The places that the rows name, grouped: there are few of them, however many rows there are."""
    columns = [name for name in columns_of(model) if name in TIERS]
    if not columns:
        return
    is_right = _has_tiers if model._meta.label in OF_THE_TIME else _is_a_line
    groups = model._base_manager.order_by().values(*columns).annotate(n=Count("pk"))
    wrong, count = Q(), 0
    for group in groups:
        n = group.pop("n")
        if not is_right(group, lines):
            wrong, count = wrong | Q(**group), count + n
    if count:
        rows = model._base_manager.filter(wrong).order_by("pk").values_list("pk", flat=True)[:MOST]
        names = "、".join(columns)
        what = f"{model._meta.label} 的 {names} 和组织树不一致"
        yield Finding(Level.ERROR, what, FOLLOW, tuple(map(str, rows)), count)


def _has_tiers(group: Mapping[str, int | None], lines: Mapping[int, Line]) -> bool:
    return all(node is None or lines.get(node, {}).get(name) == node for name, node in group.items())


def _is_a_line(group: Mapping[str, int | None], lines: Mapping[int, Line]) -> bool:
    """The deepest place that is named decides about the others."""
    deepest = next((group[name] for name in reversed(list(group)) if group[name] is not None), None)
    if deepest is None:
        return True
    line = lines.get(deepest, {})
    named = next(name for name in reversed(list(group)) if group[name] is not None)
    return all(line.get(name) == node for name, node in group.items()) and line.get(named) == deepest


def _beside(model: type[models.Model], field: models.ForeignKey[Any, Any]) -> Iterator[Finding]:
    differs = Q()
    for name in shared(model, field):
        differs |= ~Q(_same(name, f"{field.name}__{name}"))
    yield from of_rows(
        f"{model._meta.label} 和它的 {field.name} 不在同一处（{'、'.join(shared(model, field))}）",
        FOLLOW,
        model._base_manager.filter(differs, **{f"{field.name}__isnull": False}),
    )


def _same(here: str, there: str) -> Exact:
    """Equal, or both empty."""
    return Exact(Coalesce(here, Value(0)), Coalesce(there, Value(0)))


def _residents() -> Iterator[Finding]:
    people = Resident._base_manager
    yield from of_rows(
        "居民登记的楼栋不是他那一户的楼栋",
        FOLLOW,
        people.filter(~Q(_same("building_id", "household__dwelling__building_id")), household__isnull=False),
    )
    yield from of_rows(
        "没有户的居民却有楼栋或网格",
        FOLLOW,
        people.filter(Q(building__isnull=False) | Q(grid__isnull=False), household=None),
    )
