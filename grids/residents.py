"""居民: entering, changing, moving, leaving (N4). Every write of a person's row but the import's goes through here.

Locks, always: households (by key), then residents (by key). Nobody learns from a refusal that somebody is
registered where he may not look: twins are looked for within his own sight only, the rest is offered for merging.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction

from grids.audit import written_by
from grids.models import Household, Resident, SpecialGroup
from grids.particulars import Particulars, required, write_to
from grids.powers import can_change, can_change_all_of
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from organizations.models import Organization

HEAD, PRESENT = Resident.Relation.HEAD, Resident.Standing.PRESENT


def enter(
    given: Particulars,
    *,
    by: Any,
    household: Household | None = None,
    community: Organization | None = None,
    groups: Iterable[SpecialGroup] = (),
) -> Resident:
    """Register a person in a household, or in a community without a dwelling (空挂户).

    Raises NoPower; RuleViolation for a faulty field, a second head, or somebody who is registered in sight already.
    """
    with transaction.atomic(), written_by(by):
        resident = Resident()
        if household is not None:
            lock_row(household)
            put_into(resident, household)
            allowed = can_change(by, household)
        elif community is not None:
            resident.place_under(community)
            allowed = can_change_all_of(by, community)
        else:
            raise RuleViolation("请选择房屋，或者登记在社区名下。", field="household")
        if not allowed:
            raise NoPower()
        given = required(given)
        write_to(resident, given)
        refuse_twin(resident, by)
        refuse_second_head(resident)
        resident.save()
        resident.groups.set(groups)
    return resident


def change(
    resident: Resident, given: Particulars, *, by: Any, groups: Iterable[SpecialGroup] | None = None
) -> Resident:
    """Correct what is known about a person who is present. Raises NoPower, RuleViolation."""
    with transaction.atomic(), written_by(by):
        lock_present(resident, by)
        given = required(given)
        write_to(resident, given)
        refuse_twin(resident, by)
        refuse_second_head(resident)
        resident.changed_at = clock.now()
        resident.save()
        if groups is not None:
            resident.groups.set(groups)
    return resident


def move(resident: Resident, *, by: Any, to: Household, relation: str = Resident.Relation.OTHER) -> Resident:
    """Move a person into another household; the power is needed at both ends. Raises NoPower, RuleViolation."""
    with transaction.atomic(), written_by(by):
        lock_households(resident.household_id, to.pk)
        lock_present(resident, by)
        to.refresh_from_db()
        if not can_change(by, to):
            raise NoPower()
        if resident.household_id == to.pk:
            raise RuleViolation("他已经在这一户了。", field="to")
        resident.relation = relation
        put_into(resident, to)
        refuse_second_head(resident)
        resident.changed_at = clock.now()
        resident.save()
    return resident


def leave(resident: Resident, *, by: Any, why: str = "", on: date | None = None) -> Resident:
    """Moved out, or died: kept with the day, counted no more, and can come back. Raises NoPower, RuleViolation."""
    on = on or clock.today()
    with transaction.atomic(), written_by(by):
        lock_present(resident, by)
        if on > clock.today():
            raise RuleViolation("迁出日期不能在今天之后。", field="on")
        resident.standing, resident.left_on, resident.left_why = Resident.Standing.LEFT, on, why.strip()[:60]
        resident.changed_at = clock.now()
        resident.save(update_fields=["standing", "left_on", "left_why", "changed_at"])
    return resident


def come_back(
    resident: Resident, *, by: Any, to: Household, relation: str = Resident.Relation.OTHER
) -> Resident:
    """Somebody who had moved out lives here again. Raises NoPower, RuleViolation."""
    with transaction.atomic(), written_by(by):
        lock_households(resident.household_id, to.pk)
        lock_row(resident)
        to.refresh_from_db()
        if not (can_change(by, resident) and can_change(by, to)):
            raise NoPower()
        if resident.standing != Resident.Standing.LEFT:
            raise RuleViolation("只有已迁出的人可以恢复在册。")
        resident.standing, resident.left_on, resident.left_why = PRESENT, None, ""
        resident.relation = relation
        put_into(resident, to)
        refuse_twin(resident, by)
        refuse_second_head(resident)
        resident.changed_at = clock.now()
        resident.save()
    return resident


def link_account(resident: Resident, *, by: Any) -> Resident:
    """Let the account with the same phone see this registration as its own (HOUSE, identity and privacy).

    Staff do this after having seen the document. Raises NoPower, RuleViolation.
    """
    from django.contrib.auth import get_user_model

    with transaction.atomic(), written_by(by):
        lock_present(resident, by)
        if not resident.phone_index:
            raise RuleViolation("还没有登记手机号，请先补上。")
        account = get_user_model().objects.filter(phone_index=resident.phone_index, is_active=True).first()
        if account is None:
            raise RuleViolation("这个手机号还没有注册账号，请本人先用它登录一次。")
        if Resident.objects.filter(user=account).exclude(pk=resident.pk).exists():
            raise RuleViolation("这个账号已经关联了一份登记，请先解除或合并。")
        resident.user = account
        resident.save(update_fields=["user"])
    return resident


def unlink_account(resident: Resident, *, by: Any) -> Resident:
    with transaction.atomic(), written_by(by):
        lock_present(resident, by)
        resident.user = None
        resident.save(update_fields=["user"])
    return resident


# What the verbs of this room, of merging and of erasing share


def put_into(resident: Resident, household: Household) -> None:
    """Household, building, grid and scope columns; does not save."""
    resident.household = household
    resident.building_id = household.dwelling.building_id
    resident.grid_id = household.grid_id
    resident.district_id, resident.street_id = household.district_id, household.street_id
    resident.community_id = household.community_id


def lock_households(*ids: int | None) -> None:
    list(Household.objects.select_for_update().filter(pk__in=[each for each in ids if each]).order_by("pk"))


def lock_present(resident: Resident, by: Any) -> None:
    """Lock a person's row and make sure that it may and can be changed. Raises NoPower, RuleViolation."""
    lock_row(resident)
    if not can_change(by, resident):
        raise NoPower()
    if resident.standing != PRESENT:
        raise RuleViolation(f"这份登记{resident.get_standing_display()}，不能再改。")


def refuse_twin(resident: Resident, by: Any) -> None:
    """The same document twice among those whom `by` sees: say where, instead of entering a second row."""
    if not resident.document_index:
        return
    twins = Resident.objects.present().filter(document_index=resident.document_index).exclude(pk=resident.pk)
    twins = twins.filter(community=resident.community_id) if by is None else twins.visible_to(by)
    twin = twins.select_related("household__dwelling__building").first()
    if twin is not None:
        where = str(twin.household) if twin.household else "本社区，未登记房屋"
        raise RuleViolation(f"此人已登记在 {where}，请到那份登记里修改或搬动。", field="document_number")


def refuse_second_head(resident: Resident) -> None:
    if resident.relation != HEAD or resident.household_id is None:
        return
    heads = Resident.objects.present().filter(household=resident.household_id, relation=HEAD)
    if heads.exclude(pk=resident.pk).exists():
        raise RuleViolation("这一户已经有户主了，请先改原户主的关系。", field="relation")
