"""Personal data at rest."""

import base64
import copy

import pytest
from django.db import connection

from accounts.models import User
from ground.fields import (
    Undecipherable,
    blind_index,
    decrypt,
    encrypt,
    masked_phone,
    phone_index,
    seal,
    surname_only,
    unseal,
)

PLACE = "accounts.user.phone"
OTHER_KEY = base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize("cipher", ["a", "s"])
def test_a_value_comes_back_and_never_looks_the_same_twice(settings, cipher):
    settings.FIELD_CIPHER = cipher
    one, two = encrypt("13800005678", PLACE), encrypt("13800005678", PLACE)
    assert one != two and one.startswith(f"{cipher}1:") and "13800005678" not in one
    assert decrypt(one, PLACE) == decrypt(two, PLACE) == "13800005678"


def test_a_value_moved_to_another_column_does_not_open():
    with pytest.raises(Undecipherable):
        decrypt(encrypt("13800005678", PLACE), "organizations.member.phone")


def test_a_changed_value_does_not_open():
    head, _, body = encrypt("13800005678", PLACE).partition(":")
    raw = bytearray(base64.b64decode(body))
    raw[14] ^= 1
    with pytest.raises(Undecipherable):
        decrypt(f"{head}:{base64.b64encode(bytes(raw)).decode()}", PLACE)


@pytest.mark.parametrize(
    "garbage", ["", "plain text", "z1:AAAA", "a9:AAAA", "a1:AAAA", "a1:中", "a1:%%%", "a1:AAA"]
)
def test_what_is_not_sealed_with_our_keys_does_not_open(garbage):
    with pytest.raises(Undecipherable):
        decrypt(garbage, PLACE)


# Whole files

SHEET = "grids.registryimport.sheet:7"


@pytest.mark.parametrize("cipher", ["a", "s"])
@pytest.mark.parametrize("data", [b"", "姓名,440203199001011234".encode(), bytes(range(256)) * 4096])
def test_a_file_comes_back_and_lies_sealed(settings, cipher, data):
    settings.FIELD_CIPHER = cipher
    sealed = seal(data, SHEET)
    assert sealed.startswith(f"{cipher}1:".encode())
    assert len(data) < len(sealed) <= len(data) + 40
    assert not data or data not in sealed
    assert sealed != seal(data, SHEET)
    assert unseal(sealed, SHEET) == data


def test_a_file_opens_for_what_it_belongs_to_only():
    with pytest.raises(Undecipherable):
        unseal(seal(b"rows", SHEET), "grids.registryimport.sheet:8")


@pytest.mark.parametrize("place", [0, 3, 20, -1])
def test_a_changed_or_cut_file_does_not_open(place):
    sealed = bytearray(seal(b"rows of a sheet", SHEET))
    cut = bytes(sealed[:place])
    sealed[place] ^= 1
    for broken in (bytes(sealed), cut):
        with pytest.raises(Undecipherable):
            unseal(broken, SHEET)


@pytest.mark.parametrize("garbage", [b"", b"PK\x03\x04 a sheet in clear", b"\xff\xfe:", b"a1:" + b"x" * 20])
def test_a_file_that_was_never_sealed_does_not_open(garbage):
    with pytest.raises(Undecipherable):
        unseal(garbage, SHEET)


def test_an_old_file_opens_beside_a_new_key(settings):
    old = seal(b"rows", SHEET)
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, "2": OTHER_KEY}
    assert seal(b"rows", SHEET).startswith(b"a2:")
    assert unseal(old, SHEET) == b"rows"


# Several keys


def test_a_new_key_seals_and_the_old_one_still_opens(settings):
    old = encrypt("13800005678", PLACE)
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, "10": OTHER_KEY}
    assert encrypt("13800005678", PLACE).startswith("a10:")
    assert decrypt(old, PLACE) == "13800005678"


def test_the_index_depends_on_purpose_and_key(settings):
    before = phone_index("13800005678")
    assert before == phone_index("13800005678") != blind_index("13800005678", "id")
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, "index": OTHER_KEY}
    assert phone_index("13800005678") != before


@pytest.mark.django_db
def test_the_database_holds_no_plain_phone():
    User.objects.create_user("13800005678", "周某")
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_user")
        stored = cursor.fetchone()[0]
    assert "13800005678" not in stored
    assert User.objects.get().phone == "13800005678"
    assert User.objects.with_phone("13800005678") == User.objects.get()


@pytest.mark.django_db
def test_an_encrypted_field_refuses_to_be_searched():
    with pytest.raises(TypeError, match="blind index"):
        User.objects.filter(phone__contains="138").exists()


def test_masks():
    assert masked_phone("13812345678") == "138****5678"
    assert masked_phone("85212") == "****12"
    assert surname_only("周建国") == "周**" and surname_only("") == "居民"


# One value that no key opens


def _unreadable(user: User) -> str:
    stored = encrypt("13800005678", PLACE).replace("a1:", "a9:")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET phone = %s WHERE id = %s", [stored, user.pk])
    return stored


@pytest.mark.django_db
def test_one_value_that_no_key_opens_does_not_break_the_list():
    broken, other = (
        User.objects.create_user("13800005678", "周某"),
        User.objects.create_user("13900005678", "吴某"),
    )
    _unreadable(broken)
    assert [user.phone for user in User.objects.order_by("pk")] == ["", other.phone]
    assert User.objects.get(pk=broken.pk).masked_phone == "（读不出）"


@pytest.mark.django_db
def test_saving_a_row_keeps_what_could_not_be_read():
    user = User.objects.create_user("13800005678", "周某")
    stored = _unreadable(user)
    fresh = copy.deepcopy(User.objects.get(pk=user.pk))
    fresh.name = "周二"
    fresh.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, name FROM accounts_user WHERE id = %s", [user.pk])
        assert cursor.fetchone() == (stored, "周二")
