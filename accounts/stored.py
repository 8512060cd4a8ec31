"""What is stored about somebody, shown to that person: every app says for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.timezone import localtime

from accounts.models import User
from ground.fields import masked_phone

#: (what, how it reads), masked where it is personal.
Fact = tuple[str, str]
Teller = Callable[[User], Iterable[Fact]]

_tellers: list[Teller] = []


def register(teller: Teller) -> Teller:
    """Floors above add what they store about an account; called in `apps.ready`."""
    if teller not in _tellers:
        _tellers.append(teller)
    return teller


def about(user: User) -> list[Fact]:
    """Everything that is stored about `user`, in the order of the floors."""
    return [fact for teller in _tellers for fact in teller(user)]


@register
def _account(user: User) -> Iterable[Fact]:
    yield "手机号", f"{masked_phone(user.phone)}（加密保存）"
    yield "姓名", user.name or "未填写"
    yield "注册时间", f"{localtime(user.joined_at):%Y-%m-%d}"
    if user.proved_at:
        yield "最近核验", f"{localtime(user.proved_at):%Y-%m-%d %H:%M}"
    yield "密码", "已设置（不保存原文）" if user.has_usable_password() else "未设置"
