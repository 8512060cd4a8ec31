"""What the calls of this app share: reading what was sent, finding rows in sight, filters that cannot break."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError as ModelValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

LARGEST_KEY = 2**63 - 1
_OLDEST, _NEWEST = datetime(1950, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def valid(shape: Any, request: Request, *, about: Any = None, **options: Any) -> dict[str, Any]:
    """The validated data, or 400. `about` is the row in question, for fields whose choices follow from it."""
    given = shape(data=request.data, context={"request": request, "about": about}, **options)
    given.is_valid(raise_exception=True)
    return given.validated_data


def put(row: Model, given: dict[str, Any], *, derived: tuple[str, ...]) -> None:
    """Put what was sent into a row; 400 for values that its columns cannot hold. `derived` columns come later."""
    for name, value in given.items():
        setattr(row, name, value)
    try:
        row.clean_fields(exclude={*derived, "district", "street", "community"})
        row.clean()
    except ModelValidationError as wrong:
        raise ValidationError(wrong.message_dict) from None


_WORDS: dict[str, Any] = {
    "required": "必填。",
    "does_not_exist": "没有这一条，或者不在你的范围内。",
    "incorrect_type": "请填编号（整数）。",
}


class Seen(serializers.PrimaryKeyRelatedField[Any]):
    """A row by its id, looked for among those in sight: one elsewhere and none at all are answered alike."""

    default_error_messages = _WORDS

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.context["request"].user)


class Offered(serializers.PrimaryKeyRelatedField[Any]):
    """A row by its id, looked for among those that `choices(user)` offers."""

    default_error_messages = _WORDS

    def __init__(self, *, choices: Any = None, **options: Any) -> None:
        self.choices_of = choices
        super().__init__(**options)

    def get_queryset(self) -> QuerySet[Any]:
        return self.choices_of(self.context["request"].user)


class KeyFilter(django_filters.NumberFilter):
    """The id of a row, as far as a column can hold it."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, min_value=0, max_value=LARGEST_KEY, **options)

    def get_max_validator(self) -> None:
        return None


class ChangedAfter(django_filters.IsoDateTimeFilter):
    """For programs that fetch what is new since the last time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        bounds = [MinValueValidator(_OLDEST), MaxValueValidator(_NEWEST)]
        super().__init__(*args, lookup_expr="gt", validators=bounds, **options)
