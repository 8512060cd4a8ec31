"""Choosing a related row in the registry. What a browser sends need not be a number: Django's pickers look it up
without asking, and break (ValueError on SQLite and PostgreSQL alike, or a number past what a column holds)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import (
    AutocompleteMixin,
    AutocompleteSelect,
    AutocompleteSelectMultiple,
)
from django.core.exceptions import ValidationError


def is_key(value: Any) -> bool:
    """Whether a text, or each of a list of texts, may be the number of a row."""
    keys = value if isinstance(value, list) else [value]
    return all(_may_be_key(str(each)) for each in keys)


def _may_be_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


class _KeysOnly(AutocompleteMixin):
    """A picker that shows what was chosen only where that can be a row; the field says what is wrong."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        known = [each for each in value if not each or is_key(each)]
        return super().optgroups(name, known, attr)


class Picker(_KeysOnly, AutocompleteSelect):
    pass


class PickerOfSeveral(_KeysOnly, AutocompleteSelectMultiple):
    pass


class KeysField(forms.ModelMultipleChoiceField):
    """Several rows, each named by a number that a column can hold."""

    def clean(self, value: Any) -> Any:
        if isinstance(value, list | tuple) and not is_key(list(value)):
            raise ValidationError("请从列表里选择。")
        return super().clean(value)
