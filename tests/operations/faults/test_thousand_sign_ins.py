"""A thousand attempts to sign in: bounded messages, bounded rows, and the owner gets in."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db.models import F

from accounts.codes import PER_ADDRESS, PER_PHONE
from accounts.models import SignInCode, User
from tests import factories
from tests.operations.doctoring import doctor_is_clean
from tests.operations.faults.platform import Platform

pytestmark = [pytest.mark.services]
PASSWORD = "榕树下 三棵-二胡"
DAY = timedelta(days=1)


def an_owner() -> User:
    user = factories.a_user()
    user.password = Argon2PasswordHasher().encode(PASSWORD, "saltsaltsalt")
    user.save(update_fields=["password"])
    return user


def password_of(client, user: User, word: str) -> int:
    return client.post("/sign-in/password/", data={"phone": user.phone, "password": word}).status_code


def code_to(client, phone: str) -> int:
    return client.post("/sign-in/", data={"phone": phone}).status_code


def from_elsewhere(platform: Platform, number: int, user: User) -> list[int]:
    """Thirty wrong passwords from one more address, one after the other."""
    with platform.browser(address=f"10.9.0.{number}") as client:
        return [password_of(client, user, f"other-{n}") for n in range(30)]


def test_a_thousand_attempts_and_the_owner_still_signs_in(platform):
    owner, hour = an_owner(), PER_ADDRESS[0].at_most
    before, rows = len(platform.gateway.taken), SignInCode.objects.count()
    strangers = [factories.a_phone() for _ in range(200)]
    with (
        platform.browser(address="10.6.6.6") as one,
        platform.browser(address="10.7.7.7") as other,
        ThreadPoolExecutor(4) as pool,
    ):
        # One address, one account, by password: five are tried, the rest is turned away unread.
        passwords = Counter(pool.map(lambda n: password_of(one, owner, f"wrong-{n}"), range(500)))
        # One address, two hundred numbers: the address has its thirty an hour.
        codes = Counter(pool.map(lambda phone: code_to(other, phone), strangers))
        # Many addresses, one number: the number has its one a minute.
        for number in range(30):
            with platform.browser(address=f"10.8.0.{number}") as each:
                codes.update(code_to(each, owner.phone) for _ in range(4))
        # Many addresses, one account, by password: each has its five.
        for counted in pool.map(lambda number: from_elsewhere(platform, number, owner), range(6)):
            passwords.update(counted)
    assert sum(passwords.values()) + sum(codes.values()) == 1_000
    assert (
        set(passwords) == {200, 429} and passwords[200] <= 7 * 5 + 4
    )  # four were under way when the fifth failed
    assert set(codes) == {200, 302}
    to_owner = len(platform.gateway.texts_to(owner.phone))
    assert 1 <= to_owner <= PER_PHONE[1].at_most, "one a minute, five an hour, however long it took"
    assert len(platform.gateway.taken) - before == codes[302] == hour + to_owner

    assert AccessAttempt.objects.filter(username=owner.phone_index).count() <= 7
    assert SignInCode.objects.count() - rows == codes[302]
    with platform.browser(address="10.1.2.3") as home, platform.browser(address="10.6.6.6") as attacked:
        assert password_of(home, owner, PASSWORD) == 302, "his own address is not locked"
        assert password_of(attacked, owner, PASSWORD) == 429
        AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=31))
        SignInCode.objects.update(sent_at=F("sent_at") - DAY)
        passed = attacked.post("/sign-in/password/", data={"phone": owner.phone, "password": PASSWORD})
        assert passed.status_code == 302, "after half an hour there, too"
        cookie = settings.SESSION_COOKIE_NAME
        attacked.headers["Cookie"] += f"; {cookie}={passed.cookies[cookie]}"
        text = platform.gateway.texts_to(owner.phone)[-1]  # the second factor is on its way already
        code = re.search(r"\d{6}", text)
        signed = attacked.post("/sign-in/second/", data={"code": code[0]})
        assert signed.status_code == 302, signed.text
    doctor_is_clean()
