"""What the forms of steps have in common: fields named like the arguments of the verb, made for one request.

Pages of the phone, the desk and the API all use them; `workflow.take_step` takes what they give. Photos are
not a field: a form with `takes_photos` goes with `request.FILES.getlist("photos")`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.choices import CallableChoiceIterator

from requests.models import Dispatch, ServiceRequest
from requests.states import ContactBy
from requests.taking import TEXT_LENGTH


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


class Day(forms.DateInput):
    """A native day picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class PersonChoice(forms.ModelChoiceField):
    """Whoever only lists the steps asks for nobody: the people are put together when somebody is looked for."""

    _people: Callable[[], QuerySet[Any]] | None = None

    def offer(self, people: Callable[[], QuerySet[Any]]) -> None:
        self._people = people
        self.widget.choices = CallableChoiceIterator(lambda: self.choices)  # type: ignore[arg-type]

    def _found(self) -> Any:
        if self._people is not None:
            self._queryset, self._people = self._people(), None
        return self._queryset

    queryset = property(_found, forms.ModelChoiceField._set_queryset)  # type: ignore[attr-defined]

    def label_from_instance(self, person: Any) -> str:
        return str(person)


class PlaceChoice(forms.ModelChoiceField):
    def label_from_instance(self, place: Any) -> str:
        return str(place.short_name or place.name)


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


class DispatchStepForm(forms.Form):
    """The same for a step of a dispatch."""

    takes_photos = False
    intro = ""

    def __init__(self, *args: Any, dispatch: Dispatch, viewer: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.dispatch, self.viewer = dispatch, viewer

    def is_multipart(self) -> bool:
        return self.takes_photos


class ContactFields(forms.Form):
    how = forms.ChoiceField(label="怎么联系的", choices=ContactBy.choices, widget=forms.RadioSelect)
    text = words("说了什么", rows=2, required=False, help_text="提出人会看到。")
