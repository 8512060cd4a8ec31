"""Pages of the API."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination, LimitOffsetPagination


class Pages(LimitOffsetPagination):
    """`limit` and `offset`; never more than a hundred rows at once, whatever is asked for."""

    max_limit = 100


class KeysetPages(CursorPagination):
    """`limit` and `cursor` for lists that may be very long: by id, as fast on the last page as on the first, and
    without a count."""

    ordering = "id"
    page_size_query_param = "limit"
    max_page_size = 100

    def decode_cursor(self, request: Any) -> Cursor | None:
        cursor = super().decode_cursor(request)
        position: Any = cursor.position if cursor else None
        if position is not None and not (position.isascii() and position.isdecimal() and len(position) < 19):
            raise NotFound(self.invalid_cursor_message)
        return cursor
