"""Percentiles, growth, budgets: from made-up times whose figures can be told by hand."""

from __future__ import annotations

import pytest

from operations.benching import budgets
from operations.benching.counting import Counted
from operations.benching.figures import at, slope, summed
from operations.benching.peer import _growth


def test_percentiles_are_nearest_ranks():
    times = [float(number) for number in range(1, 101)]
    assert [at(times, share) for share in (0.5, 0.95, 0.99)] == [50, 95, 99]
    assert at([7.0], 0.99) == 7


def test_only_good_answers_count_for_times_and_the_others_are_named():
    sent = {
        "seconds": 2.0,
        "answers": [[0, 200, 10.0, 100], [1, 200, 30.0, 300], [0, 429, 1.0, 5], [1, 500, 900.0, 5]],
        "troubles": ["ConnectionError: gone"],
    }
    assert summed(sent) == {
        "requests": 2, "bad": {"429": 1, "500": 1, "no answer": 1}, "per_second": 1.0,
        "p50": 10.0, "p95": 30.0, "p99": 30.0, "bytes": 200,
    }  # fmt: skip


def test_nothing_good_has_no_times():
    assert summed({"seconds": 1, "answers": [[0, 500, 1.0, 5]], "troubles": []}) == {
        "requests": 0,
        "bad": {"500": 1},
    }


def test_growth_is_the_slope_of_the_line_through_the_points():
    assert slope([(0, 5.0), (10, 25.0), (20, 45.0)]) == pytest.approx(2)
    assert slope([(0, 5.0), (10, 5.0)]) == 0
    assert slope([(3, 5.0)]) == 0


def test_memory_counts_a_workers_own_calls_and_leaves_out_what_warming_took():
    def both(first: int, second: int) -> dict[int, dict[str, int]]:
        return {1: {"VmRSS": first, "VmHWM": first + 50}, 2: {"VmRSS": second, "VmHWM": second + 50}}

    points = [
        (0, both(1000, 1000)),
        (100, both(9000, 9000)),
        (200, both(9100, 9000)),
        (300, both(9200, 9000)),
    ]
    found = _growth(points)
    assert found["slope_kb"] == pytest.approx(
        2
    )  # 100 kB for a hundred calls, of which each worker answered half
    assert found["peak_mb"] == round(9250 / 1024, 1)
    assert found["workers"] == 2


def names_of(found: dict) -> dict[str, dict]:
    return {row["name"]: row for row in budgets.judged(found)}


def test_every_budget_has_its_row_and_what_was_not_measured_does_not_hold():
    rows = budgets.judged({})
    assert len(rows) == len({row["name"] for row in rows}) == 28
    assert not any(row["ok"] for row in rows)
    assert {"name", "value", "limit", "unit", "ok"} <= set(rows[0])


def test_limits_are_kept_from_their_own_side():
    peer = {"create": {"queries": 15, "at_1": {"p50": 20.01}, "at_4": {"per_second": 100}}}
    rows = names_of({"peer": peer})
    assert rows["create: queries"]["ok"]
    assert not rows["create: p50, one client"]["ok"]
    assert rows["create: with four clients"]["ok"]


def test_lists_are_judged_by_the_one_that_grows_most():
    def scale(first: float, second: float) -> dict:
        pages = [("a", first), ("b", second)]
        return {
            "pages": [
                {"name": n, "route": n, "is_list": True, "at_1": {"p50": p, "p95": p}} for n, p in pages
            ]
        }

    row = names_of({"scales": {"0.1": scale(10, 10), "1": scale(12, 16)}})[
        "lists: p50 at scale 1 to scale 0.1, the worst"
    ]
    assert (row["value"], row["ok"], row["note"]) == (1.6, False, "b: 10 and 16 ms")


def test_a_csv_of_more_rows_is_judged_by_its_pace():
    row = names_of({"peer": {"csv": {"rows": 200_000, "seconds": 5.0}}})["CSV of 100,000 rows"]
    assert (row["value"], row["ok"]) == (2.5, True)


def peer_with(**measures: dict) -> dict[str, dict]:
    return names_of({"peer": measures})


def test_what_was_refused_was_not_measured():
    """A CSV that leads to the sign-in, a call that fails now and then, workers that all died: no such row holds."""
    some = {"p50": 10.0, "per_second": 200.0}
    refused = {
        "queries": 2,
        "at_1": {**some, "bad": {"500": 1}},
        "at_4": {**some, "bad": {"no answer": 1}},
    }
    rows = peer_with(
        step=refused,
        csv={"rows": 100_000, "seconds": 0.0, "requests": 0, "bad": {"302": 3}},
        memory={"calls": 20_000, "slope_kb": 0.0, "peak_mb": 90.0, "bad": {"401": 20_000}},
    )
    assert [name for name, row in rows.items() if row["ok"]] == ["step: queries"]


def test_the_limit_of_calls_a_minute_makes_no_measure_unsound():
    rows = peer_with(step={"at_1": {"p50": 10.0, "bad": {"429": 3}}})
    assert rows["step: p50, one client"]["ok"]


def test_a_short_memory_run_proves_nothing():
    row = peer_with(memory={"calls": 19_000, "slope_kb": 0.0, "peak_mb": 90.0, "bad": {}})
    assert not row["memory: growth of a worker a call"]["ok"]
    assert not row["memory: peak of a worker"]["ok"]


def test_growth_without_a_worker_that_lived_is_unknown():
    first, last = {1: {"VmRSS": 1, "VmHWM": 1}}, {2: {"VmRSS": 1, "VmHWM": 1}}
    assert _growth([(0, first), (100, last)])["slope_kb"] is None


def test_a_phone_page_that_was_not_shown_is_no_light_one():
    pages = {"home": {"bytes": 90_000}, "whistle": {"missing": "/whistles/ has no link"}}
    row = names_of({"phone": pages})["phone pages: first load, the heaviest"]
    assert (row["value"], row["ok"]) == (None, False)
    assert "whistle" in row["note"]


def test_a_list_that_fails_does_not_stay_out_of_the_comparison():
    def scale(bad: dict) -> dict:
        return {"pages": [{"name": "a", "route": "a", "is_list": True, "at_1": {"p50": 9, "bad": bad}}]}

    row = names_of({"scales": {"0.1": scale({}), "1": scale({"500": 1})}})
    assert row["lists: p50 at scale 1 to scale 0.1, the worst"]["value"] is None


def test_queries_of_a_refusal_are_no_measure():
    found = Counted(status=403, queries=2, length=0, statements=[], content=b"")
    assert found.asked((200, 201)) is None
    assert found.asked((403,)) == 2
