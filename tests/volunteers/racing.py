"""Races for the tests: real processes with connections of their own, that begin at the same moment."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

from ground import clock
from ground.errors import RuleViolation

#: What a process said: "done" with what it gave, "refused" with the sentence, or "broken" with the error.
Outcome = tuple[str, Any]
PATIENCE = 120  # seconds


def _play(job: Callable[[], Any], gate: Any, answers: Any) -> None:
    connection.ensure_connection()
    gate.wait(PATIENCE)
    try:
        answers.put(("done", job()))
    except RuleViolation as violation:
        answers.put(("refused", violation.sentence))
    except Exception as error:
        answers.put(("broken", repr(error)))
    finally:
        connections.close_all()


def at_once(jobs: list[Callable[[], Any]]) -> list[Outcome]:
    """Run every job in a process of its own; all of them are connected before the first one begins."""
    connections.close_all()  # no process inherits a connection
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(len(jobs)), context.Queue()
    processes = [context.Process(target=_play, args=(job, gate, answers)) for job in jobs]
    for process in processes:
        process.start()
    outcomes = [answers.get(timeout=PATIENCE) for _ in jobs]
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0
    return outcomes


def at(moment: Any, call: Callable[[], Any]) -> Callable[[], Any]:
    def job() -> Any:
        with clock.at(moment):
            return call()

    return job
