"""Minutes to be credited."""

from __future__ import annotations

from typing import Any

from django import forms

from volunteers.crediting import proposed_minutes
from volunteers.models import Claim


class CreditForm(forms.Form):
    """Minutes to be credited: proposed, or corrected with a reason."""

    minutes = forms.IntegerField(label="认定分钟", min_value=1)
    reason = forms.CharField(
        label="理由", max_length=100, required=False, help_text="和在场时间不一致，或忘记签退时必填。"
    )

    def __init__(self, *args: Any, claim: Claim, **kwargs: Any) -> None:
        kwargs["initial"] = {"minutes": proposed_minutes(claim), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
