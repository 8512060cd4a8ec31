"""Posts need password and second factor; a trusted device keeps it for 30 days (HOUSE, identity)."""

import time
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import TrustedDevice, User
from accounts.sessions import TRUST_COOKIE, strong_required
from ground import clock
from organizations.scope import scope_of
from tests import factories

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
ANDROID_WECHAT = "Mozilla/5.0 (Linux; Android 12) Chrome/107 MicroMessenger/8.0"


@pytest.fixture
def secretary() -> User:
    user = factories.a_city().home.secretary
    user.set_password(PASSWORD)
    user.save()
    return user


def send_password(browser: Client, user: User, password: str = PASSWORD, **more: str) -> HttpResponse:
    return browser.post("/sign-in/password/", {"phone": user.phone, "password": password, **more})


def sign_in(code_of, user: User, *, trust: bool = False) -> Client:
    browser = Client(headers={"user-agent": ANDROID_WECHAT})
    assert send_password(browser, user)["Location"] == "/sign-in/second/"
    form = {"code": code_of(user.phone)} | ({"trust": "on"} if trust else {})
    assert browser.post("/sign-in/second/", form)["Location"] == "/desk/"
    return browser


def who(browser: Client) -> User:
    return browser.get("/me/").wsgi_request.user


def test_password_and_code_give_a_strong_session_with_the_powers_of_the_post(code_of, secretary):
    browser = sign_in(code_of, secretary)
    user = who(browser)
    assert user == secretary
    assert user.session_is_strong
    assert scope_of(user).grants


def test_a_password_alone_signs_nobody_in(code_of, secretary):
    browser = Client()
    send_password(browser, secretary)
    assert SESSION_KEY not in browser.session
    assert browser.get("/me/").status_code == 302
    wrong = f"{(int(code_of(secretary.phone)) + 1) % 1000000:06d}"
    assert "验证码不对" in browser.post("/sign-in/second/", {"code": wrong}).content.decode()
    assert SESSION_KEY not in browser.session


def test_the_second_page_is_for_who_passed_the_first(code_of, secretary):
    assert Client().get("/sign-in/second/")["Location"] == "/sign-in/password/"
    browser = Client()
    send_password(browser, secretary)
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert browser.get("/sign-in/second/")["Location"] == "/sign-in/password/"


def test_a_code_for_signing_in_is_no_second_factor(code_of, secretary):
    browser = Client()
    browser.post("/sign-in/", {"phone": secretary.phone})
    for_sign_in = code_of(secretary.phone)
    with clock.at(clock.now() + timedelta(minutes=2)):
        send_password(browser, secretary)
        if for_sign_in != code_of(secretary.phone):
            answer = browser.post("/sign-in/second/", {"code": for_sign_in})
            assert answer.status_code == 200
    assert SESSION_KEY not in browser.session


def test_unknown_number_wrong_password_and_no_password_read_the_same(secretary):
    without = factories.a_user()
    stranger = User(phone="13777770000")
    pages = {
        send_password(Client(), user, "not-the-password").content.decode().count("手机号或密码不对")
        for user in (secretary, without, stranger)
    }
    assert pages == {1}


def test_five_wrong_passwords_lock_the_account_from_that_address_only(code_of, secretary):
    for _ in range(5):
        answer = send_password(Client(), secretary, "wrong")
    assert answer.status_code == 429
    assert "30 分钟后再试" in answer.content.decode()
    locked = send_password(Client(), secretary)
    assert locked.status_code == 429
    assert "30 分钟后再试" in locked.content.decode()
    elsewhere = Client(REMOTE_ADDR="10.9.8.7")
    assert send_password(elsewhere, secretary).status_code == 302
    other = factories.a_user(password=PASSWORD)
    assert send_password(Client(), other).status_code == 302


def test_the_lock_keeps_a_hash_of_the_number_not_the_number(secretary):
    send_password(Client(), secretary, "wrong-one")
    attempt = AccessAttempt.objects.get()
    assert attempt.username == secretary.phone_index
    kept = "".join(str(value) for value in attempt.__dict__.values())
    assert secretary.phone not in kept
    assert "wrong-one" not in kept


def test_who_is_signed_in_by_a_fresh_code_needs_only_the_password(signed_in_by_code, secretary):
    browser = signed_in_by_code(secretary.phone)
    page = browser.get("/sign-in/password/?next=/desk/").content.decode()
    assert 'name="phone"' not in page
    answer = browser.post("/sign-in/password/", {"password": PASSWORD, "next": "/desk/requests/1/"})
    assert answer["Location"] == "/desk/requests/1/"
    assert who(browser).session_is_strong


def test_once_the_proof_is_stale_the_second_factor_is_asked(signed_in_by_code, secretary):
    browser = signed_in_by_code(secretary.phone)
    with clock.at(clock.now() + timedelta(minutes=11)):
        answer = browser.post("/sign-in/password/", {"password": PASSWORD})
        assert answer["Location"] == "/sign-in/second/"
        assert not who(browser).session_is_strong


def test_a_strong_session_ends_with_the_working_day_and_stays_as_a_weak_one(code_of, secretary):
    browser = sign_in(code_of, secretary)
    with clock.at(clock.now() + timedelta(hours=12, minutes=1)):
        assert not who(browser).session_is_strong


def test_a_trusted_device_is_strong_for_thirty_days(code_of, secretary):
    browser = sign_in(code_of, secretary, trust=True)
    cookie = browser.cookies[TRUST_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    device = TrustedDevice.objects.get()
    assert device.label == "微信 · 安卓手机"
    assert cookie.value not in device.token_hash
    with clock.at(clock.now() + timedelta(days=29)):
        assert who(browser).session_is_strong
    with clock.at(clock.now() + timedelta(days=31)):
        assert not who(browser).session_is_strong


def test_on_a_trusted_device_the_password_is_enough(code_of, secretary):
    browser = sign_in(code_of, secretary, trust=True)
    browser.post("/sign-out/")
    assert send_password(browser, secretary)["Location"] == "/desk/"
    assert who(browser).session_is_strong
    browser.post("/sign-out/")
    with clock.at(clock.now() + timedelta(days=31)):
        assert send_password(browser, secretary)["Location"] == "/sign-in/second/"


def test_a_device_is_trusted_for_one_account_only(code_of, secretary):
    browser = sign_in(code_of, secretary, trust=True)
    browser.post("/sign-out/")
    other = factories.a_user(password=PASSWORD)
    assert send_password(browser, other)["Location"] == "/sign-in/second/"


def test_after_180_idle_days_a_trusted_device_is_not_believed(code_of, secretary):
    browser = sign_in(code_of, secretary, trust=True)
    browser.post("/sign-out/")
    User.objects.filter(pk=secretary.pk).update(proved_at=clock.now() - timedelta(days=181))
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert send_password(browser, secretary)["Location"] == "/sign-in/second/"
        browser.post("/sign-in/second/", {"code": code_of(secretary.phone)})
    secretary.refresh_from_db()
    assert not secretary.must_prove_identity


def test_revoking_a_device_ends_its_session_and_asks_again(code_of, secretary):
    phone_browser = sign_in(code_of, secretary, trust=True)
    with clock.at(clock.now() + timedelta(minutes=2)):
        desktop = sign_in(code_of, secretary)
    device = TrustedDevice.objects.get()
    assert device.label in desktop.get("/me/").content.decode()
    desktop.post(f"/me/devices/{device.pk}/revoke/")
    assert phone_browser.get("/me/").status_code == 302
    with clock.at(clock.now() + timedelta(minutes=4)):
        assert send_password(phone_browser, secretary)["Location"] == "/sign-in/second/"
    assert who(desktop).session_is_strong


def test_nobody_revokes_the_device_of_another(code_of, secretary, signed_in_by_code):
    sign_in(code_of, secretary, trust=True)
    outsider = signed_in_by_code()
    assert outsider.post(f"/me/devices/{TrustedDevice.objects.get().pk}/revoke/").status_code == 404
    assert TrustedDevice.objects.exists()


def test_signing_out_everywhere(code_of, secretary):
    one = sign_in(code_of, secretary, trust=True)
    with clock.at(clock.now() + timedelta(minutes=2)):
        two = sign_in(code_of, secretary)
    answer = two.post("/me/sign-out-everywhere/")
    assert answer["Clear-Site-Data"] == '"storage"'
    assert one.get("/me/").status_code == 302
    assert two.get("/me/").status_code == 302
    assert not TrustedDevice.objects.exists()


# First password


def test_the_first_password_is_set_after_a_fresh_code_and_makes_the_session_strong(signed_in_by_code):
    user = factories.a_user()
    browser = signed_in_by_code(user.phone)
    form = {"password": PASSWORD, "again": PASSWORD, "next": "/desk/"}
    assert browser.post("/me/password/?next=/desk/", form)["Location"] == "/desk/"
    assert who(browser).session_is_strong
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_without_a_fresh_proof_a_code_is_asked_first(signed_in_by_code):
    user = factories.a_user()
    browser = signed_in_by_code(user.phone)
    with clock.at(clock.now() + timedelta(minutes=11)):
        answer = browser.post("/me/password/", {"password": PASSWORD, "again": PASSWORD})
        assert answer["Location"].startswith("/sign-in/?again=1&next=%2Fme%2Fpassword%2F")
        assert browser.get(answer["Location"]).status_code == 200
    user.refresh_from_db()
    assert not user.has_usable_password()


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("12345678", "12345678", "数字"),
        ("short1", "short1", "8"),
        (PASSWORD, PASSWORD + "x", "两次输入的密码不一样"),
    ],
)
def test_weak_or_mistyped_passwords_are_refused(signed_in_by_code, password, again, sentence):
    browser = signed_in_by_code()
    answer = browser.post("/me/password/", {"password": password, "again": again})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()


def test_a_password_is_changed_by_who_knows_it_and_ends_other_sessions(code_of, secretary):
    browser = sign_in(code_of, secretary)
    with clock.at(clock.now() + timedelta(minutes=2)):
        other = sign_in(code_of, secretary)
    new = {"password": "another-2027-pw", "again": "another-2027-pw"}
    assert "原密码不对" in browser.post("/me/password/", {"old": "wrong", **new}).content.decode()
    assert browser.post("/me/password/", {"old": PASSWORD, **new}).status_code == 302
    assert other.get("/me/").status_code == 302
    assert who(browser).session_is_strong


def test_a_code_by_sms_does_not_replace_a_password(signed_in_by_code, secretary):
    browser = signed_in_by_code(secretary.phone)
    browser.post("/me/password/", {"password": "another-2027-pw", "again": "another-2027-pw"})
    secretary.refresh_from_db()
    assert secretary.check_password(PASSWORD)


# Authenticator app


def token_of(device: TOTPDevice, ahead: int = 0) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time() + ahead
    return f"{totp.token():06d}"


def test_an_authenticator_replaces_the_message(code_of, secretary):
    browser = sign_in(code_of, secretary)
    page = browser.get("/me/totp/").content.decode()
    assert "data:image/svg+xml" in page
    device = TOTPDevice.objects.get()
    assert secretary.phone not in page
    assert "动态口令不对" in browser.post("/me/totp/", {"code": "000000"}).content.decode()
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert browser.post("/me/totp/", {"code": token_of(device)})["Location"] == "/me/"
    other = Client()
    before = code_of(secretary.phone)
    send_password(other, secretary)
    assert code_of(secretary.phone) == before  # nothing was sent
    assert other.post("/sign-in/second/", {"code": token_of(device, 30)})["Location"] == "/desk/"
    assert who(other).session_is_strong


def test_a_weak_session_cannot_add_an_authenticator(signed_in_by_code, secretary):
    browser = signed_in_by_code(secretary.phone)
    assert browser.get("/me/totp/")["Location"] == "/sign-in/password/?next=/me/totp/"


# Guarding pages


@strong_required
def guarded(request: HttpRequest) -> HttpResponse:
    return HttpResponse("工作台")


def ask(user, *, strong: bool = False, **extra) -> HttpResponse:
    request = RequestFactory().get("/desk/?tab=due", **extra)
    user.session_is_strong = strong
    request.user = user
    request.htmx = "HTTP_HX_REQUEST" in extra
    return guarded(request)


def test_staff_pages_send_visitors_and_weak_sessions_to_the_right_door_and_back(db):
    assert ask(AnonymousUser())["Location"] == "/sign-in/?next=/desk/%3Ftab%3Ddue"
    assert ask(factories.a_user())["Location"] == "/sign-in/password/?next=/desk/%3Ftab%3Ddue"
    assert ask(factories.a_user(), strong=True).content.decode() == "工作台"


def test_a_part_of_a_page_sends_the_whole_page_away(db):
    answer = ask(factories.a_user(), HTTP_HX_REQUEST="true", HTTP_REFERER="http://testserver/desk/?tab=new")
    assert answer["HX-Redirect"] == "/sign-in/password/?next=/desk/%3Ftab%3Dnew"
