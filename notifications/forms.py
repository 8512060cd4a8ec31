"""The shape of preferences. Rules are in `notifications.preferences`."""

from __future__ import annotations

from typing import Any

from django import forms

from notifications.models import Preference

FIELDS = (
    *("wants_progress", "wants_whistles", "wants_digests"),
    *("is_quiet_at_night", "quiet_from", "quiet_to"),
)


def _moment(label: str) -> forms.TimeField:
    """A time of day, "22:00"; phones show their own picker."""
    return forms.TimeField(
        label=label,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages={
            "required": f"请填{label}时间。",
            "invalid": f"{label}时间请按 22:00 这样填。",
        },
    )


class PreferenceForm(forms.Form):
    wants_progress = forms.BooleanField(label="我的点单有进展", required=False)
    wants_whistles = forms.BooleanField(label="社区吹哨，招募党员和志愿者", required=False)
    wants_digests = forms.BooleanField(label="看板周报，每周一早上", required=False)
    is_quiet_at_night = forms.BooleanField(label="这段时间不打扰我", required=False)
    quiet_from = _moment("开始")
    quiet_to = _moment("结束")

    def __init__(self, data: Any, *, preference: Preference, has_post: bool) -> None:
        super().__init__(data, initial={name: getattr(preference, name) for name in FIELDS})
        if not has_post:  # nobody else has dashboards; what was said stays
            del self.fields["wants_digests"]
