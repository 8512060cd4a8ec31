"""A month of attendance sent twice gives the same ledger, in this database and in a fresh one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def a_fresh_database() -> Iterator[None]:
    """Without a claim, and afterwards as it was."""
    try:
        with transaction.atomic():
            assert not Claim.objects.exists()
            yield
            raise TakenBack
    except TakenBack:
        return


def test_the_same_messages_again_change_nothing_and_a_fresh_database_has_the_same_ledger_row_for_row():
    with a_fresh_database():
        month = Month(a_city()).write()
        month.send()
        entries, balances, events = ledger_rows(), balance_rows(), ClaimEvent.objects.count()
        kinds = Counter(LedgerEntry.objects.values_list("kind", flat=True))
        assert len(entries) > 50 and all(kinds[kind] >= 2 for kind in EntryKind), kinds
        states = set(Claim.objects.values_list("state", flat=True))
        assert {ClaimState.CREDITED, ClaimState.REFUSED, ClaimState.ABSENT} <= states
        assert list(findings()) == []
        month.send()
        assert (ledger_rows(), balance_rows()) == (entries, balances)
        assert ClaimEvent.objects.count() == events
        assert list(findings()) == []
    with a_fresh_database():
        Month(a_city()).write().send()
        assert (ledger_rows(), balance_rows()) == (entries, balances)
