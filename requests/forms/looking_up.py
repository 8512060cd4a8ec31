"""The form by which anybody with a receipt looks up how far a request is."""

from __future__ import annotations

import unicodedata

from django import forms


class QueryForm(forms.Form):
    """Number and code, as people type them from paper: spaces, small letters, full-width digits."""

    number = forms.CharField(
        label="点单编号",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": "请填回执上的编号。"},
    )
    code = forms.CharField(
        label="查询码",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        error_messages={"required": "请填回执上的 6 位查询码。"},
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def clean_number(self) -> str:
        return _plain(self.cleaned_data["number"]).upper()

    def clean_code(self) -> str:
        return _plain(self.cleaned_data["code"])


def _plain(typed: str) -> str:
    return "".join(unicodedata.normalize("NFKC", typed).split())
