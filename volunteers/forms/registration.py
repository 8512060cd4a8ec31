"""Choosing a community, the grid in which it confirms or changes, and why somebody is not taken or leaves."""

from __future__ import annotations

from typing import Any

from django import forms

from grids.models import Grid
from organizations.models import Organization
from volunteers.models import Registration


class ConfirmForm(forms.Form):
    """The grid in which a registration is confirmed; the member's own grid is proposed where it is known."""

    grid = forms.ModelChoiceField(Grid.objects.none(), label="编入网格", empty_label="请选择")

    def __init__(self, *args: Any, registration: Registration, **kwargs: Any) -> None:
        proposed = _home_grid(registration)
        kwargs["initial"] = {"grid": proposed, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        grids = Grid.objects.filter(community=registration.community_id)
        self.fields["grid"].queryset = grids.order_by("tier", "code")  # type: ignore[attr-defined]


class RegridForm(forms.Form):
    """Another grid of the same community."""

    grid = forms.ModelChoiceField(Grid.objects.none(), label="改到哪个网格", empty_label="请选择")

    def __init__(self, *args: Any, registration: Registration, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grids = Grid.objects.filter(community=registration.community_id).exclude(pk=registration.grid_id or 0)
        self.fields["grid"].queryset = grids.order_by("tier", "code")  # type: ignore[attr-defined]


class BecauseForm(forms.Form):
    """Why a community does not take somebody, or ends his registration; he reads it."""

    reason = forms.CharField(label="原因", max_length=100, help_text="他会收到消息，看到这句话。")


class LeaveForm(forms.Form):
    """Why somebody leaves, if he says it."""

    reason = forms.CharField(label="原因", max_length=100, required=False)


def _home_grid(registration: Registration) -> int | None:
    home = getattr(registration.volunteer.member, "home", None)
    at = home and (home.building or home.compound)
    return at.grid_id if at and at.community_id == registration.community_id else None


class ChooseForm(forms.Form):
    """A community to register with."""

    community = forms.ModelChoiceField(
        Organization.objects.none(), error_messages={"required": "请选一个社区。"}
    )

    def __init__(self, *args: Any, communities: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["community"].queryset = communities  # type: ignore[attr-defined]
