"""Codes by short message: sent under limits, kept as a keyed hash, good once (HOUSE, identity and privacy)."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import SignInCode
from ground import channels, clock
from ground.errors import RuleViolation
from ground.fields import blind_index, phone_index
from ground.identity import BadTelephone, normal_mobile

log = structlog.get_logger(__name__)

LIFETIME = timedelta(minutes=5)
MAX_TRIES = 5
DIGITS = 6
#: Rows are of no use to any limit after this.
KEPT = timedelta(days=2)
TEXT = "【闻哨】{what}验证码 {code}，5 分钟内有效。请不要告诉任何人。"
WRONG = "验证码不对或已过期，请核对，或重新获取。"
Purpose = SignInCode.Purpose


class Limit(NamedTuple):
    """At most `at_most` codes within `window`."""

    at_most: int
    window: timedelta


PER_PHONE = (Limit(1, timedelta(minutes=1)), Limit(5, timedelta(hours=1)), Limit(10, timedelta(days=1)))
#: An office or a whole village may share one address.
PER_ADDRESS = (Limit(30, timedelta(hours=1)), Limit(200, timedelta(days=1)))


def normal_phone(text: str) -> str:
    """The 11 digits of a mainland mobile number as people type it (spaces, dashes, +86, full-width digits).

    Raises RuleViolation on the field `phone`.
    """
    try:
        return normal_mobile(text)
    except BadTelephone as refused:
        raise RuleViolation(refused.sentence, field="phone") from None


def send_code(*, phone: str, purpose: str, address: str) -> None:
    """Send a code of six digits to `phone` (11 digits) for one purpose; `address` is where the wish comes from.

    Behaves the same whether the number has an account or not. Raises RuleViolation when a limit is
    reached (with the time from which it works again), or when the gateway does not take the message.
    """
    index = phone_index(phone)
    # Two taps at once must not both pass the limits: the second one waits for its minute like any other.
    if not cache.add(f"code:{index}", 1, timeout=10):
        raise RuleViolation("验证码刚刚发送过，请 1 分钟后再试。", field="phone")
    try:
        code = _note(index, Purpose(purpose), blind_index(address, "address"))
    finally:
        cache.delete(f"code:{index}")
    try:
        channels.sms().send(phone, TEXT.format(what=Purpose(purpose).label, code=code))
    except channels.ChannelError as error:
        log.error("code not sent", error=str(error))
        raise RuleViolation("短信暂时发不出去，请 1 分钟后再试，或联系社区。", field="phone") from error


def check_code(*, phone: str, purpose: str, code: str) -> None:
    """Use up the newest code of that number and purpose; raises RuleViolation if it is not the one.

    Each call is one of its five tries, whatever was typed; an earlier code is worth nothing.
    """
    now = clock.now()
    sent = SignInCode.objects.filter(phone_index=phone_index(phone), purpose=purpose)
    newest = sent.order_by("-sent_at", "-pk").first()
    if newest is None:
        raise RuleViolation(WRONG, field="code")
    alive = SignInCode.objects.filter(pk=newest.pk, used_at=None, expires_at__gt=now)
    if not alive.filter(tries__lt=MAX_TRIES).update(tries=F("tries") + 1):
        exhausted = alive.exists()
        raise RuleViolation("错误次数过多，请重新获取验证码。" if exhausted else WRONG, field="code")
    typed = unicodedata.normalize("NFKC", code).strip().replace(" ", "")
    if not constant_time_compare(newest.code_hash, _hash(newest.phone_index, purpose, typed)):
        raise RuleViolation(WRONG, field="code")
    if not alive.update(used_at=now):
        raise RuleViolation(WRONG, field="code")


def forget_old_codes() -> int:
    """Delete rows that no limit needs any more; gives how many."""
    return SignInCode.objects.filter(sent_at__lt=clock.now() - KEPT).delete()[0]


@transaction.atomic
def _note(index: str, purpose: Purpose, address_index: str) -> str:
    _take_turns(address_index, index)
    _respect(PER_PHONE, Q(phone_index=index), "这个手机号")
    _respect(PER_ADDRESS, Q(address_index=address_index), "这个网络")
    code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    SignInCode.objects.create(
        phone_index=index,
        purpose=purpose,
        code_hash=_hash(index, purpose, code),
        address_index=address_index,
        sent_at=clock.now(),
        expires_at=clock.now() + LIFETIME,
    )
    return code


def _take_turns(*indexes: str) -> None:
    """Taps at once must not pass a limit together: one at a time from an address, then for a number, in this order
    for everybody. SQLite's writers queue anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for index in indexes:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(index[:15], 16)])


def _hash(index: str, purpose: str, code: str) -> str:
    return blind_index(f"{index}:{purpose}:{code}", "code")


def _respect(limits: tuple[Limit, ...], which: Q, whose: str) -> None:
    now = clock.now()
    for limit in limits:
        recent = SignInCode.objects.filter(which, sent_at__gt=now - limit.window).order_by("-sent_at")
        if len(times := list(recent.values_list("sent_at", flat=True)[: limit.at_most])) == limit.at_most:
            again = _in_words(times[-1] + limit.window, now)
            raise RuleViolation(f"{whose}获取验证码太频繁，请{again}再试。", field="phone")


def _in_words(moment: datetime, now: datetime) -> str:
    """When to try again, as people say it: 40 秒后, 12 分钟后, 今天 18:20 后, 明天 09:05 后."""
    seconds = max(1, round((moment - now).total_seconds()))
    if seconds <= 60:
        return f" {seconds} 秒后"
    if seconds <= 3600:
        return f" {-(-seconds // 60)} 分钟后"
    local = timezone.localtime(moment)
    day = "今天" if local.date() == timezone.localtime(now).date() else "明天"
    return f"{day} {local:%H:%M} 后"
