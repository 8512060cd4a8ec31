"""One's own page: what is stored, the name, and what it costs."""

import pytest
from django.test import Client

from accounts import devices, stored
from accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db


def test_it_is_for_who_is_signed_in():
    assert Client().get("/me/")["Location"] == "/sign-in/?next=/me/"


def test_it_says_what_is_stored_and_shows_no_number_in_clear(signed_in_by_code):
    user = factories.a_user("周明")
    page = signed_in_by_code(user.phone).get("/me/").content.decode()
    assert "系统里存了我的什么" in page
    assert user.masked_phone in page
    assert user.phone not in page
    assert "周明" in page
    assert "/prefs/" in page


def test_floors_above_say_what_they_store(signed_in_by_code):
    def teller(user: User) -> list[tuple[str, str]]:
        return [("点单", f"{user.name} 的 3 件")]

    stored.register(teller)
    try:
        user = factories.a_user("周明")
        assert "周明 的 3 件" in signed_in_by_code(user.phone).get("/me/").content.decode()
    finally:
        stored._tellers.remove(teller)


def test_a_name_is_said_once(signed_in_by_code):
    browser = signed_in_by_code()
    assert "保存姓名" in browser.get("/me/").content.decode()
    assert "姓名已保存" in browser.post("/me/name/", {"name": " 周明 "}, follow=True).content.decode()
    page = browser.post("/me/name/", {"name": "李四"}, follow=True).content.decode()
    assert "联系社区" in page
    assert User.objects.get().name == "周明"


def test_queries_are_few_however_many_devices(signed_in_by_code, django_assert_max_num_queries):
    user = factories.a_user("周明")
    browser = signed_in_by_code(user.phone)
    for number in range(12):
        devices.trust(user=user, label=f"设备 {number}")
    with django_assert_max_num_queries(13):
        browser.get("/me/")
