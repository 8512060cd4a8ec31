"""Where the rows of a list lead."""

from __future__ import annotations

from django.urls import reverse


def page_of(route: str, pk: int | None) -> str:
    """The page of a thing; "" where there is none."""
    return reverse(route, args=[pk]) if pk else ""
