"""Residents and members sign in by a code: pages, first account, idle numbers, session (HOUSE, identity)."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client

from accounts.models import User
from accounts.signin import start_anew
from ground import clock
from ground.errors import RuleViolation
from ground.fields import masked_phone
from organizations.posts import Post
from organizations.scope import scope_of
from tests import factories

from .conftest import PHONE

pytestmark = pytest.mark.django_db


def test_the_first_sign_in_opens_an_account_and_the_second_finds_it(signed_in_by_code):
    browser = signed_in_by_code()
    user = User.objects.get()
    assert browser.session[SESSION_KEY] == str(user.pk)
    assert user.phone == PHONE
    assert user.proved_at
    assert not user.has_usable_password()
    with clock.at(clock.now() + timedelta(minutes=2)):
        signed_in_by_code()
    assert User.objects.count() == 1


def test_the_page_asks_with_the_right_keyboards_and_shows_the_code_in_the_demo_only(code_of, settings):
    browser = Client()
    assert 'autocomplete="tel-national"' in browser.get("/sign-in/").content.decode()
    browser.post("/sign-in/", {"phone": PHONE})
    page = browser.get("/sign-in/code/").content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert "138****1111" in page
    assert PHONE not in page
    assert f"<strong data-demo-code>{code_of()}</strong>" in page
    assert "演示" in page
    code = code_of()
    settings.WENSHAO_DEMO = False
    assert code not in browser.get("/sign-in/code/").content.decode()


def test_a_number_with_and_one_without_account_get_the_same_answer(code_of):
    known = factories.a_user()
    pages = []
    for phone in (known.phone, "13777770000"):
        browser = Client()
        answer = browser.post("/sign-in/", {"phone": phone}, follow=True)
        # A token of 64 signs is drawn anew for every page and may hold any digits.
        page = re.sub(r'"\w{64}"', "", answer.content.decode())
        for own in (masked_phone(phone), phone, code_of(phone)):
            page = page.replace(own, "")
        pages.append((answer.redirect_chain, answer.status_code, page))
        assert code_of(phone)
    assert pages[0] == pages[1]


def test_a_wrong_code_says_so_next_to_the_field_and_signs_nobody_in(code_of):
    browser = Client()
    browser.post("/sign-in/", {"phone": PHONE})
    wrong = f"{(int(code_of()) + 1) % 1000000:06d}"
    answer = browser.post("/sign-in/code/", {"code": wrong})
    assert answer.status_code == 200
    assert "验证码不对或已过期" in answer.content.decode()
    assert SESSION_KEY not in browser.session
    assert not User.objects.exists()


def test_a_suspended_account_is_told_only_to_who_holds_the_number(code_of):
    user = factories.a_user(is_active=False)
    browser = Client()
    assert browser.post("/sign-in/", {"phone": user.phone}).status_code == 302
    answer = browser.post("/sign-in/code/", {"code": code_of(user.phone)})
    assert "已停用" in answer.content.decode()
    assert SESSION_KEY not in browser.session


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/requests/new/?b=xyz", "/requests/new/?b=xyz"),
        ("https://evil.example/", "/"),
        ("//evil.example/x", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_lands_on_a_page_of_this_site_only(code_of, wanted, reached):
    browser = Client()
    browser.post("/sign-in/", {"phone": PHONE, "next": wanted})
    answer = browser.post("/sign-in/code/", {"code": code_of(), "next": wanted})
    assert answer["Location"] == reached


def test_next_is_carried_from_page_to_page(code_of):
    browser = Client()
    answer = browser.post("/sign-in/", {"phone": PHONE, "next": "/messages/"})
    assert answer["Location"] == "/sign-in/code/?next=%2Fmessages%2F"
    assert 'value="/messages/"' in browser.get(answer["Location"]).content.decode()


def test_the_session_key_changes_when_somebody_signs_in(code_of):
    browser = Client()
    browser.post("/sign-in/", {"phone": PHONE})
    planted = browser.session.session_key
    assert planted
    browser.post("/sign-in/code/", {"code": code_of()})
    assert browser.session.session_key != planted
    assert not browser.session.__class__(planted).exists(planted)


def test_the_number_is_not_in_the_session_in_clear(code_of):
    browser = Client()
    browser.post("/sign-in/", {"phone": PHONE})
    assert PHONE not in str(dict(browser.session))


@pytest.mark.parametrize(
    "page", ["/sign-in/", "/sign-in/code/", "/sign-in/password/", "/sign-in/second/", "/sign-out/"]
)
def test_every_form_wants_its_csrf_token(page, code_of):
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(page, {"phone": PHONE}).status_code == 403


def test_a_weak_session_has_no_powers_of_posts(signed_in_by_code):
    city = factories.a_city()
    secretary = city.home.secretary
    browser = signed_in_by_code(secretary.phone)
    user = browser.get("/me/").wsgi_request.user
    assert user == secretary
    assert not user.session_is_strong
    assert not scope_of(user).grants
    assert Post.SECRETARY in {grant.post for grant in scope_of(User.objects.get(pk=user.pk)).grants}


def test_signing_out_ends_the_session_and_clears_what_the_browser_kept(signed_in_by_code):
    browser = signed_in_by_code()
    assert "data-forget" in browser.get("/me/").content.decode()
    assert browser.get("/sign-out/").status_code == 405
    answer = browser.post("/sign-out/")
    assert answer["Clear-Site-Data"] == '"storage"'
    assert SESSION_KEY not in browser.session
    assert "已退出登录" in browser.get(answer["Location"]).content.decode()


def idle(name: str = "周明") -> User:
    return factories.a_user(name, proved_at=clock.now() - timedelta(days=181))


def into_the_question(code_of, user: User) -> Client:
    browser = Client()
    browser.post("/sign-in/", {"phone": user.phone})
    answer = browser.post("/sign-in/code/", {"code": code_of(user.phone)})
    assert answer["Location"] == "/sign-in/again/"
    assert SESSION_KEY not in browser.session
    return browser


def test_after_180_idle_days_the_name_is_asked(code_of):
    user = idle()
    browser = into_the_question(code_of, user)
    assert "周明" not in browser.get("/sign-in/again/").content.decode()
    assert "不一致" in browser.post("/sign-in/again/", {"name": "李四"}).content.decode()
    assert browser.post("/sign-in/again/", {"name": " 周 明 "}).status_code == 302
    assert browser.session[SESSION_KEY] == str(user.pk)
    user.refresh_from_db()
    assert not user.must_prove_identity


def test_five_names_a_day(code_of):
    browser = into_the_question(code_of, idle())
    for _ in range(5):
        browser.post("/sign-in/again/", {"name": "李四"})
    assert "明天再试" in browser.post("/sign-in/again/", {"name": "周明"}).content.decode()


def test_the_new_owner_of_a_number_gets_an_account_of_his_own(code_of):
    user = idle()
    phone = user.phone
    browser = into_the_question(code_of, user)
    assert browser.post("/sign-in/again/", {"anew": "1"}).status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    assert user.phone == ""
    fresh = User.objects.get(pk=browser.session[SESSION_KEY])
    assert fresh.pk != user.pk
    assert User.objects.with_phone(phone) == fresh


def test_nobody_reaches_that_question_without_a_code(db):
    assert Client().get("/sign-in/again/")["Location"] == "/sign-in/"
    assert Client().post("/sign-in/again/", {"anew": "1"})["Location"] == "/sign-in/"


def test_an_account_used_lately_cannot_be_retired(code_of):
    with pytest.raises(RuleViolation):
        start_anew(user=factories.a_user())
