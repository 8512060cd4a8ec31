"""The one power that comes from no post."""

from __future__ import annotations

from typing import Any


def administers(user: Any) -> bool:
    """The system administrator, in a strong session: accounts and settings, and the first posts of a city."""
    return bool(getattr(user, "is_administrator", False) and user.is_active and user.session_is_strong)
