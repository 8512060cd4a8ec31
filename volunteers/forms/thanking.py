"""What somebody who was served says."""

from __future__ import annotations

from typing import Any

from django import forms

from requests.forms import STARS
from volunteers.accounting.thanking import MOST_WORDS


class ThanksForm(forms.Form):
    """Only what can be said here: no like where the policy shows none, no stars where the request is rated."""

    is_like = forms.BooleanField(label="点个赞", required=False, initial=True)
    stars = forms.TypedChoiceField(
        label="服务得怎么样",
        choices=STARS,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "请点一到五颗星。"},
    )
    words = forms.CharField(
        label="想对他们说的话",
        required=False,
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": MOST_WORDS}),
        help_text="来服务的同志和社区能看到，只显示你的姓。不用写电话。",
        error_messages={"max_length": f"最多 {MOST_WORDS} 个字。"},
    )

    def __init__(self, *args: Any, has_like: bool, has_stars: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_like:
            del self.fields["is_like"]
        if not has_stars:
            del self.fields["stars"]
