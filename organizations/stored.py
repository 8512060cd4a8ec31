"""What this floor stores about an account, for the page “系统里存了我的什么”."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from accounts.stored import Fact
from organizations.models import Member


def about(user: User) -> Iterable[Fact]:
    """The member record that staff linked to the account, and the posts in force. Three queries."""
    member = Member.objects.filter(user=user).select_related("unit").prefetch_related("skills").first()
    if member is not None:
        skills = "、".join(str(skill) for skill in member.skills.all()) or "未登记专长"
        yield "党员登记", f"{member.name} · {member.unit or '未登记单位'} · {skills}"
    for appointment in user.appointments.in_force().select_related("organization", "unit"):
        yield "任职", str(appointment)
