"""`manage.py doctor`: what it prints, and with which code it ends."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from operations.doctor.registry import CHECKS
from tests.operations.doctor.looking import sql

pytestmark = pytest.mark.django_db


def ended(*arguments: str) -> tuple[int, str]:
    """Exit code, and what was printed."""
    out = StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("doctor", *arguments, stdout=out)
    return int(exit_.value.code or 0), out.getvalue()


def test_clean(city):
    code, said = ended("--only", "tree", "--only", "due")
    assert code == 0 and "正常" in said and "2 项检查：错误 0，提醒 0" in said


def test_errors_and_how_to_mend_them(city):
    sql("UPDATE volunteers_servicebalance SET minutes = minutes + 1")
    code, said = ended("--only", "balances")
    assert code == 1 and "错误" in said and "check_ledger" in said


def test_warnings_fail_only_when_strict(city):
    sql("UPDATE notifications_outgoing SET state = 'failed' WHERE message_id IS NULL")
    assert ended("--only", "outbox")[0] == 0
    assert ended("--only", "outbox", "--strict")[0] == 1


def test_what_could_not_be_looked_at(city, monkeypatch):
    def broken() -> list[str]:
        raise RuntimeError("13800000000")

    monkeypatch.setattr("operations.doctor.checks.trees.faults", broken)
    code, said = ended("--only", "tree", "--only", "balances")
    assert code == 2 and "RuntimeError" in said and "13800000000" not in said
    assert "正常" in said, "the other one looked all the same"


def test_names_that_are_none(city):
    with pytest.raises(CommandError, match="没有这项检查：teeth") as refused:
        call_command("doctor", "--only", "teeth")
    assert refused.value.returncode == 2


def test_quick_says_what_it_left_out(city):
    code, said = ended("--quick", "--only", "ledger", "--only", "balances")
    assert code == 0 and "没有查" in said


def test_without(city):
    checks = json.loads(ended("--json", "--only", "tree", "--only", "due", "--without", "due")[1])["checks"]
    assert [each["name"] for each in checks] == ["tree"]


def test_for_machines(city):
    sql("UPDATE volunteers_servicebalance SET minutes = minutes + 1")
    code, said = ended("--json", "--only", "balances")
    answer = json.loads(said)
    (found,) = answer["checks"][0]["findings"]
    assert code == answer["exit"] == 1
    assert found["level"] == "error" and found["count"] == 1 and found["mend"]


def test_the_list_says_why_and_what_it_costs(city):
    out = StringIO()
    call_command("doctor", "--list", stdout=out)
    for check in CHECKS.values():
        assert check.name in out.getvalue() and check.why and check.cost
