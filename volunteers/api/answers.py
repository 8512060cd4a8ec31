"""What the calls of this app share: reading what was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

_OLDEST, _NEWEST = datetime(1950, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class MomentField(serializers.DateTimeField):
    """A moment far from both ends of the calendar, where reckoning with time zones and spans breaks; else 400."""

    default_error_messages = {"overflow": "时间不对，请检查年份。"}  # noqa: RUF012 - as DRF has it

    def to_internal_value(self, value: Any) -> datetime:
        try:
            moment = super().to_internal_value(value)
        except OverflowError:
            self.fail("overflow")
        if not _OLDEST <= moment <= _NEWEST:
            self.fail("overflow")
        return moment


def valid(shape: Any, request: Request) -> dict[str, Any]:
    """The validated data, or 400."""
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data
