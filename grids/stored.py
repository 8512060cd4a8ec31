"""What the registry stores about an account, once staff have linked it, for “系统里存了我的什么”."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from accounts.stored import Fact
from grids.models import Resident


def about(user: User) -> Iterable[Fact]:
    """Masked, like on every screen. Two queries."""
    mine = Resident.objects.present().filter(user=user)
    row = mine.select_related("household__dwelling__building").prefetch_related("groups").first()
    if row is None:
        return
    yield "居民登记", f"{row.name} · {row.household or '未登记房屋'} · {row.get_residence_display()}"
    if row.document_number:
        yield row.get_document_kind_display(), f"{row.masked_document}（加密保存）"
    if row.phone:
        yield "登记手机号", f"{row.masked_phone}（加密保存）"
    if groups := "、".join(group.name for group in row.groups.all()):
        yield "重点人群", groups
