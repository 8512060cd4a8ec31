"""The forms of those who handle a request, and of the tiers above."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import ErrorDict

from accounts.models import User
from organizations.models import Organization, Policy, Unit
from organizations.posts import Tier
from requests import powers, recipients
from requests.clocks import promise_of
from requests.forms.base import ContactFields, Day, PersonChoice, PlaceChoice, StepForm, words
from requests.forms.recipients import LOOK, RecipientField
from requests.models import ServiceRequest
from requests.states import PLAIN_OUTCOMES, Grade, Track

NOBODY_CHOSEN = "请选一个单位或一个党组织，只选一个。"
#: What a key of the database can be.
MOST_ID = 2**63 - 1
OUTCOMES = [(outcome, outcome.label) for outcome in PLAIN_OUTCOMES]


class PlainForm(StepForm):
    """Nothing to fill in: the button says it all."""


class TrackField(forms.ChoiceField):
    """The choices say what the policy promises: it is read where they are shown, not to judge what was chosen."""

    def valid_value(self, value: Any) -> bool:
        return value in Track.values


class AcceptForm(StepForm):
    track = TrackField(label="按哪一级办", widget=forms.RadioSelect)
    text = words("告诉提出人", rows=2, required=False, help_text="可以不写。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["track"].choices = self._promises  # type: ignore[attr-defined]
        self.fields["track"].initial = self.service_request.track

    def _promises(self) -> list[tuple[str, str]]:
        policy = Policy.of(self.service_request.district_id)
        return [(track.value, f"{track.motto}：{promise_of(policy, track).resolve}内办结") for track in Track]


class ContactForm(ContactFields, StepForm):
    """How, and what was said."""


class DeclineForm(StepForm):
    reason = words("不予受理的理由", help_text="提出人会看到，请写清依据和可以去哪里办。")


class AskForm(StepForm):
    intro = "办理时限暂停，提出人答复或逾期后继续。每一轮只能问一次，请一次问清。"
    text = words("要提出人补充什么")


class HandleForm(StepForm):
    responsible = PersonChoice(label="责任人", queryset=User.objects.none(), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.service_request
        self.fields["responsible"].offer(lambda: powers.handlers(row))  # type: ignore[attr-defined]
        self.fields["responsible"].initial = getattr(self.viewer, "pk", None)


class DispatchForm(StepForm):
    """To a unit or to an organization of the district, by a day.

    Pages choose `to`; the API may name `unit` or `organization` by its id instead.
    """

    to = RecipientField(label="派给谁", error_messages={"required": NOBODY_CHOSEN})
    unit = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID, widget=forms.HiddenInput)
    organization = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_ID, widget=forms.HiddenInput
    )
    grade = forms.ChoiceField(
        label="级别", choices=Grade.choices, initial=Grade.WORK, widget=forms.RadioSelect
    )
    text = words("要对方办什么", help_text="对方看得到点单的内容和地点，看不到提出人的全名和号码。")
    answer_by = forms.DateField(
        label="哪天前回复", required=False, widget=Day, help_text="空着：按办结期限。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row, sought = self.service_request, str(self.data.get("to_q") or "")[:60]
        self.fields["to"].offer(row, words=sought)  # type: ignore[attr-defined]
        self.fields["to"].required = not any(self.data.get(name) for name in ("unit", "organization"))
        if row.handler_id == row.community_id:
            del self.fields["grade"]

    @property
    def is_looking(self) -> bool:
        """Only the list of recipients was asked for: nothing is checked, nothing is taken."""
        return LOOK in self.data

    def full_clean(self) -> None:
        if self.is_looking:
            self._errors, self.cleaned_data = ErrorDict(), {}
        else:
            super().full_clean()

    def is_valid(self) -> bool:
        return not self.is_looking and super().is_valid()

    def add_error(self, field: str | None, error: Any) -> None:
        """What the rule says of the unit or the organization stands at the one field that is seen."""
        super().add_error("to" if field in ("unit", "organization") else field, error)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        to = cleaned.pop("to", None)
        ids = {kind: cleaned.pop(kind, None) for kind in ("unit", "organization")}
        named = [to] if to is not None else [self._named(kind, pk) for kind, pk in ids.items() if pk]
        if not self.errors and len(named) != 1:
            self.add_error("to", NOBODY_CHOSEN)
        if not self.errors:
            kind = "unit" if isinstance(named[0], Unit) else "organization"
            cleaned |= {"unit": None, "organization": None, kind: named[0]}
        return cleaned

    def _named(self, kind: str, pk: int) -> Unit | Organization | None:
        place = recipients.chosen(self.service_request, f"{kind[0]}:{pk}")
        if place is None:
            self.add_error("to", "本区没有这个单位或党组织，或者已经撤销。")
        return place


class MergeForm(StepForm):
    intro = "并案后随主件一起办，办结时各自评价。"
    target = forms.CharField(label="并到哪一件", max_length=24, help_text="填主件的编号。")

    def clean_target(self) -> ServiceRequest:
        number = self.cleaned_data["target"].strip().upper()
        found = ServiceRequest.objects.in_sight_of_staff(self.viewer).filter(number=number).first()
        if found is None:
            raise forms.ValidationError("没有找到这个编号，请核对。")
        return found


class SplitForm(StepForm):
    intro = "一行一件，最多十件。每一件分别办，都办完了总件才能办结。"
    parts = words("拆成哪几件", rows=5)

    def clean_parts(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["parts"].splitlines() if line.strip()]


class EscalateForm(StepForm):
    intro = "由上一级接手办理，对提出人的承诺不变。"
    reason = words("为什么上报", help_text="只有承办的各级看得到。")


class _ToChild(StepForm):
    child = PlaceChoice(label="交给", queryset=Organization.objects.none(), empty_label="请选择")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.service_request
        nodes = Organization.objects.open().filter(parent=row.handler_id, tier__lte=Tier.COMMUNITY)
        self.fields["child"].queryset = nodes.order_by("lft")  # type: ignore[attr-defined]
        inside = row.community_id if row.handler_id == row.street_id else row.street_id
        self.fields["child"].initial = inside


class HandDownForm(_ToChild):
    text = words("要下级办什么", help_text="只有承办的各级看得到。")


class ProposeHandDownForm(_ToChild):
    intro = "已经交办过一次，再次交办要上级同意。"
    reason = words("为什么再次交办")


class ExtendForm(StepForm):
    intro = "只能延期一次，要上级同意。"
    new_due = forms.DateField(label="延到哪天", widget=Day)
    reason = words("为什么延期")


class ExplainForm(StepForm):
    intro = "依法依规不能解决的，报上级同意后以解释办结，单独统计。"
    text = words("怎么解释", help_text="写明依据的法律政策、已经做了什么。同意后提出人会看到。")


class DenyForm(StepForm):
    reason = words("为什么不同意")


class ResolveForm(StepForm):
    takes_photos = True
    outcome = forms.ChoiceField(label="结果", choices=OUTCOMES, widget=forms.RadioSelect)
    text = words("怎么办的", help_text="提出人会看到。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.service_request.category.needs_photo_to_resolve and not self.service_request.is_part:
            self.intro = "这类事项办结要有现场照片。"


class SuperviseForm(StepForm):
    text = words("督办要求", help_text="只有承办的各级看得到。")


class NoteForm(StepForm):
    intro = "只有承办的各级看得到，提出人看不到。"
    text = words("记录什么")
