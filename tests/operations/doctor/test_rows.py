"""Tree, scope, events, dues, ledger, outbox: silent about a sound world, and each finds what is broken by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grids.models import Dwelling, Household, ImportJob, Resident
from ground import clock
from notifications.models import FanOut, Outgoing
from notifications.outbox import sweep
from operations.doctor.checks import events, outbox, scope
from operations.doctor.registry import CHECKS
from organizations.models import Unit
from requests import workflow
from tests.desk.scenes import ask
from tests.lamps.models import LampEvent
from tests.operations import doctoring
from tests.operations.doctor.looking import findings_of, found_by, sql
from tests.volunteers.scenes import EVENING, a_whistle

pytestmark = pytest.mark.django_db
SUNDAY = EVENING + timedelta(days=2)


def test_a_sound_world_is_clean(city):
    doctoring.doctor_is_clean(with_warnings=True)
    Outgoing.objects.update(state=Outgoing.State.WAITING, next_try_at=clock.now() - timedelta(minutes=5))
    assert doctoring.faults(with_warnings=True) == [], "what waits for a minute only waits"


@pytest.mark.parametrize(
    ("check", "statement", "words"),
    [
        ("tree", "UPDATE organizations_organization SET lft = lft + 40 WHERE tier = 4", "区间"),
        ("tree", "UPDATE organizations_organization SET level = 7 WHERE tier = 3", "区间"),
        ("tree", "UPDATE grids_grid SET parent_id = id WHERE tier = 2", "级别"),
        ("scope", "UPDATE requests_servicerequest SET street_id = district_id", "requests.ServiceRequest 的"),
        ("scope", "UPDATE requests_servicerequest SET street_id = NULL", "requests.ServiceRequest 的"),
        ("scope", "UPDATE volunteers_volunteer SET district_id = {community}", "volunteers.Volunteer 的"),
        ("scope", "UPDATE volunteers_ledgerentry SET community_id = {street}", "volunteers.LedgerEntry 的"),
        ("scope", "UPDATE grids_building SET community_id = {other} WHERE community_id = {community}", "grid 不在"),
        ("scope", "UPDATE volunteers_registration SET community_id = {other}", "volunteers.Registration 和"),
        ("scope", "UPDATE requests_servicerequest SET handler_id = {other}", "承办党组织"),
        ("events", "UPDATE requests_dispatch SET state = 'recalled', due = NULL", "最后一条"),
        ("events", "UPDATE requests_requestevent SET source = 'resolved' WHERE step = 'handle'", "不从上一条"),
        ("events", "UPDATE volunteers_claimevent SET step = 'fly' WHERE source = ''", "步骤表里没有"),
        ("events", "DELETE FROM volunteers_whistleevent", "一条事件也没有"),
        ("due", "UPDATE requests_servicerequest SET resolve_due = '2027-01-05T10:00:00+00:00'", "点单的期限"),
        ("due", "UPDATE requests_servicerequest SET due = NULL", "点单的期限"),
        ("due", "UPDATE requests_servicerequest SET next_at = NULL", "点单的期限"),
        ("due", "UPDATE requests_dispatch SET sign_due = '2027-01-05T10:00:00+00:00'", "派单的期限"),
        ("due", "UPDATE requests_dispatch SET due = NULL", "派单的期限"),
        ("due", "UPDATE requests_dispatch SET next_at = '2027-01-05T10:00:00+00:00'", "派单的期限"),
        ("due", "UPDATE volunteers_whistle SET remind_at = '2027-01-05T10:00:00+00:00'", "哨单"),
        ("balances", "UPDATE volunteers_servicebalance SET minutes = minutes + 1", "合计"),
        ("balances", "UPDATE volunteers_ledgerentry SET off_hours_minutes = 1", "合计"),
        ("balances", "UPDATE volunteers_claim SET state = 'refused' WHERE state = 'credited'", "接单的状态"),
        ("balances", "DELETE FROM volunteers_ledgerentry", "没有记录"),
        ("ledger", "UPDATE volunteers_ledgerentry SET duty_area = 'safety'", "台账有出入"),
        ("ledger", "UPDATE volunteers_servicebalance SET times = times + 1", "台账有出入"),
    ],
)  # fmt: skip
def test_what_a_hand_broke_is_found(city, check, statement, words):
    assert found_by(check) == []
    places = {"community": city.home.organization.pk, "street": city.street.pk}
    sql(statement.format(**places, other=city.next_door.organization.pk))
    found = findings_of(check)
    assert any(words in each.what for each in found), found
    assert all(each.mend and each.count > 0 for each in found)


def test_people_who_do_not_live_where_they_are_said_to(city):
    house, flat = city.home.building, None
    scoped = {name: getattr(house, f"{name}_id") for name in ("district", "street", "community", "grid")}
    placed = {f"{name}_id": pk for name, pk in scoped.items()}
    flat = Dwelling.objects.create(building=house, floor=3, door="302", code="x-302", **placed)
    family = Household.objects.create(dwelling=flat, **placed)
    person = Resident.objects.create(name="周某", name_key="周某", household=family, building=house, **placed)
    assert found_by("scope") == []
    Resident.objects.filter(pk=person.pk).update(building=city.next_door.building)
    Household.objects.filter(pk=family.pk).update(grid=city.next_door.grid)
    said = found_by("scope")
    assert "居民登记的楼栋不是他那一户的楼栋" in said
    assert any("grids.Household 和它的 dwelling" in each for each in said)
    Resident.objects.filter(pk=person.pk).update(household=None)
    assert "没有户的居民却有楼栋或网格" in found_by("scope")


def test_every_model_with_a_scope_column_is_looked_at():
    labels = {model._meta.label for model in scope.scoped_models()}
    assert {
        "grids.Resident",
        "requests.ServiceRequest",
        "organizations.Member",
        "dashboards.Pattern",
    } <= labels
    excused = {*scope.OF_THE_TIME, *(label for label, _, _ in scope.MAY_DIFFER)}
    assert excused <= labels, "an exception for a model that is gone"
    assert {field.name for field in scope.hung_on(Resident)} == {"household", "building", "grid"}


def test_every_table_of_events_and_every_kind_of_job_is_looked_at():
    assert {machine.event for machine in events.machines()} == {*events.event_models()} - {LampEvent}
    assert {model._meta.label for model in outbox.job_models()} == {
        "grids.ImportJob",
        "volunteers.SummaryJob",
    }


def test_messages_that_nobody_sends(city):
    Outgoing.objects.filter(message=None).delete()
    assert found_by("outbox") == []
    Outgoing.objects.update(state=Outgoing.State.WAITING, next_try_at=clock.now() - timedelta(minutes=11))
    FanOut.objects.update(done_at=None, created_at=clock.now() - timedelta(minutes=11))
    assert {"消息等了十分钟以上还没有送", "群发十分钟以上还没有展开完"} <= set(found_by("outbox"))
    Outgoing.objects.update(state=Outgoing.State.FAILED)
    assert "消息发送失败，不会再试" in found_by("outbox")
    assert not [each for each in doctoring.faults(["outbox"]) if "消息" in each], "a warning, no error"


def test_jobs_without_a_worker(city):
    job = ImportJob.objects.create(community=city.home.organization, name="a.csv", made_at=clock.now())
    assert found_by("outbox") == []
    with clock.at(clock.now() + timedelta(minutes=15)):
        assert "导入任务没有人在做（租约到期十分钟以上）" in found_by("outbox")
    ImportJob.objects.filter(pk=job.pk).update(state=ImportJob.State.CHECKED)
    with clock.at(clock.now() + timedelta(days=9)):
        assert "导入预检后七天没有确认，也没有作废" in found_by("outbox")


def test_a_clock_that_stands_still(city):
    row = ask(city.home)
    workflow.accept(row, by=city.home.secretary, track="urgent")
    a_whistle(city.home)
    with clock.at(clock.now() + timedelta(days=3)):
        said = found_by("outbox")
    assert {"点单到时该办的（提醒、超时、自动评价）没有办", "哨单到时没有开始"} <= set(said)


@pytest.mark.parametrize("check", ["tree", "scope", "events", "due", "balances", "ledger", "outbox"])
def test_a_row_more_costs_no_query_more(city, check):
    with CaptureQueriesContext(connection) as few:
        found_by(check)
    for number in range(3):
        row = ask(city.home, clock.now(), text=f"第 {number} 件")
        workflow.accept(row, by=city.home.secretary, track="important")
        a_whistle(city.home, starts_at=SUNDAY, ends_at=SUNDAY + timedelta(hours=1))
    sweep()
    with CaptureQueriesContext(connection) as many:
        found_by(check)
    assert len(many) == len(few)


def test_only_the_first_rows_are_named(city):
    Unit.objects.bulk_create(
        Unit(name=f"单位 {number}", kind="agency", district=city.home.organization) for number in range(30)
    )
    (found,) = findings_of("scope")
    assert found.count == 30 and len(found.rows) == 20


def test_what_is_mended_meanwhile_is_not_said(city, monkeypatch):
    looks = iter([["1", "2"], ["2", "3"], []])
    check = CHECKS["tree"]
    monkeypatch.setattr("operations.doctor.checks.trees.faults", lambda: next(looks))
    (found,) = findings_of("tree")
    assert check.looks_twice and found.rows == ("2",)
