"""What a volunteer can, and when he is free."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from organizations.models import Skill
from volunteers.models import Volunteer
from volunteers.states import FreeTime


class ProfileForm(forms.Form):
    """Skills besides those of the Party register, which are shown and not chosen here."""

    skills = forms.ModelMultipleChoiceField(
        Skill.objects.none(),
        label="我还会什么",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "请从列出的专长里选。"},
    )
    free_times = forms.MultipleChoiceField(
        choices=FreeTime.choices,
        label="什么时候有空",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="调休上班的周六周日算工作日；法定节假日算周末。",
        error_messages={"invalid_choice": "请从列出的时间里选。"},
    )

    def __init__(self, *args: Any, volunteer: Volunteer, registered: Iterable[Skill], **kwargs: Any) -> None:
        kwargs["initial"] = {"skills": volunteer.skills.all(), "free_times": volunteer.free_times}
        super().__init__(*args, **kwargs)
        others = Skill.objects.exclude(pk__in=[skill.pk for skill in registered])
        self.fields["skills"].queryset = others  # type: ignore[attr-defined]
