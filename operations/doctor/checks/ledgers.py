"""The service ledger: what people earned, and the sums that quotas and boards read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, Sum

from operations.doctor.findings import Finding, of_rows, of_sentences
from operations.doctor.registry import Ask, check
from volunteers.accounting import ledger_proof
from volunteers.models import Claim, LedgerEntry, ServiceBalance
from volunteers.states import ClaimState

SEE = (
    "逐条看 manage.py check_ledger；合计不对的用 manage.py check_ledger --rebuild 重算，其余按句子里说的改。"
)


@check("balances", "台账合计", cost="3 次分组查询：60 万条记录约 3 秒", looks_twice=True)
def balances(ask: Ask) -> Iterator[Finding]:
    """The balances of every volunteer add up to his entries, every credited claim has an entry, and no claim comes to
    less than nothing: quotas and lists of who is behind read balances, never the ledger."""
    yield from of_sentences("志愿者的合计不等于台账记录之和", SEE, _unbalanced())
    yield from of_rows("接单已认定，台账里没有记录", SEE, ledger_proof.unentered())
    yield from of_rows(
        "台账记录加起来和接单的状态不符",
        SEE,
        Claim.objects.filter(entries__isnull=False)
        .annotate(total=Sum("entries__minutes"))
        .exclude(Q(total__gt=0, state=ClaimState.CREDITED) | (Q(total=0) & ~Q(state=ClaimState.CREDITED))),
    )


def _unbalanced() -> Iterator[str]:
    entered, kept = _summed(LedgerEntry), _summed(ServiceBalance)
    for volunteer in sorted(entered.keys() | kept.keys()):
        here, there = kept.get(volunteer, (0, 0)), entered.get(volunteer, (0, 0))
        if here != there:
            yield f"志愿者 {volunteer}：合计 {here[0]} 分钟（八小时外 {here[1]}），台账 {there[0]}（{there[1]}）"


def _summed(model: Any) -> dict[int, tuple[int, int]]:
    rows = model.objects.order_by().values_list("volunteer")
    sums = rows.annotate(n=Sum("minutes"), n_off=Sum("off_hours_minutes"))
    return {volunteer: (n, n_off) for volunteer, n, n_off in sums}


@check(
    "ledger",
    "服务台账",
    cost="台账读一遍（每 200 人 3 次查询）：60 万条记录约 2 分钟处理器时间",
    is_slow=True,
    looks_twice=True,
)
def ledger(ask: Ask) -> Iterator[Finding]:
    """Entries say the same as their claims and whistles, come in the order credit, corrections, reversal, and their
    off-hours minutes are those of the working calendar (`volunteers.accounting.ledger_proof`)."""
    yield from of_sentences("服务台账有出入", SEE, ledger_proof.findings())
