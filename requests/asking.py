"""The form by which somebody asks for something, and what it comes to for `workflow.submit`."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms import PhoneField
from grids.models import Building
from ground.geo import Point, to_wgs84
from ground.kept import Kept
from organizations.posts import Power
from organizations.scope import scope_of
from requests import placing
from requests.forms import words
from requests.intake import TITLE_LENGTH
from requests.models import Category
from requests.taking import TEXT_LENGTH


def may_ask_for_others(user: Any) -> bool:
    """Whether the form offers 代点 at all; where it is allowed is decided by the table."""
    return scope_of(user).has(Power.HANDLE)


def whom_refused(phone: str, name: str, has_no_phone: bool) -> str:
    """What is contradictory or missing about whom it is filed for, or ""."""
    if has_no_phone and phone:
        return "填了手机号就不要再勾“没有手机”。"
    if has_no_phone and not name.strip():
        return "没有手机的，请写下他的姓名，好回访他。"
    return ""


def whom_for(phone: str, name: str, has_no_phone: bool) -> dict[str, Any]:
    """The arguments of `workflow.submit` that say for whom it is: a phone, a name without one, or oneself."""
    return {
        "on_behalf_of": (phone, name) if phone else None,
        "without_phone": name.strip() if has_no_phone else "",
    }


_OPEN = Kept(lambda code: Category.objects.filter(is_open=True, code=code).order_by(), code="a category")


class CategoryField(forms.ModelChoiceField):
    """An open category by its code."""

    def to_python(self, value: Any) -> Category | None:
        if value in self.empty_values:
            return None
        if (found := _OPEN.first(code=str(value).replace("\0", ""))) is None:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return found


class AskForm(forms.Form):
    """Category, words, place, consent. Photos come beside it; `find` only searches for places.

    The place is a building's QR token `b`, a choice of `placing`, or a point with its datum.
    """

    category = CategoryField(
        label="什么事",
        queryset=Category.objects.filter(is_open=True),
        widget=forms.RadioSelect,
        empty_label=None,
        to_field_name="code",
        error_messages={
            "required": "请选一类，拿不准就选最接近的。",
            "invalid_choice": "这一类已停用，请另选。",
        },
    )
    text = words(
        "说说情况",
        max_length=TEXT_LENGTH,
        error_messages={
            "required": "请写一句要办的事。",
            "max_length": f"最多 {TEXT_LENGTH} 字，请写得短一些。",
        },
    )
    title = forms.CharField(label="标题", required=False, max_length=TITLE_LENGTH)
    b = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(label="小区、楼栋或社区", required=False, max_length=40)
    place = forms.CharField(required=False)
    lng = forms.FloatField(required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    accuracy = forms.FloatField(required=False)
    datum = forms.CharField(required=False)
    address = forms.CharField(label="具体位置", required=False, max_length=80)
    shares_phone = forms.BooleanField(label="让志愿者看到我的电话", required=False)
    other_phone = PhoneField(label="他的手机号", required=False)
    other_name = forms.CharField(label="他的姓名", required=False, max_length=40)
    other_no_phone = forms.BooleanField(label="他没有手机", required=False)
    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        self.for_others = may_ask_for_others(viewer)
        self.initial.setdefault("client_key", uuid.uuid4())
        self.fields["text"].widget.attrs["placeholder"] = "例如：3 楼楼道灯不亮，老人晚上上楼看不见"
        self.fields["address"].widget.attrs["placeholder"] = "例如：1 单元 3 楼"
        self.fields["q"].widget.attrs |= {"placeholder": "例如：电厂宿舍", "enterkeyhint": "search"}
        self.fields["other_phone"].widget.attrs["autocomplete"] = "off"

    def building(self) -> Building | None:
        """The building whose QR code was scanned; None for a token that was replaced."""
        token = self["b"].value()
        if not token or "\0" in str(token):
            return None
        rows = Building.objects.select_related("grid", "community")
        return rows.filter(qr_token=token).first()

    def choices(self) -> list[placing.Choice]:
        """The places on offer: found by the words, else recent ones; a choice made before stays on offer."""
        sought = str(self["q"].value() or "")
        found = placing.search(sought) if sought else placing.recent(self.viewer)
        picked = placing.chosen(str(self["place"].value() or ""))
        if picked is not None and placing.choice_of(picked) not in found:
            found.insert(0, placing.choice_of(picked))
        return found

    def clean_other_phone(self) -> str:
        phone = self.cleaned_data["other_phone"]
        if phone and not self.for_others:
            # Never under the wrong name: the strong session may have ended while the form was filled in.
            self.add_error(None, "替别人点单要有岗位，并用密码和验证码登录。请重新登录，或清空他的手机号。")
        return phone

    def clean_other_no_phone(self) -> bool:
        without = self._is_ticked("other_no_phone")
        if without and not self.for_others:
            self.add_error(None, "替别人点单要有岗位，并用密码和验证码登录。请重新登录。")
        return without

    def clean_shares_phone(self) -> bool:
        return self._is_ticked("shares_phone")

    def _is_ticked(self, name: str) -> bool:
        """Consent is said, not guessed: a browser's checkbox counts "0" and "no" as ticked."""
        given = str(self.data.get(self.add_prefix(name), "")).strip().lower()
        return given in ("on", "true", "1", "yes")

    def clean_datum(self) -> str:
        datum = (self.cleaned_data["datum"] or "wgs84").lower()
        if datum not in ("wgs84", "gcj02"):
            raise forms.ValidationError("坐标系只能是 wgs84 或 gcj02。")
        return datum

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if sentence := whom_refused(
            cleaned.get("other_phone", ""),
            cleaned.get("other_name", ""),
            cleaned.get("other_no_phone", False),
        ):
            self.add_error("other_phone" if cleaned.get("other_phone") else "other_name", sentence)
        cleaned["where"] = self._where(cleaned)
        if not any(cleaned["where"].values()):
            self.add_error("place", self._why_no_place(cleaned))
        return cleaned

    def _where(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        point = None
        if cleaned.get("lng") is not None and cleaned.get("lat") is not None and cleaned.get("datum"):
            point = to_wgs84(Point(cleaned["lng"], cleaned["lat"]), cleaned["datum"])
        picked = placing.chosen(cleaned.get("place") or "") or self.building()
        if isinstance(picked, Building):
            return {"building": picked, "community": None, "point": point}
        return {"building": None, "community": picked, "point": point}

    def _why_no_place(self, cleaned: dict[str, Any]) -> str:
        if cleaned.get("b"):
            return "这个二维码已经换新，请查找楼栋或用现在的位置。"
        return "请选一个地方：查找小区或楼栋，或用现在的位置。"

    def submission(self) -> dict[str, Any]:
        """The arguments of `workflow.submit`, but for `by` and photos."""
        given = self.cleaned_data
        whom = whom_for(given["other_phone"], given["other_name"], given["other_no_phone"])
        return {
            "category": given["category"],
            "text": given["text"],
            "title": given["title"],
            "address": given["address"],
            "shares_phone": given["shares_phone"] and not any(whom.values()),
            "key": given["client_key"],
            **whom,
            **given["where"],
        }
