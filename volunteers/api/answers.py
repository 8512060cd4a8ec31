"""What the calls of this app share: reading what was sent."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request


def valid(shape: Any, request: Request) -> dict[str, Any]:
    """The validated data, or 400."""
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data
