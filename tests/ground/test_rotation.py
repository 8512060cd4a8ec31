"""A new key for what lies encrypted, while the site answers: `manage.py rotate_field_keys`."""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
import threading
import time
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import isolate_apps

from accounts.models import User
from ground import rotation
from ground.fields import EncryptedCharField, encrypt, phone_index
from ground.history import AppendOnly, AppendOnlyError
from organizations.models import Member
from tests.factories import a_city, a_member, a_phone, a_user
from tests.house.checks import ROOT, clean_environment
from tests.workflow import together

SECOND, THIRD = (base64.b64encode(letter * 32).decode() for letter in (b"2", b"3"))


def a_column() -> rotation.Column:
    return next(column for column in rotation.columns() if column.model is User)


def people(count: int) -> list[User]:
    """So many accounts, quickly; User.phone is sealed with the newest key of the moment."""
    phones = [a_phone() for _ in range(count)]
    rows = [User(phone=phone, phone_index=phone_index(phone), name="周某") for phone in phones]
    return User.objects.bulk_create(rows)


def stored(pk: int) -> str:
    """What really lies in the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_user WHERE id = %s", [pk])
        return cursor.fetchone()[0]


def store(pk: int, raw: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET phone = %s WHERE id = %s", [raw, pk])


def heads() -> dict[str, int]:
    return a_column().by_head()


def add_key(settings: Any, number: str = "2", key: str = SECOND) -> None:
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, number: key}


def run(*options: str) -> str:
    out = StringIO()
    call_command("rotate_field_keys", *options, stdout=out, stderr=StringIO())
    return out.getvalue()


def refused(*options: str) -> tuple[str, str]:
    """The sentence with which it fails, and what it said before on stderr."""
    err = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("rotate_field_keys", *options, stdout=StringIO(), stderr=err)
    return str(failure.value), err.getvalue()


pytestmark = pytest.mark.django_db


# What is walked


def test_every_encrypted_column_of_the_installed_apps_is_walked():
    expected = {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedCharField)
    }
    found = [str(column) for column in rotation.columns()]
    assert set(found) == expected >= {"accounts.user.phone", "organizations.member.phone"}
    assert len(found) == len(expected)


def test_an_encrypted_field_in_an_append_only_table_is_refused_by_name(monkeypatch):
    with isolate_apps("tests.lamps") as registry:

        class Deed(AppendOnly):
            phone = EncryptedCharField()

            class Meta:
                app_label = "lamps"

    monkeypatch.setattr(rotation, "apps", registry)
    with pytest.raises(AppendOnlyError, match="lamps.deed.phone"):
        rotation.columns()
    assert "lamps.deed.phone" in refused()[0]


# What is sealed again


def test_values_of_three_keys_end_under_the_newest_and_all_fields_are_done(settings):
    member, first = a_member(a_city()), a_user()
    add_key(settings)
    second = a_user()
    add_key(settings, "10", THIRD)  # the highest number, not the last letter
    third = a_user()
    before = stored(third.pk)
    phones = dict(User.objects.values_list("pk", "phone"))
    said = run("--batch", "2")
    assert f"accounts.user.phone：重新加密 {len(phones) - 1}；现存 a10 {len(phones)}" in said
    assert "organizations.member.phone：重新加密 1；现存 a10 1" in said
    assert stored(third.pk) == before
    settings.FIELD_KEYS = {name: settings.FIELD_KEYS[name] for name in ("10", "index")}
    assert dict(User.objects.values_list("pk", "phone")) == phones
    assert Member.objects.get().phone == member.phone
    assert {first.pk, second.pk, third.pk} <= set(phones)


def test_another_cipher_is_a_reason_too(settings):
    users = people(3)
    settings.FIELD_CIPHER = "s"
    run()
    assert heads() == {"s1:": 3}
    assert [user.phone for user in User.objects.order_by("pk")] == [user.phone for user in users]


def test_a_second_run_writes_nothing(settings):
    people(5)
    add_key(settings)
    run()
    before = [stored(user.pk) for user in User.objects.order_by("pk")]
    assert "accounts.user.phone：重新加密 0；现存 a2 5" in run()
    assert [stored(user.pk) for user in User.objects.order_by("pk")] == before


def test_a_dry_run_says_how_many_and_writes_nothing(settings):
    users = people(3)
    add_key(settings)
    users += people(1)
    assert "accounts.user.phone：需要重新加密 3；现存 a1 3，a2 1" in run("--dry-run")
    assert heads() == {"a1:": 3, "a2:": 1}


def test_empty_values_stay_empty(settings):
    user = a_user()
    store(user.pk, "")
    add_key(settings)
    run()
    assert stored(user.pk) == ""


@pytest.mark.parametrize("size", ["0", "5001", "-1", "x", "１"])
def test_a_batch_has_a_sensible_size(size):
    with pytest.raises(CommandError, match="1 到 5000"):
        call_command("rotate_field_keys", f"--batch={size}", stdout=StringIO(), stderr=StringIO())


def test_it_costs_four_statements_a_batch(settings, django_assert_max_num_queries):
    people(40)
    add_key(settings)
    with django_assert_max_num_queries(4 * 5 + 4):  # reading, savepoint twice, locking, writing: per batch
        rotation.rotate(a_column(), batch=10)
    assert heads() == {"a2:": 40}


# What nobody opens


def test_what_no_key_opens_is_named_by_key_only_and_the_rest_is_done(settings):
    lost, moved, plain, good = people(4)
    sealed_elsewhere = encrypt(moved.phone, "organizations.member.phone")
    store(moved.pk, sealed_elsewhere)
    store(plain.pk, plain.phone)
    settings.FIELD_KEYS = {"7": THIRD, **settings.FIELD_KEYS}
    store(lost.pk, encrypt(lost.phone, "accounts.user.phone"))
    ring = {name: key for name, key in settings.FIELD_KEYS.items() if name != "7"}
    settings.FIELD_KEYS = {**ring, "2": SECOND}
    sentence, named = refused()
    assert sentence.startswith("3 个值没有一把密钥打得开")
    for user in (lost, moved, plain):
        assert f"打不开：accounts.user.phone 主键 {user.pk}\n" in named
    assert not any(user.phone in sentence + named for user in (lost, moved, plain))
    assert stored(moved.pk) == sealed_elsewhere and stored(plain.pk) == plain.phone
    assert stored(good.pk).startswith("a2:")
    assert heads() == {"": 1, "a1:": 1, "a2:": 1, "a7:": 1}


def test_many_unreadable_ones_are_counted_and_some_of_them_named(settings):
    people(50)
    settings.FIELD_KEYS = {"index": settings.FIELD_KEYS["index"], "2": SECOND}
    sentence, named = refused()
    assert sentence.startswith("50 个值")
    assert named.count("主键") == rotation.NAMED and "另有 30 个" in named


def test_a_process_that_was_not_restarted_is_noticed(settings, monkeypatch):
    """Its values come back under the old key: the operator must not drop that."""
    users = people(3)
    add_key(settings)
    late = stored(users[0].pk)
    by_head = rotation.Column.by_head

    def written_late(column: rotation.Column) -> dict[str, int]:
        if column.model is User:
            store(users[0].pk, late)
        return by_head(column)

    monkeypatch.setattr(rotation.Column, "by_head", written_late)
    sentence, _ = refused()
    assert sentence.startswith("还有 1 个值在用旧密钥")


# Meanwhile


def test_an_edit_in_between_wins(settings, monkeypatch):
    one, two = people(2)
    add_key(settings)
    edited = encrypt("19900000000", "accounts.user.phone")
    write = rotation._write

    def edit_first(column: rotation.Column, changes: list[rotation.Change]) -> int:
        store(one.pk, edited)  # somebody saved between reading and writing
        return write(column, changes)

    monkeypatch.setattr(rotation, "_write", edit_first)
    monkeypatch.setattr(rotation, "PAUSE_SECONDS", 0)
    report = rotation.rotate(a_column())
    assert (report.resealed, report.stale) == (1, 0)
    assert stored(one.pk) == edited
    assert User.objects.get(pk=one.pk).phone == "19900000000"
    assert User.objects.get(pk=two.pk).phone == two.phone


def test_an_edit_by_a_process_with_the_old_key_is_done_in_the_next_pass(settings, monkeypatch):
    one, two = people(2)
    edited = encrypt("19900000000", "accounts.user.phone")
    add_key(settings)
    write, calls = rotation._write, []

    def edit_first(column: rotation.Column, changes: list[rotation.Change]) -> int:
        if not calls:
            store(one.pk, edited)
        calls.append(len(changes))
        return write(column, changes)

    monkeypatch.setattr(rotation, "_write", edit_first)
    monkeypatch.setattr(rotation, "PAUSE_SECONDS", 0)
    report = rotation.rotate(a_column())
    assert (report.resealed, report.stale, calls) == (2, 0, [2, 1])
    assert User.objects.get(pk=one.pk).phone == "19900000000"


@pytest.mark.django_db(transaction=True)
def test_half_way_everything_is_readable_and_the_next_run_does_the_rest(settings):
    users = people(10)
    add_key(settings)

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(a_column(), batch=4, advance=stop)
    assert heads() == {"a1:": 6, "a2:": 4}
    assert [user.phone for user in User.objects.order_by("pk")] == [user.phone for user in users]
    assert User.objects.with_phone(users[0].phone) == users[0]
    assert rotation.rotate(a_column(), batch=4).resealed == 6
    assert heads() == {"a2:": 10}


@pytest.mark.django_db(transaction=True)
def test_readers_and_writers_go_on_while_it_runs(settings):
    users = people(1500)
    add_key(settings)
    phones = {user.pk: user.phone for user in users}
    seen, troubles, is_over = [0, 0], [], threading.Event()

    def watch(work: Any, place: int) -> None:
        try:
            while not is_over.is_set():
                work()
                seen[place] += 1
        except Exception as error:
            troubles.append(repr(error))
        finally:
            connection.close()

    def read() -> None:
        assert dict(User.objects.filter(pk__in=list(phones)[::50]).values_list("pk", "phone")) == {
            pk: phones[pk] for pk in list(phones)[::50]
        }

    def write() -> None:
        user = users[seen[1] % len(users)]
        User.objects.filter(pk=user.pk).update(name=f"周{seen[1]}")
        time.sleep(0.001)

    threads = [threading.Thread(target=watch, args=pair) for pair in ((read, 0), (write, 1))]
    for thread in threads:
        thread.start()
    try:
        report = rotation.rotate(a_column(), batch=50)
    finally:
        is_over.set()
        for thread in threads:
            thread.join(30)
    assert troubles == []
    assert min(seen) > 0
    assert (report.resealed, report.remaining) == (1500, {"a2:": 1500})
    assert dict(User.objects.values_list("pk", "phone")) == phones


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_everything_once(settings):
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    users = people(3000)
    add_key(settings)
    one, two = together(*[lambda: rotation.rotate(a_column(), batch=100)] * 2)
    assert one.resealed + two.resealed == 3000
    assert heads() == {"a2:": 3000}
    assert [user.phone for user in User.objects.order_by("pk")] == [user.phone for user in users]


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_it_waits_for_nobody_with_rows_in_its_hands_and_comes_back_for_what_was_held(settings):
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"
    users = people(300)
    add_key(settings)
    held, seen = threading.Event(), {}

    def hold() -> None:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=users[7].pk)
            held.set()
            time.sleep(0.5)
            seen.update(heads())  # all the others are done by now
            # The rotation holds nothing: a second row is locked at once, in the wrong order.
            User.objects.select_for_update(nowait=True).get(pk=users[3].pk)

    def rotate() -> rotation.Report:
        held.wait(10)
        return rotation.rotate(a_column(), batch=100)

    holder, report = together(hold, rotate)
    assert holder is None
    assert seen == {"a1:": 1, "a2:": 299}
    assert (report.resealed, report.stale) == (300, 0)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_killed_with_signal_9_and_started_again(settings, tmp_path):
    """As a process of its own, on the database of this test."""
    users = people(20_000)
    add_key(settings)
    ring = ",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items())
    database = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database).replace(":@", "@")
    env = clean_environment(FIELD_KEYS=ring, DATABASE_URL=url, WENSHAO_VAR=str(tmp_path))
    command = [sys.executable, "manage.py", "rotate_field_keys", "--batch", "20"]
    child = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 30
    while heads().get("a2:", 0) < 100:
        assert time.monotonic() < end and child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    done = heads()["a2:"]
    assert 100 <= done < 20_000
    assert User.objects.get(pk=users[0].pk).phone == users[0].phone
    assert User.objects.get(pk=users[-1].pk).phone == users[-1].phone
    assert rotation.rotate(a_column()).resealed == 20_000 - done
    assert heads() == {"a2:": 20_000}
