"""A part that fails ends the benchmark with 1; one that is slow does not."""

from __future__ import annotations

from operations.benching.failing import failed

SLOW = {"p50": 9_000.0, "bad": {"429": 3, "no answer": 2}}


def test_what_is_only_slow_is_no_failure():
    row = {"name": "home", "at_1": SLOW, "at_4": {"bad": {}}}
    assert failed({"scales": {"0.1": {"pages": [row, {"name": "empty", "nothing": True}]}}}) == []
    assert failed({"peer": {"requests": 9, "create": {"at_1": SLOW}, "memory": {"bad": {}}}}) == []


def test_what_did_not_work_is_named():
    here = {
        "jobs": [{"name": "tick", "failed": "KeyError"}],
        "carried": [{"name": "import", "seconds": 1.0}],
        "pages": [{"name": "home", "at_1": {"bad": {"500": 2}}, "at_4": SLOW}],
    }
    peer = {"requests": 9, "csv": {"missing": "no route"}, "memory": {"bad": {"502": 1}}}
    said = failed(
        {"scales": {"0.1": here}, "peer": peer, "phone": {"ask": {"missing": "404"}, "me": {"bytes": 1}}}
    )
    assert [each.split(":")[0] for each in said] == ["tick", "home", "csv", "memory", "ask"]
