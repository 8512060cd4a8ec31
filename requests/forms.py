"""The shape of what people fill in: one form per step, its fields named like the arguments of the verb.

Pages of the phone, the desk and the API all use them; `workflow.take_step` takes what they give. Photos are
not a field: a form with `takes_photos` goes with `request.FILES.getlist("photos")`.
"""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import User
from requests import powers
from requests.clocks import PROMISES
from requests.models import ServiceRequest
from requests.states import ContactBy, Outcome, Track
from requests.workflow import TEXT_LENGTH

STARS = [(5, "很满意"), (4, "满意"), (3, "一般"), (2, "不满意"), (1, "很不满意")]
TRACKS = [(track, f"{track.motto}：{PROMISES[track].resolve}内办结") for track in Track]


def words(label: str, *, rows: int = 4, required: bool = True, **extra: Any) -> forms.CharField:
    """A field for a few sentences."""
    widget = forms.Textarea(attrs={"rows": rows})
    length = extra.pop("max_length", TEXT_LENGTH)
    return forms.CharField(label=label, required=required, max_length=length, widget=widget, **extra)


def yes_no(label: str, no: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[(True, "是"), (False, no)],
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
    )


class StepForm(forms.Form):
    """`service_request` is at hand for choices and initial values; `viewer` fills in the form."""

    takes_photos = False
    intro = ""

    def __init__(
        self, *args: Any, service_request: ServiceRequest, viewer: Any = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.service_request, self.viewer = service_request, viewer

    def is_multipart(self) -> bool:
        return self.takes_photos


class AddForm(StepForm):
    takes_photos = True
    text = words("补充什么")


class AcceptForm(StepForm):
    track = forms.ChoiceField(label="按哪一级办", choices=TRACKS, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["track"].initial = self.service_request.track


class ContactForm(StepForm):
    how = forms.ChoiceField(label="怎么联系的", choices=ContactBy.choices, widget=forms.RadioSelect)
    text = words("说了什么", rows=2, required=False, help_text="提出人会看到。")


class DeclineForm(StepForm):
    reason = words("不予受理的理由", help_text="提出人会看到，请写清依据和可以去哪里办。")


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, person: Any) -> str:
        return str(person)


class HandleForm(StepForm):
    responsible = PersonChoice(label="责任人", queryset=User.objects.none(), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = powers.handlers(self.service_request)
        self.fields["responsible"].queryset = people  # type: ignore[attr-defined]
        self.fields["responsible"].initial = getattr(self.viewer, "pk", None)


class ResolveForm(StepForm):
    takes_photos = True
    outcome = forms.ChoiceField(label="结果", choices=Outcome.choices, widget=forms.RadioSelect)
    text = words("怎么办的", help_text="提出人会看到。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.service_request.category.needs_photo_to_resolve:
            self.intro = "这类事项办结要有现场照片。"


class RateForm(StepForm):
    satisfied = forms.TypedChoiceField(label="满意吗", choices=STARS, coerce=int, widget=forms.RadioSelect)
    contacted = yes_no("有人联系过你吗", "没有")
    solved = yes_no("问题解决了吗", "还没有")
    text = words("想说的话", rows=3, required=False, max_length=300)


class WithdrawForm(StepForm):
    intro = "撤回后这一单就结束了，为它吹的哨会取消，不能恢复。还有需要可以再点一单。"
    reason = words("为什么撤回", rows=2, required=False)


#: The steps that a form can take. "whistle" is taken upstairs, "submit" by `requests.asking`.
FORMS: dict[str, type[StepForm]] = {
    "add": AddForm,
    "accept": AcceptForm,
    "contact": ContactForm,
    "decline": DeclineForm,
    "handle": HandleForm,
    "resolve": ResolveForm,
    "rate": RateForm,
    "withdraw": WithdrawForm,
}
