"""Pages of the API."""

from __future__ import annotations

from rest_framework.pagination import LimitOffsetPagination


class Pages(LimitOffsetPagination):
    """`limit` and `offset`; never more than a hundred rows at once, whatever is asked for."""

    max_limit = 100
