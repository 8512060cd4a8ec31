"""Founding and changing a team."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from volunteers.models import Team
from volunteers.states import TeamKind, TeamTheme


def seats_of(user: Any) -> QuerySet[Organization]:
    """Where the user may found teams: his communities and districts (service teams), and the branches of his
    communities that have no pioneers yet."""
    scope = scope_of(user)
    communities = scope.seats(Power.CONFIRM_REGISTRATION) | scope.seats(Power.WHISTLE)
    nodes = Organization.objects.open()
    own = nodes.filter(pk__in=communities, tier=Tier.COMMUNITY)
    districts = nodes.filter(pk__in=scope.seats(Power.TREE_CHANGE), tier=Tier.DISTRICT)
    branches = nodes.none()
    for node in own:
        branches |= node.get_descendants().filter(tier=Tier.GRID_BRANCH, closed_at=None)
    pioneers = Team.objects.open().filter(organization=OuterRef("pk"), kind=TeamKind.PIONEER)
    return own | districts | branches.filter(~Exists(pioneers))


class _SeatField(forms.ModelChoiceField):
    def label_from_instance(self, node: Any) -> str:
        kind = "先锋队" if node.tier == Tier.GRID_BRANCH else "服务队"
        return f"{node.short_name} · {kind}"


class TeamForm(forms.Form):
    """What a team is called and does; a pioneer team has no theme."""

    organization = _SeatField(
        Organization.objects.none(),
        label="建在哪里",
        empty_label="请选择",
        help_text="建在社区（区）的是服务队，同志自愿加入；建在网格党支部的是先锋队，编入网格的同志都在队里。",
    )
    name = forms.CharField(label="名称", max_length=40, help_text="如：银龄护理队、第一网格先锋队。")
    theme = forms.ChoiceField(
        label="服务方向",
        choices=[("", "请选择"), *TeamTheme.choices],
        required=False,
        help_text="服务队要选。",
    )
    project = forms.CharField(
        label="品牌项目", max_length=30, required=False, help_text="一队一品，如：夕阳红理发日。"
    )
    project_text = forms.CharField(
        label="项目说明",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="做什么、什么时候做、谁能参加，队员和居民会看到。",
    )

    def __init__(self, *args: Any, user: Any, team: Team | None = None, **kwargs: Any) -> None:
        if team is not None:
            kept = ("name", "theme", "project", "project_text")
            kwargs["initial"] = {each: getattr(team, each) for each in kept}
        super().__init__(*args, **kwargs)
        if team is not None:
            del self.fields["organization"]
            if team.kind == TeamKind.PIONEER:
                del self.fields["theme"]
        else:
            self.fields["organization"].queryset = seats_of(user).order_by("tree_id", "lft")  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `teams.found`, or for `teams.edit` where there is no seat to choose."""
        given = dict(self.cleaned_data)
        if (node := given.get("organization")) is not None:
            given["kind"] = TeamKind.PIONEER if node.tier == Tier.GRID_BRANCH else TeamKind.SERVICE
        return given
