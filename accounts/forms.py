"""Shape of what people type when they sign in. Rules are in `accounts.signin`."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.codes import DIGITS, normal_phone
from ground.errors import RuleViolation


class PhoneField(forms.CharField):
    """A mobile number as people type it; clean to 11 digits, or "" where it is not required."""

    ATTRS = {
        "type": "tel",
        "inputmode": "numeric",
        "autocomplete": "tel-national",
        "placeholder": "11 位手机号",
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "手机号")
        kwargs.setdefault("max_length", 24)
        kwargs.setdefault("widget", forms.TextInput(self.ATTRS))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        given = super().clean(value)
        try:
            return normal_phone(given) if given else ""
        except RuleViolation as refusal:
            raise forms.ValidationError(refusal.sentence) from None


class CodeField(forms.CharField):
    """A code of six digits; the keyboard shows numbers and offers what the message said."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "验证码")
        kwargs.setdefault("max_length", 12)
        kwargs["widget"] = forms.TextInput(
            {"inputmode": "numeric", "autocomplete": "one-time-code", "placeholder": f"{DIGITS} 位数字"}
        )
        super().__init__(**kwargs)


class PasswordField(forms.CharField):
    def __init__(self, *, autocomplete: str = "current-password", **kwargs: Any) -> None:
        kwargs.setdefault("label", "密码")
        kwargs.setdefault("max_length", 128)
        kwargs.setdefault("strip", False)
        kwargs["widget"] = forms.PasswordInput({"autocomplete": autocomplete})
        super().__init__(**kwargs)


class PhoneForm(forms.Form):
    phone = PhoneField()


class CodeForm(forms.Form):
    code = CodeField()


class PasswordSignInForm(forms.Form):
    phone = PhoneField()
    password = PasswordField()


class OwnPasswordForm(forms.Form):
    """Somebody who is signed in by code already: the number is known."""

    password = PasswordField()


class SecondForm(forms.Form):
    code = CodeField()
    trust = forms.BooleanField(label="这是我自己的设备，30 天内不再询问（公用电脑不要勾选）", required=False)


class NameForm(forms.Form):
    name = forms.CharField(
        label="姓名",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "name", "placeholder": "真实姓名"}),
    )


class FirstPasswordForm(forms.Form):
    password = PasswordField(
        autocomplete="new-password",
        label="新密码",
        help_text="至少 8 位，不要全是数字，不要用常见的密码。",
    )
    again = PasswordField(autocomplete="new-password", label="再输一次")

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or {}
        if given.get("password") and given.get("again") and given["password"] != given["again"]:
            self.add_error("again", "两次输入的密码不一样。")
        return given


class ChangePasswordForm(FirstPasswordForm):
    old = PasswordField(label="原密码")
    field_order = ["old", "password", "again"]
