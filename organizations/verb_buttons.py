"""Verbs as buttons of the registry: where one is offered, what it asks, and what it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES, SELECT_CLASSES


class VerbForm(forms.Form):
    """What a verb asks. Knows who asks about which row, so that choices can be narrowed to what is in reach."""

    def __init__(self, *args: Any, user: Any, row: Any, **kwargs: Any) -> None:
        self.user, self.row = user, row
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", " ".join(_classes(field.widget)))


def _classes(widget: forms.Widget) -> list[str]:
    if isinstance(widget, forms.CheckboxInput):
        return CHECKBOX_CLASSES
    return SELECT_CLASSES if isinstance(widget, forms.Select) else INPUT_CLASSES


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class VerbButton:
    """A verb on the page of one row: it is offered where `may(user, row)`, asks `form`, and calls
    `act(user, row, **cleaned data)`, which raises RuleViolation or NoPower."""

    name: str
    label: str
    may: Callable[[Any, Any], bool]
    act: Callable[..., Any]
    form: type[VerbForm] = VerbForm
    tone: str = "plain"
    help: str = ""
