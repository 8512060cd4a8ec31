"""A token that is used stays valid; the powers of posts need two factors again after thirty days (HOUSE)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.authentication import TokenAuthentication
from accounts.models import ApiToken
from ground import clock
from organizations.scope import scope_of
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("days", "is_strong"), [(29, True), (31, False)])
def test_strength_ends_after_thirty_days(rf: Any, days: int, is_strong: bool) -> None:
    secretary = factories.a_city().home.secretary
    row, token = ApiToken.objects.create(user=secretary, is_strong=True)
    ApiToken.objects.filter(pk=row.pk).update(created=clock.now() - timedelta(days=days))
    user, _ = TokenAuthentication().authenticate(rf.get("/", HTTP_AUTHORIZATION=f"Token {token}"))
    assert user.session_is_strong is is_strong
    assert bool(scope_of(user).grants) is is_strong
