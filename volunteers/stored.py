"""What this floor stores about an account, for the page “系统里存了我的什么”."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from accounts.stored import Fact
from volunteers.joining.profile import free_times_in_words
from volunteers.models import Claim, LedgerEntry, Registration, TeamMembership, Thanks, Volunteer


def about(user: User) -> Iterable[Fact]:
    """What one said of those who helped; the kind of volunteer, where registered, what was served.
    Eight queries."""
    if said := Thanks.objects.filter(by=user).count():
        yield "道谢", f"{said} 次（来服务的同志和社区只看到你的姓）"
    volunteer: Volunteer | None = getattr(user, "volunteer", None)
    if volunteer is None:
        return
    yield "志愿者类别", volunteer.get_kind_display()
    chosen = Registration.objects.filter(volunteer=volunteer).select_related("community", "grid")
    for registration in chosen.order_by("choice"):
        where = f"{registration.community.short_name}" if registration.community else ""
        grid = f" · {registration.grid}" if registration.grid else ""
        yield "报到", f"{where}{grid}（{registration.get_state_display()}）"
    joined = TeamMembership.objects.filter(volunteer=volunteer).select_related("team").order_by("joined_at")
    if teams := "、".join(dict.fromkeys(row.team.name for row in joined)):
        yield "加入过的服务队", teams
    claims = Claim.objects.own(user).count()
    entries = LedgerEntry.objects.filter(volunteer=volunteer).count()
    if skills := "、".join(skill.name for skill in volunteer.skills.all()):
        yield "自己说的专长", skills
    if times := free_times_in_words(volunteer):
        yield "空闲时间", times
    yield "接单和服务台账", f"接单 {claims} 次，台账 {entries} 条（签到只记距离和浏览器的代号，不记位置）"
