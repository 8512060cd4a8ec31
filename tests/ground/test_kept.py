"""Statements that are kept: the same rows as the queryset, for whoever asks, whatever the parameters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from ground import clock
from ground.kept import A_DAY, A_KEY, Kept, _sessions, some_keys
from organizations.models import Appointment
from tests.factories import a_city, a_user

pytestmark = pytest.mark.django_db


def _held(user, today):
    rows = Appointment.objects.filter(user=user).in_force(today).select_related("organization", "user")
    others = Appointment.objects.filter(user=OuterRef("user")).exclude(pk=OuterRef("pk"))
    return rows.defer("user__phone").annotate(is_one_of_several=Exists(others.order_by()))


def test_rows_are_those_of_the_queryset_with_what_they_point_at():
    city, kept = a_city(), Kept(_held, user=A_KEY, today=A_DAY)
    for user in (city.home.secretary, city.next_door.secretary):
        (row,) = kept(user=user.pk, today=clock.today())
        (asked,) = _held(user.pk, clock.today())
        assert (
            row == asked
            and row.organization == asked.organization
            and row.__dict__.keys() == asked.__dict__.keys()
        )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert row.organization.name and row.user.name and row.is_one_of_several is False
        assert not queries
        assert row.user.get_deferred_fields() == {"phone"}
    assert kept(user=a_user().pk, today=clock.today()) == []
    assert kept.first(user=city.home.secretary.pk, today=clock.today() - timedelta(days=40_000)) is None


def test_it_is_put_together_once():
    built = []

    def build(pk):
        built.append(pk)
        return User.objects.filter(pk=pk)

    kept, people = Kept(build, pk=A_KEY), [a_user(), a_user()]
    assert [kept.first(pk=user.pk) for user in people] == people
    assert built == [A_KEY]


def test_a_parameter_that_is_nowhere_is_said():
    with pytest.raises(ValueError, match="name"):
        Kept(lambda pk, name: User.objects.filter(pk=pk), pk=A_KEY, name="nobody's")(pk=1, name="x")


def test_threads_do_not_mix_their_parameters():
    """Only the statements are shared."""
    kept, people = (
        Kept(lambda pk: User.objects.filter(pk=pk).only("pk"), pk=A_KEY),
        [a_user() for _ in range(8)],
    )
    kept.first(pk=people[0].pk)
    compilers = []

    def ask(user):
        from ground.kept import _Asked

        statement = kept._statements[connection.vendor]
        compiler = _Asked(statement.compiler, statement.said([user.pk])).get_compiler("default")
        compilers.append(compiler)
        return compiler.as_sql()[1]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, people)) == [(user.pk,) for user in people]
    assert len({id(each) for each in compilers}) == len(people)


def prepared_here() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement FROM pg_prepared_statements")
        return dict(cursor.fetchall())


@pytest.mark.services
def test_postgresql_plans_it_once_and_rows_stay_those_of_the_queryset():
    city, kept = a_city(), Kept(_held, user=A_KEY, today=A_DAY)
    users, today = [city.home.secretary, city.next_door.secretary, a_user()], clock.today()
    found = [kept(user=user.pk, today=today) for user in users]
    assert found == [list(_held(user.pk, today)) for user in users] and found[0] and not found[2]
    said = prepared_here()[kept._name]
    assert "$1" in said and "$2" in said and str(A_KEY) not in said
    assert kept(today=today, user=users[1].pk) == found[1], "whatever order they are given in"


@pytest.mark.services
def test_nothing_is_left_in_a_session_that_others_use_too():
    """PgBouncer drops what we say at the start of a session; it may hand the session to somebody else."""
    kept, user = Kept(lambda pk: User.objects.filter(pk=pk), pk=A_KEY), a_user()
    with connection.cursor() as cursor:
        cursor.execute("SET wenshao.session = 'pooled'")
    before = _sessions.pop(connection.connection, None)
    try:
        assert kept.first(pk=user.pk) == user
        assert kept._name not in prepared_here()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET wenshao.session")
        if before is None:
            del _sessions[connection.connection]
        else:
            _sessions[connection.connection] = before


@pytest.mark.services
def test_whoever_reads_along_reads_the_whole_statement():
    kept, user = Kept(lambda pk: User.objects.filter(pk=pk), pk=A_KEY), a_user()
    with CaptureQueriesContext(connection) as captured:
        kept.first(pk=user.pk)
    assert len(captured) == 1 and captured[0]["sql"].startswith("SELECT")


def test_a_list_has_so_many_places():
    people = [a_user() for _ in range(4)]
    kept = Kept(lambda keys: User.objects.filter(pk__in=keys), keys=some_keys(3))
    assert set(kept(keys=[user.pk for user in people[:3]])) == set(people[:3])
    assert kept(keys={people[1].pk}) == [people[1]]
    for wrong in ([], [user.pk for user in people]):
        with pytest.raises(ValueError, match="places"):
            kept(keys=wrong)
