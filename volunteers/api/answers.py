"""What every answer of this app shares: the refusal of a rule, and reading what was sent."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


class ClaimRefusalSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()
    field = serializers.CharField(allow_null=True)


REFUSALS = {409: ClaimRefusalSerializer}


def valid(shape: Any, request: Request) -> dict[str, Any]:
    """The validated data, or 400."""
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data
