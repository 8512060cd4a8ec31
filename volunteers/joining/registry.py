"""报到: who becomes a volunteer, chooses communities, is confirmed into one grid, moves and leaves (S2, L7).

Every verb locks the volunteer before his registrations: whatever two communities do at the same second, one of
them waits and reads what the other one left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from grids.models import Grid
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import Move, lock_row
from notifications.outbox import say
from organizations.models import Member, Organization
from organizations.posts import Tier
from organizations.tree import lock_tree
from volunteers.joining import teams
from volunteers.models import Registration, Volunteer
from volunteers.states import AWAITING, RegistrationState, VolunteerKind
from volunteers.tables import REGISTRATIONS

#: How many communities one may choose (RULES 2).
CHOICES = 3
#: How many communities a search shows.
FOUND = 20
#: How many ended registrations a page shows.
HISTORY = 20
#: What an ended registration says when nobody gave a reason.
DROPPED, LEFT, DECLINED, ENDED = "自己撤回", "本人退出", "社区没有接收", "社区结束报到"


def enrol(*, user: Any, kind: str, district: Organization, member: Member | None = None) -> Volunteer:
    """Make the account a volunteer of that kind; twice gives the same row.

    Member kinds need the Member row that staff linked to the account (HOUSE, identity). Somebody who came
    as an ordinary volunteer and was linked since then takes the member's kind. Raises RuleViolation, NoPower.
    """
    kind = VolunteerKind(kind)
    if kind is VolunteerKind.VOLUNTEER:
        member = None
    elif member is None:
        raise RuleViolation("还没有党员登记和这个账号关联，请联系社区党组织核对。")
    elif member.user_id != user.pk:
        raise NoPower("这份党员登记属于别人的账号。")
    if kind is VolunteerKind.EMPLOYED and member is not None and member.unit_id is None:
        raise RuleViolation("在职党员要有单位，请联系单位党组织补登记，或先按社区党员报到。")
    with transaction.atomic():
        fresh = {"kind": kind, "member": member, "district": district}
        volunteer, _ = Volunteer.objects.get_or_create(user=user, defaults=fresh)
        if member is not None and volunteer.member_id is None:
            volunteer.kind, volunteer.member = kind, member
            volunteer.save(update_fields=["kind", "member"])
    return volunteer


def choose(volunteer: Volunteer, *, by: Any, community: Organization, choice: int = 1) -> Registration:
    """自选: ask to be registered with a community, as one of up to three. Chosen twice, the first one counts.

    Whoever is registered already asks to move: the old registration stands until the new one is confirmed.
    `choice` is the order of preference (1–3); a place already used moves on to the next free one.
    """
    with transaction.atomic():
        lock_tree(community.tree_id)
        lock_row(volunteer)
        standing = list(volunteer.registrations.standing())
        for registration in standing:
            if registration.community_id == community.pk:
                return registration
        if why_not := why_not_choose(standing, community):
            raise RuleViolation(why_not, field="community")
        with REGISTRATIONS.begin("choose", by=by, choice=choice) as move:
            taken = {each.choice for each in standing if each.state in AWAITING}
            free = [number for number in range(1, CHOICES + 1) if number not in taken]
            move.thing = Registration(volunteer=volunteer, choice=choice if choice in free else free[0])
            move.thing.place_under(community)
    return move.thing


def register(*, user: Any, community: Organization) -> Registration:
    """Become a volunteer if need be, as what the account is known to be, and choose the community."""
    member = member_of(user)
    with transaction.atomic():
        lock_tree(community.tree_id)  # before the volunteer is made, as `placing.place` does
        district = member.district if member else community.get_root()
        volunteer = enrol(user=user, kind=kind_for(member), member=member, district=district)
        return choose(volunteer, by=user, community=community)


def member_of(user: Any) -> Member | None:
    """The Party member whom staff linked to the account, with unit and home."""
    members = Member.objects.select_related("unit", "district", "home__compound", "home__building")
    return members.filter(user=user).first()


def kind_for(member: Member | None) -> VolunteerKind:
    """Employed members are those with a unit, resident members those without; everybody else a volunteer."""
    if member is None:
        return VolunteerKind.VOLUNTEER
    return VolunteerKind.EMPLOYED if member.unit_id else VolunteerKind.RESIDENT


def registrations_of(volunteer: Volunteer | None) -> list[Registration]:
    """Those that stand: the confirmed one first, then what waits, in the order of preference. One query."""
    if volunteer is None:
        return []
    rows = volunteer.registrations.standing().select_related("community__parent", "grid", "volunteer")
    return sorted(rows, key=lambda row: (row.state in AWAITING, row.choice, row.pk))


def history_of(volunteer: Volunteer | None) -> list[Registration]:
    """Those that ended, the latest first. One query."""
    if volunteer is None:
        return []
    rows = volunteer.registrations.filter(state=RegistrationState.ENDED)
    return list(rows.select_related("community", "grid").order_by("-ended_at", "-id")[:HISTORY])


def open_communities() -> QuerySet[Organization]:
    return Organization.objects.open().filter(tier=Tier.COMMUNITY)


def communities(query: str, member: Member | None, existing: list[Registration]) -> list[Organization]:
    """What to choose from: those whose name holds the words; without words, where the member lives (S2)."""
    found = open_communities().select_related("parent__parent")
    if query:
        found = found.filter(Q(name__icontains=query) | Q(short_name__icontains=query))
    else:
        home = getattr(member, "home", None)
        at = home and (home.building or home.compound)
        found = found.filter(pk=at.community_id) if at else found.none()
    chosen = {registration.community_id for registration in existing}
    return [node for node in found.order_by("tree_id", "lft")[:FOUND] if node.pk not in chosen]


def why_not_choose(standing: list[Registration], community: Organization) -> str:
    """What stands in the way of choosing a community, given all that stand; "" if nothing does."""
    if sum(each.state in AWAITING and each.choice > 0 for each in standing) >= CHOICES:
        return f"最多选 {CHOICES} 个社区，请等社区确认，或先撤回一个。"
    if community.tier != Tier.COMMUNITY or community.closed_at is not None:
        return "请选一个社区（村）。"
    return ""


def confirm(registration: Registration, *, by: Any, grid: Grid) -> Registration:
    """确认报到: the community places the volunteer in one of its grids.

    A registration elsewhere ends in the same transaction (a move), and what else waits lapses.
    Raises RuleViolation, NoPower.
    """
    with _said_why(registration), REGISTRATIONS.take("confirm", registration, by=by, grid=grid.pk) as move:
        row = move.thing
        _refuse_foreign(grid, row)
        left = _leave_for(row, move.at)
        row.grid, row.confirmed_at = grid, move.at
        moved = f"原来在{_place(left)}的报到已结束。" if left else ""
        text = f"你编入{grid.name}，可以接哨单了。{moved}报到以这里为准。"
        _tell(row, "confirm", f"{_place(row)}已确认你的报到", text, reverse("volunteers:whistles"))
    return registration


def decline(registration: Registration, *, by: Any, reason: str) -> Registration:
    """不予接收: the community says why; the volunteer may choose another one. Raises RuleViolation, NoPower."""
    with _said_why(registration), REGISTRATIONS.take("decline", registration, by=by) as move:
        _end(move, reason.strip() or DECLINED)
        row = move.thing
        text = f"原因：{row.ended_because}。可以另选社区，也可以等区里调剂。"
        _tell(row, "decline", f"{_place(row)}没有接收你的报到", text)
    return registration


def drop(registration: Registration, *, by: Any) -> Registration:
    """撤回自选: the volunteer takes a choice back while it waits."""
    with _said_why(registration), REGISTRATIONS.take("drop", registration, by=by) as move:
        _end(move, DROPPED)
    return registration


def regrid(registration: Registration, *, by: Any, grid: Grid) -> Registration:
    """调整网格: another grid of the same community; the event keeps the old one."""
    with _said_why(registration), REGISTRATIONS.take("regrid", registration, by=by, grid=grid.pk) as move:
        row = move.thing
        _refuse_foreign(grid, row)
        if row.grid_id == grid.pk:
            raise RuleViolation(f"已经在{grid.name}了，请选另一个网格。", field="grid")
        move.codes["was"] = row.grid_id
        row.grid = grid
        key = f"regrid:{clock.now().timestamp():.0f}"
        _tell(row, key, f"{_place(row)}调整了你的网格", f"你现在编入{grid.name}。")
    return registration


def end(registration: Registration, *, by: Any, reason: str = "") -> Registration:
    """结束报到: by the volunteer himself, or by the community with a reason. What he claimed already stays his.

    Raises RuleViolation, NoPower.
    """
    is_own = by is not None and registration.volunteer.user_id == by.pk
    with _said_why(registration), REGISTRATIONS.take("end", registration, by=by) as move:
        _end(move, reason.strip() or (LEFT if is_own else ENDED))
        row = move.thing
        if not is_own:
            text = f"原因：{row.ended_because}。已接的哨单照常，可以到别的社区报到。"
            _tell(row, "end", f"你在{_place(row)}的报到已结束", text)
    return registration


# Inside


def _end(move: Move, because: str, *, home: Registration | None = None, at: datetime | None = None) -> None:
    """`home` is where the volunteer is registered from now on, `at` since when."""
    row = move.thing
    row.ended_at, row.ended_because = at or move.at, because[:100]
    if move.source == RegistrationState.CONFIRMED:
        teams.let_go(row.volunteer, home=home)


def _leave_for(row: Registration, at: datetime) -> Registration | None:
    """End where the volunteer is registered now, lapse what else waits; gives the one that ended.

    The volunteer is locked already. It is said before the new one is written: one confirmed at any time.
    """
    left = None
    others = row.volunteer.registrations.standing().exclude(pk=row.pk).order_by("id")
    for other in others.select_related("community", "volunteer__user"):
        if other.state == RegistrationState.CONFIRMED:
            with REGISTRATIONS.take("end", other, by=None, moved_to=row.pk) as move:
                _end(move, f"转到{_place(row)}", home=row, at=at)
            left = other
        else:
            with REGISTRATIONS.take("lapse", other, by=None, confirmed=row.pk) as move:
                _end(move, f"已在{_place(row)}报到", at=at)
    return left


def _place(row: Registration) -> str:
    return row.community.short_name if row.community else ""


def _refuse_foreign(grid: Grid, row: Registration) -> None:
    if grid.community_id != row.community_id:
        raise RuleViolation("这个网格不在本社区，请另选一个网格。", field="grid")


@contextmanager
def _said_why(registration: Registration) -> Iterator[None]:
    """Whoever came too late reads what became of it: 已在别处报到, not only that it has ended."""
    try:
        yield
    except RuleViolation as refusal:
        now = Registration.objects.filter(pk=registration.pk, state=RegistrationState.ENDED).first()
        if now is None or refusal.field is not None:
            raise
        raise RuleViolation(f"这条报到已经结束：{now.ended_because}。请刷新看看。") from refusal


def _tell(row: Registration, step: str, title: str, text: str, url: str = "") -> None:
    say(
        to=row.volunteer.user,
        key=f"registration:{row.pk}:{step}",
        title=title,
        text=text,
        url=url or reverse("volunteers:registration"),
    )
