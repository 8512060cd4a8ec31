"""A month of attendance sent twice gives the same ledger, in this database and in a fresh one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import transaction

from tests.volunteers.month import Month, balance_rows, ledger_rows
from tests.volunteers.scenes import a_city
from volunteers.accounting.ledger_proof import findings
from volunteers.models import Claim, ClaimEvent, LedgerEntry
from volunteers.states import ClaimState, EntryKind

pytestmark = pytest.mark.django_db


class TakenBack(Exception):
    """The database is empty again."""


def played() -> tuple[list[Any], list[Any]]:
    """What a month leaves in a fresh database, which is fresh again afterwards."""
    kept: tuple[list[Any], list[Any]] = ([], [])
    try:
        with transaction.atomic():
            assert not Claim.objects.exists()
            Month(a_city()).write().send()
            kept = ledger_rows(), balance_rows()
            raise TakenBack
    except TakenBack:
        return kept


def test_the_same_messages_again_change_nothing():
    month = Month(a_city()).write()
    month.send()
    entries, balances, events = ledger_rows(), balance_rows(), ClaimEvent.objects.count()
    kinds = Counter(LedgerEntry.objects.values_list("kind", flat=True))
    assert all(kinds[kind] >= 2 for kind in EntryKind), kinds
    states = set(Claim.objects.values_list("state", flat=True))
    assert {ClaimState.CREDITED, ClaimState.REFUSED, ClaimState.ABSENT} <= states
    assert list(findings()) == []
    month.send()
    assert (ledger_rows(), balance_rows()) == (entries, balances)
    assert ClaimEvent.objects.count() == events
    assert list(findings()) == []


def test_the_same_month_in_a_fresh_database_is_the_same_ledger_row_for_row():
    first, second = played(), played()
    assert len(first[0]) > 50
    assert first == second
