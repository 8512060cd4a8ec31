"""Whether one request is in sight is told from the row at hand: for everybody the same as the list tells."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from requests import dispatching
from requests.models import ServiceRequest
from tests.factories import a_city, a_grid_worker, a_user
from tests.walk import world as worlds
from tests.workflow import filed
from tests.workflow.dispatched import officer_of, sent

pytestmark = pytest.mark.django_db


def test_for_everybody_in_the_world_and_every_request():
    worlds.build()
    seen = hidden = 0
    for user in User.objects.all():
        for is_strong in (True, False):
            user.session_is_strong = is_strong
            for row in ServiceRequest.objects.all():
                user.scope_cache = {}
                told = row.is_visible_to(user)
                assert told == ServiceRequest.objects.visible_to(user).filter(pk=row.pk).exists(), (user, row)
                seen, hidden = seen + told, hidden + (not told)
    assert seen > 5 and hidden > 20


def test_for_those_to_whom_it_was_dispatched_until_they_give_it_back():
    city = a_city()
    dispatch = sent(city)
    officer, row = officer_of(dispatch), dispatch.service_request
    officer.session_is_strong, officer.scope_cache = True, {}
    assert row.is_visible_to(officer)
    dispatching.give_back(dispatch, by=officer, reason="不属于我们的职责范围")
    officer.scope_cache = {}
    assert not row.is_visible_to(officer) and not ServiceRequest.objects.visible_to(officer).exists()


def test_for_a_grid_worker_in_his_grid_and_for_nobody():
    city = a_city()
    row, worker, other = filed(city), a_grid_worker(city.home), a_grid_worker(city.next_door)
    for user in (worker, other):
        user.session_is_strong, user.scope_cache = True, {}
    assert row.is_visible_to(worker) and not row.is_visible_to(other)
    assert not row.is_visible_to(AnonymousUser()) and row.is_visible_to(row.submitter)
    assert not row.is_visible_to(a_user())
