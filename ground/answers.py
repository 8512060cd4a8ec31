"""What the API answers when a rule is broken: the shape, once, for the schema of every floor."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class RefusalSerializer(serializers.Serializer[Any]):
    """规则不允许，附原句。"""

    detail = serializers.CharField()
    field = serializers.CharField(allow_null=True)


#: For `responses=` of `extend_schema`.
REFUSALS: dict[int, Any] = {409: RefusalSerializer}
