"""What a phone sends with a claim."""

from __future__ import annotations

from typing import Any

from django import forms

from ground.geo import Point


class PositionForm(forms.Form):
    """What a phone says about where it is. Everything may be missing: the verb says what to do then."""

    lng = forms.FloatField(required=False, widget=forms.HiddenInput)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput)
    accuracy = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=0)
    datum = forms.CharField(required=False, widget=forms.HiddenInput)
    code = forms.CharField(required=False, max_length=20)

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `attendance.check_in` and `check_out`; nonsense counts as nothing."""
        data = self.cleaned_data if self.is_valid() else {}
        lng, lat = data.get("lng"), data.get("lat")
        return {
            "point": Point(lng, lat) if lng is not None and lat is not None else None,
            "datum": (data.get("datum") or "wgs84").lower(),
            "accuracy_m": data.get("accuracy"),
            "code": data.get("code") or "",
        }


class ClaimForm(forms.Form):
    """The client key of one tap on 接单; a key that is none is ignored."""

    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)
