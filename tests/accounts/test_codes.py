"""Codes by short message: limits, tries, time, one use (HOUSE, identity and privacy)."""

from datetime import timedelta

import pytest

from accounts.codes import check_code, forget_old_codes, normal_phone, send_code
from accounts.models import SignInCode
from ground import clock
from ground.errors import RuleViolation

from .conftest import PHONE

pytestmark = pytest.mark.django_db
OTHER = "13900002222"


def send(phone: str = PHONE, purpose: str = "sign_in", address: str = "10.0.0.1", *, at=None) -> None:
    with clock.at(at or clock.now()):
        send_code(phone=phone, purpose=purpose, address=address)


def refusal_of(verb, **kwargs) -> RuleViolation:
    with pytest.raises(RuleViolation) as refused:
        verb(**kwargs)
    return refused.value


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1000000:06d}"


def test_a_code_is_good_once_and_is_stored_as_a_hash(code_of):
    send()
    code = code_of()
    row = SignInCode.objects.get()
    assert len(code) == 6
    assert code not in "".join(str(value) for value in row.__dict__.values())
    assert PHONE not in "".join(str(value) for value in row.__dict__.values())
    check_code(phone=PHONE, purpose="sign_in", code=code)
    assert refusal_of(check_code, phone=PHONE, purpose="sign_in", code=code).field == "code"


def test_it_is_taken_as_people_type_it(code_of):
    send()
    full_width = code_of().translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    check_code(phone=PHONE, purpose="sign_in", code=f" {full_width[:3]} {full_width[3:]} ")


def test_after_five_minutes_it_is_worth_nothing(code_of):
    send()
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        assert "过期" in refusal_of(check_code, phone=PHONE, purpose="sign_in", code=code_of()).sentence


def test_five_tries_then_not_even_the_right_one(code_of):
    send()
    for _ in range(5):
        refusal_of(check_code, phone=PHONE, purpose="sign_in", code=wrong(code_of()))
    refusal = refusal_of(check_code, phone=PHONE, purpose="sign_in", code=code_of())
    assert "重新获取" in refusal.sentence


def test_it_serves_its_own_purpose_and_number_only(code_of):
    send(purpose="second")
    refusal_of(check_code, phone=PHONE, purpose="sign_in", code=code_of())
    refusal_of(check_code, phone=OTHER, purpose="second", code=code_of())
    check_code(phone=PHONE, purpose="second", code=code_of())


def test_a_newer_code_replaces_the_older(code_of):
    send()
    older = code_of()
    send(at=clock.now() + timedelta(minutes=2))
    newer = code_of()
    if older != newer:
        refusal_of(check_code, phone=PHONE, purpose="sign_in", code=older)
    check_code(phone=PHONE, purpose="sign_in", code=newer)


def test_one_a_minute_five_an_hour_ten_a_day_each_with_the_time_to_try_again(code_of):
    start = clock.now()
    send(at=start)
    with clock.at(start + timedelta(seconds=20)):
        sentence = refusal_of(send_code, phone=PHONE, purpose="sign_in", address="10.0.0.1").sentence
    assert "40 秒后再试" in sentence
    for minute in (2, 4, 6, 8):
        send(at=start + timedelta(minutes=minute))
    with clock.at(start + timedelta(minutes=20)):
        sentence = refusal_of(send_code, phone=PHONE, purpose="second", address="10.0.0.1").sentence
    assert "40 分钟后再试" in sentence
    for minute in (70, 72, 74, 76, 78):
        send(at=start + timedelta(minutes=minute))
    with clock.at(start + timedelta(minutes=140)):
        sentence = refusal_of(send_code, phone=PHONE, purpose="sign_in", address="10.0.0.1").sentence
    assert "后再试" in sentence
    assert "今天" in sentence or "明天" in sentence
    send(OTHER, at=start + timedelta(minutes=140))


def test_an_address_has_limits_of_its_own(code_of):
    for number in range(30):
        send(f"1370000{number:04d}")
    assert "这个网络" in refusal_of(send_code, phone=OTHER, purpose="sign_in", address="10.0.0.1").sentence
    send(OTHER, address="10.0.0.2")


def test_a_gateway_that_does_not_answer_is_told_and_still_counts(settings):
    settings.WENSHAO_SMS_URL = "http://127.0.0.1:9/"
    assert "发不出去" in refusal_of(send_code, phone=PHONE, purpose="sign_in", address="10.0.0.1").sentence
    assert "频繁" in refusal_of(send_code, phone=PHONE, purpose="sign_in", address="10.0.0.1").sentence


def test_rows_that_no_limit_needs_are_forgotten(code_of):
    send(at=clock.now() - timedelta(days=3))
    send(OTHER)
    assert forget_old_codes() == 1
    assert SignInCode.objects.count() == 1


@pytest.mark.parametrize(
    "typed", ["138 0000 1111", "+86 138-0000-1111", "008613800001111", "１３８００００１１１１"]
)
def test_a_number_is_read_as_people_type_it(typed):
    assert normal_phone(typed) == PHONE


@pytest.mark.parametrize("typed", ["", "1380000111", "12800001111", "07518888888", "138000011112", "一三八"])
def test_what_is_no_mobile_number_is_refused(typed):
    assert refusal_of(normal_phone, text=typed).field == "phone"
