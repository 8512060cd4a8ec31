"""What this floor stores about an account, for the page “系统里存了我的什么”."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from accounts.stored import Fact
from dashboards.models import SavedView


def about(user: User) -> Iterable[Fact]:
    """How many dashboards one keeps. One query."""
    kept = list(SavedView.objects.filter(user=user).values_list("has_digest", flat=True))
    if kept:
        weekly = f"，其中 {sum(kept)} 个每周一发到消息" if any(kept) else ""
        yield "常看的看板", f"{len(kept)} 个{weekly}"
