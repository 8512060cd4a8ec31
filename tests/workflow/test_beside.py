"""What hangs on a request, asked with its row, and the sight of those to whom it was dispatched."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from requests import beside, dispatching, splitting
from requests.models import ServiceRequest
from tests.factories import City, a_city
from tests.workflow import filed, in_progress, resolved
from tests.workflow.dispatched import a_department, officer_of, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


def read(row: ServiceRequest) -> ServiceRequest:
    return beside.with_what_hangs(ServiceRequest.objects.whole()).get(pk=row.pk)


def there(row: ServiceRequest) -> set[str]:
    return {name for name in beside.hanging if beside.has(row, name)}


class TestWhatHangs:
    def test_nothing_on_one_just_filed_and_the_same_when_nobody_looked(self, city: City) -> None:
        row = filed(city)
        assert there(read(row)) == there(beside.nothing_hangs(row)) == set()

    def test_where_nobody_asked_all_of_it_may_be_there(self, city: City) -> None:
        assert there(filed(city)) == set(beside.hanging)

    def test_each_thing_by_its_name(self, city: City) -> None:
        row, whole = in_progress(city), in_progress(city)
        sent(city, service_request=row)
        splitting.split(whole, by=city.home.secretary, parts=["甲", "乙"])
        assert there(read(row)) == {"holds", "dispatches"}
        assert there(read(whole)) == {"holds", "parts", "relatives"}

    def test_what_is_known_not_to_be_there_is_not_asked_for(self, city: City) -> None:
        row = read(filed(city))
        beside.remember_none(row, "holds", "parts")
        with CaptureQueriesContext(connection) as captured:
            assert list(row.holds.all()) == list(row.parts.all()) == []
        assert len(captured) == 0

    def test_looking_again_finds_what_came_since(self, city: City) -> None:
        row = read(in_progress(city))
        beside.remember_none(row, "holds", "dispatches")
        sent(city, service_request=ServiceRequest.objects.get(pk=row.pk))
        ServiceRequest.objects.filter(pk=row.pk).update(title="改过的")
        handler = row.handler
        with CaptureQueriesContext(connection) as captured:
            again = beside.looked_at_again(row)
        assert len(captured) == 1 and again is row
        assert row.title == "改过的" and row.handler is handler
        assert there(row) == {"holds", "dispatches"} and row.holds.count() == len(row.holds.all()) == 1

    def test_looking_again_finds_who_is_responsible_now(self, city: City) -> None:
        row = ServiceRequest.objects.select_related("responsible").get(pk=resolved(city).pk)
        ServiceRequest.objects.filter(pk=row.pk).update(responsible=row.submitter)
        beside.looked_at_again(row)
        assert row.responsible == row.submitter


class TestSightOfADispatch:
    def sees(self, user: User, row: Any) -> bool:
        return ServiceRequest.objects.visible_to(user).filter(pk=row.pk).exists()

    def test_within_one_request_it_is_asked_once(self, city: City) -> None:
        dispatch = sent(city)
        user = officer_of(dispatch)
        user.session_is_strong, user.scope_cache = True, {}
        assert self.sees(user, dispatch.service_request)
        with CaptureQueriesContext(connection) as captured:
            assert self.sees(user, dispatch.service_request)
        assert len(captured) == 1

    def test_the_next_request_sees_what_was_sent_since(self, city: City) -> None:
        unit, officer = a_department(city)
        officer.session_is_strong, officer.scope_cache = True, {}
        row = in_progress(city)
        assert not self.sees(officer, row)
        sent(city, unit, row)
        officer.scope_cache = {}  # as the middleware gives it to every request
        assert self.sees(officer, row)

    def test_whoever_gives_it_back_has_it_out_of_sight_in_the_same_request(self, city: City) -> None:
        dispatch = sent(city)
        user = officer_of(dispatch)
        user.session_is_strong, user.scope_cache = True, {}
        assert self.sees(user, dispatch.service_request)
        dispatching.give_back(dispatch, by=user, reason="不归我们")
        assert not self.sees(user, dispatch.service_request)

    def test_what_was_taken_back_is_out_of_sight_with_the_next_request(self, city: City) -> None:
        dispatch = sent(city)
        user = officer_of(dispatch)
        user.session_is_strong, user.scope_cache = True, {}
        assert self.sees(user, dispatch.service_request)
        dispatching.recall(dispatch, by=city.home.secretary, reason="自己办")
        assert not self.sees(officer_of_again(user), dispatch.service_request)

    def test_two_officers_keep_nothing_from_each_other(self, city: City) -> None:
        mine, other = sent(city), sent(city)
        users = [officer_of(mine), officer_of(other)]
        for user in users:
            user.session_is_strong, user.scope_cache = True, {}
        assert [self.sees(user, mine.service_request) for user in users] == [True, False]
        assert [self.sees(user, other.service_request) for user in users] == [False, True]

    def test_many_dispatches_are_told_by_a_subquery_of_the_same_meaning(
        self, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unit, officer = a_department(city)
        rows = [in_progress(city) for _ in range(3)]
        for row in rows[:2]:
            sent(city, unit, row)
        for most in (1, 500):
            monkeypatch.setattr("requests.models.matters.MOST_KEYS", most)
            officer.session_is_strong, officer.scope_cache = True, {}
            assert [self.sees(officer, row) for row in rows] == [True, True, False]


def officer_of_again(user: User) -> User:
    """The same person in the next HTTP request."""
    fresh = User.objects.get(pk=user.pk)
    fresh.session_is_strong, fresh.scope_cache = True, {}
    return fresh
