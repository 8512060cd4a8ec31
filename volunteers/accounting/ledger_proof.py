"""What proves the ledger: balances against entries, entries against claims and whistles, kinds in their order.

Each finding is one sentence that says what contradicts what, and how to mend it. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from organizations.workdays import one_calendar
from volunteers.accounting import ledger
from volunteers.models import Claim, LedgerEntry, ServiceBalance
from volunteers.states import ClaimState, EntryKind, WhistleState

#: So many claims, and the entries of so many volunteers, are read at a time.
BATCH, PEOPLE = 2000, 200
Say = Callable[[int], None]
Sums = dict[date, list[int]]

CALENDAR = "工作日历是后来改的：到“接单认定”的“已认定”里更正这一条，分钟数不变，理由写明。"
REBUILD = "用 manage.py check_ledger --rebuild 重算。"
BY_HAND = "数据被直接改过：先查备份和日志，再由社区在“接单认定”里更正或冲销。"


def findings(progress: Say = lambda done: None) -> Iterator[str]:
    """Everything that contradicts itself; nothing if the ledger is sound.

    Entries are read once, some volunteers at a time and with two queries for them, so that memory does not grow with
    the ledger; `progress` hears how many have been read.
    """
    yield from _unentered()
    with one_calendar():
        for people in _people():
            kept = _kept(people)
            entries = list(_entries().filter(volunteer__in=people))
            for volunteer_id, rows in groupby(entries, key=lambda entry: entry.volunteer_id):
                yield from _of_volunteer(volunteer_id, list(rows), kept.get(volunteer_id, {}))
            progress(len(entries))
    yield from _strays()


def _people() -> Iterator[list[int]]:
    """Volunteers with entries, some at a time."""
    entered = LedgerEntry.objects.order_by("volunteer").values_list("volunteer", flat=True).distinct()
    some = list(entered[:PEOPLE])
    while some:
        yield some
        more = entered.filter(volunteer__gt=some[-1])[:PEOPLE]
        some = list(more) if len(some) == PEOPLE else []


def _entries() -> QuerySet[LedgerEntry]:
    """In the order of volunteers and claims, with what is proved of their whistles and no more."""
    own = [field.name for field in LedgerEntry._meta.concrete_fields]
    of_claims = ("whistle", "volunteer", "state", "checked_in_at", "checked_out_at")
    of_whistles = ("kind", "community", "duty_area", "starts_at", "ends_at", "aborted_at", "state")
    rows = LedgerEntry.objects.order_by("volunteer_id", "claim_id", "id").select_related("claim__whistle")
    return rows.only(
        *own, *(f"claim__{name}" for name in of_claims), *(f"claim__whistle__{name}" for name in of_whistles)
    )


def _kept(people: list[int]) -> dict[int, Sums]:
    """The balances of these volunteers."""
    found: dict[int, Sums] = {}
    for row in ServiceBalance.objects.filter(volunteer__in=people):
        sums = [row.minutes, row.off_hours_minutes, row.times, row.off_hours_times]
        found.setdefault(row.volunteer_id, {})[row.quarter] = sums
    return found


def unentered() -> QuerySet[Claim]:
    """Claims that were credited and have no entry. Not by NOT IN, which PostgreSQL answers for 600,000 claims by
    looking through all entries for each of them."""
    entries = LedgerEntry.objects.filter(claim=OuterRef("pk")).order_by()
    return Claim.objects.filter(~Exists(entries), state=ClaimState.CREDITED)


def _unentered() -> Iterator[str]:
    for pk in unentered().order_by("pk").values_list("pk", flat=True).iterator(BATCH):
        yield f"接单 {pk} 已认定，但台账里没有记录。{BY_HAND}"


def _of_volunteer(volunteer_id: int, rows: list[LedgerEntry], kept: Sums) -> Iterator[str]:
    """One volunteer: every claim, then the sums of every quarter."""
    sums: Sums = {}
    for _, group in groupby(rows, key=lambda entry: entry.claim_id):
        entries = list(group)
        yield from _of_claim(entries)
        minutes = sum(each.minutes for each in entries)
        off_hours = sum(each.off_hours_minutes for each in entries)
        into = sums.setdefault(ledger.quarter_of(entries[0].served_at), [0, 0, 0, 0])
        for place, more in enumerate((minutes, off_hours, int(minutes > 0), int(off_hours > 0))):
            into[place] += more
    yield from _of_balances(volunteer_id, sums, kept)


def _of_claim(entries: list[LedgerEntry]) -> Iterator[str]:
    claim, first = entries[0].claim, entries[0]
    minutes = sum(each.minutes for each in entries)
    off_hours = sum(each.off_hours_minutes for each in entries)
    if (claim.state == ClaimState.CREDITED) != (minutes > 0):
        said = f"台账合计 {minutes} 分钟，接单却是“{claim.get_state_display()}”"
        yield f"台账记录 {first.pk} 对应的接单 {claim.pk} 没有认定或没有分钟：{said}。{BY_HAND}"
    if wrong := _order(entries):
        yield f"接单 {claim.pk} 的台账{wrong}。{BY_HAND}"
    if minutes > ledger.most_minutes(claim):
        most = ledger.most_minutes(claim)
        yield f"接单 {claim.pk} 认定了 {minutes} 分钟，超过服务时间 {most} 分钟。请社区更正。"
    if not 0 <= off_hours <= max(minutes, 0):
        yield f"接单 {claim.pk} 的八小时外 {off_hours} 分钟，不在 0 到 {minutes} 之间。{BY_HAND}"
    elif minutes > 0 and off_hours != (due := ledger.off_hours_of(claim, minutes, ledger.calendar())):
        yield f"接单 {claim.pk} 的八小时外记了 {off_hours} 分钟，按工作日历是 {due} 分钟。{CALENDAR}"
    yield from _columns(claim, entries)


def _order(entries: list[LedgerEntry]) -> str:
    """What is wrong with the kinds: a credit, then corrections and reversals; "" where nothing is."""
    if entries[0].kind != EntryKind.CREDIT:
        return "不是从“认定”开始的"
    if sum(each.kind == EntryKind.CREDIT for each in entries) > 1:
        return "认定了不止一次"
    total = 0
    for entry in entries:
        total += entry.minutes
        if (entry.kind == EntryKind.REVERSAL) != (total == 0):
            return f"在记录 {entry.pk} 处合计 {total} 分钟，和“{entry.get_kind_display()}”不符"
        if total < 0:
            return f"在记录 {entry.pk} 处合计成了负数"
    return ""


def _columns(claim: Claim, entries: list[LedgerEntry]) -> Iterator[str]:
    """Entries say the same as claim and whistle. Street and district are those of the time: trees change."""
    whistle = claim.whistle
    wanted: dict[str, tuple[str, Any]] = {
        "volunteer_id": ("服务的人", claim.volunteer_id),
        "whistle_id": ("哨单", claim.whistle_id),
        "community_id": ("社区", whistle.community_id),
        "duty_area": ("职责领域", whistle.duty_area),
        "served_at": ("服务时间", ledger.served_at(claim)),
    }
    for entry in entries:
        differs = [label for name, (label, value) in wanted.items() if getattr(entry, name) != value]
        if entry.unit_id != entries[0].unit_id:
            differs.append("单位（和第一条不同）")
        if differs:
            yield f"台账记录 {entry.pk} 的{'、'.join(differs)}和接单 {claim.pk} 的哨单对不上。{BY_HAND}"
    if whistle.state in (WhistleState.DRAFT, WhistleState.CANCELLED):
        yield f"接单 {claim.pk} 有台账记录，它的哨单却是“{whistle.get_state_display()}”。{BY_HAND}"


def _of_balances(volunteer_id: int, sums: Sums, kept: Sums) -> Iterator[str]:
    nothing = [0, 0, 0, 0]
    for quarter in sorted(sums.keys() | kept.keys()):
        entered, standing = sums.get(quarter, nothing), kept.get(quarter, nothing)
        if entered != standing:
            said = f"合计记为 {_said(standing)}，台账加起来是 {_said(entered)}"
            yield f"志愿者 {volunteer_id} 在 {quarter} 起的季度{said}。{REBUILD}"


def _said(sums: list[int]) -> str:
    minutes, off_hours, times, off_hours_times = sums
    return f"{minutes} 分钟（八小时外 {off_hours}）{times} 次（八小时外 {off_hours_times}）"


def _strays() -> Iterator[str]:
    """Balances of people who have no entry at all."""
    entries = LedgerEntry.objects.filter(volunteer=OuterRef("volunteer")).order_by()
    for row in ServiceBalance.objects.filter(~Exists(entries)).exclude(minutes=0, times=0):
        yield f"志愿者 {row.volunteer_id} 在 {row.quarter} 起的季度有合计，台账里却没有记录。{REBUILD}"
