"""docs/performance.md is what the generator makes of docs/bench.json, and neither shows a value of anybody."""

from __future__ import annotations

import json
from pathlib import Path

from django.core.management import call_command

from operations.benching import budgets, writing
from operations.benching.plans import blotted, ranked
from operations.benching.writing import DATA, DOCS, PAGE, document


def some() -> dict:
    page = {
        "name": "desk:work, officer", "route": "desk:work", "role": "officer", "is_list": True, "queries": 9,
        "plain_bytes": 9000, "sql_by_hand": 2.5, "ratio": 1.9,
        "at_1": {"p50": 10.5, "p95": 12.0, "p99": 13.0, "per_second": 90.1, "bytes": 2000, "bad": {},
                 "empty_view": {"p50": 1.0, "per_second": 900.0}},
        "at_4": {"p50": 30.5, "p95": 42.0, "p99": 43.0, "per_second": 120.0, "bytes": 2000, "bad": {"429": 3},
                 "empty_view": {"p50": 3.0, "per_second": 1200.0}},
    }  # fmt: skip
    found: dict = {
        "about": {"date": "2026-11-30T12:00+00:00", "commit": "abc", "cores": 2},
        "scales": {"1": {"rows": {"requests": 100_000}, "pages": [page], "jobs": [], "carried": []}},
        "peer": {
            "requests": 100_000,
            "create": {"queries": 11, "at_1": {"p50": 9.0}, "at_4": {"per_second": 150.0}},
        },
        "plans": [],
    }
    return found | {"budgets": budgets.judged(found)}


def test_the_committed_page_is_what_the_committed_data_gives():
    there = (DOCS / DATA).exists(), (DOCS / PAGE).exists()
    assert there in {(True, True), (False, False)}
    if all(there):
        assert document(json.loads((DOCS / DATA).read_text())) == (DOCS / PAGE).read_text()


def test_the_page_shows_the_figures_and_what_does_not_hold():
    said = document(some())
    assert (
        "| desk:work, officer | 9 | 10.5 | 12.0 | 13.0 | 90.1 | 2.5 | 1.0 | 1.9 | 30.5 | 42.0 | 120.0 |"
        in said
    )
    assert "| create: queries | 11 | ≤ 15 queries | yes | – |" in said
    assert "| tree of 27,000 nodes | – | ≤ 5 s | **no** | – |" in said
    assert "Answers that were not good: desk:work, officer {'429': 3}." in said
    assert "| create | 11 | 47 | 9.0 | 73 |" in said


def test_the_command_writes_the_page_anew(tmp_path: Path):
    writing.write(some(), tmp_path)
    made = (tmp_path / PAGE).read_text()
    (tmp_path / PAGE).write_text("scribbled over")
    call_command("bench", "document", out=tmp_path)
    assert (tmp_path / PAGE).read_text() == made


def test_values_are_blotted_out_of_statements():
    sql = "SELECT t.\"a1\" FROM t4 t WHERE name = '张三''s' AND id IN (1, 22, 333) AND x > -2.5 LIMIT 30"
    assert blotted(sql) == 'SELECT t."a1" FROM t4 t WHERE name = … AND id IN (…) AND x > … LIMIT …'


def test_alike_statements_of_pages_are_added_up():
    asked = [("a", "SELECT 1 FROM t", 4.0), ("b", "SELECT 2 FROM t", 5.0), ("b", "SELECT 1 FROM u", 8.0)]
    first, second = ranked(asked)
    assert (first["sql"], first["together"], first["slowest_on"], first["pages"]) == (
        "SELECT … FROM t", 9.0, "b", ["a", "b"],
    )  # fmt: skip
    assert second["milliseconds"] == 8.0
