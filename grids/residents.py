"""居民: entering, changing, moving, leaving (N4). Every write of a person's row but the import's goes through here.

Locks, always from the top down and by key: buildings, dwellings, households, residents; the document's number
last. Nobody learns from a refusal that somebody is registered where he may not look: twins are looked for within
his own sight only, the rest is offered for merging.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from grids.audit import written_by
from grids.dwellings import lock_buildings, moved_into
from grids.models import Building, Dwelling, Household, Resident, SpecialGroup
from grids.particulars import Particulars, required, with_kept_document, write_to
from grids.powers import can_change, can_change_all_of
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.personal import without_numbers
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
        if not _placed(resident, household, community, by):
            raise NoPower()
        write_to(resident, required(given))
        refuse_twin(resident, by)
        refuse_second_head(resident)
        resident.save()
        resident.groups.set(groups)
        if household is not None:
            moved_into(household)
    return resident


def _placed(resident: Resident, household: Household | None, community: Organization | None, by: Any) -> bool:
    """Put a new row where it belongs; gives whether `by` may write there."""
    if household is not None:
        lock_households(household.pk)
        lock_row(household)
        put_into(resident, household)
        return can_change(by, household)
    if community is not None:
        resident.place_under(community)
        return can_change_all_of(by, community)
    raise RuleViolation("请选择房屋，或者登记在社区名下。", field="household")


def change(
    resident: Resident, given: Particulars, *, by: Any, groups: Iterable[SpecialGroup] | None = None
) -> Resident:
    """Correct what is known about a person who is present. Raises NoPower, RuleViolation.

    A number that is None stays with its kind, and birth date and sex stay with it where it tells them.
    """
    with transaction.atomic(), written_by(by):
        lock_households(resident.household_id)
        lock_present(resident, by)
        if given.document_number is None:
            given = with_kept_document(given, resident)
        write_to(resident, required(given))
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
        lock_row(to)
        if not can_change(by, to):
            raise NoPower()
        if resident.household_id == to.pk:
            raise RuleViolation("他已经在这一户了。", field="to")
        _settle(resident, to, relation)
    return resident


def leave(resident: Resident, *, by: Any, why: str = "", on: date | None = None) -> Resident:
    """Moved out, or died: kept with the day, counted no more, and can come back. Raises NoPower, RuleViolation."""
    on = on or clock.today()
    with transaction.atomic(), written_by(by):
        lock_present(resident, by)
        if on > clock.today():
            raise RuleViolation("迁出日期不能在今天之后。", field="on")
        resident.standing, resident.left_on = Resident.Standing.LEFT, on
        resident.left_why = without_numbers(why.strip(), "（号码）")[:60]
        resident.changed_at = clock.now()
        resident.save(update_fields=["standing", "left_on", "left_why", "changed_at"])
    return resident


def come_back(
    resident: Resident, *, by: Any, to: Household, relation: str = Resident.Relation.OTHER
) -> Resident:
    """Somebody who had moved out lives here again. Raises NoPower, RuleViolation."""
    with transaction.atomic(), written_by(by):
        lock_households(resident.household_id, to.pk)
        lock_unmoved(resident)
        lock_row(to)
        if not (can_change(by, resident) and can_change(by, to)):
            raise NoPower()
        if resident.standing != Resident.Standing.LEFT:
            raise RuleViolation("只有已迁出的人可以恢复在册。")
        resident.standing, resident.left_on, resident.left_why = PRESENT, None, ""
        refuse_twin(resident, by)
        _settle(resident, to, relation)
    return resident


def _settle(resident: Resident, household: Household, relation: str) -> None:
    if relation not in Resident.Relation.values:
        raise RuleViolation("请从列表里选择与户主关系。", field="relation")
    resident.relation = relation
    put_into(resident, household)
    refuse_second_head(resident)
    resident.changed_at = clock.now()
    resident.save()
    moved_into(household)


def link_account(resident: Resident, *, by: Any) -> Resident:
    """Let the account with the same phone see this registration as its own (HOUSE, identity and privacy).

    Staff do this after having seen the document. One account, one registration: one in sight must be unlinked or
    merged first, one elsewhere gives way without a word, because who lives elsewhere is not for telling.
    Raises NoPower, RuleViolation.
    """
    with transaction.atomic(), written_by(by):
        # The account before the person: two communities that link it at once take turns.
        accounts = get_user_model().objects.select_for_update(no_key=True)
        account = accounts.filter(phone_index=resident.phone_index, is_active=True).first()
        lock_present(resident, by)
        if not resident.phone_index:
            raise RuleViolation("还没有登记手机号，请先补上。")
        if account is None or account.phone_index != resident.phone_index:
            raise RuleViolation("这个手机号还没有注册账号，请本人先用它登录一次。")
        others = Resident.objects.filter(user=account).exclude(pk=resident.pk)
        if (others if by is None else others.visible_to(by)).exists():
            raise RuleViolation("这个账号已经关联了一份登记，请先解除或合并。")
        for elsewhere in others:
            elsewhere.user = None
            elsewhere.save(update_fields=["user"])
        resident.user = account
        resident.save(update_fields=["user"])
    return resident


def unlink_account(resident: Resident, *, by: Any) -> Resident:
    """The account sees this registration no more. Raises NoPower, RuleViolation."""
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
    """Lock households with the buildings and dwellings that they are in; those that are None are left out.

    The building too, because whoever is written into it refers to its row.
    """
    wanted = Household.objects.filter(pk__in=[each for each in ids if each])
    doors = Dwelling.objects.filter(pk__in=wanted.values("dwelling"))
    lock_buildings(Building.objects.filter(pk__in=doors.values("building")))
    list(doors.select_for_update().order_by("pk").values_list("pk"))
    list(wanted.select_for_update().order_by("pk").values_list("pk"))


def lock_unmoved(resident: Resident) -> None:
    """Lock a person's row after the household that it was read in. Raises RuleViolation if that is another now."""
    before = resident.household_id
    lock_row(resident)
    if resident.household_id != before:
        raise RuleViolation("这份登记刚被搬到另一户，请刷新页面再办。")


def lock_present(resident: Resident, by: Any) -> None:
    """Lock a person's row and make sure that it may and can be changed. Raises NoPower, RuleViolation."""
    lock_unmoved(resident)
    if not can_change(by, resident):
        raise NoPower()
    if resident.standing != PRESENT:
        raise RuleViolation(f"这份登记{resident.get_standing_display()}，不能再改。")


def refuse_twin(resident: Resident, by: Any) -> None:
    """The same document twice among those whom `by` sees: say where, instead of entering a second row.

    Whoever else writes this number waits here until the transaction has ended.
    """
    if not resident.document_index:
        return
    _one_at_a_time(resident.document_index)
    twins = Resident.objects.present().filter(document_index=resident.document_index).exclude(pk=resident.pk)
    twins = twins.filter(community=resident.community_id) if by is None else twins.visible_to(by)
    twin = twins.select_related("household__dwelling__building").first()
    if twin is not None:
        where = str(twin.household) if twin.household else "本社区，未登记房屋"
        raise RuleViolation(f"此人已登记在 {where}，请到那份登记里修改或搬动。", field="document_number")


def _one_at_a_time(index: str) -> None:
    """There may be no row yet that could be locked, so the number itself is; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(index[:15], 16)])


def refuse_second_head(resident: Resident) -> None:
    if resident.relation != HEAD or resident.household_id is None:
        return
    heads = Resident.objects.present().filter(household=resident.household_id, relation=HEAD)
    if heads.exclude(pk=resident.pk).exists():
        raise RuleViolation("这一户已经有户主了，请先改原户主的关系。", field="relation")
