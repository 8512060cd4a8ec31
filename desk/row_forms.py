"""A small form in a row of a list: what is wrong is said in that row, and the rest of the page stands as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms

from ground.errors import RuleViolation


def went_through(form: forms.BaseForm, verb: Callable[..., Any]) -> bool:
    """Whether the form is well filled in and the verb, called with its fields, took it; else the form says why."""
    if not form.is_valid():
        return False
    try:
        verb(**form.cleaned_data)
    except RuleViolation as violation:
        violation.add_to(form)
        return False
    return True
