"""Programs sign in: tokens, their strength, their end (API of accounts)."""

from datetime import timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.authentication import TokenAuthentication
from accounts.models import ApiToken, User
from ground import clock
from organizations.scope import scope_of
from tests import factories

from .conftest import PASSWORD, PHONE

pytestmark = pytest.mark.django_db
TOKEN = "/api/v1/auth/token/"


def ask_code(phone: str, purpose: str = "sign_in"):
    return APIClient().post("/api/v1/auth/code/", {"phone": phone, "purpose": purpose})


def with_token(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def test_number_and_code_give_a_weak_token(code_of):
    assert ask_code(PHONE).status_code == 204
    answer = APIClient().post(TOKEN, {"phone": PHONE, "code": code_of()})
    assert answer.status_code == 201
    assert answer.json()["is_strong"] is False
    me = with_token(answer.json()["token"]).get("/api/v1/me/").json()
    assert me["phone"] == "138****1111"
    assert me["is_strong"] is False
    assert PHONE not in str(me)
    assert answer.json()["token"] not in ApiToken.objects.get().digest


def test_password_and_second_code_give_a_strong_token_with_powers(code_of):
    secretary = factories.a_city().home.secretary
    secretary.set_password(PASSWORD)
    secretary.save()
    ask_code(secretary.phone, "second")
    form = {"phone": secretary.phone, "password": PASSWORD, "code": code_of(secretary.phone)}
    answer = APIClient().post(TOKEN, form)
    assert answer.json()["is_strong"] is True
    assert with_token(answer.json()["token"]).get("/api/v1/me/").json()["is_strong"] is True


def test_a_weak_token_of_a_secretary_has_no_powers(code_of, rf):
    secretary = factories.a_city().home.secretary
    for is_strong in (False, True):
        _, token = ApiToken.objects.create(user=secretary, is_strong=is_strong)
        user, _ = TokenAuthentication().authenticate(rf.get("/", HTTP_AUTHORIZATION=f"Token {token}"))
        assert bool(scope_of(user).grants) is is_strong
        assert user.session_is_strong is is_strong


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_gives_nothing_even_with_a_code(code_of, password):
    user = factories.a_user(password=PASSWORD)
    ask_code(user.phone, "second")
    answer = APIClient().post(TOKEN, {"phone": user.phone, "password": password, "code": code_of(user.phone)})
    assert answer.status_code in (400, 409)
    assert not ApiToken.objects.exists()


def test_a_code_for_the_second_step_gives_no_token_without_the_password(code_of):
    ask_code(PHONE, "second")
    answer = APIClient().post(TOKEN, {"phone": PHONE, "code": code_of()})
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("验证码不对")


def test_five_wrong_passwords_lock_the_api_too(code_of):
    user = factories.a_user(password=PASSWORD)
    for _ in range(5):
        answer = APIClient().post(TOKEN, {"phone": user.phone, "password": "wrong", "code": "000000"})
    assert answer.status_code == 429
    assert "30 分钟后再试" in answer.json()["detail"]


def test_limits_are_told_in_words(code_of):
    ask_code(PHONE)
    answer = ask_code(PHONE)
    assert answer.status_code == 409
    assert "秒后再试" in answer.json()["detail"]
    assert APIClient().post("/api/v1/auth/code/", {"phone": "12"}).status_code == 400


def test_a_token_ends_when_it_is_deleted(code_of):
    _, token = ApiToken.objects.create(user=factories.a_user())
    _, other = ApiToken.objects.create(user=factories.a_user())
    assert with_token(token).delete(TOKEN).status_code == 204
    assert with_token(token).get("/api/v1/me/").status_code == 401
    assert with_token(other).get("/api/v1/me/").status_code == 200
    assert APIClient().delete(TOKEN).status_code == 401


def test_an_idle_number_is_sent_to_the_pages(code_of):
    user = factories.a_user("周明", proved_at=clock.now() - timedelta(days=181))
    ask_code(user.phone)
    answer = APIClient().post(TOKEN, {"phone": user.phone, "code": code_of(user.phone)})
    assert answer.status_code == 409
    assert "180 天" in answer.json()["detail"]


def test_a_session_of_the_pages_works_too_and_is_weak_or_strong_as_it_is(signed_in_by_code):
    browser = signed_in_by_code()
    assert browser.get("/api/v1/me/").json()["is_strong"] is False
    assert Client().get("/api/v1/me/").status_code == 401
    assert User.objects.count() == 1
