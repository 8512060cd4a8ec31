"""Many at once, on PostgreSQL: one account per number, one use per code, one message per minute."""

import pytest
from django.db import connection

from accounts import signin
from accounts.codes import check_code, send_code
from accounts.models import SignInCode, User
from ground.errors import RuleViolation
from tests.workflow import together

from .conftest import PHONE

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def on_postgresql() -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"


def test_twenty_taps_send_one_message(code_of):
    answers = together(*[lambda: send_code(phone=PHONE, purpose="sign_in", address="10.0.0.1")] * 20)
    assert answers.count(None) == 1
    assert all(isinstance(answer, RuleViolation) for answer in answers if answer is not None)
    assert SignInCode.objects.count() == 1


def test_a_code_is_used_up_once(code_of):
    send_code(phone=PHONE, purpose="sign_in", address="10.0.0.1")
    code = code_of()
    answers = together(*[lambda: check_code(phone=PHONE, purpose="sign_in", code=code)] * 8)
    assert answers.count(None) == 1
    assert sum(isinstance(answer, RuleViolation) for answer in answers) == 7


def test_guessing_at_once_gives_five_tries_in_all(code_of):
    send_code(phone=PHONE, purpose="sign_in", address="10.0.0.1")
    wrong = f"{(int(code_of()) + 1) % 1000000:06d}"
    together(*[lambda: check_code(phone=PHONE, purpose="sign_in", code=wrong)] * 12)
    assert SignInCode.objects.get().tries == 5


def test_two_first_sign_ins_make_one_account(code_of):
    accounts = together(*[lambda: signin._new_account(PHONE)] * 6)
    assert {account.pk for account in accounts} == {User.objects.get().pk}
