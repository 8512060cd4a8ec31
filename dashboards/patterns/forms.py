"""What a decision about a pattern asks. The verbs know the rules."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboards.models import Pattern
from dashboards.patterns.deciding import REASON_LENGTH, text_for, title_for
from requests.intake import TITLE_LENGTH
from requests.workflow import TEXT_LENGTH


class _Form(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class FileForm(_Form):
    """Filled in with what the pattern proposes."""

    title = forms.CharField(
        label="标题", max_length=TITLE_LENGTH, error_messages={"required": "请写一个标题。"}
    )
    text = forms.CharField(
        label="要办的事",
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="可以改。居民看得到立项的编号，看不到这段话。",
        error_messages={"required": "请写下要办的事。"},
    )

    @classmethod
    def about(cls, pattern: Pattern) -> FileForm:
        return cls(initial={"title": title_for(pattern), "text": text_for(pattern)}, prefix="file")


class DismissForm(_Form):
    reason = forms.CharField(
        label="为什么不立项",
        max_length=REASON_LENGTH,
        help_text="如：已经排进改造计划。又出现同样多件时会再提示。",
        error_messages={"required": "请写明为什么不立项，如：已经排进改造计划。"},
    )
