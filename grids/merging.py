"""合并: the same person twice in sight is offered for merging, and somebody who knows decides (issue "checks").

Offered are two present rows that the user may change: with the same document; with the same name and day of birth;
with the same name and telephone. Two numbers of the same kind of document are two people, whatever else agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from grids import erasing
from grids.audit import written_by
from grids.models import NotTheSame, Resident
from grids.powers import can_change
from grids.residents import lock_households, put_into
from grids.scope import reach
from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.posts import Power

#: What two rows of one person have in common → how it is said.
ALIKE: dict[tuple[str, ...], str] = {
    ("document_index",): "证件号码相同",
    ("name_key", "birth_date"): "姓名和出生日期相同",
    ("name_key", "phone_index"): "姓名和手机号相同",
}
#: How many pairs are offered at once, and how many heaps of namesakes are looked through for them.
SHOWN, HEAPS = 50, 500
_NOT_OFFERED = "这两份登记不像同一个人，或已有人处理过，请刷新页面。"
_PLACES = ("household__dwelling__building", "grid")
#: What tells two rows of one person; nothing sealed among it.
_COMPARED = ("name_key", "birth_date", "phone_index", "document_index", "document_kind")


@dataclass(frozen=True, slots=True)
class Pair:
    left: Resident
    right: Resident
    why: str

    @property
    def both(self) -> tuple[Resident, Resident]:
        return self.left, self.right


def pairs_for(user: Any, limit: int = SHOWN) -> list[Pair]:
    """Who looks registered twice, the surest first. At most eight queries, however many people there are."""
    rows = _changeable(user)
    heaps = {keys: _heaps(rows, keys) for keys in ALIKE}
    found = list(rows.filter(_in_heaps(heaps)).order_by("pk").only(*_COMPARED)) if any(heaps.values()) else []
    known = _known_apart(rows) if found else set()
    offered: dict[tuple[int, int], str] = {}
    for keys, why in ALIKE.items():
        for one, other in _twos(found, keys):
            if not _are_two_people(one, other) and _key(one, other) not in known:
                offered.setdefault(_key(one, other), why)
    return _with_people(list(offered.items())[:limit])


def _with_people(offered: list[tuple[tuple[int, int], str]]) -> list[Pair]:
    """Only those who are shown are read with everything that a page says."""
    people = Resident.objects.select_related(*_PLACES).defer("grid__boundary")
    by_key = people.in_bulk({pk for pair, _ in offered for pk in pair}) if offered else {}
    return [Pair(by_key[low], by_key[high], why) for (low, high), why in offered]


def twins_of(resident: Resident, user: Any) -> list[Pair]:
    """The same question for one person, for his page. At most two queries."""
    if resident.standing != Resident.Standing.PRESENT:
        return []
    alike = [Q(**{key: getattr(resident, key) for key in keys}) for keys in ALIKE if _has(resident, keys)]
    if not alike:
        return []
    query = alike[0]
    for each in alike[1:]:
        query |= each
    others = list(_changeable(user).filter(query).exclude(pk=resident.pk).select_related(*_PLACES)[:SHOWN])
    known = _known_apart(Resident.objects.filter(pk=resident.pk)) if others else set()
    return [
        Pair(resident, other, why_alike(resident, other))
        for other in others
        if not _are_two_people(resident, other) and _key(resident, other) not in known
    ]


def merge(keep: Resident, drop: Resident, *, by: Any) -> Resident:
    """Make one row of two: `keep` gains what it lacked, groups and account; `drop` is emptied and leads to it.

    Raises NoPower; RuleViolation for two rows that are not offered.
    """
    with transaction.atomic(), written_by(by):
        _lock(keep, drop, by)
        given = {name: getattr(drop, name) for name in _COLUMNS}
        groups, household, relation = list(drop.groups.all()), drop.household, drop.relation
        account, source = drop.user, drop.last_import
        erasing.empty(drop)
        drop.standing, drop.merged_into, drop.changed_at = Resident.Standing.MERGED, keep, clock.now()
        drop.household = drop.building = drop.grid = None
        drop.save()
        Resident.objects.filter(merged_into=drop).update(merged_into=keep)
        _fill(keep, given)
        if keep.household is None and household is not None:
            put_into(keep, household)
            keep.relation = relation
        keep.user = keep.user or account
        keep.last_import = keep.last_import or source
        keep.changed_at = clock.now()
        keep.save()
        keep.groups.add(*groups)
    return keep


def say_not_the_same(first: Resident, second: Resident, *, by: Any) -> NotTheSame:
    """Somebody looked: two people. They are not offered again. Raises NoPower, RuleViolation."""
    with transaction.atomic():
        _lock(first, second, by)
        low, high = _key(first, second)
        return NotTheSame.objects.create(first_id=low, second_id=high, by=by)


def why_alike(one: Resident, other: Resident) -> str:
    """What two rows have in common, in words; "" for nothing that counts."""
    for keys, why in ALIKE.items():
        if _has(one, keys) and all(getattr(one, key) == getattr(other, key) for key in keys):
            return why
    return ""


# What is offered


def _changeable(user: Any) -> Any:
    rows = Resident.objects.present()
    return rows if user is None else rows.filter(reach(user, Power.REGISTRY_CHANGE))


def _heaps(rows: Any, keys: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """The values of `keys` that several rows share."""
    last = keys[-1]
    told = rows.filter(**{f"{last}__isnull": False}) if last == "birth_date" else rows.exclude(**{last: ""})
    shared = told.order_by().values(*keys).annotate(people=Count("pk")).filter(people__gt=1)
    return list(shared.values_list(*keys)[:HEAPS])


def _in_heaps(heaps: dict[tuple[str, ...], list[tuple[Any, ...]]]) -> Q:
    """A little too wide, so that it stays short: pairs are told apart afterwards."""
    query = Q(pk__in=[])
    for keys, values in heaps.items():
        if values:
            query |= Q(**{f"{keys[0]}__in": {value[0] for value in values}})
    return query


def _twos(rows: Iterable[Resident], keys: tuple[str, ...]) -> Iterator[tuple[Resident, Resident]]:
    heaps: dict[tuple[Any, ...], list[Resident]] = {}
    for row in rows:
        if _has(row, keys):
            heaps.setdefault(tuple(getattr(row, key) for key in keys), []).append(row)
    for heap in heaps.values():
        yield from combinations(heap, 2)


def _has(row: Resident, keys: tuple[str, ...]) -> bool:
    return all(getattr(row, key) for key in keys)


def _are_two_people(one: Resident, other: Resident) -> bool:
    return (
        one.document_kind == other.document_kind
        and bool(one.document_index and other.document_index)
        and one.document_index != other.document_index
    )


def _key(one: Resident, other: Resident) -> tuple[int, int]:
    return (one.pk, other.pk) if one.pk < other.pk else (other.pk, one.pk)


def _known_apart(rows: Any) -> set[tuple[int, int]]:
    """The pairs that somebody has told apart, as far as one of those rows is concerned."""
    keys = rows.order_by().values("pk")
    marked = NotTheSame.objects.filter(Q(first__in=keys) | Q(second__in=keys))
    return set(marked.values_list("first", "second"))


# Merging two


_DOCUMENT = ("document_kind", "document_number", "document_index")
_PHONE = ("phone", "phone_index")
_COLUMNS = (*_DOCUMENT, *_PHONE, "birth_date", "sex")


def _lock(one: Resident, other: Resident, by: Any) -> None:
    """Lock both, by key, and make sure that they are offered to `by`. Raises NoPower, RuleViolation."""
    lock_households(one.household_id, other.household_id)
    fresh = {
        row.pk: row
        for row in Resident.objects.select_for_update().filter(pk__in=_key(one, other)).order_by("pk")
    }
    for row in (one, other):
        if row.pk not in fresh or fresh[row.pk].household_id != row.household_id:
            raise RuleViolation(_NOT_OFFERED)
        row.refresh_from_db()
        if not can_change(by, row):
            raise NoPower()
    present = all(row.standing == Resident.Standing.PRESENT for row in (one, other))
    if one.pk == other.pk or not present or not why_alike(one, other) or _are_two_people(one, other):
        raise RuleViolation(_NOT_OFFERED)
    if _key(one, other) in _known_apart(Resident.objects.filter(pk=one.pk)):
        raise RuleViolation("已有人核对过：这两份登记不是同一人。")


def _fill(keep: Resident, given: dict[str, Any]) -> None:
    """What a document tells counts more than what was told without one."""
    if not keep.document_index and given["document_index"]:
        for name in _DOCUMENT:
            setattr(keep, name, given[name])
        keep.birth_date = given["birth_date"] or keep.birth_date
        keep.sex = given["sex"] or keep.sex
    if not keep.phone_index:
        keep.phone, keep.phone_index = given["phone"], given["phone_index"]
    keep.birth_date = keep.birth_date or given["birth_date"]
    keep.sex = keep.sex or given["sex"]
