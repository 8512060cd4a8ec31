"""What the community says of a claim: minutes, a reason, what is to be done with it."""

from __future__ import annotations

from typing import Any

from django import forms

from volunteers.accounting.crediting import REASON_LENGTH, proposed_minutes
from volunteers.models import Claim
from volunteers.states import ClaimState

_LOCAL = "%Y-%m-%dT%H:%M"
#: What may be done with a claim, by its state: the steps of the table, as the page words them.
CHOICES = {
    ClaimState.CHECKED_OUT: (("credit", "认定"), ("refuse", "不予认定")),
    ClaimState.CHECKED_IN: (("credit", "认定"), ("refuse", "不予认定")),
    ClaimState.CLAIMED: (("credit", "确实到场，认定"), ("absent", "没有来，记缺席")),
}


def _reason() -> forms.CharField:
    """Asked for by the verbs, where it is needed."""
    return forms.CharField(label="理由", max_length=REASON_LENGTH, required=False)


class JudgeForm(forms.Form):
    """One claim among many on the crediting page: undecided, or a step with what it needs."""

    step = forms.ChoiceField(label="怎么认定", required=False)
    minutes = forms.IntegerField(label="分钟", required=False, min_value=1)
    reason = _reason()

    def __init__(self, data: Any = None, *, claim: Claim) -> None:
        # Where the unit says something, it is what it says that is on offer.
        offered = claim.proposed_minutes or proposed_minutes(claim) or None
        super().__init__(data, prefix=f"c{claim.pk}", label_suffix="", initial={"minutes": offered})
        self.fields["step"].choices = [("", "先不定"), *CHOICES[ClaimState(claim.state)]]  # type: ignore[attr-defined]

    @property
    def is_touched(self) -> bool:
        """Whether anything was chosen or written that must not be lost."""
        return any(self.add_prefix(name) in self.data for name in self.changed_data)

    def said(self) -> dict[str, Any]:
        """Keyword arguments of the step that was chosen."""
        given: dict[str, Any] = {"reason": self.cleaned_data["reason"]}
        if self.cleaned_data["step"] == "credit":
            given["minutes"] = self.cleaned_data["minutes"] or 0
        return given


class CorrectForm(forms.Form):
    """更正 of what was judged. `seen`: how many entries there were when the form was drawn."""

    minutes = forms.IntegerField(label="更正为（分钟）", min_value=1)
    reason = _reason()
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ReverseForm(forms.Form):
    """冲销 of what was credited."""

    reason = _reason()
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ProposeForm(forms.Form):
    """建议时长, by the liaison of the unit."""

    minutes = forms.IntegerField(label="建议分钟", min_value=1)
    reason = _reason()


class AttestForm(forms.Form):
    """确认到场: from when to when somebody was there, where the city is."""

    came_at = forms.DateTimeField(
        label="到场", required=False, widget=forms.DateTimeInput({"type": "datetime-local"}, format=_LOCAL)
    )
    left_at = forms.DateTimeField(
        label="离开", widget=forms.DateTimeInput({"type": "datetime-local"}, format=_LOCAL)
    )
