"""The system administrator: made by a command, helps accounts, sees no number and no work (RULES 5)."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from organizations.scope import scope_of
from tests import factories

from .conftest import PASSWORD, PHONE

pytestmark = pytest.mark.django_db
LIST = "/desk/registry/accounts/user/"


@pytest.fixture
def administrator(monkeypatch) -> User:
    monkeypatch.setenv("WENSHAO_ADMINISTRATOR_PASSWORD", PASSWORD)
    call_command("create_administrator", phone=PHONE, stdout=io.StringIO())
    return User.objects.get()


def browser_of(code_of, user: User) -> Client:
    browser = Client()
    browser.post("/sign-in/password/", {"phone": user.phone, "password": PASSWORD})
    browser.post("/sign-in/second/", {"code": code_of(user.phone)})
    return browser


def test_the_command_makes_one_and_says_no_number(monkeypatch):
    monkeypatch.setenv("WENSHAO_ADMINISTRATOR_PASSWORD", PASSWORD)
    said = io.StringIO()
    call_command("create_administrator", phone=PHONE, stdout=said)
    call_command("create_administrator", phone=PHONE, stdout=said)
    assert PHONE not in said.getvalue()
    user = User.objects.get()
    assert user.is_administrator
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize(("phone", "password"), [("123", PASSWORD), (PHONE, "12345678")])
def test_it_refuses_what_will_not_do(monkeypatch, phone, password):
    monkeypatch.setenv("WENSHAO_ADMINISTRATOR_PASSWORD", password)
    with pytest.raises(CommandError):
        call_command("create_administrator", phone=phone)
    assert not User.objects.exists()


def test_accounts_are_listed_masked_and_found_by_the_whole_number(code_of, administrator):
    resident = factories.a_user("周明")
    browser = browser_of(code_of, administrator)
    page = browser.get(LIST).content.decode()
    assert resident.masked_phone in page
    assert resident.phone not in page
    found = browser.get(LIST, {"q": resident.phone}).content.decode()
    assert "周明" in found
    assert administrator.masked_phone not in found
    detail = browser.get(f"{LIST}{resident.pk}/change/").content.decode()
    assert resident.phone not in detail
    assert resident.phone_index not in detail


def act(browser: Client, name: str, user: User):
    return browser.post(LIST, {"action": name, "_selected_action": [user.pk]}, follow=True)


def test_help_for_who_cannot_sign_in(code_of, administrator):
    resident = factories.a_user("周明", password=PASSWORD)
    browser = browser_of(code_of, administrator)
    act(browser, "deactivate", resident)
    resident.refresh_from_db()
    assert not resident.is_active
    act(browser, "activate", resident)
    for _ in range(5):
        Client().post("/sign-in/password/", {"phone": resident.phone, "password": "wrong"})
    again = {"phone": resident.phone, "password": PASSWORD}
    assert Client().post("/sign-in/password/", again).status_code == 429
    act(browser, "unlock", resident)
    assert Client().post("/sign-in/password/", again).status_code == 302
    act(browser, "reset_credentials", resident)
    resident.refresh_from_db()
    assert not resident.has_usable_password()
    act(browser, "deactivate", administrator)
    administrator.refresh_from_db()
    assert administrator.is_active


def test_nobody_else_sees_accounts_and_the_administrator_has_no_powers(code_of, administrator):
    assert not scope_of(administrator).grants
    secretary = factories.a_city().home.secretary
    secretary.set_password(PASSWORD)
    secretary.save()
    assert browser_of(code_of, secretary).get(LIST).status_code in (403, 404)


def test_the_flag_without_a_second_factor_opens_nothing(signed_in_by_code, administrator):
    answer = signed_in_by_code(administrator.phone).get(LIST)
    assert answer["Location"].startswith("/sign-in/password/")
