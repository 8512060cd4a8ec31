"""Rows that were copied read as rows that were saved."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from grids.models import Grid, SpecialGroup
from ground import clock
from operations.simulating.copying import Writer, lines
from organizations.models import Organization, Policy
from requests.models import RequestEvent
from tests.factories import a_city, a_user

pytestmark = pytest.mark.django_db

ODD = ["反斜杠\\", "两行\n第二行", "制表\t符", "回车\r", "\\N", "\\.", "😀", "", "'\"%s"]


def test_odd_signs_arrive_as_they_were():
    Writer().write(SpecialGroup, [SpecialGroup(name=f"{n}", purpose=text) for n, text in enumerate(ODD)])
    found = dict(SpecialGroup.objects.values_list("name", "purpose"))
    assert [found[str(n)] for n in range(len(ODD))] == ODD


def test_every_kind_of_column_arrives():
    district = a_city().district
    signed = clock.now()
    spans = {"a": [1, 2.5, None], "字": '\\ " \n'}
    Writer().write(
        Policy,
        [
            Policy(
                district=district,
                begins_on=clock.today(),
                signed_by=a_user(),
                signed_at=signed,
                document="文",
                spans=spans,
                like_weight=Decimal("1.25"),
                boards_public=True,
            )
        ],
    )
    found = Policy.objects.get(document="文")
    assert (found.spans, found.like_weight, found.signed_at) == (spans, Decimal("1.25"), signed)
    assert (found.begins_on, found.boards_public, found.likes_shown) == (clock.today(), True, True)


def test_columns_that_compute_themselves_do_so_and_nothing_stays_nothing():
    place = a_city().home
    ring = [[113.5, 24.7], [113.6, 24.7], [113.6, 24.8], [113.5, 24.8], [113.5, 24.7]]
    first = place.first_grid
    rows = [
        Grid(tier=2, code=code, name=code, parent=first, boundary=boundary, district_id=first.district_id)
        for code, boundary in (("a", {"type": "Polygon", "coordinates": [ring]}), ("b", None))
    ]
    Writer().write(Grid, rows)
    one, other = Grid.objects.filter(code__in="ab").order_by("code")
    assert (one.west, one.north) == (113.5, 24.8)
    assert (other.west, other.boundary, other.community) == (None, None, None)
    assert not rows[0]._state.adding


def test_what_is_encrypted_is_stored_encrypted():
    row = User(phone="19900005555", phone_index="x" * 64, name="某某")
    Writer().write(User, [row])
    assert User.objects.get(phone_index="x" * 64).phone == "19900005555"
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_user WHERE phone_index = %s", ["x" * 64])
        assert "19900005555" not in cursor.fetchone()[0]


def test_reserved_keys_are_given_to_nobody_else():
    writer = Writer()
    block = writer.ids(SpecialGroup, 10)
    other = SpecialGroup.objects.create(name="别的", purpose="x")
    assert other.pk not in block
    writer.write(SpecialGroup, (SpecialGroup(pk=pk, name=str(pk), purpose="x") for pk in block))
    assert SpecialGroup.objects.create(name="后来", purpose="x").pk > block.stop - 1
    assert set(writer.ids(SpecialGroup, 3)).isdisjoint(block)
    assert list(writer.ids(SpecialGroup, 0)) == []


def test_constraints_hold():
    def twice(name: str) -> list[SpecialGroup]:
        return [SpecialGroup(name=name, purpose="x") for _ in range(2)]

    with pytest.raises(IntegrityError), transaction.atomic():
        Writer().write(SpecialGroup, twice("一样"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Writer().write(
            Organization,
            [Organization(tier=3, name="孤儿", parent=None, lft=1, rght=2, tree_id=99, level=0)],
        )


def test_a_foreign_key_to_nothing_is_found_at_once_on_postgresql():
    if connection.vendor != "postgresql":
        return  # SQLite looks at the commit: the test's own end is that
    first = a_city().home.first_grid
    stray = Grid(tier=2, code="s", name="s", parent_id=10**9, district_id=first.district_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        Writer().write(Grid, [stray])


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(TypeError):
        lines([RequestEvent(at=clock.now().replace(tzinfo=None))])


def test_progress_is_told_batch_by_batch(monkeypatch):
    from operations.simulating import copying

    monkeypatch.setattr(copying.batches, "__defaults__", (2,))
    heard = []
    rows = (SpecialGroup(name=str(n), purpose="x") for n in range(5))
    written = Writer(lambda *said: heard.append(said)).write(SpecialGroup, rows, 5)
    assert written == 5
    assert heard == [("重点人群", 2, 5), ("重点人群", 2, 5), ("重点人群", 1, 5)]
